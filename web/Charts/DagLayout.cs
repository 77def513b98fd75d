using GraphShape;
using GraphShape.Algorithms.Layout;
using QuikGraph;
using ValueStream.Core.Wire;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Charts;

/// <summary>A box of the graph, in pixels.</summary>
/// <param name="Line">The run, or the group of siblings.</param>
/// <param name="Look">Its state.</param>
/// <param name="X">Left edge.</param>
/// <param name="Y">Upper edge.</param>
internal sealed record DagNode(TraceLine Line, Look Look, double X, double Y);

/// <summary>An arrow of the graph.</summary>
/// <param name="From">The box that it leaves, by its number.</param>
/// <param name="To">The box that it points to.</param>
/// <param name="Kind"><c>parent</c>, <c>follows</c>, <c>contains</c> or <c>references</c>.</param>
/// <param name="Count">How many edges it stands for.</param>
/// <param name="Points">From the right edge of one box to the left edge of the other, around boxes between.</param>
internal sealed record DagEdge(int From, int To, string Kind, int Count, IReadOnlyList<(double X, double Y)> Points);

/// <summary>
/// A trace as a layered graph, left to right: what came first stands further left. An arrow of a <c>follows</c> link points
/// from the run that was waited for to the one that followed it; the others point as their edge does.
/// </summary>
internal sealed record DagLayout
{
    /// <summary>Traces with more runs than this are folded.</summary>
    public const int FoldAbove = 120;

    /// <summary>How many boxes are laid out at most.</summary>
    public const int MostNodes = 120;

    /// <summary>How many edges decide the layout at most; links beyond them are drawn over it.</summary>
    public const int MostEdges = 400;

    /// <summary>With more edges than this, those from a parent to a run that follows another are left out: the others show its place.</summary>
    public const int PlainEdges = 160;

    /// <summary>Width of a box.</summary>
    public const double NodeWidth = 184;

    /// <summary>Height of a box.</summary>
    public const double NodeHeight = 44;

    private const double Margin = 8;

    /// <summary>The boxes.</summary>
    public required IReadOnlyList<DagNode> Nodes { get; init; }

    /// <summary>The arrows.</summary>
    public required IReadOnlyList<DagEdge> Edges { get; init; }

    /// <summary>Width of the whole.</summary>
    public required double Width { get; init; }

    /// <summary>Height of the whole.</summary>
    public required double Height { get; init; }

    /// <summary>How many runs are not drawn.</summary>
    public required int LeftOut { get; init; }

    /// <summary>Computes it.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="selected">Span id of the run whose page this is.</param>
    public static DagLayout Of(TraceView trace, string? selected)
    {
        var lines = Choose(TraceTree.Of(trace, selected, new HashSet<string>(), FoldAbove));
        var nodeOf = lines.SelectMany(static (line, node) => line.Runs.Select(run => (run.SpanId, node)))
            .ToDictionary(static p => p.SpanId, static p => p.node, StringComparer.Ordinal);
        var edges = trace.Edges
            .Where(e => nodeOf.ContainsKey(e.From) && nodeOf.ContainsKey(e.To))
            .Select(e => e.Kind == "follows" ? (From: nodeOf[e.To], To: nodeOf[e.From], e.Kind) : (From: nodeOf[e.From], To: nodeOf[e.To], e.Kind))
            .Where(static e => e.From != e.To)
            .GroupBy(static e => e)
            .Select(static g => (g.Key.From, g.Key.To, g.Key.Kind, Count: g.Count()))
            .ToList();
        if (edges.Count > PlainEdges)
        {
            var following = edges.Where(static e => e.Kind == "follows").Select(static e => e.To).ToHashSet();
            edges.RemoveAll(e => e.Kind == "parent" && following.Contains(e.To));
        }
        var boxes = Enumerable.Range(0, lines.Count).Select(static i => new Box(i)).ToArray();
        var (positions, routes) = Place(boxes, Acyclic(boxes, edges.ConvertAll(static e => (e.From, e.To, e.Kind))));

        var bends = routes.Values.SelectMany(static r => r).ToList();
        var left = positions.Concat(bends).Min(static p => p.X) - Margin;
        var top = positions.Concat(bends).Min(static p => p.Y) - Margin;
        var nodes = lines.Select((line, i) => new DagNode(line, Look.Of(line.Runs), positions[i].X - left, positions[i].Y - top)).ToList();
        return new()
        {
            Nodes = nodes,
            Edges = edges.ConvertAll(e => new DagEdge(e.From, e.To, e.Kind, e.Count, Points(nodes, e.From, e.To,
                routes.TryGetValue((e.From, e.To), out var via) ? via.ConvertAll(p => (p.X - left, p.Y - top)) : []))),
            Width = positions.Select(static p => p.X + NodeWidth).Concat(bends.Select(static p => p.X)).Max() - left + Margin,
            Height = positions.Select(static p => p.Y + NodeHeight).Concat(bends.Select(static p => p.Y)).Max() - top + Margin,
            LeftOut = trace.Runs.Count - nodeOf.Count,
        };
    }

