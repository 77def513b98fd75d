using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Core.Wire;
using ValueStream.Server.Demo;

namespace ValueStream.Server.Tests.Demo;

public sealed class DemoHistoryTests
{
    // A Wednesday in working hours.
    private static readonly DateTimeOffset Now = new(2026, 10, 14, 15, 20, 0, TimeSpan.Zero);
    private static readonly List<EventRequest> History = [.. DemoHistory.Generate(1, Now)];
    private static readonly ILookup<RunId, Event> Events = History.ToLookup(IdOf, ToEvent);
    private static readonly List<(RunId Id, Attempt Attempt)> Runs =
        [.. Events.SelectMany(static run => RunState.Fold(run).Attempts.Values.Select(attempt => (run.Key, attempt)))];

    [Fact]
    public void The_same_seed_and_time_give_the_same_history()
    {
        Assert.Equal(Text(History), Text(DemoHistory.Generate(1, Now)));
        Assert.NotEqual(Text(History), Text(DemoHistory.Generate(2, Now)));
    }

    [Fact]
    public void It_is_90_days_of_about_12000_runs_oldest_first_and_nothing_is_in_the_future()
    {
        Assert.InRange(Runs.Count, 11_000, 13_500);
        Assert.Equal(History.Select(static e => e.OccurredAt).Order(), History.Select(static e => e.OccurredAt));
        Assert.InRange(History[0].OccurredAt!.Value, Now.AddDays(-90), Now.AddDays(-88));
        Assert.InRange(History[^1].OccurredAt!.Value, Now.AddMinutes(-5), Now);
    }

    [Fact]
    public void Every_event_has_an_id_of_its_own() => Assert.Equal(History.Count, History.Select(static e => e.EventId!.Value).Distinct().Count());

    [Fact]
    public void Every_run_says_what_it_is_and_who_ran_it_where() => Assert.All(Runs.Where(static r => r.Attempt.State != AttemptState.Orphan), static r =>
    {
        Assert.NotEmpty(r.Attempt.Name);
        Assert.NotNull(r.Attempt.Actor);
        Assert.Contains("host.name", r.Attempt.Tags.Keys);
        Assert.Contains(r.Id.Namespace, (string[])["default", "payments", "platform"]);
    });

    [Fact]
    public void Everything_that_ended_took_a_plausible_time()
    {
        Assert.All(Runs, static r => Assert.False(r.Attempt.Duration > TimeSpan.FromHours(4)));
        Assert.Single(Runs, static r => r.Attempt.State == AttemptState.Orphan);
        Assert.Single(Runs, static r => r.Attempt.Skewed);
        Assert.All(Runs, static r => Assert.InRange(r.Attempt.Number, 1, 2));
    }

    [Fact]
    public void About_one_in_twenty_runs_fails_and_every_outcome_is_there()
    {
        var outcomes = Runs.Where(static r => r.Attempt.Outcome is not null).CountBy(static r => r.Attempt.Outcome!.Value).ToDictionary();

        Assert.Equal(Enum.GetValues<Outcome>().Order(), outcomes.Keys.Order());
        var failed = outcomes[Outcome.Failure] + outcomes[Outcome.Error] + outcomes[Outcome.Timeout];
        Assert.InRange((double)failed / Runs.Count, 0.035, 0.065);
    }

    [Fact]
    public void Some_runs_are_running_and_one_of_them_for_far_too_long()
    {
        var running = Runs.Where(static r => r.Attempt.State == AttemptState.Running).ToList();

        Assert.InRange(running.Count, 4, 25);
        var longest = Assert.Single(running, r => r.Attempt.Name == "load warehouse").Attempt;
        Assert.True(Now - longest.StartedAt > 5 * Median(Runs.Where(r => r.Attempt.Name == "load warehouse").Select(static r => r.Attempt)));
    }

    [Fact]
    public void A_fan_in_of_three_is_in_the_trace_of_a_ci_pipeline()
    {
        var (id, package) = Runs.Last(static r => r.Attempt is { Name: "package", Outcome: Outcome.Success });
        var parent = Runs.Single(r => r.Id.Rendering == package.Parent).Id;
        var trace = Trace.Of([.. Runs.Where(r => r.Id == parent || r.Attempt.Parent == parent.Rendering).Select(static r => Loaded(r.Id, r.Attempt))], id, 1);

        var follows = trace.Edges.Where(e => e.Kind == LinkKinds.Follows && trace.Runs[e.From].Id == id).Select(e => trace.Runs[e.To].Id.Type);
        Assert.Equal(["build", "lint", "test"], follows.Order());
        Assert.InRange(trace.Runs.Length, 7, 9);
        Assert.NotEmpty(CriticalPath.Of(trace, Now));
    }

    [Fact]
    public void Every_parent_and_link_that_is_named_is_there()
    {
        var known = Runs.Select(static r => r.Id.Rendering).ToHashSet();

        Assert.All(Runs.Where(static r => r.Attempt.Parent is not null), r => Assert.Contains(r.Attempt.Parent!, known));
        Assert.All(Runs.SelectMany(static r => r.Attempt.Links), link => Assert.Contains(link.Run, known));
    }

