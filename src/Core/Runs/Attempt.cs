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

    /// <summary>Started, not ended, and not heard of for so long that it is taken to have died.</summary>
    Abandoned,
}

/// <summary>A stage that an attempt passed through; one that is entered twice stands there twice.</summary>
/// <param name="Name">What its sender calls it; empty where that was erased.</param>
/// <param name="From">When it was entered, effective time.</param>
/// <param name="To">When the next began or the attempt ended; null while the attempt is in it, and where nobody knows because the
/// attempt was abandoned in it.</param>
public sealed record Stage(string Name, DateTimeOffset From, DateTimeOffset? To);

/// <summary>One attempt of a run. Counts count attempts; there is one row for each.</summary>
public sealed record Attempt
{
    /// <summary>Durations over this are kept and flagged, and left out of statistics.</summary>
    public static readonly TimeSpan LongestPlausible = TimeSpan.FromDays(5 * 365.25);

    /// <summary>1, 2, ...</summary>
    public required int Number { get; init; }

    /// <summary>Where it stands.</summary>
    public required AttemptState State { get; init; }

    /// <summary>The name fixed by the start; an orphan's by its end, that of one that joined late by its first transition.</summary>
    public required string Name { get; init; }

    /// <summary>When it started, effective time; null for an orphan. Of one that joined late, when it was first seen in a stage.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended, effective time; null while it runs and when it was abandoned.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How it ended; null while it runs and when it was abandoned.</summary>
    public Outcome? Outcome { get; init; }

    /// <summary>When it was taken to have died, effective time; null unless it is abandoned.</summary>
    public DateTimeOffset? AbandonedAt { get; init; }

    /// <summary>Its stages in order of time, each but the last up to the next, the last up to the end: they cover its time from its first
    /// transition on, without gaps or overlaps.</summary>
    public ImmutableArray<Stage> Stages { get; init; } = [];

    /// <summary>Who did it, as claimed.</summary>
    public string? Actor { get; init; }

    /// <summary>Why, as claimed.</summary>
    public string? Reason { get; init; }

    /// <summary>Who the server saw sending the start; of an orphan, the end; of one that joined late, its first transition.</summary>
    public string Submitter { get; init; } = "";

    /// <summary>The reference to its parent, as sent.</summary>
    public string? Parent { get; init; }

    /// <summary>Links, each target and kind once, in the order in which they became known.</summary>
    public ImmutableArray<RunLink> Links { get; init; } = [];

    /// <summary>The trace context it was started in.</summary>
    public Traceparent? Traceparent { get; init; }

    /// <summary>Tags; per key the last event in fold order won.</summary>
    public ImmutableSortedDictionary<string, TagValue> Tags { get; init; } = Event.NoTags;

    /// <summary>Those of its notes that may name other runs, the first <see cref="Mention.Most"/>.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>The texts in which other runs may be named, in the order in which what they name counts: branch, title, name, notes, commit
    /// message, reason.</summary>
    public IEnumerable<string> Texts
    {
        get
        {
            if (Tags.TryGetValue("vcs.ref.head.name", out var branch))
            {
                yield return branch.Text;
            }
            if (Tags.TryGetValue("vcs.change.title", out var title))
            {
                yield return title.Text;
            }
            yield return Name;
            foreach (var note in Notes)
            {
                yield return note;
            }
            if (Tags.TryGetValue("vcs.ref.head.message", out var message))
            {
                yield return message.Text;
            }
            if (Reason is not null)
            {
                yield return Reason;
            }
        }
    }

    /// <summary>By the senders' clocks its end came before its start, so that the duration is 0; or a stage did, so that it is taken to
    /// have started with that stage.</summary>
    public bool Skewed { get; init; }

    /// <summary>Its start was never reported: it was first heard of when it entered a stage.</summary>
    public bool JoinedLate { get; init; }

    /// <summary>Whether an administrator left it out of the numbers.</summary>
    public bool Excluded { get; init; }

    /// <summary>Why it was left out of the numbers.</summary>
    public string? ExcludedBecause { get; init; }

    /// <summary>Whether it is imported history: nobody waits for its end.</summary>
    public bool IsImported { get; init; }

    /// <summary>When the server recorded its start, or what it was first heard of by; null for an orphan.</summary>
    public DateTimeOffset? StartRecordedAt { get; init; }

    /// <summary>When the server recorded its end; null while it runs and when it was abandoned.</summary>
    public DateTimeOffset? EndRecordedAt { get; init; }

    /// <summary>When the server last recorded anything that its senders said of it.</summary>
    public DateTimeOffset LastSignRecordedAt { get; init; }

