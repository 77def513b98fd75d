using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Core.Spans;
using static ValueStream.Core.Tests.Build;

namespace ValueStream.Core.Tests.Runs;

public sealed class TraceTests
{
    private const string W3C = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public void A_run_alone_is_a_trace_of_one()
    {
        var trace = Of("a", Loaded("a", 0, 1), Loaded("b", 0, 1));

        Assert.Equal("a", Drawn(trace));
        Assert.Empty(trace.Edges);
        Assert.Equal(SpanIds.TraceId(Run("a"), 1), trace.TraceId);
    }

    [Fact]
    public void It_is_the_same_trace_whichever_of_its_runs_is_asked_for()
    {
        TraceRun[] runs =
        [
            Loaded("root", 0), Loaded("a", 1, parent: "root"), Loaded("b", 2, parent: "a"), Loaded("other", 0), Loaded("c", 3, parent: "root"),
        ];

        Assert.All(["root", "a", "b", "c"], id => Assert.Equal("root(a(b) c)", Drawn(Of(id, runs))));
        Assert.Equal("other", Drawn(Of("other", runs)));
    }

    [Fact]
    public void Siblings_stand_in_the_order_of_their_starts_then_of_their_keys()
    {
        var keys = string.CompareOrdinal(Run("x").Key.ToString(), Run("y").Key.ToString()) < 0 ? "x y" : "y x";

        Assert.Equal($"root(b {keys} a)",
            Drawn(Of("root",
                Loaded("root", 0), Loaded("a", 9, parent: "root"), Loaded("y", 5, parent: "root"), Loaded("x", 5, parent: "root"),
                Loaded("b", 1, parent: "root"))));
    }

    [Fact]
    public void A_child_that_started_before_its_parent_is_still_its_child() =>
        Assert.Equal("root(a)", Drawn(Of("a", Loaded("a", 0, 1, parent: "root"), Loaded("root", 5, 9))));

    [Fact]
    public void A_parent_that_is_not_known_leaves_a_root() => Assert.Equal("a", Drawn(Of("a", Loaded("a", 0, parent: "unknown"))));

    [Fact]
    public void A_parent_may_be_named_by_an_alias_unless_two_runs_have_it()
    {
        var issue = new RunId(SourceNames.Jira, "issue", "ABC", "ABC-1");
        TraceRun[] runs = [Loaded(issue, 0), Loaded("a", 1) with { Parent = "ABC-1" }];

        Assert.Equal("ABC-1(a)", Drawn(Of("a", runs)));
        Assert.Equal("a", Drawn(Of("a", [.. runs, Loaded(issue with { Namespace = "DEF" }, 0)])));
    }

    [Fact]
    public void A_child_belongs_to_the_attempt_that_held_its_start()
    {
        TraceRun[] runs =
        [
            Loaded("root", 0, 10), Loaded("root", 20, 30, attempt: 2), Loaded("a", 5, parent: "root"), Loaded("b", 25, parent: "root"),
            Loaded("late", 15, parent: "root"),
        ];

        Assert.Equal("root(a late)", Drawn(Of("root", runs)));
        Assert.Equal("root#2(b)", Drawn(Of("root", 2, runs)));
    }

    [Fact]
    public void An_ended_attempt_may_be_a_parent_of_what_starts_later() =>
        Assert.Equal("root(a)", Drawn(Of("a", Loaded("root", 0, 10), Loaded("a", 60, parent: "root"))));

    [Fact]
    public void Attempts_of_one_run_are_runs_of_their_own_trace()
    {
        TraceRun[] runs = [Loaded("root", 0), Loaded("job", 1, 2, "root"), Loaded("job", 3, 4, "root", attempt: 2)];

        Assert.Equal("root(job job#2)", Drawn(Of("job", 2, runs)));
    }

    [Fact]
    public void A_reference_that_two_runs_share_means_the_one_in_the_childs_namespace()
    {
        var mine = Run("1", ns: "team-a", type: "build");
        var theirs = Run("1", ns: "a", type: "build-team");
        TraceRun[] runs =
        [
            Loaded(mine, 0), Loaded(theirs, 0), Loaded(Run("mine", ns: "team-a"), 1, parent: mine), Loaded(Run("theirs", ns: "a"), 1, parent: mine),
            Loaded(Run("nobody's"), 1, parent: mine),
        ];

        Assert.Equal("1(mine)", Drawn(Trace.Of(runs, mine, 1)));
        Assert.Equal("1(theirs)", Drawn(Trace.Of(runs, theirs, 1)));
        Assert.Equal("nobody's", Drawn(Of("nobody's", runs)));
    }

    [Fact]
    public void A_run_in_another_namespace_may_be_the_parent() =>
        Assert.Equal("root(a)", Drawn(Of("a", Loaded(Run("root", ns: "platform"), 0), Loaded(Run("a"), 1, parent: Run("root", ns: "platform")))));

