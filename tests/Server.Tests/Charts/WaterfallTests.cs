using ValueStream.Core.Wire;
using ValueStream.Web.Charts;

namespace ValueStream.Server.Tests.Charts;

public sealed class WaterfallTests
{
    private static readonly HashSet<string> None = [];

    private static Waterfall Draw(TraceView trace, string? selected = null, double now = 1_000, IReadOnlySet<string>? open = null) =>
        Waterfall.Of(trace, selected, open ?? None, Traces.At(now));

    private static TraceView Fan(int children) => Enumerable.Range(0, children)
        .Aggregate(new Traces().Run("root", 0, 100), static (t, i) => t.Run($"c{i}", i % 90, (i % 90) + 10, "root", name: "shard")).Build();

    [Fact]
    public void Bars_lie_where_their_runs_lie_in_percent_of_the_trace()
    {
        var fall = Draw(new Traces().Run("root", 0, 200).Run("a", 50, 150, "root").Build(), "a");

        Assert.Equal([new Stretch(0, 100)], fall.Lines[0].Bars);
        Assert.Equal([new Stretch(25, 50)], fall.Lines[1].Bars);
        Assert.Equal([0, 1], fall.Lines.Select(static l => l.Line.Depth));
        Assert.Equal([false, true], fall.Lines.Select(static l => l.IsSelected));
        Assert.Equal(TimeSpan.FromSeconds(200), fall.Length);
    }

    [Fact]
    public void A_running_bar_reaches_now()
    {
        var fall = Draw(new Traces().Run("root", 0, null).Run("a", 0, 25, "root").Build(), now: 50);

        Assert.Equal([new Stretch(0, 100)], fall.Lines[0].Bars);
        Assert.Equal([new Stretch(0, 50)], fall.Lines[1].Bars);
    }

    [Fact]
    public void A_run_that_starts_later_than_our_clock_says_has_no_negative_length()
    {
        var fall = Draw(new Traces().Run("root", 10, null).Build(), now: 5);

        Assert.Equal([new Stretch(0, 0)], fall.Lines[0].Bars);
    }

    [Fact]
    public void Three_milliseconds_beside_three_weeks_are_a_stroke_and_not_nothing()
    {
        var fall = Draw(new Traces().Run("root", 0, 21 * 86_400).Run("a", 86_400, 86_400.003, "root").Build());

        var bar = Assert.Single(fall.Lines[1].Bars);
        Assert.Equal(0, bar.Width);
        Assert.Equal(100d / 21, bar.X, 3);
    }

    [Fact]
    public void What_broke_is_what_failed_though_nothing_below_it_did()
    {
        var trace = new Traces().Run("root", 0, 100, outcome: "failure").Run("test", 10, 90, "root", outcome: "failure")
            .Run("late", 20, 80, "test", outcome: "timeout").Run("early", 20, 30, "test", outcome: "error").Run("good", 0, 100, "root").Build();

        Assert.Equal(["early", "late"], Draw(trace, "root").Broken.Select(static r => r.Id));
        Assert.Equal(["early", "late"], Draw(trace, "late").Broken.Select(static r => r.Id));
    }

    [Fact]
    public void A_run_that_broke_alone_is_not_named_on_its_own_page()
    {
        var trace = new Traces().Run("root", 0, 100, outcome: "failure").Run("a", 10, 90, "root").Build();

        Assert.Empty(Draw(trace, "root").Broken);
        Assert.Equal(["root"], Draw(trace, "a").Broken.Select(static r => r.Id));
    }

    [Fact]
    public void A_group_has_the_colour_of_most_of_it_and_shows_where_the_others_failed()
    {
        var trace = Enumerable.Range(0, 500).Aggregate(new Traces().Run("root", 0, 100), static (t, i) =>
            t.Run($"c{i}", i == 7 ? 40 : 10, i == 7 ? 60 : 90, "root", name: "shard", outcome: i == 7 ? "failure" : "success")).Build();

        var group = Draw(trace, "root").Lines[1];

        Assert.Equal(("failure", "success"), (group.Look.Word, group.Tint.Word));
        Assert.Equal([new Stretch(40, 20)], group.Failed);
    }

