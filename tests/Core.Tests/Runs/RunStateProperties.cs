using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using Outcome = ValueStream.Core.Events.Outcome;

namespace ValueStream.Core.Tests.Runs;

/// <summary>What holds of every set of events. Times are few, so that most sets have ties.</summary>
[Properties(MaxTest = 300, Arbitrary = [typeof(RunStateProperties)])]
public sealed class RunStateProperties
{
    [Property]
    public void Every_order_of_arrival_gives_the_same_state(Event[] events, int seed) =>
        Assert.Equal(Show.Text(RunState.Fold(events)), Show.Text(RunState.Fold(Shuffle.By(seed, events))));

    [Property]
    public void Events_that_come_in_order_are_applied_one_by_one(Event[] events)
    {
        var state = RunState.Fold([]);
        foreach (var e in events.Order(RunState.Order))
        {
            state = state.Apply(e);
        }

        Assert.Equal(Show.Text(RunState.Fold(events)), Show.Text(state));
    }

    [Property]
    public void Folding_in_two_parts_is_folding_at_once(Event[] events, byte cut)
    {
        var ordered = events.Order(RunState.Order).ToList();
        var first = RunState.Fold(ordered.Take(cut % (ordered.Count + 1)));

        Assert.Equal(Show.Text(RunState.Fold(events)), Show.Text(ordered.Skip(cut % (ordered.Count + 1)).Aggregate(first, static (s, e) => s.Apply(e))));
    }

    [Property]
    public void Every_event_ends_up_in_one_attempt_unless_it_is_the_servers_or_for_one_that_never_came(Event[] events)
    {
        var state = RunState.Fold(events.Select(static e => e.Tag($"of {e.EventId}", "1")));
        var taken = state.Attempts.Values.SelectMany(static a => a.Tags.Keys.Where(static k => k.StartsWith("of ", StringComparison.Ordinal))).ToList();
        var waiting = events.Where(e => e is Abandoned or Administered || e is Annotated or Linked && (e.Attempt is { } n ? !state.Attempts.ContainsKey(n) : state.Attempts.IsEmpty));

        Assert.Equal(events.Select(static e => $"of {e.EventId}").Order(), taken.Concat(waiting.Select(static e => $"of {e.EventId}")).Order());
    }

    [Property]
    public void Every_attempt_makes_sense(Event[] events) => Assert.All(RunState.Fold(events).Attempts, static entry =>
    {
        var (number, attempt) = entry;
        Assert.Equal(number, attempt.Number);
        Assert.Equal(attempt.State != AttemptState.Orphan, attempt.StartedAt is not null);
        Assert.Equal(attempt.IsOpen, attempt.EndedAt is null);
        Assert.Equal(attempt.IsOpen, attempt.Outcome is null);
        Assert.Equal(attempt.IsOpen, attempt.EndRecordedAt is null);
        Assert.Equal(attempt.State == AttemptState.Abandoned, attempt.AbandonedAt is not null);
        Assert.False(attempt.JoinedLate && attempt.Stages.IsEmpty);
        Assert.False(attempt.Duration < TimeSpan.Zero);
        Assert.Equal(attempt.Links.Distinct(), attempt.Links);
    });

    [Property]
    public void Stages_cover_an_attempt_from_its_first_transition_to_its_end_without_gaps_or_overlaps(Event[] events) =>
        Assert.All(RunState.Fold(events).Attempts.Values.Where(static a => !a.Stages.IsEmpty), static attempt =>
        {
            Assert.True(attempt.Stages[0].From >= attempt.StartedAt);
            Assert.Equal(attempt.Stages.Skip(1).Select(static s => (DateTimeOffset?)s.From).Append(attempt.EndedAt), attempt.Stages.Select(static s => s.To));
            Assert.All(attempt.Stages, static s => Assert.False(s.To < s.From));
            Assert.All(attempt.Stages.Zip(attempt.Stages.Skip(1)), static pair => Assert.NotEqual(pair.First.Name, pair.Second.Name));

            var sum = attempt.Stages.Select(static s => s.Name).Distinct().Aggregate(TimeSpan.Zero, (sum, name) => sum + attempt.TimeIn(name, Build.At(999)));
            var until = attempt.EndedAt ?? (attempt.State == AttemptState.Running ? Build.At(999) : attempt.Stages[^1].From);
            Assert.Equal(until - attempt.Stages[0].From, sum);
        });

