using ValueStream.Core.Wire;

namespace ValueStream.Web.Pages.Shared;

/// <summary>How a state is shown: never by colour alone.</summary>
/// <param name="Glyph">One character.</param>
/// <param name="Word">The word beside it.</param>
/// <param name="Css">The class that gives the colour.</param>
/// <param name="Rank">The higher one speaks for a group.</param>
internal sealed record Look(string Glyph, string Word, string Css, int Rank)
{
    private static readonly Look Running = new("◐", "running", "run", 2);
    private static readonly Look Abandoned = new("▲", "abandoned", "warn", 3);
    private static readonly Look Success = new("●", "success", "ok", 0);
    private static readonly Look Cancelled = new("○", "cancelled", "off", 1);
    private static readonly Look Skipped = new("○", "skipped", "off", 0);
    private static readonly Look Failure = new("✕", "failure", "bad", 4);
    private static readonly Look Error = new("✕", "error", "bad", 4);
    private static readonly Look Timeout = new("✕", "timeout", "bad", 4);
    private static readonly Look Unknown = new("○", "unknown", "off", 0);

    /// <summary>The look of a run.</summary>
    public static Look Of(RunView run) => Of(run.State, run.Outcome);

    /// <summary>The look of a state and an outcome, as the API names them.</summary>
    public static Look Of(string state, string? outcome) => state switch
    {
        "running" => Running,
        "abandoned" => Abandoned,
        _ => outcome switch
        {
            "success" => Success,
            "failure" => Failure,
            "error" => Error,
            "timeout" => Timeout,
            "cancellation" => Cancelled,
            "skip" => Skipped,
            _ => Unknown,
        },
    };

    /// <summary>The look of a group: that of the run that matters most.</summary>
    public static Look Of(IEnumerable<RunView> runs) => runs.Select(Of).MaxBy(static l => l.Rank) ?? Unknown;

    /// <summary>The look that most of a group has; of equally many, the one that matters more.</summary>
    public static Look OfMost(IEnumerable<RunView> runs) => runs.CountBy(Of).MaxBy(static c => (c.Value, c.Key.Rank)).Key ?? Unknown;

    /// <summary>Whether it is a failure, an error or a timeout.</summary>
    public bool IsFailure => Css == "bad";

    /// <summary>The word after a number: <c>2 failures</c>, <c>2 running</c>.</summary>
    public string Counted(int count) => $"{count} {Word}{(count != 1 && IsFailure ? "s" : "")}";

    /// <summary>How a run went, as the rest of a sentence that begins with its name.</summary>
    /// <param name="run">The run.</param>
    /// <param name="now">Up to when a running one has run.</param>
    public static string Sentence(RunView run, DateTimeOffset now)
    {
        var took = Took(run, now) is { } duration ? Durations.Text(duration) : null;
        return (run.State, run.Outcome) switch
        {
            ("running", _) => $"running for {took}",
            ("abandoned", _) => "abandoned: no sign of life any more",
            ("orphan", _) => $"ended with {Of(run).Word}, its start was never reported",
            (_, "success") => $"succeeded in {took}",
            (_, "failure") => $"failed after {took}",
            (_, "error") => $"broke with an error after {took}",
            (_, "timeout") => $"timed out after {took}",
            (_, "cancellation") => $"was cancelled after {took}",
            (_, "skip") => "was skipped",
            _ => "ended",
        };
    }

    /// <summary>What went otherwise than well in a group, in words: <c>3 failures, 2 running</c>.</summary>
    public static string Exceptions(IEnumerable<RunView> runs) => string.Join(", ", runs.Select(Of).Where(static l => l.Css != "ok")
        .GroupBy(static l => l).OrderByDescending(static g => g.Key.Rank).Select(static g => g.Key.Counted(g.Count())));

    /// <summary>How long the longest of a group took.</summary>
    public static string Longest(IEnumerable<RunView> runs, DateTimeOffset now) =>
        runs.Max(r => Took(r, now)) is { } longest ? "≤ " + Durations.Text(longest) : "–";

    /// <summary>How long a run took, or has taken so far; null where that is not known.</summary>
    public static TimeSpan? Took(RunView run, DateTimeOffset now) =>
        run.Duration is { } seconds ? TimeSpan.FromSeconds(seconds)
        : run is { State: "running", StartedAt: { } start } ? TimeSpan.FromTicks(Math.Max(0, (now - start).Ticks))
        : null;
}
