using System.Collections.Immutable;
using ValueStream.Core.Events;
using ValueStream.Core.Spans;

namespace ValueStream.Core.Runs;

/// <summary>What a trace needs to know of one attempt of a run.</summary>
/// <param name="Id">The run.</param>
/// <param name="Attempt">Which attempt.</param>
/// <param name="StartedAt">When it started; of an orphan, when it ended.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
/// <param name="Parent">The reference to its parent, as sent or found in its texts.</param>
/// <param name="Links">Its links, as sent or found in its texts.</param>
/// <param name="Traceparent">The trace context it was started in.</param>
public sealed record TraceRun(
    RunId Id, int Attempt, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string? Parent, ImmutableArray<RunLink> Links, Traceparent? Traceparent)
{
    /// <summary>The stages that it passed through, by which its waits are named; those that nobody may know are left out.</summary>
    public ImmutableArray<Stage> Stages { get; init; } = [];
}

/// <summary>An edge of a trace's DAG, by the runs' positions in <see cref="Trace.Runs"/>.</summary>
/// <param name="From">The parent, or the run that links.</param>
/// <param name="To">The child, or the link's target.</param>
/// <param name="Kind">One of <see cref="LinkKinds"/>.</param>
public sealed record TraceEdge(int From, int To, string Kind);

/// <summary>
/// A root and everything below it by parent, with the links among those runs: the pipeline's DAG. Built from whatever
/// runs were loaded; those that do not belong to the trace of the run asked for are left out.
/// </summary>
public sealed class Trace
{
    private Trace(ImmutableArray<TraceRun> runs, ImmutableArray<int> parents, ImmutableArray<int> depths, ImmutableArray<TraceEdge> edges,
        ImmutableArray<int> refused, string traceId)
    {
        Runs = runs;
        Parents = parents;
        Depths = depths;
        Edges = edges;
        Refused = refused;
        TraceId = traceId;
    }

    /// <summary>The runs, depth first, siblings by start and then key. The first is the root.</summary>
    public ImmutableArray<TraceRun> Runs { get; }

    /// <summary>For each run the position of its parent, -1 for none. More than one run can have none: runs that carry the same
    /// W3C trace id are one trace even where their common parent never reported.</summary>
    public ImmutableArray<int> Parents { get; }

    /// <summary>For each run how many parents stand above it.</summary>
    public ImmutableArray<int> Depths { get; }

    /// <summary>Parent edges and links, both ends within the trace.</summary>
    public ImmutableArray<TraceEdge> Edges { get; }

    /// <summary>Runs whose parent was refused because it would have closed a cycle; it is a <c>references</c> link instead.</summary>
    public ImmutableArray<int> Refused { get; }

    /// <summary>The id of the trace: 32 hexadecimal digits, the W3C one where the root was started in one.</summary>
    public string TraceId { get; }

    /// <summary>Builds the trace that one attempt of a run belongs to.</summary>
    /// <param name="loaded">At least every run of that trace, each attempt once; more does no harm.</param>
    /// <param name="run">The run asked for; one of those loaded.</param>
    /// <param name="attempt">Its attempt.</param>
    public static Trace Of(IReadOnlyList<TraceRun> loaded, RunId run, int attempt)
    {
        loaded = InOrder(loaded);
        var parents = ResolveParents(loaded, out var resolve);
        var refused = CutCycles(parents);
        var members = Members(loaded, parents, Find(loaded, run, attempt));
        return Arrange(loaded, parents, refused, members, resolve);
    }

    /// <summary>What is below each of some runs, as a trace whose root is that run, though it may be part of a larger one itself.</summary>
    /// <param name="loaded">At least these runs and all below them, each attempt once.</param>
    /// <param name="tops">The runs; each one of those loaded.</param>
    public static IEnumerable<Trace> Below(IReadOnlyList<TraceRun> loaded, IEnumerable<(RunId Run, int Attempt)> tops)
    {
        loaded = InOrder(loaded);
        var parents = ResolveParents(loaded, out var resolve);
        var refused = CutCycles(parents);
        var children = Enumerable.Range(0, parents.Length).ToLookup(i => parents[i]);
        var places = Enumerable.Range(0, loaded.Count).ToDictionary(i => (loaded[i].Id, loaded[i].Attempt));
        foreach (var top in tops.Select(t => places[t]))
        {
            List<int> members = [top];
            for (var i = 0; i < members.Count; i++)
            {
                members.AddRange(children[members[i]]);
            }
            members.Sort();
            var own = parents[top];
            parents[top] = -1;
            yield return Arrange(loaded, parents, refused, members, resolve);
            parents[top] = own;
        }
    }

