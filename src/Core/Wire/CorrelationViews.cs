namespace ValueStream.Core.Wire;

/// <summary>What some runs share more, or less, than others. What each number means: docs/metrics.md.</summary>
public sealed record CorrelationsView
{
    /// <summary>What is compared with what, in a sentence or two.</summary>
    public required string Definition { get; init; }

    /// <summary><c>failed</c>, <c>slow</c> or <c>these</c>: which runs are the group.</summary>
    public required string Of { get; init; }

    /// <summary>When the runs ended that were looked at.</summary>
    public required WindowView Window { get; init; }

    /// <summary>How many runs are in the group: those that failed, that were slow, or that match.</summary>
    public required int Group { get; init; }

    /// <summary>How many others they are compared with.</summary>
    public required int Rest { get; init; }

    /// <summary>No more runs than this were read, the newest by start.</summary>
    public required int Newest { get; init; }

    /// <summary>True where older runs match, too, and were not read.</summary>
    public bool? More { get; init; }

    /// <summary>True where a group has fewer than 5 runs: then nothing was tried.</summary>
    public bool? TooFew { get; init; }

    /// <summary>Of how many runs the ancestors and descendants were looked at.</summary>
    public required RelativesView Relatives { get; init; }

    /// <summary>How many different sets of runs were tried, which the correction is for.</summary>
    public required int Tried { get; init; }

    /// <summary>How many of them survived the correction, listed or not.</summary>
    public required int Found { get; init; }

    /// <summary>Those that survived the correction, the strongest first; at most 100.</summary>
    public required IReadOnlyList<CorrelationView> Items { get; init; }

    /// <summary>Runs that are in neither group, and why; absent where there are none.</summary>
    public IReadOnlyList<LeftOutView>? LeftOut { get; init; }

    /// <summary>Keys of tags that were not compared, because they follow from the outcome or name one run; in order, at most 50.</summary>
    public IReadOnlyList<string> KeysLeftOut { get; init; } = [];
}

/// <summary>Whose ancestors and descendants were looked at: those of the newest 1,000 of each group.</summary>
/// <param name="Group">How many runs of the group.</param>
/// <param name="Rest">How many of the others.</param>
/// <param name="Ancestors">How many runs they are below.</param>
/// <param name="Descendants">How many runs are below them.</param>
/// <param name="Truncated">True where there are more relatives than the 10,000 that are read in each direction.</param>
public sealed record RelativesView(int Group, int Rest, int Ancestors, int Descendants, bool? Truncated);

/// <summary>One thing that runs share: a line with all that selects the same runs.</summary>
public sealed record CorrelationView
{
    /// <summary>What selects these runs; at least one.</summary>
    public required IReadOnlyList<TraitView> Traits { get; init; }

    /// <summary>Share in the group minus share in the rest, -1..1.</summary>
    public required double Score { get; init; }

    /// <summary>The share of the group that carries it, 0..1.</summary>
    public required double GroupShare { get; init; }

    /// <summary>The share of the rest that carries it, 0..1.</summary>
    public required double RestShare { get; init; }

    /// <summary>How many of the group carry it.</summary>
    public required int InGroup { get; init; }

    /// <summary>How many of the group were looked at for it.</summary>
    public required int Group { get; init; }

    /// <summary>How many of the rest carry it.</summary>
    public required int InRest { get; init; }

    /// <summary>How many of the rest were looked at for it.</summary>
    public required int Rest { get; init; }

    /// <summary>How many runs carry it, 5 or more.</summary>
    public required int Support { get; init; }

    /// <summary>How probable such a difference would be by chance, 0..1, corrected for all that were tried.</summary>
    public required double P { get; init; }
}

/// <summary>A tag's value, or a fact, of runs, their ancestors or their descendants.</summary>
public sealed record TraitView
{
    /// <summary><c>own</c>, <c>ancestor</c> or <c>descendant</c>.</summary>
    public required string Level { get; init; }

    /// <summary>The tag's key; of a fact <c>type</c>, <c>operation</c>, <c>namespace</c> or <c>actor</c>.</summary>
    public required string Key { get; init; }

    /// <summary>The value's text; of an operation its name.</summary>
    public required string Value { get; init; }

    /// <summary>True where it is no tag but a fact that every run has.</summary>
    public bool? Fact { get; init; }

    /// <summary>The address of the runs that carry it: of the runs compared where it is their own, else of their relatives.</summary>
    public required string Runs { get; init; }
}

/// <summary>What changed lately: the newest runs of operations against those before them, however long ago that was.</summary>
public sealed record OperationChangesView
{
    /// <summary>What is compared with what, in a sentence or two.</summary>
    public required string Definition { get; init; }

    /// <summary>How many operations were looked at: those with most runs in the last 7 days. The correction is for all of them.</summary>
    public required int Operations { get; init; }

    /// <summary>Those that changed, the surest first.</summary>
    public required IReadOnlyList<OperationChangeView> Items { get; init; }
}

/// <summary>An operation whose newest 20 runs differ from the 100 before.</summary>
public sealed record OperationChangeView
{
    /// <summary>The operation's key.</summary>
    public required string Key { get; init; }

    /// <summary>Whose it is.</summary>
    public required string Namespace { get; init; }

    /// <summary>The kind of work.</summary>
    public required string Type { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>When the first of the newest runs started.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>How many runs are the newest: 20, of an operation with fewer fewer.</summary>
    public required int Newest { get; init; }

    /// <summary>How many runs before them they are compared with, at most 100.</summary>
    public required int Before { get; init; }

    /// <summary>The median duration of the successful ones among the newest, seconds; absent where there are none.</summary>
    public double? P50 { get; init; }

    /// <summary>That of those before.</summary>
    public double? P50Before { get; init; }

    /// <summary>The error rate of the newest, 0..1; absent where there are none.</summary>
    public double? ErrorRate { get; init; }

    /// <summary>That of those before.</summary>
    public double? ErrorRateBefore { get; init; }

    /// <summary>The median compared.</summary>
    public required ChangeView P50Change { get; init; }

    /// <summary>The error rate compared.</summary>
    public required ChangeView ErrorRateChange { get; init; }

    /// <summary>What the newest runs share more, or less, than those before, at least half of them; the strongest first, at most 5.</summary>
    public IReadOnlyList<CorrelationView> Traits { get; init; } = [];

    /// <summary>The address of the newest runs.</summary>
    public required string Runs { get; init; }
}