    [Fact]
    public void A_run_that_names_itself_is_a_root_and_is_reported()
    {
        var trace = Of("a", Loaded("a", 0, parent: "a"));

        Assert.Equal("a", Drawn(trace));
        Assert.Empty(trace.Edges);
        Assert.Equal([0], trace.Refused);
    }

    [Fact]
    public void A_cycle_of_two_is_cut_at_the_later_start_and_the_parent_becomes_a_reference()
    {
        TraceRun[] runs = [Loaded("a", 5, parent: "b"), Loaded("b", 1, parent: "a")];
        var trace = Of("b", runs);

        Assert.Equal("a(b)", Drawn(trace));
        Assert.Equal([new(0, 1, "references"), new(0, 1, "parent")], trace.Edges);
        Assert.Equal([0], trace.Refused);
        Assert.Equal(Show.Text(trace), Show.Text(Of("a", runs)));
    }

    [Fact]
    public void A_longer_cycle_is_cut_once_and_keeps_what_hangs_on_it()
    {
        var trace = Of("leaf",
            Loaded("a", 1, parent: "d"), Loaded("b", 2, parent: "a"), Loaded("c", 3, parent: "b"), Loaded("d", 4, parent: "c"),
            Loaded("leaf", 9, parent: "b"));

        Assert.Equal("d(a(b(c leaf)))", Drawn(trace));
        Assert.Equal([0], trace.Refused);
    }

    [Fact]
    public void A_cycle_of_equal_starts_is_cut_at_the_greatest_key()
    {
        string[] ids = ["a", "b", "c"];
        var greatest = ids.MaxBy(static id => Run(id).Key.ToString(), StringComparer.Ordinal);

        Assert.Equal(greatest, Of("a", Loaded("a", 0, parent: "b"), Loaded("b", 0, parent: "c"), Loaded("c", 0, parent: "a")).Runs[0].Id.Id);
    }

    [Fact]
    public void The_parents_of_many_runs_are_those_of_their_traces_in_the_order_given()
    {
        TraceRun[] runs =
        [
            Loaded("leaf", 9, parent: "b"), Loaded("d", 4, parent: "c"), Loaded("c", 3, parent: "b"), Loaded("b", 2, parent: "a"), Loaded("a", 1, parent: "d"),
            Loaded("other", 0), Loaded("lost", 5, parent: "unknown"),
        ];

        Assert.Equal([3, -1, 3, 4, 1, -1, -1], Trace.ParentsOf(runs));
    }

    [Fact]
    public void Two_cycles_are_two_traces()
    {
        TraceRun[] runs = [Loaded("a", 0, parent: "b"), Loaded("b", 1, parent: "a"), Loaded("c", 0, parent: "d"), Loaded("d", 1, parent: "c")];

        Assert.Equal("b(a)", Drawn(Of("a", runs)));
        Assert.Equal("d(c)", Drawn(Of("c", runs)));
    }

    [Fact]
    public void Links_are_edges_where_both_ends_are_in_the_trace()
    {
        var trace = Of("root",
            Loaded("root", 0), Loaded("test", 1, 5, "root"), Loaded("lint", 2, 4, "root"), Loaded("other", 0),
            Loaded("package", 6, 9, "root").Links("follows", "test", "lint", "other", "unknown", "package"));

        Assert.Equal("root(test lint package)", Drawn(trace));
        Assert.Equal(
            [new(0, 1, "parent"), new(0, 2, "parent"), new(0, 3, "parent"), new(3, 1, "follows"), new(3, 2, "follows")], trace.Edges);
    }

    [Fact]
    public void A_link_never_joins_two_traces()
    {
        TraceRun[] runs = [Loaded("a", 0), Loaded("b", 1).Links("contains", "a")];

        Assert.Equal("a", Drawn(Of("a", runs)));
        Assert.Equal("b", Drawn(Of("b", runs)));
    }

    [Fact]
    public void A_child_that_starts_before_its_parent_never_ends_refers_to_itself_and_follows_two_of_its_own_trace_stands_where_it_belongs()
    {
        TraceRun[] runs =
        [
            Loaded("root", 5, 20), Loaded("test", 6, 9, "root"), Loaded("lint", 7, 8, "root"),
            Loaded("odd", 1, parent: "root").Links("follows", "test", "lint", "odd"), Loaded("leaf", 10, 12, "odd"),
        ];
        var trace = Of("odd", runs);

        Assert.Equal("root(odd(leaf) test lint)", Drawn(trace));
        Assert.Equal(
            ["follows odd lint", "follows odd test", "parent odd leaf", "parent root lint", "parent root odd", "parent root test"],
            trace.Edges.Select(e => $"{e.Kind} {trace.Runs[e.From].Id.Id} {trace.Runs[e.To].Id.Id}").Order(StringComparer.Ordinal));
        Assert.Empty(trace.Refused);
        Assert.All(["root", "test", "lint", "odd", "leaf"], id => Assert.Equal(Show.Text(trace), Show.Text(Of(id, runs))));
    }

