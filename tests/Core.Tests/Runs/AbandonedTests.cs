using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using static ValueStream.Core.Tests.Build;
using static ValueStream.Core.Tests.Runs.InEveryOrder;

namespace ValueStream.Core.Tests.Runs;

public sealed class AbandonedTests
{
    public static TheoryData<string, Event> SignsOfLife => new()
    {
        { "a note", Annotate(200) },
        { "a link", Link(200) },
        { "a stage", Enter(200, "test") },
        { "a start", Start(200) },
    };

    [Fact]
    public void An_abandoned_run_has_no_end_no_outcome_and_no_duration()
    {
        var attempt = Only(Start(0), Enter(1, "build"), Abandon(100) with { Reason = "no sign of life", Actor = "server" });

        Assert.Equal(AttemptState.Abandoned, attempt.State);
        Assert.Equal(At(100), attempt.AbandonedAt);
        Assert.Null(attempt.EndedAt);
        Assert.Null(attempt.Outcome);
        Assert.Null(attempt.Duration);
        Assert.Null(attempt.Reason);
        Assert.Null(attempt.Actor);
        Assert.Empty(attempt.Flags);
    }

    [Fact]
    public void How_long_it_was_in_its_last_stage_nobody_knows()
    {
        var attempt = Only(Start(0), Enter(1, "build"), Enter(3, "test"), Abandon(100));

        Assert.Null(attempt.Stages[^1].To);
        Assert.Equal(TimeSpan.FromSeconds(2), attempt.TimeIn("build", At(999)));
        Assert.Equal(TimeSpan.Zero, attempt.TimeIn("test", At(999)));
    }

    [Theory]
    [MemberData(nameof(SignsOfLife))]
    public void Any_later_event_revives_it(string what, Event sign)
    {
        var attempt = Only(Start(0), Abandon(100), sign);

        Assert.True(attempt.State == AttemptState.Running, what);
        Assert.Null(attempt.AbandonedAt);
        Assert.Equal(At(0), attempt.StartedAt);
    }

    [Theory]
    [MemberData(nameof(SignsOfLife))]
    public void It_may_be_abandoned_again(string what, Event sign)
    {
        var attempt = Only(Start(0), Abandon(100), sign, Abandon(300));

        Assert.True(attempt.State == AttemptState.Abandoned, what);
        Assert.Equal(At(300), attempt.AbandonedAt);
    }

    [Fact]
    public void A_stage_that_was_open_when_it_was_abandoned_goes_on_when_it_is_revived() =>
        Assert.Equal("build 1..300", Show.Text(Only(Start(0), Enter(1, "build"), Abandon(100), Annotate(200), End(300)).Stages.Single()));

    [Theory]
    [InlineData(50)]
    [InlineData(100)]
    [InlineData(150)]
    public void A_true_end_wins_whenever_it_comes(double end)
    {
        var attempt = Only(Start(0), Abandon(100), End(end, Outcome.Failure));

        Assert.Equal((AttemptState.Ended, Outcome.Failure), (attempt.State, attempt.Outcome));
        Assert.Equal(TimeSpan.FromSeconds(end), attempt.Duration);
        Assert.Null(attempt.AbandonedAt);
    }

    [Fact]
    public void What_happened_before_it_was_abandoned_does_not_revive_it() =>
        Assert.Equal(AttemptState.Abandoned, Only(Start(0), Annotate(50), Abandon(100)).State);

    [Fact]
    public void What_was_abandoned_twice_was_abandoned_the_first_time() => Assert.Equal(At(100), Only(Start(0), Abandon(100), Abandon(110)).AbandonedAt);

    [Fact]
    public void Only_the_attempt_that_is_open_is_abandoned()
    {
        var state = Fold(Start(0), End(5), Start(6), Abandon(100));

        Assert.Equal(AttemptState.Ended, state.Attempts[1].State);
        Assert.Equal(AttemptState.Abandoned, state.Attempts[2].State);
    }

    [Fact]
    public void An_explicit_attempt_decides()
    {
        var state = Fold(Start(0) with { Attempt = 1 }, Start(1) with { Attempt = 2 }, Abandon(100) with { Attempt = 1 });

        Assert.Equal([AttemptState.Abandoned, AttemptState.Running], state.Attempts.Values.Select(static a => a.State));
    }

    [Fact]
    public void What_never_started_cannot_be_abandoned()
    {
        Assert.Empty(Fold(Abandon(100), Annotate(101)).Attempts);
        Assert.Equal(AttemptState.Orphan, Only(End(0), Abandon(100)).State);
        Assert.Equal(AttemptState.Running, Only(Abandon(100), Start(101)).State);
    }

    [Fact]
    public void The_next_attempt_begins_after_the_true_end_of_one_that_was_abandoned()
    {
        var state = Fold(Start(0), Abandon(100), End(50), Start(200));

        Assert.Equal([AttemptState.Ended, AttemptState.Running], state.Attempts.Values.Select(static a => a.State));
    }
}
