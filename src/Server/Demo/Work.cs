using ValueStream.Core.Events;

namespace ValueStream.Server.Demo;

/// <summary>A piece of work that the demo's people or machines do: one run, and one run for each job below it.</summary>
internal sealed record Work
{
    /// <summary>The runs' namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The run's type.</summary>
    public required string Type { get; init; }

    /// <summary>The run's name.</summary>
    public required string Name { get; init; }

    /// <summary>Who does it.</summary>
    public required string Actor { get; init; }

    /// <summary>The machine that it runs on.</summary>
    public required string Host { get; init; }

    /// <summary>Its parts, each after those that it waits for.</summary>
    public required IReadOnlyList<Job> Jobs { get; init; }

    /// <summary>Why it is done.</summary>
    public string? Reason { get; init; }

    /// <summary>Tags of the run and of every job.</summary>
    public IReadOnlyDictionary<string, TagValue> Tags { get; init; } = Event.NoTags;

    /// <summary>The rendering of the run that it is a part of.</summary>
    public string? Parent { get; init; }

    /// <summary>Links to other runs.</summary>
    public IReadOnlyList<RunLink> Links { get; init; } = [];

    /// <summary>A CI system reports what it skips and what each job waited for; a script just stops.</summary>
    public bool IsCi { get; init; }

    /// <summary>Somebody stops it in this job.</summary>
    public Job? CancelledIn { get; init; }

    /// <summary>It never comes out of this job.</summary>
    public Job? HangsIn { get; init; }
}

/// <summary>A part of a piece of work.</summary>
/// <param name="Type">The run's type.</param>
/// <param name="Name">The run's name, by which other jobs wait for it.</param>
/// <param name="Seconds">Its median duration.</param>
internal sealed record Job(string Type, string Name, double Seconds)
{
    /// <summary>The jobs that it waits for; none means that it starts with the work.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>How often it fails, 0..1.</summary>
    public double FailureRate { get; init; } = 0.01;

    /// <summary>It stops with a timeout after this many seconds instead of failing.</summary>
    public double? Limit { get; init; }

    /// <summary>Where it fails it is tried a second time.</summary>
    public bool IsRetried { get; init; }

    /// <summary>Its own tags.</summary>
    public IReadOnlyDictionary<string, TagValue> Tags { get; init; } = Event.NoTags;

    /// <summary>The tags that a failure brings.</summary>
    public IReadOnlyDictionary<string, TagValue> FailureTags { get; init; } = Company.Tags(("error.type", "exit"), ("process.exit.code", "1"));

    /// <summary>Whether it needs the container engine of its host.</summary>
    public bool UsesDocker => Tags.TryGetValue("type", out var type) && type.Text == "docker";
}
