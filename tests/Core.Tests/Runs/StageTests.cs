using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using static ValueStream.Core.Tests.Build;
using static ValueStream.Core.Tests.Runs.InEveryOrder;

namespace ValueStream.Core.Tests.Runs;

public sealed class StageTests
{
    private const int Day = 86_400;

    [Fact]
    public void A_stage_lasts_until_the_next_and_the_last_until_the_end() =>
        Assert.Equal(["build 1..4", "test 4..9"], Stages(Only(Start(0), Enter(1, "build"), Enter(4, "test"), End(9))));

    [Fact]
    public void The_stage_that_it_is_in_is_open() => Assert.Equal(["build 1..4", "test 4.."], Stages(Only(Start(0), Enter(1, "build"), Enter(4, "test"))));

    [Fact]
    public void An_issue_in_progress_on_days_9_to_10_and_again_12_to_14_spent_3_days_there_and_not_5()
    {
        var issue = Only(
            Start(0), Enter(9 * Day, "In Progress"), Enter(10 * Day, "To Do"), Enter(12 * Day, "In Progress"), Enter(14 * Day, "Done"), End(14 * Day));

        Assert.Equal(TimeSpan.FromDays(3), issue.TimeIn("In Progress", At(99 * Day)));
        Assert.Equal(TimeSpan.FromDays(2), issue.TimeIn("To Do", At(99 * Day)));
        Assert.Equal(TimeSpan.Zero, issue.TimeIn("Done", At(99 * Day)));
        Assert.Equal(TimeSpan.Zero, issue.TimeIn("Blocked", At(99 * Day)));
        Assert.Equal(["In Progress", "To Do", "In Progress", "Done"], issue.Stages.Select(static s => s.Name));
    }

    [Fact]
    public void The_stage_that_it_is_in_counts_up_to_now()
    {
        var issue = Only(Start(0), Enter(9 * Day, "In Progress"));

        Assert.Equal(TimeSpan.FromDays(2), issue.TimeIn("In Progress", At(11 * Day)));
        Assert.Equal(TimeSpan.Zero, issue.TimeIn("In Progress", At(8 * Day)));
    }

    [Fact]
    public void The_same_stage_again_changes_nothing_but_tags()
    {
        var attempt = Only(Start(0), Enter(1, "build").Tag("a", "1"), Enter(3, "build").Tag("b", "2"), End(5));

        Assert.Equal(["build 1..5"], Stages(attempt));
        Assert.Equal(["a", "b"], attempt.Tags.Keys);
    }

    [Fact]
    public void A_transition_fills_what_is_not_known_of_who_and_why()
    {
        var attempt = Only(Start(0) with { Actor = "alice" }, Enter(1, "build") with { Actor = "bob", Reason = "why", Submitter = "token:2" });

        Assert.Equal(("alice", "why", "", "deploy"), (attempt.Actor, attempt.Reason, attempt.Submitter, attempt.Name));
    }

    [Fact]
    public void A_stage_begins_at_the_moment_of_the_start_and_may_last_no_time() =>
        Assert.Equal(["a 0..0", "b 0..2", "c 2..2"], Stages(Only(Start(0), Enter(0, "a"), Enter(0, "b"), Enter(2, "c"), End(2))));

    [Fact]
    public void A_transition_without_a_start_opens_an_attempt_that_joined_late()
    {
        var attempt = Only(Enter(3, "build", "release") with { Submitter = "token:1", Actor = "alice" });

        Assert.Equal((1, AttemptState.Running, "release"), (attempt.Number, attempt.State, attempt.Name));
        Assert.Equal(At(3), attempt.StartedAt);
        Assert.Equal(("alice", "token:1"), (attempt.Actor, attempt.Submitter));
        Assert.Equal(["joinedLate"], attempt.Flags);
        Assert.Equal(["build 3.."], Stages(attempt));
    }

    [Fact]
    public void What_was_said_before_it_joined_is_kept() => Assert.Equal("1", Only(Annotate(0).Tag("a", "1"), Enter(1, "build")).Tags["a"].Text);

    [Fact]
    public void One_that_joined_late_ends_like_any_other()
    {
        var attempt = Only(Enter(3, "build"), End(8, Outcome.Failure));

        Assert.Equal((AttemptState.Ended, Outcome.Failure, TimeSpan.FromSeconds(5)), (attempt.State, attempt.Outcome, attempt.Duration));
        Assert.Equal(["joinedLate"], attempt.Flags);
        Assert.Equal(["build 3..8"], Stages(attempt));
    }

    [Fact]
    public void A_transition_after_the_end_opens_the_next_attempt()
    {
        var state = Fold(Start(0), Enter(1, "Doing"), End(5), Enter(7, "Doing again"));

        Assert.Empty(state.Attempts[1].Flags);
        Assert.Equal(["Doing 1..5"], Stages(state.Attempts[1]));
        Assert.Equal(["joinedLate"], state.Attempts[2].Flags);
        Assert.Equal(["Doing again 7.."], Stages(state.Attempts[2]));
    }