    /// <summary>Whether its end is still to come: it runs, or was abandoned and may yet turn out to live.</summary>
    public bool IsOpen => State is AttemptState.Running or AttemptState.Abandoned;

    /// <summary>End minus start; null unless both are known.</summary>
    public TimeSpan? Duration => EndedAt - StartedAt;

    /// <summary>What a reader should know of the numbers: <c>skewed</c>, <c>implausible</c> (longer than five years), <c>joinedLate</c>,
    /// <c>excluded</c>.</summary>
    public ImmutableArray<string> Flags
    {
        get
        {
            if (!Skewed && !JoinedLate && !Excluded && !(Duration > LongestPlausible))
            {
                return [];
            }
            (bool Holds, string Flag)[] flags =
                [(Skewed, "skewed"), (Duration > LongestPlausible, "implausible"), (JoinedLate, "joinedLate"), (Excluded, "excluded")];
            return [.. flags.Where(static f => f.Holds).Select(static f => f.Flag)];
        }
    }

    /// <summary>How long it was in a stage, every visit counted. A visit whose end nobody knows counts nothing.</summary>
    /// <param name="stage">The stage's name.</param>
    /// <param name="now">Up to when a running attempt is in its last stage.</param>
    public TimeSpan TimeIn(string stage, DateTimeOffset now) => Stages.Where(s => s.Name == stage).Aggregate(TimeSpan.Zero,
        (sum, s) => sum + ((s.To ?? (State == AttemptState.Running && now > s.From ? now : s.From)) - s.From));

    /// <summary>Takes what a start fixes: time, name, submitter, trace context.</summary>
    internal Attempt Begin(Started e) => Fill(e) with
    {
        StartedAt = e.EffectiveAt,
        StartRecordedAt = e.RecordedAt,
        Name = e.Name,
        Submitter = e.Submitter,
        Traceparent = e.Traceparent,
        IsImported = e.IsImported,
    };

    /// <summary>Is first heard of when it enters a stage.</summary>
    internal Attempt Join(Transitioned e) => Enter(e) with
    {
        StartedAt = e.EffectiveAt,
        StartRecordedAt = e.RecordedAt,
        Submitter = e.Submitter,
        IsImported = e.IsImported,
        JoinedLate = true,
    };

    /// <summary>Leaves the stage that it is in for another; the same one again says nothing new.</summary>
    internal Attempt Enter(Transitioned e) => Fill(e) with
    {
        Stages = Stages is [.., var last] && last.Name == e.Stage ? Stages : Left(e.EffectiveAt).Add(new(e.Stage, e.EffectiveAt, null)),
    };

    /// <summary>Takes its end.</summary>
    internal Attempt Close(Ended e, AttemptState state) => Fill(e) with
    {
        State = state,
        EndedAt = e.EffectiveAt,
        EndRecordedAt = e.RecordedAt,
        Outcome = e.Outcome,
        Stages = Left(e.EffectiveAt),
    };

    /// <summary>Starts, ends and their repeats: tags merge, other members fill what is not known yet.</summary>
    internal Attempt Fill(Event e) => Merge(e, Actor ?? e.Actor, Reason ?? e.Reason);

    /// <summary>Annotations and links: tags merge, and what they say of actor and reason replaces what was known.</summary>
    internal Attempt Enrich(Event e) => Merge(e, e.Actor ?? Actor, e.Reason ?? Reason) with
    {
        Notes = e is Annotated { Note: { } note } && Notes.Length < Mention.Most && Mention.In(note).Count > 0 ? Notes.Add(note) : Notes,
    };

    private ImmutableArray<Stage> Left(DateTimeOffset at) => Stages.IsEmpty ? Stages : Stages.SetItem(Stages.Length - 1, Stages[^1] with { To = at });

    /// <summary>What every event of its senders does. Whatever they say, it lives.</summary>
    private Attempt Merge(Event e, string? actor, string? reason)
    {
        var parent = Parent ?? (e.Parents.IsEmpty ? null : e.Parents[0]);
        var links = e.Parents.Where(p => p != parent).Select(static p => new RunLink(LinkKinds.Follows, p)).Concat(e.Links);
        return this with
        {
            State = State == AttemptState.Abandoned ? AttemptState.Running : State,
            AbandonedAt = null,
            LastSignRecordedAt = e.RecordedAt > LastSignRecordedAt ? e.RecordedAt : LastSignRecordedAt,
            Tags = Tags.IsEmpty ? e.Tags : Tags.SetItems(e.Tags),
            Actor = actor,
            Reason = reason,
            Parent = parent,
            Links = e.Parents.IsEmpty && e.Links.IsEmpty ? Links : [.. Links.Concat(links).Distinct()],
        };
    }
}
