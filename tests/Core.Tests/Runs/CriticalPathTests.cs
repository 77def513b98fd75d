using ValueStream.Core.Runs;
using static ValueStream.Core.Tests.Build;

namespace ValueStream.Core.Tests.Runs;

public sealed class CriticalPathTests
{
    [Fact]
    public void A_run_without_children_works_all_the_time() => Assert.Equal("root 0-10", Path(Loaded("root", 0, 10)));

    [Fact]
    public void Steps_one_after_the_other_and_the_waits_between_them() => Assert.Equal(
        "wait:root 0-1, build 1-4, wait:root 4-5, push 5-8, wait:root 8-10",
        Path(Loaded("root", 0, 10), Loaded("build", 1, 4, "root"), Loaded("push", 5, 8, "root")));

    [Fact]
    public void Of_parallel_steps_the_one_that_finished_last() => Assert.Equal(
        "test 0-9, wait:root 9-10", Path(Loaded("root", 0, 10), Loaded("test", 0, 9, "root"), Loaded("lint", 0, 3, "root"), Loaded("build", 0, 8, "root")));

    [Fact]
    public void Before_a_fan_in_stands_the_slowest_branch() => Assert.Equal(
        "checkout 0-1, test 1-7, wait:root 7-8, package 8-10",
        Path(Loaded("root", 0, 10), Loaded("checkout", 0, 1, "root"), Loaded("test", 1, 7, "root"), Loaded("lint", 1, 3, "root"), Loaded("build", 1, 5, "root"),
            Loaded("package", 8, 10, "root").Links("follows", "test", "lint", "build")));

    [Fact]
    public void A_step_that_overlaps_the_next_counts_up_to_the_nexts_start() => Assert.Equal(
        "a 0-4, b 4-10", Path(Loaded("root", 0, 10), Loaded("a", 0, 6, "root"), Loaded("b", 4, 10, "root")));

    [Fact]
    public void It_goes_down_to_the_last_level() => Assert.Equal(
        "wait:stage 0-1, job 1-6, wait:stage 6-7, wait:root 7-10",
        Path(Loaded("root", 0, 10), Loaded("stage", 0, 7, "root"), Loaded("job", 1, 6, "stage")));

    [Fact]
    public void A_child_that_outlives_its_parent_counts_up_to_the_parents_end() => Assert.Equal(
        "wait:root 0-5, a 5-10", Path(Loaded("root", 0, 10), Loaded("a", 5, 99, "root")));

    [Fact]
    public void A_child_that_began_before_its_parent_counts_from_the_parents_start() => Assert.Equal(
        "a 0-5, wait:root 5-10", Path(Loaded("root", 0, 10), Loaded("a", -5, 5, "root")));

    [Fact]
    public void A_child_outside_its_parents_time_does_not_count() => Assert.Equal(
        "wait:root 0-10", Path(Loaded("root", 0, 10), Loaded("before", -5, -1, "root"), Loaded("after", 11, 12, "root")));

    [Fact]
    public void Of_children_that_outlive_the_parent_the_one_that_began_first() => Assert.Equal(
        "wait:root 0-2, b 2-10", Path(Loaded("root", 0, 10), Loaded("a", 4, 99, "root"), Loaded("b", 2, 11, "root")));

    [Fact]
    public void What_has_not_ended_runs_until_now() => Assert.Equal(
        "build 0-3, wait:root 3-4, push 4-20", Path(Loaded("root", 0), Loaded("build", 0, 3, "root"), Loaded("push", 4, null, "root")));

    [Fact]
    public void A_running_root_waits_since_its_last_childs_end() => Assert.Equal(
        "build 0-3, wait:root 3-20", Path(Loaded("root", 0), Loaded("build", 0, 3, "root")));

    [Fact]
    public void A_root_of_no_duration_has_no_pieces()
    {
        Assert.Equal("", Path(Loaded("root", 5, 5)));
        Assert.Equal("", Path(Loaded("root", 5, 5), Loaded("a", 0, 9, "root")));
    }

    [Fact]
    public void A_root_that_starts_after_now_has_no_pieces() => Assert.Equal("", Path(Loaded("root", 99)));

    [Fact]
    public void A_child_of_no_duration_takes_no_time() => Assert.Equal(
        "wait:root 0-10", Path(Loaded("root", 0, 10), Loaded("a", 5, 5, "root")));