    [Fact]
    public void The_trace_id_is_the_w3c_one_where_the_root_has_one() =>
        Assert.Equal(W3C, Of("a", Loaded("root", 0) with { Traceparent = Context("b7ad6b7169203331") }, Loaded("a", 1, parent: "root")).TraceId);

    [Fact]
    public void Runs_of_one_w3c_trace_belong_together_even_where_their_parent_never_reports()
    {
        TraceRun[] runs =
        [
            Loaded("b", 2) with { Traceparent = Context("b7ad6b7169203331") }, Loaded("a", 1) with { Traceparent = Context("00f067aa0ba902b7") },
            Loaded("below", 3, parent: "b"), Loaded("other", 0) with { Traceparent = new("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", 1) },
        ];

        Assert.Equal("a b(below)", Drawn(Of("below", runs)));
        Assert.Equal([-1, -1, 1], Of("a", runs).Parents);
        Assert.Equal(W3C, Of("b", runs).TraceId);
    }

    [Fact]
    public void A_trace_context_names_its_parent_by_span_id()
    {
        var root = Loaded("root", 0) with { Traceparent = Context("b7ad6b7169203331") };

        Assert.Equal("root(a)", Drawn(Of("a", root, Loaded("a", 1) with { Traceparent = Context(SpanIds.SpanId(Run("root"), 1)) })));
    }

    [Fact]
    public void A_run_without_a_trace_context_hands_on_the_ids_it_has_for_tracers()
    {
        var handedOn = new Traceparent(SpanIds.TraceId(Run("root"), 1), SpanIds.SpanId(Run("root"), 1), 1);
        TraceRun[] runs = [Loaded("root", 0), Loaded("a", 1) with { Traceparent = handedOn }];

        Assert.Equal("root(a)", Drawn(Of("root", runs)));
        Assert.Equal("root(a)", Drawn(Of("a", runs)));
        Assert.Equal(handedOn.TraceId, Of("a", runs).TraceId);
    }

    [Fact]
    public void What_a_lost_step_started_in_the_roots_trace_belongs_to_it()
    {
        TraceRun[] runs = [Loaded("root", 0), Loaded("a", 1) with { Traceparent = new(SpanIds.TraceId(Run("root"), 1), SpanIds.SpanId(Run("lost"), 1), 1) }];

        Assert.Equal("root a", Drawn(Of("root", runs)));
        Assert.Equal("root a", Drawn(Of("a", runs)));
    }

    [Fact]
    public void A_named_parent_comes_before_the_trace_context()
    {
        var other = Loaded("other", 0) with { Traceparent = Context("b7ad6b7169203331") };
        var child = Loaded("a", 1, parent: "root") with { Traceparent = Context(SpanIds.SpanId(Run("other"), 1)) };

        Assert.Equal("root(a)", Drawn(Of("a", Loaded("root", 0), other, child)));
    }

    [Fact]
    public void A_run_that_was_not_loaded_cannot_be_asked_for()
    {
        Assert.Throws<ArgumentException>(() => Of("b", Loaded("a", 0)));
        Assert.Throws<ArgumentException>(() => Of("a", 2, Loaded("a", 0)));
    }

    private static Traceparent Context(string spanId) => new(W3C, spanId, 1);

    private static Trace Of(string id, params TraceRun[] loaded) => Of(id, 1, loaded);

    /// <summary>The trace from one order of loading, after a few others were seen to give the same.</summary>
    private static Trace Of(string id, int attempt, params TraceRun[] loaded)
    {
        var run = loaded.FirstOrDefault(r => r.Id.Id == id)?.Id ?? Run(id);
        var trace = Trace.Of(loaded, run, attempt);
        Assert.Equal(trace.TraceId, Trace.IdsOf(loaded)[(run, attempt)]);
        Assert.All(Enumerable.Range(0, 5), seed => Assert.Equal(Show.Text(trace), Show.Text(Trace.Of(Shuffle.By(seed, loaded), run, attempt))));
        return trace;
    }

    /// <summary>The tree as text: <c>root(child child(grandchild))</c>.</summary>
    private static string Drawn(Trace trace)
    {
        return string.Join(' ', Below(-1));

        IEnumerable<string> Below(int parent) => Enumerable.Range(0, trace.Runs.Length).Where(i => trace.Parents[i] == parent).Select(i =>
            $"{trace.Runs[i].Id.Id}{(trace.Runs[i].Attempt > 1 ? $"#{trace.Runs[i].Attempt}" : "")}{(Below(i).Any() ? $"({string.Join(' ', Below(i))})" : "")}");
    }
}
