using ValueStream.Core.Wire;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Charts;

/// <summary>What one of two traces has of a step, a stage or a wait.</summary>
/// <param name="Seconds">How long, all of them together.</param>
/// <param name="Count">How many.</param>
/// <param name="Look">Of steps, how the one that matters most went.</param>
/// <param name="Run">Of a step that is there once, its run.</param>
internal sealed record ComparedSide(double Seconds, int Count, Look? Look, RunView? Run);

/// <summary>A line of the comparison.</summary>
/// <param name="Kind"><c>step</c>, <c>stage</c> or <c>wait</c>.</param>
/// <param name="Name">The operation's name.</param>
/// <param name="Stage">Of a stage its name.</param>
/// <param name="Type">The operation's type.</param>
/// <param name="This">In the trace looked at; null where it is not there.</param>
/// <param name="That">In the one compared with.</param>
internal sealed record ComparedLine(string Kind, string Name, string? Stage, string Type, ComparedSide? This, ComparedSide? That)
{
    /// <summary>How many seconds more the trace looked at took.</summary>
    public double Difference => (This?.Seconds ?? 0) - (That?.Seconds ?? 0);
}

/// <summary>Two runs of an operation with what lies below each, side by side.</summary>
internal static class TraceComparison
{
    /// <summary>The lines: steps by their operations, stages, and waits on the critical path; the largest difference first.</summary>
    /// <param name="trace">The trace looked at.</param>
    /// <param name="run">The span id of the run in it that is compared.</param>
    /// <param name="other">The trace compared with.</param>
    /// <param name="otherRun">The span id of the run in that one.</param>
    /// <param name="now">Up to where running ones are counted.</param>
    public static IReadOnlyList<ComparedLine> Of(TraceView trace, string run, TraceView other, string otherRun, DateTimeOffset now)
    {
        var (here, there) = (Sides(trace, run, now), Sides(other, otherRun, now));
        return
        [
            .. here.Keys.Union(there.Keys)
                .Select(of => new ComparedLine(of.Kind, Named(of).Name, of.Stage, Named(of).Type, here.GetValueOrDefault(of).Side, there.GetValueOrDefault(of).Side))
                .OrderByDescending(static l => Math.Abs(l.Difference)).ThenBy(static l => l.Name, StringComparer.Ordinal).ThenBy(static l => l.Kind, StringComparer.Ordinal),
        ];

        RunView Named((string Kind, string Operation, string? Stage) of) => (here.TryGetValue(of, out var mine) ? mine : there[of]).First;
    }

    private static Dictionary<(string Kind, string Operation, string? Stage), (ComparedSide Side, RunView First)> Sides(TraceView trace, string top, DateTimeOffset now)
    {
        var below = TraceTree.Below(trace, top);
        var runs = trace.Runs.Where(r => below.Contains(r.SpanId)).ToDictionary(static r => r.SpanId, StringComparer.Ordinal);
        // An operation that a run repeats below itself is a step of it; the run itself is what is compared.
        var parts = runs.Values.Where(r => r.SpanId != top).Select(r => new Part(("step", r.Operation, null), r, Look.Took(r, now)?.TotalSeconds ?? 0))
            .Concat(runs.Values.SelectMany(r => r.Stages.Select(s => new Part(("stage", r.Operation, s.Name), r, Math.Max(0, ((s.To ?? r.EndedAt ?? now) - s.From).TotalSeconds)))))
            .Concat(trace.CriticalPath.Where(p => p.Kind == "wait" && runs.ContainsKey(p.Run)).Select(p => new Part(("wait", runs[p.Run].Operation, null), runs[p.Run], (p.To - p.From).TotalSeconds)));
        return parts.GroupBy(static p => p.Of).ToDictionary(static g => g.Key, static g =>
        {
            var all = g.ToList();
            return (new ComparedSide(all.Sum(static p => p.Seconds), all.Count, g.Key.Kind == "step" ? Look.Of(all.Select(static p => p.Run)) : null,
                all is [var one] && one.Run.Hidden is not true ? one.Run : null), all[0].Run);
        });
    }

    private sealed record Part((string Kind, string Operation, string? Stage) Of, RunView Run, double Seconds);
}
