using ValueStream.Core.Wire;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Charts;

/// <summary>A stretch of a lane, in percent of the axis.</summary>
/// <param name="X">Where it begins.</param>
/// <param name="Width">How wide it is; 0 for one too short to see, which is drawn as a stroke.</param>
internal readonly record struct Stretch(double X, double Width);

/// <summary>A stage of a run within its lane.</summary>
/// <param name="At">Where it lies.</param>
/// <param name="Name">What its sender calls it.</param>
/// <param name="Took">How long the run was in it.</param>
internal sealed record StageStretch(Stretch At, string Name, TimeSpan Took);

/// <summary>A line of the waterfall.</summary>
/// <param name="Line">What it stands for.</param>
/// <param name="Look">Its state; a group's is that of the run that matters most.</param>
/// <param name="Tint">The state that gives the lane its colour: a group's is what most of it came to.</param>
/// <param name="From">Where it begins, after the trace's beginning.</param>
/// <param name="To">Where it ends; of a running one, now.</param>
/// <param name="Bars">When it ran; of a group, when any of it ran.</param>
/// <param name="Work">What of it is on the critical path.</param>
/// <param name="Waits">Where the critical path waited for parts of it.</param>
/// <param name="Failed">When those of a group ran that failed; empty for a run, and where the whole lane has that colour.</param>
/// <param name="Mark">Where the end of a run stands whose start is not known; null for others.</param>
/// <param name="Stages">The stages that a run passed through; empty for a group.</param>
/// <param name="IsSelected">Whether it is the run whose page this is.</param>
internal sealed record WaterfallLine(
    TraceLine Line, Look Look, Look Tint, TimeSpan From, TimeSpan To, IReadOnlyList<Stretch> Bars, IReadOnlyList<Stretch> Work,
    IReadOnlyList<Stretch> Waits, IReadOnlyList<Stretch> Failed, double? Mark, IReadOnlyList<StageStretch> Stages, bool IsSelected);

/// <summary>A share of the critical path.</summary>
/// <param name="Name">The operation's name, with its type, or its namespace, where several of a name took part; null for waits.</param>
/// <param name="Part">0..1.</param>
/// <param name="Stage">Of waits, the stage in which they fell; null where in none.</param>
internal sealed record Share(string? Name, double Part, string? Stage = null)
{
    /// <summary>As it is called.</summary>
    public string Text => Name ?? (Stage is null ? "wait" : $"wait in {Stage}");
}

/// <summary>A trace over time, as geometry: pure numbers in percent, so that the page scales with its window.</summary>
internal sealed record Waterfall
{
    /// <summary>Traces with more runs than this are folded.</summary>
    public const int FoldAbove = 400;

    /// <summary>How many lines are drawn at most.</summary>
    public const int MostLines = 1_000;

    /// <summary>Stretches of one lane that are closer than this, in percent, are drawn as one.</summary>
    private const double Seam = .4;

    /// <summary>What is narrower than this, in percent, is drawn as a stroke.</summary>
    private const double Thinnest = .25;

    /// <summary>The lines, depth first.</summary>
    public required IReadOnlyList<WaterfallLine> Lines { get; init; }

    /// <summary>How many lines there are beyond those drawn.</summary>
    public required int LeftOut { get; init; }

    /// <summary>The axis.</summary>
    public required IReadOnlyList<Tick> Ticks { get; init; }

    /// <summary>What the axis spans.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>What the critical path consists of: the largest first, waits last.</summary>
    public required IReadOnlyList<Share> Shares { get; init; }

    /// <summary>Where it broke: the runs that failed though nothing below them did, the first to end first. Empty when only the
    /// selected run is one, because its page says so already.</summary>
    public required IReadOnlyList<RunView> Broken { get; init; }

    /// <summary>The step that makes up most of the critical path, and how much: of those below the selected run where there are, else of all. Null where there is none.</summary>
    public required (RunView Run, TimeSpan Path)? Slowest { get; init; }

    /// <summary>Where the axis begins.</summary>
    public required DateTimeOffset Begin { get; init; }

    /// <summary>Whether the axis grows, because something runs.</summary>
    public required bool Grows { get; init; }

