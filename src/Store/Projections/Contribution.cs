using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Runs;

namespace ValueStream.Store.Projections;

/// <summary>
/// What an attempt adds to the numbers, as a function of its row: so the row is the record of what it contributed, and can be taken
/// back when it changes.
/// </summary>
internal sealed record Contribution
{
    public required long Operation { get; init; }
    public required Outcome? Outcome { get; init; }
    public required DateTimeOffset At { get; init; }
    public required DateTimeOffset? StartedAt { get; init; }
    public required DateTimeOffset? EndedAt { get; init; }
    public required DateTimeOffset? AbandonedAt { get; init; }

    /// <summary>Microseconds.</summary>
    public required long? Duration { get; init; }

    public required string? Actor { get; init; }
    public required bool IsExcluded { get; init; }

    /// <summary>Those of its tags that numbers go by.</summary>
    public required CountedTags Tags { get; init; }

    /// <summary>What a row adds.</summary>
    public static Contribution Of(RunRow row, CountedTags tags) => new()
    {
        Operation = row.Operation,
        Outcome = (Outcome?)row.Outcome,
        At = row.At,
        StartedAt = row.StartedAt,
        EndedAt = row.EndedAt,
        AbandonedAt = row.AbandonedAt,
        Duration = row.Duration,
        Actor = row.Actor,
        IsExcluded = IsExcludedBy(row.Flags),
        Tags = tags,
    };

    /// <summary>Whether a row's flags leave it out of the numbers.</summary>
    public static bool IsExcludedBy(string flags) => flags.Length > 0 && flags.Split(' ').Contains("excluded");

    /// <summary>Its shares. In the series of a tag a start is no share: a group says how its runs ended.</summary>
    /// <param name="zone">The reporting zone.</param>
    /// <param name="tags">Knows tags.</param>
    public IEnumerable<(RollupKey Key, Share Share)> Shares(TimeZoneInfo zone, KnownTags tags)
    {
        if (StartedAt is { } started && !IsExcluded)
        {
            yield return (new(RollupSeries.Hours, RollupSeries.Hour(started), Operation, 0), Share.Of(Counted.Started));
            yield return (new(RollupSeries.Days, RollupSeries.Day(started, zone), Operation, 0), Share.Of(Counted.Started));
        }
        if ((EndedAt ?? AbandonedAt) is not { } over)
        {
            yield break;
        }
        var day = RollupSeries.Day(over, zone);
        var ofDay = new RollupKey(RollupSeries.Days, day, Operation, 0);
        foreach (var share in EndShares())
        {
            yield return (new(RollupSeries.Hours, RollupSeries.Hour(over), Operation, 0), share);
            yield return (ofDay, share);
            for (var i = 0; i < Tags.Dimensions.Length; i++)
            {
                if (Tags.Dimensions[i] is not CountedTags.None and var tag)
                {
                    yield return (new((short)(i + 2), day, Operation, tag), share);
                }
            }
        }
        if (IsExcluded)
        {
            yield break;
        }
        // Who ran it is who the sender says, else tag user.name.
        if ((Actor is { } actor ? tags.Of(RollupSeries.UserName, actor).Id : Tags.User) is not CountedTags.None and var person)
        {
            yield return (ofDay, Share.Of(Fact.Person, person));
        }
        if (Tags.Host is not CountedTags.None and var host)
        {
            yield return (ofDay, Share.Of(Fact.Host, host));
        }
        foreach (var digest in Tags.Digests)
        {
            yield return (ofDay, Share.Of(Fact.Digest, digest));
        }
    }

    /// <summary>What it adds where it ended or was given up: one outcome, and its duration or why it has none.</summary>
    public IEnumerable<Share> EndShares()
    {
        if (IsExcluded)
        {
            yield return Share.Of(Counted.Excluded);
            yield break;
        }
        if (Outcome is not { } outcome)
        {
            yield return Share.Of(Counted.Abandoned);
            yield break;
        }
        yield return Share.Of(outcome switch
        {
            Core.Events.Outcome.Success => Counted.Success,
            Core.Events.Outcome.Failure => Counted.Failure,
            Core.Events.Outcome.Error => Counted.Error,
            Core.Events.Outcome.Timeout => Counted.Timeout,
            Core.Events.Outcome.Cancellation => Counted.Cancellation,
            _ => Counted.Skip,
        });
        yield return Duration switch
        {
            null => Share.Of(Counted.WithoutStart),
            { } micros when micros > Attempt.LongestPlausible.Ticks / TimeSpan.TicksPerMicrosecond => Share.Of(Counted.Implausible),
            { } micros => Share.Of(outcome, micros),
        };
    }
}

/// <summary>Those of a run's tags that numbers go by, as ids.</summary>
/// <param name="Dimensions">In the order of <see cref="RollupSeries.Dimensions"/>; <see cref="None"/> where it has no such tag.</param>
/// <param name="Digests">Of what it ran from.</param>
internal sealed record CountedTags(long[] Dimensions, long[] Digests)
{
    /// <summary>No tag.</summary>
    public const long None = 0;

    private static readonly int UserAt = Array.IndexOf(RollupSeries.Dimensions, RollupSeries.UserName);
    private static readonly int HostAt = Array.IndexOf(RollupSeries.Dimensions, RollupSeries.HostName);

    /// <summary>None of them.</summary>
    public static CountedTags Empty { get; } = new(new long[RollupSeries.Dimensions.Length], []);

    /// <summary>Tag <c>user.name</c>.</summary>
    public long User => Dimensions[UserAt];

    /// <summary>Tag <c>host.name</c>.</summary>
    public long Host => Dimensions[HostAt];

    /// <summary>Those among a run's tags.</summary>
    public static CountedTags Of(IReadOnlyDictionary<string, TagValue> run, KnownTags tags) => new(
        Array.ConvertAll(RollupSeries.Dimensions, key => run.TryGetValue(key, out var value) ? tags.Of(key, value.Text).Id : None),
        [.. RollupSeries.Digests.Where(run.ContainsKey).Select(key => tags.Of(key, run[key].Text).Id)]);
}