    [Fact]
    public void Docker_pushes_of_the_last_week_take_about_60_percent_longer()
    {
        var pushes = Runs.Where(static r => r.Attempt is { Name: "docker push", Outcome: Outcome.Success } && r.Id.Namespace == "default").ToLookup(
            static r => Now - r.Attempt.StartedAt < TimeSpan.FromDays(7), static r => r.Attempt);

        Assert.InRange(pushes[true].Count(), 15, 200);
        Assert.InRange(Median(pushes[true]) / Median(pushes[false]), 1.35, 1.85);
    }

    [Fact]
    public void The_flaky_test_and_the_bad_host_stand_out()
    {
        Assert.InRange(FailedShare(static a => a.Name == "integration tests" && a.Tags["service"].Text == "web"), 0.1, 0.3);
        Assert.InRange(FailedShare(static a => a.Name == "integration tests" && a.Tags["service"].Text != "web"), 0, 0.06);
        Assert.All(Runs.Where(static r => r.Attempt.Outcome == Outcome.Error && r.Id.Type != "pipeline"), static r =>
            Assert.Equal(Company.BadHost, r.Attempt.Tags["host.name"].Text));
    }

    [Fact]
    public void Weekends_are_quiet()
    {
        var byDay = Runs.Where(static r => r.Id.Type == "pipeline").ToLookup(static r => r.Attempt.StartedAt!.Value.DayOfWeek);

        Assert.True(byDay[DayOfWeek.Sunday].Count() * 4 < byDay[DayOfWeek.Tuesday].Count());
    }

    [Fact]
    public void A_failed_deployment_is_tried_again_by_a_run_that_follows_it() =>
        Assert.Contains(Runs, static r => r.Attempt is { Reason: "second try", Links.Length: 1 });

    [Fact]
    public void Any_hour_of_any_day_will_do() => Assert.All(
        [Now.AddDays(3).AddHours(12), Now.AddHours(-14), new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero)], static now =>
        {
            var history = DemoHistory.Generate(3, now).ToList();
            Assert.InRange(history.Count, 20_000, 30_000);
            Assert.All(history, e => Assert.True(e.OccurredAt <= now));
            var states = history.GroupBy(IdOf, ToEvent).SelectMany(static run => RunState.Fold(run).Attempts.Values).CountBy(static a => a.State).ToDictionary();
            Assert.Equal(1, states[AttemptState.Orphan]);
            Assert.InRange(states[AttemptState.Running], 4, 25);
        });

    [Fact]
    public void A_live_deployment_takes_about_a_minute_and_ends()
    {
        var live = DemoHistory.Live(1, Now).ToList();

        Assert.Equal(Text(live), Text(DemoHistory.Live(1, Now)));
        Assert.NotEqual(Text(live), Text(DemoHistory.Live(1, Now.AddMinutes(1))));
        Assert.All(Enumerable.Range(0, 50), static n =>
        {
            var round = DemoHistory.Live(n, Now).ToList();
            Assert.Equal(Now, round[0].OccurredAt);
            Assert.Equal(round.Select(static e => e.OccurredAt).Order(), round.Select(static e => e.OccurredAt));
            Assert.InRange(round[^1].OccurredAt!.Value - Now, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(150));
            Assert.Equal(round.Count(static e => e.Action == "start"), round.Count(static e => e.Action == "end"));
        });
    }

    private static double FailedShare(Func<Attempt, bool> of)
    {
        var ran = Runs.Select(static r => r.Attempt).Where(of).Where(static a => a.Outcome is Outcome.Success or Outcome.Failure).ToList();
        return (double)ran.Count(static a => a.Outcome == Outcome.Failure) / ran.Count;
    }

    private static TimeSpan Median(IEnumerable<Attempt> attempts)
    {
        var durations = attempts.Where(static a => a.Outcome == Outcome.Success).Select(static a => a.Duration!.Value).Order().ToList();
        return durations[durations.Count / 2];
    }

    private static RunId IdOf(EventRequest e) => new(SourceNames.CustomHttp, e.Run.Type, e.Run.Namespace ?? "default", e.Run.Id);

    private static TraceRun Loaded(RunId id, Attempt a) => new(id, a.Number, a.StartedAt ?? a.EndedAt!.Value, a.EndedAt, a.Parent, a.Links, a.Traceparent);

    private static Event ToEvent(EventRequest e) => new EventData
    {
        Name = e.Name, Actor = e.Actor, Reason = e.Reason, Outcome = e.Outcome, Note = e.Note,
        Parents = e.Parents is null ? null : [.. e.Parents], Links = e.Links is null ? null : [.. e.Links],
        Tags = e.Tags is null ? null : Event.NoTags.SetItems(e.Tags),
    }.ToEvent(new(e.EventId!.Value, EventKinds.FromAction(e.Action)!.Value, IdOf(e), e.Attempt, "", e.OccurredAt, e.OccurredAt!.Value, 1, Now));

    private static string Text(IEnumerable<EventRequest> events) =>
        string.Join('\n', events.Select(static e => JsonSerializer.Serialize(e, WireJson.Default.EventRequest)));
}