    /// <summary>The ids of the traces that attempts of runs belong to.</summary>
    /// <param name="loaded">The attempts, each once, and at least everything above them by parents.</param>
    public static IReadOnlyDictionary<(RunId Run, int Attempt), string> IdsOf(IReadOnlyList<TraceRun> loaded)
    {
        loaded = InOrder(loaded);
        var parents = ResolveParents(loaded, out _);
        CutCycles(parents);
        var roots = Roots(parents);
        var ids = roots.Distinct().ToDictionary(static r => r, r => IdOf(loaded[r]));
        return Enumerable.Range(0, loaded.Count).ToDictionary(i => (loaded[i].Id, loaded[i].Attempt), i => ids[roots[i]]);
    }

    /// <summary>The parents of runs, as their traces have them: for each its place among the runs given, -1 for none.</summary>
    /// <param name="runs">The runs and all that they may be below, each attempt once.</param>
    public static ImmutableArray<int> ParentsOf(IReadOnlyList<TraceRun> runs)
    {
        var order = Ordered(Enumerable.Range(0, runs.Count), i => runs[i]).ToList();
        var parents = ResolveParents(order.ConvertAll(i => runs[i]), out _);
        CutCycles(parents);
        var places = new int[runs.Count];
        for (var i = 0; i < places.Length; i++)
        {
            places[order[i]] = parents[i] < 0 ? -1 : order[parents[i]];
        }
        return [.. places];
    }

    /// <summary>In this order every choice is by position: siblings stand in it, and the last of a cycle is the one to cut.</summary>
    private static IOrderedEnumerable<T> Ordered<T>(IEnumerable<T> items, Func<T, TraceRun> run) =>
        items.OrderBy(i => run(i).StartedAt).ThenBy(i => unchecked((ulong)run(i).Id.Key.Value)).ThenBy(i => run(i).Attempt);

    private static TraceRun[] InOrder(IReadOnlyList<TraceRun> loaded) => [.. Ordered(loaded, static r => r)];

    private static int Find(IReadOnlyList<TraceRun> loaded, RunId run, int attempt)
    {
        for (var i = 0; i < loaded.Count; i++)
        {
            if (loaded[i].Attempt == attempt && loaded[i].Id == run)
            {
                return i;
            }
        }
        throw new ArgumentException($"{run} attempt {attempt} is not among the loaded runs.", nameof(run));
    }

    private static int[] ResolveParents(IReadOnlyList<TraceRun> loaded, out Func<TraceRun, string, int> resolve)
    {
        var attempts = Enumerable.Range(0, loaded.Count).GroupBy(i => loaded[i].Id)
            .ToDictionary(g => g.Key, g => g.OrderBy(i => loaded[i].Attempt).ToList());
        var identities = attempts.Keys.SelectMany(static id => Aliases.NamesOf(id), static (id, name) => (id, name)).ToLookup(static n => n.name, static n => n.id);
        resolve = (child, reference) => References.Choose([.. identities[reference]], child.Id.Namespace) is { } id
            ? References.AttemptAt(attempts[id], child.StartedAt, i => (loaded[i].StartedAt, loaded[i].EndedAt))
            : -1;

        var spans = loaded.Any(static r => r.Traceparent is not null)
            ? Enumerable.Range(0, loaded.Count).ToLookup(i => SpanIds.SpanId(loaded[i].Id, loaded[i].Attempt))
            : Enumerable.Empty<int>().ToLookup(static _ => "");
        var parents = new int[loaded.Count];
        for (var i = 0; i < loaded.Count; i++)
        {
            parents[i] = loaded[i] switch
            {
                { Parent: { } reference } child => resolve(child, reference),
                { Traceparent: { } context } => spans[context.SpanId].Where(p => SpanIds.IsIn(loaded[p].Id, loaded[p].Attempt, context)).Append(-1).First(),
                _ => -1,
            };
        }
        return parents;
    }

