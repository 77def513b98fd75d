using ValueStream.Core.Runs;
using static ValueStream.Core.Tests.Build;
using static ValueStream.Core.Tests.Runs.InEveryOrder;

namespace ValueStream.Core.Tests.Runs;

public sealed class ExcludedTests
{
    [Fact]
    public void A_run_is_left_out_of_the_numbers_with_the_reason_for_it()
    {
        var attempt = Only(Start(0) with { Reason = "release" }, End(5), Exclude(3, reason: "a rehearsal"));

        Assert.True(attempt.Excluded);
        Assert.Equal(("a rehearsal", "release"), (attempt.ExcludedBecause, attempt.Reason));
        Assert.Equal(["excluded"], attempt.Flags);
        Assert.Equal(AttemptState.Ended, attempt.State);
    }

    [Fact]
    public void The_last_position_decides_whatever_the_clocks_say()
    {
        var attempt = Only(Start(0), Exclude(7, excluded: false) with { EffectiveAt = At(1) }, Exclude(3, reason: "a rehearsal") with { EffectiveAt = At(9) });

        Assert.False(attempt.Excluded);
        Assert.Null(attempt.ExcludedBecause);
        Assert.Empty(attempt.Flags);
    }

    [Fact]
    public void It_is_applied_last_so_what_starts_later_is_left_out_as_well()
    {
        var state = Fold(Exclude(1), Start(2), End(3), Start(4));

        Assert.All(state.Attempts.Values, static a => Assert.True(a.Excluded));
        Assert.Equal([1, 2], state.Attempts.Keys);
    }

    [Fact]
    public void An_explicit_attempt_is_left_out_alone()
    {
        var state = Fold(Start(0), End(1), Start(2), Exclude(4) with { Attempt = 1 });

        Assert.Equal([true, false], state.Attempts.Values.Select(static a => a.Excluded));
    }

    [Fact]
    public void It_is_no_sign_of_life() => Assert.Equal(AttemptState.Abandoned, Only(Start(0), Abandon(100), Exclude(3) with { EffectiveAt = At(200) }).State);

    [Fact]
    public void A_setting_that_says_nothing_changes_nothing() =>
        Assert.True(Only(Start(0), Exclude(3), Exclude(4) with { Run = new() }, Exclude(5) with { Run = null }).Excluded);

    [Fact]
    public void What_is_administered_is_no_run_by_that() =>
        Assert.Empty(Fold(Exclude(1) with { Run = null, Operation = new() { Owner = "platform" } }).Attempts);

    [Fact]
    public void Every_flag_that_holds_is_named() => Assert.Equal(
        ["implausible", "joinedLate", "excluded"], Only(Enter(0, "a"), End(6 * 366 * 86_400d), Exclude(3)).Flags);
}
