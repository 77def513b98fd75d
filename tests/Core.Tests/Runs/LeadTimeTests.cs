using ValueStream.Core.Runs;
using static ValueStream.Core.Tests.Build;

namespace ValueStream.Core.Tests.Runs;

public sealed class LeadTimeTests
{
    [Fact]
    public void Runs_of_a_type_that_ran_at_once_count_once() => Assert.Equal(
        "10 s: build 5/5, test 4/4; at work 9; ",
        Text(Loaded(Run("root"), 0, 10), Part("test", "a", 0, 3), Part("test", "b", 1, 4), Part("build", "c", 5, 10)));

    [Fact]
    public void What_only_holds_others_is_not_at_work() => Assert.Equal(
        "10 s: pull_request 9/0, check 2/2; at work 2; ",
        Text(Loaded(Run("root"), 0, 10), Part("pull_request", "p", 1, 10), Part("check", "c", 3, 5, Run("p", type: "pull_request"))));

    [Fact]
    public void What_reaches_beyond_the_root_counts_up_to_its_edges() => Assert.Equal(
        "10 s: deploy 3/3, build 2/2; at work 5; ", Text(Loaded(Run("root"), 0, 10), Part("build", "b", -5, 2), Part("deploy", "d", 7, 99)));

    [Fact]
    public void What_ran_beside_the_critical_path_counts_as_its_types_time_alone() => Assert.Equal(
        "10 s: test 10/10, lint 8/0; at work 10; ", Text(Loaded(Run("root"), 0, 10), Part("test", "t", 0, 10), Part("lint", "l", 1, 9)));

    [Fact]
    public void Stages_add_up_to_the_whole_and_each_says_how_much_of_it_was_waiting() => Assert.Equal(
        "10 s: build 3/3; at work 3; todo 2 (2 waiting), doing 5 (2 waiting), review 2 (2 waiting), none 1 (1 waiting)",
        Text(Loaded(Run("root"), 0, 10).Passed(("todo", 0, 2), ("doing", 2, 6), ("review", 6, 8), ("doing", 9, null)), Part("build", "b", 3, 6)));

    [Fact]
    public void With_nothing_below_it_nobody_knows_whether_anybody_was_at_work() => Assert.Equal(
        "10 s: ; at work ?; doing 10 (10 waiting)", Text(Loaded(Run("root"), 0, 10).Passed(("doing", 0, 10))));

    [Fact]
    public void What_has_not_ended_counts_until_now() => Assert.Equal(
        "20 s: build 15/15; at work 15; doing 20 (5 waiting)", Text(Loaded(Run("root"), 0).Passed(("doing", 0, null)), Part("build", "b", 5, null)));

    [Fact]
    public void A_root_of_no_duration_has_no_time_to_share() => Assert.Equal(
        "0 s: build 0/0; at work 0; doing 0 (0 waiting)", Text(Loaded(Run("root"), 5, 5).Passed(("doing", 5, 5)), Part("build", "b", 0, 9)));

    private static TraceRun Part(string type, string id, double from, double? to, Core.Events.RunId? parent = null) => Loaded(Run(id, type: type), from, to, parent ?? Run("root"));

    private static string Text(params TraceRun[] runs)
    {
        var trace = Trace.Of(runs, runs[0].Id, 1);
        var lead = LeadTime.Of(trace, CriticalPath.Of(trace, At(20)), At(20), i => trace.Runs[i].Id.Type);
        return $"{lead.Whole.TotalSeconds} s: {string.Join(", ", lead.Types.Select(static t => $"{t.Type} {t.Time.TotalSeconds}/{t.OnPath.TotalSeconds}"))}; "
            + $"at work {lead.AtWork?.TotalSeconds.ToString("0") ?? "?"}; "
            + string.Join(", ", lead.Stages.Select(static s => $"{s.Stage ?? "none"} {s.Time.TotalSeconds} ({s.Waiting.TotalSeconds} waiting)"));
    }
}
