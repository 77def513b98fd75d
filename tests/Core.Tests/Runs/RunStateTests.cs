using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using static ValueStream.Core.Tests.Build;
using static ValueStream.Core.Tests.Runs.InEveryOrder;

namespace ValueStream.Core.Tests.Runs;

public sealed class RunStateTests
{
    [Fact]
    public void A_run_that_started_is_running()
    {
        var attempt = Only(Start(0) with { Actor = "alice", Reason = "release", Submitter = "token:1" });

        Assert.Equal(1, attempt.Number);
        Assert.Equal(AttemptState.Running, attempt.State);
        Assert.Equal("deploy", attempt.Name);
        Assert.Equal(At(0), attempt.StartedAt);
        Assert.Null(attempt.EndedAt);
        Assert.Null(attempt.Outcome);
        Assert.Null(attempt.Duration);
        Assert.Equal("alice", attempt.Actor);
        Assert.Equal("release", attempt.Reason);
        Assert.Equal("token:1", attempt.Submitter);
        Assert.Empty(attempt.Flags);
    }

    [Fact]
    public void An_end_closes_it_with_outcome_and_duration()
    {
        var attempt = Only(Start(0), End(5, Outcome.Failure));

        Assert.Equal(AttemptState.Ended, attempt.State);
        Assert.Equal(At(5), attempt.EndedAt);
        Assert.Equal(Outcome.Failure, attempt.Outcome);
        Assert.Equal(TimeSpan.FromSeconds(5), attempt.Duration);
        Assert.Empty(attempt.Flags);
    }

    [Fact]
    public void A_start_and_an_end_of_one_moment_are_a_run_of_no_duration()
    {
        var attempt = Only(End(5), Start(5));

        Assert.Equal(AttemptState.Ended, attempt.State);
        Assert.Equal(TimeSpan.Zero, attempt.Duration);
        Assert.Empty(attempt.Flags);
    }

    [Fact]
    public void A_second_start_while_it_is_open_is_a_repeat_that_fills_gaps_only()
    {
        var attempt = Only(
            Start(0, "first") with { Actor = "alice", Submitter = "token:1" },
            Start(2, "second") with { Actor = "bob", Reason = "why", Submitter = "token:2" });

        Assert.Equal(At(0), attempt.StartedAt);
        Assert.Equal("first", attempt.Name);
        Assert.Equal("alice", attempt.Actor);
        Assert.Equal("why", attempt.Reason);
        Assert.Equal("token:1", attempt.Submitter);
    }

    [Fact]
    public void A_second_end_is_a_repeat_the_first_outcome_stays_and_tags_merge()
    {
        var attempt = Only(Start(0), End(5, Outcome.Failure).Tag("a", "1"), End(6).Tag("b", "2"));

        Assert.Equal(At(5), attempt.EndedAt);
        Assert.Equal(Outcome.Failure, attempt.Outcome);
        Assert.Equal(["a", "b"], attempt.Tags.Keys);
    }

    [Fact]
    public void A_start_after_the_end_opens_the_next_attempt()
    {
        var state = Fold(Start(0), End(5, Outcome.Failure), Start(6), End(9));

        Assert.Equal([1, 2], state.Attempts.Keys);
        Assert.Equal(Outcome.Failure, state.Attempts[1].Outcome);
        Assert.Equal(Outcome.Success, state.Attempts[2].Outcome);
        Assert.Equal(At(6), state.Attempts[2].StartedAt);
    }

    [Fact]
    public void A_start_at_the_very_moment_of_the_end_is_a_repeat()
    {
        var attempt = Only(Start(0), Start(5), End(5));

        Assert.Equal(TimeSpan.FromSeconds(5), attempt.Duration);
    }

    [Fact]
    public void The_next_attempt_has_its_own_tags_parents_and_people()
    {
        var state = Fold(
            Start(0).Tag("a", "1") with { Actor = "alice", Parents = ["p"] }, End(1), Start(2).Tag("b", "2") with { Actor = "bob" });

        Assert.Equal(["b"], state.Attempts[2].Tags.Keys);
        Assert.Equal("bob", state.Attempts[2].Actor);
        Assert.Null(state.Attempts[2].Parent);
    }