    [Fact]
    public void A_group_that_failed_as_a_whole_is_one_colour()
    {
        var trace = Enumerable.Range(0, 500).Aggregate(new Traces().Run("root", 0, 100), static (t, i) =>
            t.Run($"c{i}", 10, 90, "root", name: "shard", outcome: i == 7 ? "success" : "failure")).Build();

        var group = Draw(trace, "root").Lines[1];

        Assert.Equal("failure", group.Tint.Word);
        Assert.Empty(group.Failed);
    }

    [Fact]
    public void A_trace_of_one_moment_is_drawn()
    {
        var fall = Draw(new Traces().Run("root", 0, 0).Build());

        Assert.Equal([new Stretch(0, 0)], fall.Lines[0].Bars);
        Assert.NotEmpty(fall.Ticks);
    }

    [Fact]
    public void An_orphan_is_a_mark_where_it_ended()
    {
        var fall = Draw(new Traces().Run("root", 0, 100).Run("a", null, 40, "root").Build());

        Assert.Equal(40, fall.Lines[1].Mark);
        Assert.Empty(fall.Lines[1].Bars);
    }

    [Fact]
    public void The_critical_path_lies_on_the_bars_and_its_shares_name_what_took_longest_first_and_waits_last()
    {
        var fall = Draw(new Traces().Run("root", 0, 100).Run("a", 0, 20, "root").Run("b", 60, 100, "root")
            .Path("run", "a", 0, 20).Path("wait", "root", 20, 60).Path("run", "b", 60, 100).Build());

        Assert.Equal([new Stretch(20, 40)], fall.Lines[0].Waits);
        Assert.Empty(fall.Lines[0].Work);
        Assert.Equal([new Stretch(60, 40)], fall.Lines[2].Work);
        Assert.Equal([new Share("b", .4), new Share("a", .2), new Share(null, .4)], fall.Shares);
    }

    [Fact]
    public void Shares_of_operations_with_one_name_are_told_apart_by_type()
    {
        var fall = Draw(new Traces().Run("root", 0, 100).Run("a", 0, 30, "root", name: "api", type: "build").Run("b", 30, 100, "root", name: "api", type: "deploy")
            .Path("run", "a", 0, 30).Path("run", "b", 30, 100).Build());

        Assert.Equal([new Share("api deploy", .7), new Share("api build", .3)], fall.Shares);
    }

    [Fact]
    public void Waits_are_shares_by_stage_and_stand_behind_the_steps()
    {
        var fall = Draw(new Traces().Run("root", 0, 100).Run("a", 0, 10, "root").Path("run", "a", 0, 10)
            .Path("wait", "root", 10, 40, "review").Path("wait", "root", 40, 60).Path("wait", "root", 60, 100, "review").Build());

        Assert.Equal([new Share("a", .1), new Share(null, .7, "review"), new Share(null, .2)], fall.Shares);
        Assert.Equal(["a", "wait in review", "wait"], fall.Shares.Select(static s => s.Text));
    }

    [Fact]
    public void A_small_trace_is_not_folded() => Assert.Equal(400, Draw(Fan(399)).Lines.Count);

    [Fact]
    public void A_large_trace_folds_siblings_of_one_operation_into_one_line_of_a_few_stretches()
    {
        var fall = Draw(Fan(9_999));

        Assert.Equal(2, fall.Lines.Count);
        Assert.Equal(9_999, fall.Lines[1].Line.Runs.Count);
        Assert.Equal("c0", fall.Lines[1].Line.Group);
        Assert.Equal([new Stretch(0, 99)], fall.Lines[1].Bars);
    }

    [Fact]
    public void An_opened_group_shows_its_runs_below_it_up_to_what_a_page_holds()
    {
        var fall = Draw(Fan(9_999), open: new HashSet<string> { "c0" });

        Assert.True(fall.Lines[1].Line.IsOpen);
        Assert.Equal(2, fall.Lines[2].Line.Depth);
        Assert.Equal(Waterfall.MostLines, fall.Lines.Count);
        Assert.Equal(10_001 - Waterfall.MostLines, fall.LeftOut);
    }

