using System.Collections.Immutable;

namespace ValueStream.Core.Runs;

/// <summary>How much of a root's time runs of one type took.</summary>
/// <param name="Type">Their type.</param>
/// <param name="Time">While at least one of them ran: those that ran at once are not counted twice.</param>
/// <param name="OnPath">How long they worked on the critical path.</param>
public sealed record TypeTime(string Type, TimeSpan Time, TimeSpan OnPath);

/// <summary>How long a root was in a stage.</summary>
/// <param name="Stage">The stage; null for the time in none.</param>
/// <param name="Time">All its visits together.</param>
/// <param name="Waiting">Of this, while nothing below the root was at work.</param>
public sealed record StageTime(string? Stage, TimeSpan Time, TimeSpan Waiting);

/// <summary>
/// Where the time of a work item went, from its start to its end: in runs of which types, at work or waiting, in which stages. Each is cut to the
/// root's own time. At work is while at least one run of the trace ran that has no parts of its own: so an open pull request is not work, the check below it is.
/// </summary>
/// <param name="Whole">From the root's start to its end.</param>
/// <param name="Types">By type of the runs below the root, the longest first. They overlap, so they may add up to more than the whole, or less.</param>
/// <param name="AtWork">While something below the root was at work; null where there is nothing below it, for then nobody knows.</param>
/// <param name="Stages">By the root's own stages, in the order in which they were first entered, none last; they add up to the whole. Empty where it has none.</param>
public sealed record LeadTime(TimeSpan Whole, ImmutableArray<TypeTime> Types, TimeSpan? AtWork, ImmutableArray<StageTime> Stages)
{
    /// <summary>While nothing below the root was at work; null where there is nothing below it.</summary>
    public TimeSpan? Waiting => Whole - AtWork;

    /// <summary>Works it out.</summary>
    /// <param name="trace">The trace; its first run is the root.</param>
    /// <param name="path">Its critical path.</param>
    /// <param name="now">Where a run that has not ended is taken to end.</param>
    /// <param name="type">What the runs are grouped by: the type of the one at a position.</param>
    public static LeadTime Of(Trace trace, ImmutableArray<PathPiece> path, DateTimeOffset now, Func<int, string> type)
    {
        var root = new Span(trace.Runs[0].StartedAt, End(0));
        var parts = Enumerable.Range(1, trace.Runs.Length - 1).ToList();
        var holders = trace.Parents.ToHashSet();
        var onPath = path.Where(static p => !p.IsWait).ToLookup(p => type(p.Run));
        var work = Union(parts.Where(i => !holders.Contains(i)));
        return new(
            root.Length,
            [.. parts.GroupBy(type).Select(g => new TypeTime(g.Key, Sum(Union(g)), Add(onPath[g.Key].Where(static p => p.Run > 0), static p => p.Duration)))
                .OrderByDescending(static t => t.Time).ThenBy(static t => t.Type, StringComparer.Ordinal)],
            parts.Count == 0 ? null : Sum(work),
            Stages());

        DateTimeOffset End(int run) => trace.Runs[run].EndedAt is { } end ? end : now > trace.Runs[run].StartedAt ? now : trace.Runs[run].StartedAt;

        List<Span> Union(IEnumerable<int> runs) => Span.Union(runs.Select(i => new Span(trace.Runs[i].StartedAt, End(i)).In(root)));

        ImmutableArray<StageTime> Stages()
        {
            if (trace.Runs[0].Stages.IsEmpty)
            {
                return [];
            }
            var stages = trace.Runs[0].Stages.Select(s => (s.Name, Span: new Span(s.From, s.To ?? root.To).In(root))).ToList();
            var known = stages.GroupBy(static s => s.Name, static s => s.Span).Select(g => Stage(g.Key, Sum(g), g)).ToList();
            var none = new StageTime(null, root.Length - Add(known, static s => s.Time), root.Length - Sum(work) - Add(known, static s => s.Waiting));
            return none.Time > TimeSpan.Zero ? [.. known, none] : [.. known];
        }

        StageTime Stage(string name, TimeSpan time, IEnumerable<Span> visits) => new(name, time, time - Add(visits, v => Add(work, w => w.In(v).Length)));
    }

    private static TimeSpan Sum(IEnumerable<Span> spans) => Add(spans, static s => s.Length);

    private static TimeSpan Add<T>(IEnumerable<T> of, Func<T, TimeSpan> time) => new(of.Sum(x => time(x).Ticks));

    /// <summary>A stretch of time; empty where it ends before it begins.</summary>
    private readonly record struct Span(DateTimeOffset From, DateTimeOffset To)
    {
        public TimeSpan Length => To > From ? To - From : TimeSpan.Zero;

        public Span In(Span other) => new(From > other.From ? From : other.From, To < other.To ? To : other.To);

        public static List<Span> Union(IEnumerable<Span> spans)
        {
            var union = new List<Span>();
            foreach (var span in spans.Where(static s => s.To > s.From).OrderBy(static s => s.From))
            {
                if (union.Count > 0 && span.From <= union[^1].To)
                {
                    union[^1] = union[^1] with { To = span.To > union[^1].To ? span.To : union[^1].To };
                }
                else
                {
                    union.Add(span);
                }
            }
            return union;
        }
    }
}