    /// <summary>Computes it.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="selected">Span id of the run whose page this is.</param>
    /// <param name="open">Groups that are to be open.</param>
    /// <param name="now">Up to where running bars reach.</param>
    public static Waterfall Of(TraceView trace, string? selected, IReadOnlySet<string> open, DateTimeOffset now)
    {
        var from = trace.Runs.Min(Start);
        var to = trace.Runs.Max(End);
        var length = Math.Max((to - from).Ticks, TimeSpan.TicksPerMillisecond);
        var path = trace.CriticalPath.ToLookup(static p => p.Run, StringComparer.Ordinal);

        var lines = new List<WaterfallLine>();
        var leftOut = 0;
        foreach (var line in TraceTree.Of(trace, selected, open, FoldAbove))
        {
            var isSelected = line.Group is null && line.First.SpanId == selected;
            if (lines.Count < MostLines || isSelected)
            {
                lines.Add(Draw(line, isSelected));
            }
            else
            {
                leftOut++;
            }
        }
        return new()
        {
            Lines = lines,
            LeftOut = leftOut,
            Ticks = Ruler.Of(TimeSpan.FromTicks(length), 7),
            Length = to - from,
            Shares = SharesOf(trace),
            Broken = BrokenIn(trace, selected),
            Slowest = SlowestOf(trace, selected),
            Begin = from,
            Grows = trace.Runs.Any(static r => r.State == "running") && to >= now,
        };

        WaterfallLine Draw(TraceLine line, bool isSelected)
        {
            var pieces = line.Runs.SelectMany(r => path[r.SpanId]).ToList();
            var mark = line.Group is null && line.First.StartedAt is null;
            var tint = Look.OfMost(line.Runs);
            return new(
                line,
                Look.Of(line.Runs),
                tint,
                line.Runs.Min(Start) - from,
                line.Runs.Max(End) - from,
                mark ? [] : Joined(line.Runs.Select(r => (Start(r), End(r)))),
                Joined(pieces.Where(static p => p.Kind == "run").Select(static p => (p.From, p.To))),
                Joined(pieces.Where(static p => p.Kind == "wait").Select(static p => (p.From, p.To))),
                tint.IsFailure ? [] : Joined(line.Runs.Where(static r => Look.Of(r).IsFailure).Select(r => (Start(r), End(r)))),
                mark ? Percent(End(line.First)) : null,
                line.Group is not null ? [] : [.. line.First.Stages.Select(s => (s, To: s.To ?? End(line.First))).Select(s =>
                    new StageStretch(new(Percent(s.s.From), Math.Max(0, Percent(s.To) - Percent(s.s.From))), s.s.Name, s.To - s.s.From))],
                isSelected);
        }

        // Groups of thousands come down to what can be told apart.
        List<Stretch> Joined(IEnumerable<(DateTimeOffset From, DateTimeOffset To)> spans)
        {
            var stretches = new List<(double From, double To)>();
            foreach (var (x, end) in spans.Select(s => (Percent(s.From), Percent(s.To))).Order())
            {
                if (stretches.Count > 0 && x - stretches[^1].To < Seam)
                {
                    stretches[^1] = (stretches[^1].From, Math.Max(stretches[^1].To, end));
                }
                else
                {
                    stretches.Add((x, end));
                }
            }
            return stretches.ConvertAll(static s => new Stretch(s.From, s.To - s.From < Thinnest ? 0 : s.To - s.From));
        }

        double Percent(DateTimeOffset at) => Math.Clamp((double)(at - from).Ticks / length * 100, 0, 100);

        DateTimeOffset Start(RunView run) => run.StartedAt ?? run.EndedAt ?? now;

        DateTimeOffset End(RunView run) => run.EndedAt ?? (run.State == "running" && now > Start(run) ? now : Start(run));
    }

    private static (RunView, TimeSpan)? SlowestOf(TraceView trace, string? selected)
    {
        var parents = TraceTree.Parents(trace);
        var steps = trace.CriticalPath.Where(p => p.Kind == "run" && parents.ContainsKey(p.Run))
            .GroupBy(static p => p.Run, static (run, pieces) => (Run: run, Ticks: pieces.Sum(static p => (p.To - p.From).Ticks))).ToList();
        var below = selected is null ? [] : TraceTree.Below(trace, selected);
        var own = steps.FindAll(s => s.Run != selected && below.Contains(s.Run));
        return (own.Count > 0 ? own : steps).OrderByDescending(static s => s.Ticks).FirstOrDefault() is { Ticks: > 0 } most
            ? (trace.Runs.First(r => r.SpanId == most.Run), TimeSpan.FromTicks(most.Ticks)) : null;
    }

    private static List<RunView> BrokenIn(TraceView trace, string? selected)
    {
        var parents = TraceTree.Parents(trace);
        var failed = trace.Runs.Where(static r => Look.Of(r).IsFailure).ToList();
        var above = failed.Select(r => parents.GetValueOrDefault(r.SpanId)).ToHashSet();
        failed.RemoveAll(r => above.Contains(r.SpanId));
        return failed.Exists(r => r.SpanId != selected) ? [.. failed.OrderBy(static r => r.EndedAt)] : [];
    }

    private static List<Share> SharesOf(TraceView trace)
    {
        var total = trace.CriticalPath.Sum(static p => (p.To - p.From).TotalSeconds);
        if (total <= 0)
        {
            return [];
        }
        var runs = trace.Runs.ToDictionary(static r => r.SpanId, StringComparer.Ordinal);
        var operations = trace.CriticalPath
            .GroupBy(p => (Run: p.Kind == "wait" ? null : runs.GetValueOrDefault(p.Run), p.Stage), static (of, pieces) => (of.Run, of.Stage, seconds: pieces.Sum(static p => (p.To - p.From).TotalSeconds)))
            .GroupBy(static p => (p.Run?.Operation, p.Stage), static (of, parts) => (run: parts.First().Run, of.Stage, part: parts.Sum(static p => p.seconds)))
            .ToList();
        var names = operations.Where(static o => o.run is not null).CountBy(static o => o.run!.Name).ToDictionary();
        var types = operations.CountBy(static o => (o.run?.Name, o.run?.Type)).ToDictionary();
        return
        [
            .. operations
                .Select(o => new Share(o.run is { } run ? Name(run) : null, o.part / total, o.Stage))
                .OrderBy(static s => s.Name is null).ThenByDescending(static s => s.Part),
        ];

        string Name(RunView run) => run.Hidden is true ? "another team" : types[(run.Name, run.Type)] > 1 ? $"{run.Name} ({run.Namespace})"
            : names[run.Name] > 1 ? $"{run.Name} {run.Type}" : run.Name;
    }
}
