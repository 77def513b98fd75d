using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Core.Runs;

/// <summary>
/// What is known of a run: a pure function of the set of its events. <see cref="Fold"/> sorts them first, so every
/// order of arrival gives the same state.
/// </summary>
public sealed record RunState
{
    /// <summary>How long after an end or a stage without a start a start may come and still take it (senders' clocks differ).</summary>
    public static readonly TimeSpan SkewAllowance = TimeSpan.FromMinutes(5);

    private static readonly RunState Nothing = new();

    /// <summary>The attempts, by number. Empty when the run has only been annotated or linked so far.</summary>
    public ImmutableSortedDictionary<int, Attempt> Attempts { get; private init; } = ImmutableSortedDictionary<int, Attempt>.Empty;

    /// <summary>Annotations and links that stand before the attempt they are for.</summary>
    private ImmutableArray<Event> Early { get; init; } = [];

    /// <summary>The order in which events are folded: time, then kind, then event id; after all of them what was administered, by position.</summary>
    public static Comparer<Event> Order { get; } = Comparer<Event>.Create(static (a, b) =>
        Administration(a).CompareTo(Administration(b)) is not 0 and var byPosition ? byPosition
        : a.EffectiveAt.CompareTo(b.EffectiveAt) is not 0 and var byTime ? byTime
        : KindOf(a).CompareTo(KindOf(b)) is not 0 and var byKind ? byKind
        : a.EventId.CompareTo(b.EventId));

    /// <summary>The state that a set of one run's events gives, whatever order they are in.</summary>
    public static RunState Fold(IEnumerable<Event> events) => events.Order(Order).Aggregate(Nothing, static (state, e) => state.Apply(e));

    /// <summary>The state after one more event, which must not sort before any that was applied.</summary>
    public RunState Apply(Event e) => e switch
    {
        Started started => Start(started),
        Transitioned transitioned => Enter(transitioned),
        Ended ended => End(ended),
        Annotated or Linked => Enrich(e),
        Abandoned abandoned => Abandon(abandoned),
        Administered administered => Administer(administered),
        _ => throw new ArgumentException($"{e.GetType().Name} is not an event of a run.", nameof(e)),
    };

    private Attempt? Last => Attempts.IsEmpty ? null : Attempts[Attempts.Keys.Last()];

    private Attempt? Open => Attempts.Values.LastOrDefault(static a => a.IsOpen);

    private RunState Start(Started e)
    {
        var taken = Taken(e);
        return taken switch
        {
            null => Put(Next(e, e.Name).Begin(e)),
            { State: AttemptState.Orphan } => Put(taken.Begin(e) with { State = AttemptState.Ended, EndedAt = e.EffectiveAt, Skewed = true }),
            // It cannot have begun after it was seen at work, so the time stays.
            { JoinedLate: true } when e.Attempt is not null || e.EffectiveAt - taken.StartedAt <= SkewAllowance =>
                Put(taken.Begin(e) with { StartedAt = taken.StartedAt, JoinedLate = false, Skewed = true }),
            _ => Put(taken.Fill(e)),
        };
    }

    private RunState Enter(Transitioned e) => Taken(e) switch
    {
        null => Put(Next(e, e.Name).Join(e)),
        { IsOpen: true } open => Put(open.Enter(e)),
        var ended => Put(ended.Fill(e)),
    };

    /// <summary>The attempt that a start or a stage belongs to. Only one later than the last end opens the next attempt; a start at the very
    /// moment repeats the one that took an orphan.</summary>
    private Attempt? Taken(Event e) => e.Attempt is { } number ? Attempts.GetValueOrDefault(number)
        : Open ?? (Last is { } last && e.EffectiveAt - last.EndedAt <= Allowance(last) ? last : null);

    private static TimeSpan Allowance(Attempt ended) => ended.State == AttemptState.Orphan ? SkewAllowance : TimeSpan.Zero;

    private Attempt Next(Event e, string name) =>
        WithEarly(new Attempt { Number = e.Attempt ?? (Last?.Number ?? 0) + 1, State = AttemptState.Running, Name = name });

    private RunState End(Ended e)
    {
        var attempt = e.Attempt is { } number ? Attempts.GetValueOrDefault(number) : Open ?? Last;
        return attempt switch
        {
            null => Put(Next(e, e.Name).Close(e, AttemptState.Orphan) with { Submitter = e.Submitter, IsImported = e.IsImported }),
            { IsOpen: true } => Put(attempt.Close(e, AttemptState.Ended)),
            _ => Put(attempt.Fill(e)),
        };
    }

    private RunState Enrich(Event e)
    {
        var attempt = e.Attempt is { } number ? Attempts.GetValueOrDefault(number) : Open ?? Last;
        return attempt is null ? this with { Early = Early.Add(e) } : Put(attempt.Enrich(e));
    }

    /// <summary>An end that was already there, whenever it came, stands.</summary>
    private RunState Abandon(Abandoned e) =>
        (e.Attempt is { } number ? Attempts.GetValueOrDefault(number) : Open) is { State: AttemptState.Running } attempt
            ? Put(attempt with { State = AttemptState.Abandoned, AbandonedAt = e.EffectiveAt })
            : this;

    /// <summary>What names no attempt is of all of them.</summary>
    private RunState Administer(Administered e) => e.Run?.Excluded is not { } excluded ? this : this with
    {
        Attempts = Attempts.SetItems(Attempts.Values.Where(a => IsFor(e, a.Number)).Select(a =>
            KeyValuePair.Create(a.Number, a with { Excluded = excluded, ExcludedBecause = excluded ? e.Reason : null }))),
    };

    private Attempt WithEarly(Attempt attempt) =>
        Early.Where(e => IsFor(e, attempt.Number)).Aggregate(attempt, static (a, e) => a.Enrich(e));

    private RunState Put(Attempt attempt) => this with
    {
        Attempts = Attempts.SetItem(attempt.Number, attempt),
        Early = Early.IsEmpty ? Early : Early.RemoveAll(e => IsFor(e, attempt.Number)),
    };

    private static bool IsFor(Event e, int attempt) => e.Attempt is null || e.Attempt == attempt;

    /// <summary>0 for what is folded by time.</summary>
    private static long Administration(Event e) => e is Administered { Position: var position } ? position : 0;

    private static int KindOf(Event e) => (int)(e switch
    {
        Started => EventKind.Started,
        Transitioned => EventKind.Transitioned,
        Annotated => EventKind.Annotated,
        Linked => EventKind.Linked,
        Ended => EventKind.Ended,
        Abandoned => EventKind.Abandoned,
        Administered => EventKind.Administered,
        _ => throw new ArgumentException($"{e.GetType().Name} is not an event of a run.", nameof(e)),
    });
}