    [Fact]
    public void A_reopening_that_arrives_late_takes_the_stages_after_it()
    {
        var state = Fold(Start(0), End(5), Start(6), Enter(7, "Doing"), End(9));

        Assert.Equal(["Doing 7..9"], Stages(state.Attempts[2]));
        Assert.Empty(state.Attempts[2].Flags);
    }

    [Fact]
    public void A_start_that_sorts_before_the_first_stage_is_an_ordinary_start()
    {
        var attempt = Only(Enter(3, "build", "by the stage"), Start(1, "by the start"));

        Assert.Equal(("by the start", At(1)), (attempt.Name, attempt.StartedAt));
        Assert.Empty(attempt.Flags);
    }

    [Fact]
    public void A_start_shortly_after_the_first_stage_is_its_start_which_cannot_have_been_after_it()
    {
        var context = new Traceparent("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 1);
        var attempt = Only(Enter(3, "build", "by the stage"), Start(303, "by the start") with { Submitter = "token:1", Traceparent = context }, End(400));

        Assert.Equal(("by the start", "token:1", context), (attempt.Name, attempt.Submitter, attempt.Traceparent));
        Assert.Equal((At(3), At(400)), (attempt.StartedAt, attempt.EndedAt));
        Assert.Equal(["skewed"], attempt.Flags);
        Assert.Equal(["build 3..400"], Stages(attempt));
    }

    [Fact]
    public void Only_the_first_start_after_the_first_stage_is_its_start() =>
        Assert.Equal("first", Only(Enter(0, "build"), Start(1, "first"), Start(2, "second")).Name);

    [Fact]
    public void A_start_long_after_the_first_stage_is_a_repeat()
    {
        var attempt = Only(Enter(0, "build", "by the stage"), Start(301, "by the start").Tag("a", "1"));

        Assert.Equal(("by the stage", At(0)), (attempt.Name, attempt.StartedAt));
        Assert.Equal(["joinedLate"], attempt.Flags);
        Assert.Single(attempt.Tags);
    }

    [Fact]
    public void An_explicit_start_is_the_start_of_its_attempt_however_late()
    {
        var attempt = Only(Enter(0, "build") with { Attempt = 2 }, Start(3600, "by the start") with { Attempt = 2 });

        Assert.Equal((2, "by the start", At(0)), (attempt.Number, attempt.Name, attempt.StartedAt));
        Assert.Equal(["skewed"], attempt.Flags);
    }

    [Fact]
    public void An_explicit_attempt_decides_whose_stage_it_is()
    {
        var state = Fold(
            Start(0) with { Attempt = 1 }, Start(1) with { Attempt = 2 }, Enter(2, "a") with { Attempt = 1 }, Enter(3, "b") with { Attempt = 2 },
            Enter(4, "c") with { Attempt = 3 });

        Assert.Equal(["a 2.."], Stages(state.Attempts[1]));
        Assert.Equal(["b 3.."], Stages(state.Attempts[2]));
        Assert.Equal(["joinedLate"], state.Attempts[3].Flags);
    }

    [Fact]
    public void A_transition_of_an_explicit_attempt_that_ended_only_adds_its_tags()
    {
        var attempt = Only(Start(0) with { Attempt = 1 }, End(5), (Enter(7, "late") with { Attempt = 1 }).Tag("a", "1"));

        Assert.Equal(At(5), attempt.EndedAt);
        Assert.Empty(attempt.Stages);
        Assert.Single(attempt.Tags);
    }

    [Fact]
    public void While_an_orphan_waits_for_its_start_a_transition_is_not_another_attempt()
    {
        var attempt = Only(End(0, Outcome.Failure), Enter(1, "late").Tag("a", "1"), Start(2));

        Assert.Equal((AttemptState.Ended, Outcome.Failure), (attempt.State, attempt.Outcome));
        Assert.Equal(["skewed"], attempt.Flags);
        Assert.Empty(attempt.Stages);
        Assert.Single(attempt.Tags);
    }

    [Fact]
    public void After_that_it_is()
    {
        var state = Fold(End(0), Enter(301, "again"));

        Assert.Equal(AttemptState.Orphan, state.Attempts[1].State);
        Assert.Equal(["joinedLate"], state.Attempts[2].Flags);
    }

    [Fact]
    public void Two_attempts_whose_last_events_arrive_swapped_are_the_same_two()
    {
        Event[] events = [Start(0), Enter(1, "build"), End(5, Outcome.Failure), Start(6), Enter(7, "build"), End(9)];
        var swapped = RunState.Fold([events[0], events[1], events[5], events[3], events[4], events[2]]);

        Assert.Equal(Show.Text(RunState.Fold(events)), Show.Text(swapped));
        Assert.Equal((Outcome.Failure, TimeSpan.FromSeconds(5)), (swapped.Attempts[1].Outcome, swapped.Attempts[1].Duration));
        Assert.Equal((Outcome.Success, TimeSpan.FromSeconds(3)), (swapped.Attempts[2].Outcome, swapped.Attempts[2].Duration));
        Assert.Equal(["build 1..5"], Stages(swapped.Attempts[1]));
        Assert.Equal(["build 7..9"], Stages(swapped.Attempts[2]));
    }

    private static IEnumerable<string> Stages(Attempt attempt) => attempt.Stages.Select(Show.Text);
}