    [Property]
    public void An_end_wins_over_being_abandoned(Event[] events) =>
        Assert.Equal(
            Ended(RunState.Fold(events.Where(static e => e is not Abandoned))),
            Ended(RunState.Fold(events)));

    [Property]
    public void What_is_administered_changes_nothing_but_that(Event[] events) => Assert.Equal(
        Show.Text(RunState.Fold(events.Where(static e => e is not Administered))),
        string.Join('\n', RunState.Fold(events).Attempts.Values.Select(static a => Show.Text(a with { Excluded = false, ExcludedBecause = null }))));

    private static IEnumerable<string> Ended(RunState state) =>
        state.Attempts.Values.Select(static a => a.IsOpen ? $"#{a.Number} open" : Show.Text(a));

    public static Arbitrary<Event[]> Events()
    {
        var time = Gen.Frequency((8, Gen.Choose(0, 5)), (1, Gen.Choose(299, 303)));
        var attempt = Gen.Frequency((3, Gen.Constant<int?>(null)), (1, Gen.Choose(1, 3).Select(static n => (int?)n)));
        var text = Gen.Elements(null, null, "a", "b", "c");
        var texts = text.ArrayOf().Select(static all => all.OfType<string>().Take(3).ToArray());
        var kind = Gen.Elements("start", "start", "end", "end", "transition", "transition", "annotate", "link", "abandon", "administer");

        var one =
            from k in kind
            from at in time
            from n in attempt
            from actor in text
            from reason in text
            from parents in texts
            from links in texts
            from tags in texts
            from value in Gen.Choose(1, 3)
            from outcome in Gen.Elements(Enum.GetValues<Outcome>())
            from recorded in Gen.Choose(0, 9)
            from import in Gen.Elements(false, false, true)
            select Made(k, at, outcome, value) with
            {
                Attempt = n,
                RecordedAt = Build.At(recorded),
                IsImported = import,
                Actor = actor,
                Reason = reason,
                Submitter = $"token:{value}",
                Parents = [.. parents],
                Links = [.. links.Select(static l => new RunLink(LinkKinds.Follows, l))],
                Tags = Event.NoTags.SetItems(tags.Select(t => KeyValuePair.Create<string, TagValue>(t, $"{value}"))),
            };

        // Ids that differ and say nothing of the order in which the events were made.
        var set =
            from size in Gen.Choose(0, 9)
            from events in one.ArrayOf(size)
            from seed in Gen.Choose(0, int.MaxValue)
            select events.Zip(Shuffle.By(seed, Enumerable.Range(1, size)), Numbered).ToArray();

        return set.ToArbitrary();
    }

    /// <summary>No two have one position.</summary>
    private static Event Numbered(Event e, int id) =>
        e is Administered administered ? administered with { EventId = Build.Id(id), Position = id } : e with { EventId = Build.Id(id) };

    private static Event Made(string kind, int at, Outcome outcome, int value) => kind switch
    {
        "start" => Build.Start(at, $"name at {at}"),
        "end" => Build.End(at, outcome, $"end at {at}"),
        "transition" => Build.Enter(at, $"stage {value}", $"stage at {at}"),
        "abandon" => Build.Abandon(at),
        "administer" => Build.Exclude(1, value > 1),
        "annotate" => Build.Annotate(at) with { Note = value > 1 ? $"for ABC-{value}" : null },
        _ => Build.Link(at),
    };
}