    [Fact]
    public void An_end_without_a_start_is_an_orphan()
    {
        var attempt = Only(End(5, Outcome.Error, "nightly").Tag("a", "1") with { Submitter = "token:1", Actor = "alice" });

        Assert.Equal(AttemptState.Orphan, attempt.State);
        Assert.Equal("nightly", attempt.Name);
        Assert.Null(attempt.StartedAt);
        Assert.Equal(At(5), attempt.EndedAt);
        Assert.Equal(Outcome.Error, attempt.Outcome);
        Assert.Null(attempt.Duration);
        Assert.Equal("token:1", attempt.Submitter);
        Assert.Equal("alice", attempt.Actor);
    }

    [Fact]
    public void An_end_before_its_start_completes_when_the_start_arrives()
    {
        var attempt = Only(End(5, Outcome.Failure, "end's name").Tag("a", "1"), Start(7, "start's name") with { Submitter = "token:1" });

        Assert.Equal(AttemptState.Ended, attempt.State);
        Assert.Equal("start's name", attempt.Name);
        Assert.Equal(Outcome.Failure, attempt.Outcome);
        Assert.Equal(At(7), attempt.StartedAt);
        Assert.Equal(TimeSpan.Zero, attempt.Duration);
        Assert.Equal("token:1", attempt.Submitter);
        Assert.Equal(["skewed"], attempt.Flags);
    }

    [Theory]
    [InlineData(300, 1)]
    [InlineData(300.000001, 2)]
    public void An_orphan_waits_five_minutes_for_its_start(double start, int attempts) =>
        Assert.Equal(attempts, Fold(End(0), Start(start)).Attempts.Count);

    [Fact]
    public void A_start_too_late_for_an_orphan_opens_the_next_attempt()
    {
        var state = Fold(End(0, Outcome.Failure), Start(301), End(400));

        Assert.Equal(AttemptState.Orphan, state.Attempts[1].State);
        Assert.Equal(TimeSpan.FromSeconds(99), state.Attempts[2].Duration);
    }

    [Fact]
    public void An_orphans_second_end_is_a_repeat()
    {
        var attempt = Only(End(0, Outcome.Failure), End(1).Tag("a", "1"));

        Assert.Equal(At(0), attempt.EndedAt);
        Assert.Equal(Outcome.Failure, attempt.Outcome);
        Assert.Single(attempt.Tags);
    }

    [Fact]
    public void After_a_skewed_attempt_a_later_start_opens_the_next_one() =>
        Assert.Equal([1, 2], Fold(End(0), Start(1), Start(2)).Attempts.Keys);

    [Fact]
    public void A_start_sent_twice_takes_an_orphan_once()
    {
        var attempt = Only(End(0), Start(1), Start(1));

        Assert.Equal(AttemptState.Ended, attempt.State);
        Assert.Equal(["skewed"], attempt.Flags);
    }

    [Fact]
    public void An_explicit_attempt_decides()
    {
        var state = Fold(
            Start(0) with { Attempt = 1 }, Start(1) with { Attempt = 2 }, End(2, Outcome.Failure) with { Attempt = 1 }, End(3) with { Attempt = 2 });

        Assert.Equal(Outcome.Failure, state.Attempts[1].Outcome);
        Assert.Equal(TimeSpan.FromSeconds(2), state.Attempts[1].Duration);
        Assert.Equal(Outcome.Success, state.Attempts[2].Outcome);
        Assert.Equal(TimeSpan.FromSeconds(2), state.Attempts[2].Duration);
    }

    [Fact]
    public void An_explicit_attempt_need_not_be_the_next_and_counting_goes_on_from_it() =>
        Assert.Equal([3, 4], Fold(Start(0) with { Attempt = 3 }, End(1), Start(2)).Attempts.Keys);

    [Fact]
    public void A_start_of_an_explicit_attempt_that_ended_is_a_repeat()
    {
        var attempt = Only(Start(0) with { Attempt = 1 }, End(1), (Start(2) with { Attempt = 1 }).Tag("a", "1"));

        Assert.Equal(TimeSpan.FromSeconds(1), attempt.Duration);
        Assert.Single(attempt.Tags);
    }

    [Fact]
    public void An_end_of_an_explicit_attempt_that_never_started_is_an_orphan_beside_the_open_one()
    {
        var state = Fold(Start(0), End(1, Outcome.Error) with { Attempt = 2 }, End(2));

        Assert.Equal(AttemptState.Orphan, state.Attempts[2].State);
        Assert.Equal(TimeSpan.FromSeconds(2), state.Attempts[1].Duration);
    }

