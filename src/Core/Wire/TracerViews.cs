namespace ValueStream.Core.Wire;

/// <summary>A tracer that finished runs are forwarded to.</summary>
public sealed record TracerView
{
    /// <summary>The name it is configured by.</summary>
    public required string Name { get; init; }

    /// <summary>Where spans are sent to, without credentials.</summary>
    public required string Endpoint { get; init; }

    /// <summary><c>http/protobuf</c> or <c>http/json</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>Everything up to this position of the log was accepted, left out or set aside.</summary>
    public required long Position { get; init; }

    /// <summary>How many events of the log come after it.</summary>
    public required long LagEvents { get; init; }

    /// <summary>Age in seconds of the first of them; 0 when there is none.</summary>
    public required double LagSeconds { get; init; }

    /// <summary>When it last accepted something.</summary>
    public DateTimeOffset? LastSuccessAt { get; init; }

    /// <summary>When it last did not.</summary>
    public DateTimeOffset? LastErrorAt { get; init; }

    /// <summary>Why.</summary>
    public string? LastError { get; init; }

    /// <summary>Spans that it accepted, those that were sent again among them.</summary>
    public required long Sent { get; init; }

    /// <summary>Spans that it said to have thrown away of requests that it accepted.</summary>
    public required long Rejected { get; init; }

    /// <summary>Spans that it refused, each by itself.</summary>
    public required long SetAside { get; init; }

    /// <summary>Whether it is well: its last answer was no error.</summary>
    public bool IsWell => LastErrorAt is null || LastSuccessAt > LastErrorAt;
}

/// <summary>A span that a tracer refused by itself.</summary>
/// <param name="Run">The run's short key.</param>
/// <param name="Attempt">Which attempt.</param>
/// <param name="Name">The run's name.</param>
/// <param name="At">When it was refused.</param>
/// <param name="Reason">What the tracer said.</param>
public sealed record SpanSetAside(string Run, int Attempt, string Name, DateTimeOffset At, string Reason);

/// <summary>From where on everything is to be sent to a tracer again; one of the two.</summary>
public sealed record ResendRequest
{
    /// <summary>What comes after this position of the log; 0 is all of it.</summary>
    public long? Position { get; init; }

    /// <summary>What was recorded at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Why; it stays in the log.</summary>
    public string? Reason { get; init; }

    /// <summary>Who asks for it.</summary>
    public string? Actor { get; init; }
}

/// <summary>What is sent to a tracer again.</summary>
/// <param name="Position">Everything after this position of the log.</param>
/// <param name="Event">The position of the <c>administered</c> event.</param>
public sealed record ResendAnswer(long Position, long Event);
