using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Core.Runs;

/// <summary>Where an attempt stands.</summary>
public enum AttemptState
{
    /// <summary>Started, not ended.</summary>
    Running,

    /// <summary>Started and ended.</summary>
    Ended,

    /// <summary>Ended without a known start.</summary>
    Orphan,
}

/// <summary>One attempt of a run. Counts count attempts; there is one row for each.</summary>
public sealed record Attempt
{
    /// <summary>Durations over this are kept and flagged, and left out of statistics.</summary>
    public static readonly TimeSpan LongestPlausible = TimeSpan.FromDays(5 * 365.25);

    /// <summary>1, 2, ...</summary>
    public required int Number { get; init; }

    /// <summary>Running, ended or orphan.</summary>
    public required AttemptState State { get; init; }

    /// <summary>The name fixed by the start; an orphan's by its end.</summary>
    public required string Name { get; init; }

    /// <summary>When it started, effective time; null for an orphan.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended, effective time; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How it ended; null while it runs.</summary>
    public Outcome? Outcome { get; init; }

    /// <summary>Who did it, as claimed.</summary>
    public string? Actor { get; init; }

    /// <summary>Why, as claimed.</summary>
    public string? Reason { get; init; }

    /// <summary>Who the server saw sending the start; of an orphan, the end.</summary>
    public string Submitter { get; init; } = "";

    /// <summary>The reference to its parent, as sent.</summary>
    public string? Parent { get; init; }

    /// <summary>Links, each target and kind once, in the order in which they became known.</summary>
    public ImmutableArray<RunLink> Links { get; init; } = [];

    /// <summary>The trace context it was started in.</summary>
    public Traceparent? Traceparent { get; init; }

    /// <summary>Tags; per key the last event in fold order won.</summary>
    public ImmutableSortedDictionary<string, TagValue> Tags { get; init; } = Event.NoTags;

    /// <summary>The end came before its start by the senders' clocks; the duration is 0.</summary>
    public bool Skewed { get; init; }

    /// <summary>End minus start; null unless both are known.</summary>
    public TimeSpan? Duration => EndedAt - StartedAt;

    /// <summary>What a reader should know of the numbers: <c>skewed</c>, <c>implausible</c> (longer than five years).</summary>
    public ImmutableArray<string> Flags =>
        [.. Skewed ? ["skewed"] : Array.Empty<string>(), .. Duration > LongestPlausible ? ["implausible"] : Array.Empty<string>()];

    /// <summary>Takes what a start fixes: time, name, submitter, trace context.</summary>
    internal Attempt Begin(Started e) => Fill(e) with
    {
        StartedAt = e.EffectiveAt,
        Name = e.Name,
        Submitter = e.Submitter,
        Traceparent = e.Traceparent,
    };

    /// <summary>Starts, ends and their repeats: tags merge, other members fill what is not known yet.</summary>
    internal Attempt Fill(Event e) => Merge(e) with { Actor = Actor ?? e.Actor, Reason = Reason ?? e.Reason };

    /// <summary>Annotations and links: tags merge, and what they say of actor and reason replaces what was known.</summary>
    internal Attempt Enrich(Event e) => Merge(e) with { Actor = e.Actor ?? Actor, Reason = e.Reason ?? Reason };

    private Attempt Merge(Event e)
    {
        var parent = Parent ?? (e.Parents.IsEmpty ? null : e.Parents[0]);
        var links = e.Parents.Where(p => p != parent).Select(static p => new RunLink(LinkKinds.Follows, p)).Concat(e.Links);
        return this with
        {
            Tags = Tags.IsEmpty ? e.Tags : Tags.SetItems(e.Tags),
            Parent = parent,
            Links = e.Parents.IsEmpty && e.Links.IsEmpty ? Links : [.. Links.Concat(links).Distinct()],
        };
    }
}
