using ValueStream.Core.Wire;
using ValueStream.Web.Charts;

namespace ValueStream.Server.Tests.Charts;

public sealed class DagLayoutTests
{
    private static TraceView Pipeline() => new Traces()
        .Run("root", 0, 100).Run("build", 0, 20, "root").Run("unit", 20, 40, "build").Run("integration", 20, 60, "build")
        .Run("deploy", 60, 100, "unit").Edge("deploy", "integration", "follows").Build();

    [Fact]
    public void What_came_first_stands_further_left_and_arrows_point_to_the_right()
    {
        var graph = DagLayout.Of(Pipeline(), null);

        Assert.Equal(5, graph.Nodes.Count);
        Assert.All(graph.Edges, e => Assert.True(graph.Nodes[e.From].X + DagLayout.NodeWidth < graph.Nodes[e.To].X));
    }

    [Fact]
    public void Fan_in_is_several_arrows_and_a_follower_is_pointed_at()
    {
        var graph = DagLayout.Of(Pipeline(), null);

        var into = graph.Edges.Where(e => graph.Nodes[e.To].Line.First.SpanId == "deploy").Select(e => (graph.Nodes[e.From].Line.First.SpanId, e.Kind));
        Assert.Equal([("unit", "parent"), ("integration", "follows")], into);
    }

    [Fact]
    public void Boxes_do_not_overlap_and_everything_lies_within_the_drawing()
    {
        var graph = DagLayout.Of(Pipeline(), null);

        foreach (var (i, a) in graph.Nodes.Index())
        {
            Assert.All(graph.Nodes.Skip(i + 1), b => Assert.True(
                Math.Abs(a.X - b.X) >= DagLayout.NodeWidth || Math.Abs(a.Y - b.Y) >= DagLayout.NodeHeight));
        }
        Assert.All(graph.Edges.SelectMany(static e => e.Points), p =>
        {
            Assert.InRange(p.X, 0, graph.Width);
            Assert.InRange(p.Y, 0, graph.Height);
        });
    }

    [Fact]
    public void The_same_trace_is_drawn_the_same_way_twice() =>
        Assert.Equal(DagLayout.Of(Pipeline(), null).Nodes.Select(static n => (n.X, n.Y)), DagLayout.Of(Pipeline(), null).Nodes.Select(static n => (n.X, n.Y)));

    [Fact]
    public void One_run_is_one_box()
    {
        var graph = DagLayout.Of(new Traces().Run("root", 0, 1).Build(), "root");

        Assert.Single(graph.Nodes);
        Assert.Empty(graph.Edges);
    }

    [Fact]
    public void Links_that_go_in_a_circle_are_drawn_and_do_no_harm()
    {
        var graph = DagLayout.Of(new Traces().Run("root", 0, 9).Run("a", 0, 1, "root").Run("b", 1, 2, "root")
            .Edge("a", "b", "follows").Edge("b", "a", "follows").Edge("a", "root", "references").Build(), null);

        Assert.Equal(5, graph.Edges.Count);
    }

    [Fact]
    public void A_large_trace_folds_and_its_edges_with_it()
    {
        var trace = Enumerable.Range(0, 1_000).Aggregate(new Traces().Run("root", 0, 100), static (t, i) =>
            t.Run($"c{i}", 0, 10, "root", name: "shard").Run($"r{i}", 0, 5, $"c{i}", name: "read")).Build();

        var graph = DagLayout.Of(trace, null);

        Assert.Equal([1, 1_000, 1_000], graph.Nodes.Select(static n => n.Line.Runs.Count));
        Assert.Equal([1_000, 1_000], graph.Edges.Select(static e => e.Count));
        Assert.Equal(0, graph.LeftOut);
    }

    [Fact]
    public void What_cannot_be_folded_is_cut_and_counted()
    {
        var trace = Enumerable.Range(0, 1_000).Aggregate(new Traces().Run("root", 0, 100), static (t, i) => t.Run($"c{i}", 0, 10, "root")).Build();

        var graph = DagLayout.Of(trace, null);

        Assert.Equal(DagLayout.MostNodes, graph.Nodes.Count);
        Assert.Equal(1_001 - DagLayout.MostNodes, graph.LeftOut);
    }
}