    [Fact]
    public void A_linked_run_elsewhere_in_the_trace_counts_where_no_sibling_finished_later() => Assert.Equal(
        "wait:checks 0-1, wait:root 1-2, scan 2-7, wait:root 7-8, deploy 8-10",
        Path(Loaded("root", 0, 10), Loaded("checks", 0, 1, "root"), Loaded("scan", 2, 7, "checks"), Loaded("deploy", 8, 10, "root").Links("follows", "scan")));

    [Fact]
    public void A_sibling_that_finished_after_the_linked_run_counts_before_it() => Assert.Equal(
        "scan 0-5, lint 5-7, wait:root 7-8, deploy 8-10",
        Path(Loaded("root", 0, 10), Loaded("scan", 0, 5, "root"), Loaded("lint", 5, 7, "root"), Loaded("deploy", 8, 10, "root").Links("follows", "scan")));

    [Fact]
    public void Of_several_linked_runs_the_one_that_finished_last_and_then_the_one_that_it_follows() => Assert.Equal(
        "wait:root 0-1, compile 1-4, test 4-7, wait:root 7-8, deploy 8-10",
        Path(Loaded("root", 0, 10), Loaded("a", 0, 0, "root"), Loaded("b", 0, 0, "root"), Loaded("compile", 1, 4, "a"), Loaded("test", 4, 7, "a").Links("follows", "compile"), Loaded("scan", 2, 6, "b"),
            Loaded("deploy", 8, 10, "root").Links("follows", "test", "scan")));

    [Fact]
    public void A_run_that_follows_what_it_is_part_of_is_not_before_itself() => Assert.Equal(
        "wait:root 0-2, a 2-5, wait:root 5-10", Path(Loaded("root", 0, 10), Loaded("a", 2, 5, "root").Links("follows", "root", "a")));

    [Fact]
    public void Runs_that_follow_each_other_end_the_walk_all_the_same() => Assert.Equal(
        "a 0-6, b 6-10", Path(Loaded("root", 0, 10), Loaded("a", 0, 8, "root").Links("follows", "b"), Loaded("b", 6, 10, "root").Links("follows", "a")));

    [Theory]
    [InlineData("references")]
    [InlineData("contains")]
    public void Links_that_are_no_order_lead_nowhere(string kind) => Assert.Equal(
        "wait:root 0-8, deploy 8-10",
        Path(Loaded("root", 0, 10), Loaded("checks", 0, 0, "root"), Loaded("scan", 2, 7, "checks"), Loaded("deploy", 8, 10, "root").Links(kind, "scan")));

    [Fact]
    public void The_same_step_twice_counts_twice() => Assert.Equal(
        "test 0-3, wait:root 3-4, test 4-8, wait:root 8-10",
        Path(Loaded("root", 0, 10), Loaded("test", 0, 3, "root"), Loaded("test", 4, 8, "root", attempt: 2)));

    [Fact]
    public void A_wait_is_named_by_the_stage_of_the_run_above_and_cut_where_stages_change() => Assert.Equal(
        "wait:root[todo] 0-2, wait:root[doing] 2-3, build 3-6, wait:root[review] 6-8, wait:root 8-9, wait:root[doing] 9-10",
        Path(Loaded("root", 0, 10).Passed(("todo", 0, 2), ("doing", 2, 5), ("review", 5, 8), ("doing", 9, null)), Loaded("build", 3, 6, "root")));

    [Fact]
    public void Work_has_no_stage_and_a_wait_within_a_step_is_in_none_of_the_root() => Assert.Equal(
        "wait:step 0-2, job 2-10",
        Path(Loaded("root", 0, 10).Passed(("doing", 0, 10)), Loaded("step", 0, 10, "root"), Loaded("job", 2, 10, "step").Passed(("running", 2, 10))));

    [Fact]
    public void A_wait_knows_what_was_waited_for()
    {
        var trace = Trace.Of([Loaded("root", 0, 10).Passed(("a", 0, 1)), Loaded("build", 2, 4, "root"), Loaded("push", 5, 8, "root")], Run("root"), 1);

        Assert.Equal([1, 1, null, 2, null, null], CriticalPath.Of(trace, At(20)).Select(static p => p.Next));
    }

    private static string Path(params TraceRun[] runs)
    {
        var trace = Trace.Of(runs, runs[0].Id, 1);
        return string.Join(", ", CriticalPath.Of(trace, At(20)).Select(p =>
            $"{(p.IsWait ? "wait:" : "")}{trace.Runs[p.Run].Id.Id}{(p.Stage is null ? "" : $"[{p.Stage}]")} {Show.Text(p.From)}-{Show.Text(p.To)}"));
    }
}