    [Fact]
    public void An_explicit_start_takes_its_orphan_however_late()
    {
        var attempt = Only(End(0, Outcome.Failure) with { Attempt = 2 }, Start(3600) with { Attempt = 2 });

        Assert.Equal(2, attempt.Number);
        Assert.Equal(AttemptState.Ended, attempt.State);
        Assert.Equal(["skewed"], attempt.Flags);
    }

    [Fact]
    public void An_annotation_is_for_the_attempt_open_at_its_time()
    {
        var state = Fold(Start(0), Annotate(1).Tag("a", "1"), End(2), Start(4), Annotate(5).Tag("a", "2"), End(6));

        Assert.Equal("1", state.Attempts[1].Tags["a"].Text);
        Assert.Equal("2", state.Attempts[2].Tags["a"].Text);
    }

    [Fact]
    public void An_annotation_between_two_attempts_is_for_the_one_before()
    {
        var state = Fold(Start(0), End(2), Annotate(3).Tag("a", "1"), Start(4));

        Assert.Single(state.Attempts[1].Tags);
        Assert.Empty(state.Attempts[2].Tags);
    }

    [Fact]
    public void An_annotation_after_the_end_still_counts() =>
        Assert.Equal("late", Only(Start(0), End(1), Annotate(9) with { Reason = "late" }).Reason);

    [Fact]
    public void An_annotation_before_the_start_waits_for_it()
    {
        Assert.Empty(Fold(Annotate(0).Tag("a", "1")).Attempts);
        Assert.Equal("1", Only(Annotate(0).Tag("a", "1"), Start(1)).Tags["a"].Text);
        Assert.Equal("1", Only(Annotate(0).Tag("a", "1"), End(1)).Tags["a"].Text);
    }

    [Fact]
    public void An_annotation_of_an_explicit_attempt_waits_for_that_attempt()
    {
        var state = Fold((Annotate(0) with { Attempt = 2 }).Tag("a", "1"), Start(1), End(2), Start(3));

        Assert.Empty(state.Attempts[1].Tags);
        Assert.Equal("1", state.Attempts[2].Tags["a"].Text);
    }

    [Fact]
    public void An_early_annotation_is_taken_by_the_first_attempt_only()
    {
        var state = Fold(Annotate(0).Tag("a", "1"), Start(1), End(2), Start(3));

        Assert.Single(state.Attempts[1].Tags);
        Assert.Empty(state.Attempts[2].Tags);
    }

    [Fact]
    public void An_annotation_at_the_moment_of_start_or_end_is_within()
    {
        var state = Fold(Start(0), Annotate(0).Tag("a", "1"), Annotate(5).Tag("b", "1"), End(5), Start(6));

        Assert.Equal(["a", "b"], state.Attempts[1].Tags.Keys);
    }

    [Fact]
    public void Per_key_the_last_tag_in_order_wins_whatever_kind_brought_it()
    {
        var attempt = Only(
            Annotate(0).Tag("a", "early").Tag("b", "early"), Start(1).Tag("a", "start"), Annotate(2).Tag("c", "note"),
            End(3).Tag("c", "end").Tag("d", "end"), Annotate(4).Tag("d", "late"));

        Assert.Equal(["a=start", "b=early", "c=end", "d=late"], attempt.Tags.Select(static t => $"{t.Key}={t.Value}"));
    }

    [Fact]
    public void Tags_of_one_moment_and_kind_are_ordered_by_event_id() => Assert.Equal("2", Only(
        Start(0), Annotate(1).Tag("a", "1") with { EventId = Id(8) }, Annotate(1).Tag("a", "2") with { EventId = Id(9) }).Tags["a"].Text);

    [Theory]
    [InlineData("start", null, null, null, "start")]
    [InlineData("start", "end", null, null, "start")]
    [InlineData(null, "end", null, null, "end")]
    [InlineData("start", "end", "note", null, "note")]
    [InlineData("start", null, "note", "later", "later")]
    public void Who_and_why_are_the_starts_else_the_ends_unless_an_annotation_says_otherwise(
        string? start, string? end, string? note, string? later, string expected)
    {
        var attempt = Only(
            Start(0) with { Actor = start, Reason = start }, Annotate(1) with { Actor = note, Reason = note },
            End(2) with { Actor = end, Reason = end }, Annotate(3) with { Actor = later, Reason = later });

        Assert.Equal(expected, attempt.Actor);
        Assert.Equal(expected, attempt.Reason);
    }

