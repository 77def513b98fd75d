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
            var below = children[span.Run].Where(c => trace.Runs[c].StartedAt < span.To && End(c) > span.From).ToList();
            if (below.Count == 0)
            {
                Add(span.Run, children[span.Run].Any(), span.From, span.To);
                continue;
            }
            // The child that finished last before the end of the stretch; one that outlives it covers it to its end.
            var last = below.MaxBy(c => (Min(End(c), span.To), -trace.Runs[c].StartedAt.UtcTicks));
            var from = Max(trace.Runs[last].StartedAt, span.From);
            var to = Min(End(last), span.To);
            Add(span.Run, true, to, span.To);
            open.Push((span.Run, span.From, from));
            open.Push((last, from, to));
        }
        return [.. pieces.OrderBy(static p => p.From)];

        DateTimeOffset End(int run) => trace.Runs[run].EndedAt ?? Max(now, trace.Runs[run].StartedAt);

        void Add(int run, bool wait, DateTimeOffset from, DateTimeOffset to)
        {
            if (to > from)
            {
                pieces.Add(new(run, wait, from, to));
            }
        }
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