    /// <summary>Each cycle loses the parent of its run with the latest start, then the greatest key.</summary>
    private static HashSet<int> CutCycles(int[] parents)
    {
        var refused = new HashSet<int>();
        var seenIn = new int[parents.Length];
        for (var start = 0; start < parents.Length; start++)
        {
            var walk = start + 1;
            var at = start;
            while (at >= 0 && seenIn[at] == 0)
            {
                seenIn[at] = walk;
                at = parents[at];
            }
            if (at < 0 || seenIn[at] != walk)
            {
                continue;
            }
            var cut = at;
            for (var next = parents[at]; next != at; next = parents[next])
            {
                cut = Math.Max(cut, next);
            }
            parents[cut] = -1;
            refused.Add(cut);
        }
        return refused;
    }

    /// <summary>Everything joined to a run by parents, or, between runs without a parent, by a common trace id.</summary>
    private static List<int> Members(IReadOnlyList<TraceRun> loaded, int[] parents, int of)
    {
        var roots = Roots(parents);
        var traceId = IdOf(loaded[roots[of]]);
        var belongs = roots.Distinct().Where(r => IdOf(loaded[r]) == traceId).ToHashSet();
        return [.. Enumerable.Range(0, loaded.Count).Where(i => belongs.Contains(roots[i]))];
    }

    /// <summary>For each run the topmost above it by parents, itself where it has none.</summary>
    private static int[] Roots(int[] parents)
    {
        var roots = new int[parents.Length];
        Array.Fill(roots, -1);
        for (var i = 0; i < roots.Length; i++)
        {
            var path = new List<int>();
            var at = i;
            while (roots[at] < 0 && parents[at] >= 0)
            {
                path.Add(at);
                at = parents[at];
            }
            var root = roots[at] < 0 ? at : roots[at];
            roots[at] = root;
            path.ForEach(p => roots[p] = root);
        }
        return roots;
    }

    private static Trace Arrange(IReadOnlyList<TraceRun> loaded, int[] parents, HashSet<int> refused, List<int> members, Func<TraceRun, string, int> resolve)
    {
        var children = members.ToLookup(i => parents[i]);
        var order = new List<int>(members.Count);
        var depths = new List<int>(members.Count);
        var open = new Stack<(int Run, int Depth)>(children[-1].Reverse().Select(static i => (i, 0)));
        while (open.TryPop(out var next))
        {
            order.Add(next.Run);
            depths.Add(next.Depth);
            foreach (var child in children[next.Run].Reverse())
            {
                open.Push((child, next.Depth + 1));
            }
        }

        var places = order.Select(static (run, place) => (run, place)).ToDictionary(static p => p.run, static p => p.place);
        var edges = new List<TraceEdge>();
        foreach (var run in order)
        {
            if (parents[run] >= 0)
            {
                edges.Add(new(places[parents[run]], places[run], LinkKinds.Parent));
            }
            var links = refused.Contains(run) && loaded[run].Parent is { } parent
                ? loaded[run].Links.Add(new(LinkKinds.References, parent))
                : loaded[run].Links;
            foreach (var link in links)
            {
                var target = resolve(loaded[run], link.Run);
                if (target >= 0 && target != run && places.TryGetValue(target, out var place))
                {
                    edges.Add(new(places[run], place, link.Kind));
                }
            }
        }

        return new Trace(
            [.. order.Select(i => loaded[i])],
            [.. order.Select(i => parents[i] < 0 ? -1 : places[parents[i]])],
            [.. depths],
            [.. edges.Distinct()],
            [.. order.Where(refused.Contains).Select(i => places[i])],
            IdOf(loaded[order[0]]));
    }

    /// <summary>The trace id that a root gives: the W3C one it was started in, else its own, which it hands on to what it starts.</summary>
    private static string IdOf(TraceRun root) => root.Traceparent?.TraceId ?? SpanIds.TraceId(root.Id, root.Attempt);
}
