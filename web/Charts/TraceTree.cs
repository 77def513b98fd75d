using ValueStream.Core.Wire;

namespace ValueStream.Web.Charts;

/// <summary>One line of a trace: a run, or siblings of one operation folded together.</summary>
/// <param name="Runs">The run; of a group all of them, in the trace's order.</param>
/// <param name="Depth">How many lines stand above it.</param>
/// <param name="Parent">The line above, by its number; -1 for none.</param>
/// <param name="Group">By what a group is opened: the span id of the first of its siblings of that operation. Null for a run.</param>
/// <param name="IsOpen">Whether a group's runs follow as lines of their own.</param>
internal sealed record TraceLine(IReadOnlyList<RunView> Runs, int Depth, int Parent, string? Group, bool IsOpen)
{
    /// <summary>The run, or the group's first.</summary>
    public RunView First => Runs[0];
}

/// <summary>The runs of a trace as lines, depth first. Large traces fold.</summary>
internal static class TraceTree
{
    /// <summary>The lines.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="selected">Span id of the run whose page this is: it and what stands above it is never folded.</param>
    /// <param name="open">Groups that are to be open.</param>
    /// <param name="foldAbove">With more runs than this, siblings of one operation fold.</param>
    public static List<TraceLine> Of(TraceView trace, string? selected, IReadOnlySet<string> open, int foldAbove)
    {
        var parents = Parents(trace);
        var children = trace.Runs.Where(r => parents.ContainsKey(r.SpanId)).ToLookup(r => parents[r.SpanId], StringComparer.Ordinal);
        var fold = trace.Runs.Count > foldAbove;
        var pinned = Pinned(parents, selected);

        var lines = new List<TraceLine>();
        // Not recursive: a trace may be one chain of ten thousand runs.
        var pending = new Stack<TraceLine>();
        Push(trace.Runs.Where(r => !parents.ContainsKey(r.SpanId)), 0, -1);
        while (pending.TryPop(out var line))
        {
            lines.Add(line);
            var at = lines.Count - 1;
            if (line.IsOpen)
            {
                foreach (var run in line.Runs.Reverse())
                {
                    pending.Push(new([run], line.Depth + 1, at, null, false));
                }
            }
            else
            {
                Push(line.Runs.SelectMany(r => children[r.SpanId]), line.Depth + 1, at);
            }
        }
        return lines;

        void Push(IEnumerable<RunView> all, int depth, int parent)
        {
            var siblings = all.ToList();
            // By the first of all of them, so that a group stays open when that one is selected and leaves it.
            var ids = fold ? siblings.DistinctBy(static r => r.Operation).ToDictionary(static r => r.Operation, static r => r.SpanId, StringComparer.Ordinal) : [];
            var level = fold
                ? siblings.GroupBy(r => pinned.Contains(r.SpanId) ? r.SpanId : r.Operation, StringComparer.Ordinal).Select(static g => g.ToList())
                : siblings.Select(static r => new List<RunView> { r });
            foreach (var group in level.Reverse())
            {
                var id = group.Count > 1 ? ids[group[0].Operation] : null;
                pending.Push(new(group, depth, parent, id, id is not null && open.Contains(id)));
            }
        }
    }

    /// <summary>Each run's parent within the trace, by span ids.</summary>
    public static Dictionary<string, string> Parents(TraceView trace)
    {
        var parents = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var edge in trace.Edges.Where(static e => e.Kind == "parent"))
        {
            parents.TryAdd(edge.To, edge.From);
        }
        return parents;
    }

    /// <summary>A run and everything below it, by span ids.</summary>
    public static HashSet<string> Below(TraceView trace, string top)
    {
        var children = Parents(trace).ToLookup(static p => p.Value, static p => p.Key, StringComparer.Ordinal);
        var below = new HashSet<string>(StringComparer.Ordinal) { top };
        var pending = new Stack<string>(below);
        while (pending.TryPop(out var at))
        {
            foreach (var child in children[at].Where(below.Add))
            {
                pending.Push(child);
            }
        }
        return below;
    }

    private static HashSet<string> Pinned(Dictionary<string, string> parents, string? selected)
    {
        var pinned = new HashSet<string>(StringComparer.Ordinal);
        for (var at = selected; at is not null && pinned.Add(at); at = parents.GetValueOrDefault(at))
        {
        }
        return pinned;
    }
}
