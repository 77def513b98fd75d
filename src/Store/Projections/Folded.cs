using System.Collections.Immutable;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Runs;

namespace ValueStream.Store.Projections;

/// <summary>A run as its events tell it.</summary>
/// <param name="Run">Which run.</param>
/// <param name="Key">Its short key.</param>
internal sealed record Folded(RunId Run, long Key)
{
    /// <summary>Its attempts.</summary>
    public required IReadOnlyList<Projected> Attempts { get; init; }

    /// <summary>What administrators set, where it is an operation and no run; nothing otherwise.</summary>
    public required OperationSetting Setting { get; init; }

    /// <summary>Whether something of it was erased.</summary>
    public required bool IsRedacted { get; init; }

    /// <summary>Whether it has no rows yet.</summary>
    public required bool IsNew { get; init; }

    /// <summary>The term of the part of the log in which it begins.</summary>
    public required long Begin { get; init; }

    /// <summary>The later parts of the log in which it has events.</summary>
    public required IReadOnlyList<long> LaterParts { get; init; }

    /// <summary>The words that searches find it by where it has no attempt yet.</summary>
    public required IReadOnlyCollection<string> Said { get; init; }
}

/// <summary>An attempt of a run as its events tell it, ready to be written. It holds on to little: thousands of them wait to be written at a time.</summary>
/// <param name="Row">Its row.</param>
internal sealed record Projected(RunRow Row)
{
    /// <summary>Its tags as JSON.</summary>
    public required string Tags { get; init; }

    /// <summary>Those of its tags that numbers go by.</summary>
    public required CountedTags Counted { get; init; }

    /// <summary>What searches find it by, ascending.</summary>
    public required long[] Terms { get; init; }

    /// <summary>What its terms mean, and who its numbers count.</summary>
    public required IReadOnlyList<Meaning> Meanings { get; init; }

    /// <summary>What it adds to the numbers.</summary>
    public required IReadOnlyList<(RollupKey Key, Share Share)> Shares { get; init; }

    /// <summary>The references by which it is known for its tags.</summary>
    public required IReadOnlyList<long> AliasesByTags { get; init; }

    /// <summary>Its links.</summary>
    public required ImmutableArray<RunLink> Links { get; init; }

    /// <summary>Its stages.</summary>
    public required ImmutableArray<Stage> Stages { get; init; }

    /// <summary>The runs that its texts may name.</summary>
    public required IReadOnlyList<RunMentionRow> Mentions { get; init; }
}
