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

    /// <summary>The tags, for the dimensions among them.</summary>
    public required IReadOnlyDictionary<string, TagValue> Tags { get; init; }

    /// <summary>Its shares. In the series of a tag a start is no share: a group says how its runs ended.</summary>
    /// <param name="zone">The reporting zone.</param>
    /// <param name="idOf">Gives the ids of tags, by key and value.</param>
    public IEnumerable<(RollupKey Key, Share Share)> Shares(TimeZoneInfo zone, Func<string, string, long> idOf)
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
            for (var i = 0; i < RollupSeries.Dimensions.Length; i++)
            {
                if (Tags.TryGetValue(RollupSeries.Dimensions[i], out var value))
                {
                    yield return (new((short)(i + 2), day, Operation, idOf(RollupSeries.Dimensions[i], value.Text)), share);
                }
            }
        }
        if (IsExcluded)
        {
            yield break;
        }
        if (Person(Actor, Tags) is { } person)
        {
            yield return (ofDay, Share.Of(Fact.Person, idOf(RollupSeries.UserName, person)));
        }
        if (Tags.TryGetValue(RollupSeries.HostName, out var host))
        {
            yield return (ofDay, Share.Of(Fact.Host, idOf(RollupSeries.HostName, host.Text)));
        }
        foreach (var key in RollupSeries.Digests)
        {
            if (Tags.TryGetValue(key, out var digest))
            {
                yield return (ofDay, Share.Of(Fact.Digest, idOf(key, digest.Text)));
            }
        }
    }

    /// <summary>Who ran something: the actor, else tag <c>user.name</c>.</summary>
    public static string? Person(string? actor, IReadOnlyDictionary<string, TagValue> tags) =>
        actor ?? (tags.TryGetValue(RollupSeries.UserName, out var user) ? user.Text : null);

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
