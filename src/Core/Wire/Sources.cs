namespace ValueStream.Core.Wire;

/// <summary>The answer to one saved document of a tool: a delivery, or a page or an object of its API.</summary>
public sealed record ImportAnswer
{
    /// <summary>How many events were stored now; of a dry run, how many would be.</summary>
    public required int Events { get; init; }

    /// <summary>How many events were stored before.</summary>
    public required int Duplicates { get; init; }

    /// <summary>How many deliveries or items tell nothing that is recorded.</summary>
    public required int Ignored { get; init; }

    /// <summary>How many deliveries or items were not understood; nothing of them is stored.</summary>
    public required int NotUnderstood { get; init; }

    /// <summary>What is wrong with those, as sentences.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}

/// <summary>A page of the deliveries that were not understood, newest first.</summary>
/// <param name="Items">The deliveries.</param>
/// <param name="Next">The cursor of the next page; absent on the last.</param>
public sealed record QuarantineList(IReadOnlyList<QuarantineItem> Items, string? Next);

/// <summary>A delivery that was not understood, as a list shows it.</summary>
public sealed record QuarantineItem
{
    /// <summary>What it is known by.</summary>
    public required string Id { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The source that it was sent to.</summary>
    public required string Source { get; init; }

    /// <summary>Why it was not understood.</summary>
    public required string Reason { get; init; }

    /// <summary>The size of its body.</summary>
    public required long Bytes { get; init; }

    /// <summary>When it was tried again last; absent where it never was.</summary>
    public DateTimeOffset? ReplayedAt { get; init; }
}

/// <summary>A delivery that was not understood, whole.</summary>
public sealed record QuarantineEntry
{
    /// <summary>What it is known by.</summary>
    public required string Id { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The source that it was sent to.</summary>
    public required string Source { get; init; }

    /// <summary>Why it was not understood.</summary>
    public required string Reason { get; init; }

    /// <summary>Its headers, without what proves who sent it.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    /// <summary>Its body, as text.</summary>
    public required string Body { get; init; }
}

/// <summary>The answer to a delivery that was tried again and is understood now: it is no longer kept.</summary>
public sealed record ReplayAnswer
{
    /// <summary>How many events were stored now.</summary>
    public required int Events { get; init; }

    /// <summary>How many events were stored before.</summary>
    public required int Duplicates { get; init; }

    /// <summary>Why it tells nothing that is recorded; absent where it tells something.</summary>
    public string? Ignored { get; init; }
}