    [Fact]
    public void The_first_parent_is_the_parent_and_the_others_are_followed()
    {
        var attempt = Only(Start(0) with { Parents = ["a", "b", "c", "a"], Links = [new(LinkKinds.References, "d")] });

        Assert.Equal("a", attempt.Parent);
        Assert.Equal([new("follows", "b"), new("follows", "c"), new("references", "d")], attempt.Links);
    }

    [Fact]
    public void A_parent_that_comes_after_another_is_followed()
    {
        var attempt = Only(Start(0) with { Parents = ["a"] }, End(1) with { Parents = ["b"] });

        Assert.Equal("a", attempt.Parent);
        Assert.Equal([new("follows", "b")], attempt.Links);
    }

    [Fact]
    public void The_texts_that_may_name_runs_are_read_branch_first_and_reason_last()
    {
        var attempt = Only(
            Start(0, "name") with { Reason = "why" }, Annotate(1) with { Note = "for ABC-2" }, Annotate(2) with { Note = "nobody" }, Annotate(3) with { Note = "for ABC-1" },
            Annotate(4).Tag("vcs.ref.head.message", "message").Tag("vcs.change.title", "title").Tag("vcs.ref.head.name", "branch"));

        Assert.Equal(["branch", "title", "name", "for ABC-2", "for ABC-1", "message", "why"], attempt.Texts);
    }

    [Fact]
    public void Of_notes_without_end_the_first_are_kept() =>
        Assert.Equal(Mention.Most, RunState.Fold([Start(0), .. Enumerable.Range(1, 50).Select(static i => Annotate(i) with { Note = $"ABC-{i}" })]).Attempts[1].Notes.Length);

    [Fact]
    public void A_parent_may_come_later_than_the_start() => Assert.Equal("a", Only(Start(0), Link(1) with { Parents = ["a"] }).Parent);

    [Fact]
    public void Each_link_is_kept_once_in_the_order_in_which_it_became_known()
    {
        var attempt = Only(
            Link(0, new RunLink("contains", "z")), Start(1) with { Parents = ["a", "b"] },
            Link(2, new RunLink("follows", "b"), new RunLink("references", "b"), new RunLink("contains", "z")));

        Assert.Equal([new("contains", "z"), new("follows", "b"), new("references", "b")], attempt.Links);
    }

    [Fact]
    public void The_trace_context_is_the_first_starts()
    {
        var context = new Traceparent("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 1);

        Assert.Equal(context, Only(Start(0) with { Traceparent = context }, Start(1), End(2)).Traceparent);
    }

    [Fact]
    public void More_than_five_years_are_kept_and_flagged()
    {
        var years = TimeSpan.FromDays(5 * 365.25).TotalSeconds;

        Assert.Empty(Only(Start(0), End(years)).Flags);
        Assert.Equal(["implausible"], Only(Start(0), End(years + 1)).Flags);
    }

    [Fact]
    public void An_attempt_knows_when_it_was_heard_of()
    {
        var attempt = Only(
            Start(0) with { RecordedAt = At(10) }, Enter(1, "a") with { RecordedAt = At(40) }, Annotate(2) with { RecordedAt = At(20) },
            Abandon(3) with { RecordedAt = At(60) }, Exclude(9) with { RecordedAt = At(70) });

        Assert.Equal((At(10), null, At(40)), (attempt.StartRecordedAt, attempt.EndRecordedAt, attempt.LastSignRecordedAt));

        var ended = Only(Start(0) with { RecordedAt = At(10) }, End(1) with { RecordedAt = At(30) }, End(2) with { RecordedAt = At(50) });

        Assert.Equal((At(10), At(30), At(50)), (ended.StartRecordedAt, ended.EndRecordedAt, ended.LastSignRecordedAt));
    }

    [Fact]
    public void What_opens_an_attempt_says_whether_it_is_imported()
    {
        Assert.True(Only(Start(0) with { IsImported = true }, Annotate(1)).IsImported);
        Assert.True(Only(Enter(0, "a") with { IsImported = true }, End(1)).IsImported);
        Assert.True(Only(End(0) with { IsImported = true }).IsImported);
        Assert.False(Only(Start(0), Annotate(1) with { IsImported = true }, End(2) with { IsImported = true }).IsImported);
        Assert.Equal([true, false], Fold(Start(0) with { IsImported = true }, End(1), Start(2)).Attempts.Values.Select(static a => a.IsImported));
    }

    [Fact]
    public void Nothing_gives_no_attempt() => Assert.Empty(RunState.Fold([]).Attempts);
}