    /// <summary>What still is too much after folding loses its deepest levels, then its last lines.</summary>
    private static List<TraceLine> Choose(List<TraceLine> lines)
    {
        for (var depth = lines.Max(static l => l.Depth); lines.Count > MostNodes && depth > 1; depth--)
        {
            lines = lines.FindAll(l => l.Depth < depth);
        }
        return lines.Count > MostNodes ? lines[..MostNodes] : lines;
    }

    /// <summary>The edges that may decide layers. Parent edges form a tree; a link that would close a cycle, or that is one too many, is left out.</summary>
    private static BidirectionalGraph<Box, Edge<Box>> Acyclic(Box[] boxes, List<(int From, int To, string Kind)> edges)
    {
        var graph = new BidirectionalGraph<Box, Edge<Box>>(allowParallelEdges: false);
        graph.AddVertexRange(boxes);
        foreach (var (from, to, _) in edges.OrderBy(static e => e.Kind != "parent").Take(MostEdges))
        {
            if (!Reaches(graph, boxes[to], boxes[from]))
            {
                graph.AddEdge(new(boxes[from], boxes[to]));
            }
        }
        return graph;
    }

    private static bool Reaches(BidirectionalGraph<Box, Edge<Box>> graph, Box from, Box to)
    {
        var seen = new HashSet<Box> { from };
        var open = new Stack<Box>(seen);
        while (open.TryPop(out var at))
        {
            if (at == to)
            {
                return true;
            }
            foreach (var edge in graph.OutEdges(at).Where(e => seen.Add(e.Target)))
            {
                open.Push(edge.Target);
            }
        }
        return false;
    }

    /// <summary>Sugiyama's layers. The library spaces boxes of a layer by their width in either direction, so it lays out
    /// from top to bottom with the sides exchanged. Its random numbers get a seed: a page that refreshes must not jump.</summary>
    private static ((double X, double Y)[] Positions, Dictionary<(int, int), List<(double X, double Y)>> Routes) Place(
        Box[] boxes, BidirectionalGraph<Box, Edge<Box>> graph)
    {
        if (graph.EdgeCount == 0)
        {
            return ([.. boxes.Select(static b => (0d, b.Index * (NodeHeight + 12)))], []);
        }
        var algorithm = new SugiyamaLayoutAlgorithm<Box, Edge<Box>, BidirectionalGraph<Box, Edge<Box>>>(
            graph,
            boxes.ToDictionary(static b => b, static _ => new Size(NodeHeight, NodeWidth)),
            new SugiyamaLayoutParameters { Direction = LayoutDirection.TopToBottom, LayerGap = 56, SliceGap = 14, MinimizeEdgeLength = true })
        {
            Rand = new Random(1),
        };
        algorithm.Compute();
        return (
            [.. boxes.Select(b => (algorithm.VerticesPositions[b].Y - (NodeWidth / 2), algorithm.VerticesPositions[b].X - (NodeHeight / 2)))],
            algorithm.EdgeRoutes.Where(static r => r.Value is not null)
                .ToDictionary(static r => (r.Key.Source.Index, r.Key.Target.Index), static r => r.Value.Select(static p => (p.Y, p.X)).ToList()));
    }

    private static List<(double X, double Y)> Points(List<DagNode> nodes, int from, int to, List<(double X, double Y)> via)
    {
        var (a, b) = (nodes[from], nodes[to]);
        return [(a.X + NodeWidth, a.Y + (NodeHeight / 2)), .. via, (b.X, b.Y + (NodeHeight / 2))];
    }

    /// <summary>The library wants vertices that are objects.</summary>
    private sealed record Box(int Index);
}
