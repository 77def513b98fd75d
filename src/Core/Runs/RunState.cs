using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Core.Runs;

/// <summary>
/// What is known of a run: a pure function of the set of its events. <see cref="Fold"/> sorts them first, so every
/// order of arrival gives the same state.
/// </summary>
public sealed record RunState
{
    /// <summary>How long after an end without a start a start may come and still take it (senders' clocks differ).</summary>
    public static readonly TimeSpan SkewAllowance = TimeSpan.FromMinutes(5);

    private static readonly RunState Nothing = new();

    /// <summary>The attempts, by number. Empty when the run has only been annotated or linked so far.</summary>
    public ImmutableSortedDictionary<int, Attempt> Attempts { get; private init; } = ImmutableSortedDictionary<int, Attempt>.Empty;

    /// <summary>Annotations and links that stand before the attempt they are for.</summary>
    private ImmutableArray<Event> Early { get; init; } = [];

    /// <summary>The order in which events are folded: time, then kind, then event id.</summary>
    public static Comparer<Event> Order { get; } = Comparer<Event>.Create(static (a, b) =>
        a.EffectiveAt.CompareTo(b.EffectiveAt) is not 0 and var byTime ? byTime
        : KindOf(a).CompareTo(KindOf(b)) is not 0 and var byKind ? byKind
        : a.EventId.CompareTo(b.EventId));

    /// <summary>The state that a set of one run's events gives, whatever order they are in.</summary>
    public static RunState Fold(IEnumerable<Event> events) => events.Order(Order).Aggregate(Nothing, static (state, e) => state.Apply(e));

    /// <summary>The state after one more event, which must not sort before any that was applied.</summary>
    public RunState Apply(Event e) => e switch
    {
        Started started => Start(started),
        Ended ended => End(ended),
        Annotated or Linked => Enrich(e),
        _ => throw new ArgumentException($"{e.GetType().Name} is not an event of a run.", nameof(e)),
    };

    private Attempt? Last => Attempts.IsEmpty ? null : Attempts[Attempts.Keys.Last()];

    private Attempt? Open => Attempts.Values.LastOrDefault(static a => a.State == AttemptState.Running);

    private RunState Start(Started e)
    {
        // Only a start later than the last end opens the next attempt; one at the very moment repeats the start that took an orphan.
        var taken = e.Attempt is { } number ? Attempts.GetValueOrDefault(number)
            : Open ?? (Last is { } last && e.EffectiveAt - last.EndedAt <= Allowance(last) ? last : null);
        return taken switch
        {
            null => Put(Begin(e.Attempt ?? (Last?.Number ?? 0) + 1, e)),
            { State: AttemptState.Orphan } => Put(taken.Begin(e) with { State = AttemptState.Ended, EndedAt = e.EffectiveAt, Skewed = true }),
            _ => Put(taken.Fill(e)),
        };
    }

    private static TimeSpan Allowance(Attempt ended) => ended.State == AttemptState.Orphan ? SkewAllowance : TimeSpan.Zero;

    private Attempt Begin(int number, Started e) => WithEarly(new Attempt { Number = number, State = AttemptState.Running, Name = e.Name }).Begin(e);

    private RunState End(Ended e)
    {
        var attempt = e.Attempt is { } number ? Attempts.GetValueOrDefault(number) : Open ?? Last;
        return attempt switch
        {
            null => Put(WithEarly(new Attempt { Number = e.Attempt ?? 1, State = AttemptState.Orphan, Name = e.Name }).Fill(e)
                with { EndedAt = e.EffectiveAt, Outcome = e.Outcome, Submitter = e.Submitter }),
            { State: AttemptState.Running } => Put(attempt.Fill(e) with { State = AttemptState.Ended, EndedAt = e.EffectiveAt, Outcome = e.Outcome }),
            _ => Put(attempt.Fill(e)),
        };
    }

    private RunState Enrich(Event e)
    {
        var attempt = e.Attempt is { } number ? Attempts.GetValueOrDefault(number) : Open ?? Last;
        return attempt is null ? this with { Early = Early.Add(e) } : Put(attempt.Enrich(e));
    }

    private Attempt WithEarly(Attempt attempt) =>
        Early.Where(e => IsFor(e, attempt.Number)).Aggregate(attempt, static (a, e) => a.Enrich(e));

    private RunState Put(Attempt attempt) => this with
    {
        Attempts = Attempts.SetItem(attempt.Number, attempt),
        Early = Early.IsEmpty ? Early : Early.RemoveAll(e => IsFor(e, attempt.Number)),
    };

    private static bool IsFor(Event e, int attempt) => e.Attempt is null || e.Attempt == attempt;

    private static int KindOf(Event e) => (int)(e switch
    {
        Started => EventKind.Started,
        Annotated => EventKind.Annotated,
        Linked => EventKind.Linked,
        Ended => EventKind.Ended,
        _ => throw new ArgumentException($"{e.GetType().Name} is not an event of a run.", nameof(e)),
    });
}