    [Fact]
    public void The_run_whose_page_it_is_is_never_folded_or_left_out()
    {
        Assert.Contains(Draw(Fan(9_999), "c5000").Lines, static l => l.IsSelected && l.Line.First.SpanId == "c5000");

        var distinct = Enumerable.Range(0, 5_000).Aggregate(new Traces().Run("root", 0, 100), static (t, i) => t.Run($"c{i}", 0, 10, "root")).Build();
        Assert.Contains(Draw(distinct, "c4999").Lines, static l => l.IsSelected);
    }

    [Fact]
    public void Below_a_folded_group_its_runs_children_fold_too()
    {
        var trace = Enumerable.Range(0, 300).Aggregate(new Traces().Run("root", 0, 100), static (t, i) =>
            t.Run($"c{i}", 0, 10, "root", name: "shard").Run($"r{i}", 0, 5, $"c{i}", name: "read")).Build();

        Assert.Equal([(1, 0), (300, 1), (300, 2)], Draw(trace).Lines.Select(static l => (l.Line.Runs.Count, l.Line.Depth)));
    }

    [Fact]
    public void A_group_with_one_failure_says_so()
    {
        var trace = Enumerable.Range(0, 500).Aggregate(new Traces().Run("root", 0, 100), static (t, i) =>
            t.Run($"c{i}", 0, 10, "root", name: "shard", outcome: i == 250 ? "failure" : "success")).Build();

        Assert.Equal("failure", Draw(trace).Lines[1].Look.Word);
    }

    [Fact]
    public void A_chain_of_ten_thousand_runs_does_not_overflow()
    {
        var trace = Enumerable.Range(1, 9_999).Aggregate(new Traces().Run("c0", 0, 10), static (t, i) => t.Run($"c{i}", 0, 10, $"c{i - 1}")).Build();

        Assert.Equal(Waterfall.MostLines, Draw(trace).Lines.Count);
    }

    [Fact]
    public void The_slowest_step_is_the_one_with_most_of_the_critical_path_below_the_run_looked_at()
    {
        var trace = new Traces().Run("root", 0, 100).Run("a", 0, 30, "root").Run("b", 30, 90, "root").Run("a1", 0, 20, "a")
            .Path("run", "a1", 0, 20).Path("run", "a", 20, 30).Path("run", "b", 30, 90).Path("run", "root", 90, 100).Build();

        Assert.Equal("b", Draw(trace, "root").Slowest!.Value.Run.Id);
        Assert.Equal(("a1", 20), (Draw(trace, "a").Slowest!.Value.Run.Id, Draw(trace, "a").Slowest!.Value.Path.TotalSeconds));
        Assert.Equal("b", Draw(trace, "a1").Slowest!.Value.Run.Id);
        Assert.Null(Draw(new Traces().Run("root", 0, 100).Path("run", "root", 0, 100).Build(), "root").Slowest);
    }

    [Fact]
    public void Stages_lie_within_the_lane_of_their_run_the_last_one_up_to_its_end()
    {
        var trace = new Traces().Run("root", 0, 200).Run("a", 50, 150, "root").Build();
        trace = trace with { Runs = [trace.Runs[0], trace.Runs[1] with { Stages = [new("draft", Traces.At(50), Traces.At(100)), new("review", Traces.At(100), null)] }] };

        Assert.Equal([("draft", new Stretch(25, 25)), ("review", new Stretch(50, 25))], Draw(trace).Lines[1].Stages.Select(static s => (s.Name, s.At)));
    }

    [Fact]
    public void The_axis_grows_only_while_something_runs()
    {
        Assert.True(Draw(new Traces().Run("root", 0, null).Build(), now: 50).Grows);
        Assert.False(Draw(new Traces().Run("root", 0, 40).Build(), now: 50).Grows);
    }
}
