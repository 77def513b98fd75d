using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Core.Runs;

/// <summary>A piece of a trace's critical path.</summary>
/// <param name="Run">The run's position in <see cref="Trace.Runs"/>: the one that worked, or whose parts were waited for.</param>
/// <param name="IsWait">True where nothing below the run was at work.</param>
/// <param name="From">Where the piece begins.</param>
/// <param name="To">Where it ends.</param>
public sealed record PathPiece(int Run, bool IsWait, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Of a wait, the stage that the run was in; null for work, and where it was in none.</summary>
    public string? Stage { get; init; }

    /// <summary>Of a wait, the position of the run whose start ended it; null for work, and where nothing more came before the run itself was over.</summary>
    public int? Next { get; init; }

    /// <summary>How long it is.</summary>
    public TimeSpan Duration => To - From;
}

/// <summary>
/// The chain of runs that decided when a trace's root ended: walking back from the root's end, always into the child that
/// finished last before that moment, or the run that the one just passed follows, if that finished later. What none of them covers is a wait
/// of the run above, cut where that passes from one stage to the next; a run without children works all the time.
/// The pieces are without gaps or overlaps, so their shares add up to 1.
/// </summary>
public static class CriticalPath
{
    /// <summary>The pieces, in order of time.</summary>
    /// <param name="trace">The trace; its first run is the root.</param>
    /// <param name="now">Where a run that has not ended is taken to end.</param>
    public static ImmutableArray<PathPiece> Of(Trace trace, DateTimeOffset now)
    {
        var children = Enumerable.Range(0, trace.Runs.Length).ToLookup(i => trace.Parents[i]);
        var follows = trace.Edges.Where(static e => e.Kind == LinkKinds.Follows).ToLookup(static e => e.From, static e => e.To);
        var pieces = new List<PathPiece>();
        var open = new Stack<(int Run, DateTimeOffset From, DateTimeOffset To)>();
        open.Push((0, trace.Runs[0].StartedAt, End(0)));
        while (open.TryPop(out var span))
        {
            var below = new PriorityQueue<int, long>();
            var seen = new HashSet<int>();
            Offer(children[span.Run], span.To);
            var at = span.To;
            var taken = -1;
            while (at > span.From)
            {
                // Of those that were still at work at that moment, the one that began first.
                while (below.TryPeek(out var run, out _) && End(run) >= at)
                {
                    taken = taken < 0 || trace.Runs[run].StartedAt < trace.Runs[taken].StartedAt ? run : taken;
                    below.Dequeue();
                }
                if (taken >= 0 && trace.Runs[taken].StartedAt < at)
                {
                    var from = Max(trace.Runs[taken].StartedAt, span.From);
                    open.Push((taken, from, at));
                    at = from;
                    // What holds the one just passed is no run before it.
                    Offer(follows[taken].Except(Above(taken)), at);
                }
                else
                {
                    var from = below.TryPeek(out var last, out _) ? End(last) : span.From;
                    pieces.AddRange(children[span.Run].Any() ? Waits(span.Run, from, at, at < span.To ? taken : null) : [new(span.Run, false, from, at)]);
                    at = from;
                }
            }

            // Only those with time in what is left of the stretch: each one taken then shortens it, also where clocks differ.
            void Offer(IEnumerable<int> runs, DateTimeOffset to)
            {
                foreach (var run in runs.Where(r => Max(trace.Runs[r].StartedAt, span.From) < Min(End(r), to) && seen.Add(r)))
                {
                    below.Enqueue(run, -End(run).UtcTicks);
                }
            }
        }
        return [.. pieces.OrderBy(static p => p.From)];

        DateTimeOffset End(int run) => trace.Runs[run].EndedAt ?? Max(now, trace.Runs[run].StartedAt);

        IEnumerable<int> Above(int run)
        {
            for (; run >= 0; run = trace.Parents[run])
            {
                yield return run;
            }
        }

        IEnumerable<PathPiece> Waits(int run, DateTimeOffset from, DateTimeOffset to, int? next)
        {
            foreach (var stage in trace.Runs[run].Stages)
            {
                var (begin, end) = (Max(stage.From, from), Min(stage.To ?? to, to));
                if (begin >= end)
                {
                    continue;
                }
                if (begin > from)
                {
                    yield return new(run, true, from, begin) { Next = next };
                }
                yield return new(run, true, begin, end) { Stage = stage.Name, Next = next };
                from = end;
            }
            if (from < to)
            {
                yield return new(run, true, from, to) { Next = next };
            }
        }
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
