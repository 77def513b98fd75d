using System.Collections.Immutable;

namespace ValueStream.Core.Runs;

/// <summary>A piece of a trace's critical path.</summary>
/// <param name="Run">The run's position in <see cref="Trace.Runs"/>: the one that worked, or whose parts were waited for.</param>
/// <param name="IsWait">True where nothing below the run was at work.</param>
/// <param name="From">Where the piece begins.</param>
/// <param name="To">Where it ends.</param>
public sealed record PathPiece(int Run, bool IsWait, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>How long it is.</summary>
    public TimeSpan Duration => To - From;
}

/// <summary>
/// The chain of runs that decided when a trace's root ended: walking back from the root's end, always into the child that
/// finished last before that moment. What no child covers is a wait of the run above; a run without children works all the time.
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
        var pieces = new List<PathPiece>();
        var open = new Stack<(int Run, DateTimeOffset From, DateTimeOffset To)>();
        open.Push((0, trace.Runs[0].StartedAt, End(0)));
        while (open.TryPop(out var span))
        {
            // Only children with time in the stretch: each one taken then shortens it, also where clocks differ.
            var below = new Queue<int>(children[span.Run]
                .Where(c => Max(trace.Runs[c].StartedAt, span.From) < Min(End(c), span.To)).OrderByDescending(End));
            var at = span.To;
            var taken = -1;
            while (at > span.From)
            {
                // Of those that were still at work at that moment, the one that began first.
                while (below.TryPeek(out var child) && End(child) >= at)
                {
                    taken = taken < 0 || trace.Runs[child].StartedAt < trace.Runs[taken].StartedAt ? child : taken;
                    below.Dequeue();
                }
                if (taken >= 0 && trace.Runs[taken].StartedAt < at)
                {
                    var from = Max(trace.Runs[taken].StartedAt, span.From);
                    open.Push((taken, from, at));
                    at = from;
                }
                else
                {
                    var from = below.TryPeek(out var last) ? End(last) : span.From;
                    pieces.Add(new(span.Run, children[span.Run].Any(), from, at));
                    at = from;
                }
            }
        }
        return [.. pieces.OrderBy(static p => p.From)];

        DateTimeOffset End(int run) => trace.Runs[run].EndedAt ?? Max(now, trace.Runs[run].StartedAt);
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
