using System.Globalization;
using ValueStream.Core.Wire;

namespace ValueStream.Web.Pages.Shared;

/// <summary>What runs share, as a page shows it: what can be asked, and the answer to what was.</summary>
/// <param name="Title">The section's question.</param>
/// <param name="Choices">What can be asked: its text, its address, and whether it was.</param>
/// <param name="View">The answer; null where nothing was asked.</param>
internal sealed record Findings(string Title, IReadOnlyList<(string Text, string Address, bool IsCurrent)> Choices, CorrelationsView? View)
{
    /// <summary>So many findings are listed, the strongest.</summary>
    public const int MostShown = 20;

    /// <summary>Half of the width of a bar, as wide as a score of 1.</summary>
    private const double Half = 60;

    /// <summary>What the runs of the group are called, and the others.</summary>
    public (string Group, string Others) Names => View?.Of switch { "failed" => ("failed", "succeeded"), "slow" => ("slow", "not slow"), _ => ("these", "the others") };

    /// <summary>The answer in a sentence.</summary>
    public string Lead
    {
        get
        {
            var view = View!;
            var samples = view.Of switch
            {
                "failed" => $"{Runs(view.Group)} failed, {Runs(view.Rest)} succeeded",
                "slow" => $"{Runs(view.Group)} were slow (above the 95th percentile of the successful ones), {Runs(view.Rest)} were not",
                _ => $"{Runs(view.Group)} match, {Runs(view.Rest)} of the same operations do not",
            };
            return view.TooFew is true ? $"Too few to compare: {samples}. It takes 5 of each; a longer period may have them."
                : view.Found == 0 ? $"Nothing they share is more than chance: {samples}; {view.Tried:n0} {(view.Tried == 1 ? "value was" : "values were")} tried."
                : $"{view.Found:n0} of {view.Tried:n0} values tried {(view.Found == 1 ? "is" : "are")} more than chance: {samples}.";
        }
    }

    /// <summary>Where a score's bar begins and how wide it is, on an axis from -1 at 0 to 1 at 120.</summary>
    public static (double X, double Width) Bar(double score) => (score < 0 ? Half * (1 + score) : Half, Half * Math.Abs(score));

    /// <summary>A score as text, with its sign.</summary>
    public static string Score(double score) => score.ToString("+0.00;−0.00;0", CultureInfo.InvariantCulture);

    /// <summary>A p as text.</summary>
    public static string P(double p) => p < 0.0001 ? "<0.0001" : p.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>Whose trait it is, where it is not the run's own.</summary>
    public static string? Where(TraitView trait) => trait.Level switch { "ancestor" => "of a run above", "descendant" => "of a run below", _ => null };

    /// <summary>The page with the runs that the API's address leads to.</summary>
    public static string Page(string runs) => runs[Routes.Runs.LastIndexOf('/')..];

    /// <summary>What was left out and how far it was looked, in sentences.</summary>
    public IEnumerable<string> Notes()
    {
        var view = View!;
        if (view.More is true)
        {
            yield return $"The newest {view.Newest:n0} runs were read; there are older ones.";
        }
        if (view.LeftOut is { } leftOut)
        {
            yield return $"Left out: {string.Join(", ", leftOut.Select(static l => $"{l.Count:n0} {Said(l.Why)}"))}.";
        }
        if (view.TooFew is not true)
        {
            var relatives = view.Relatives;
            yield return $"Looked at, too: {Runs(relatives.Ancestors)} above and {Runs(relatives.Descendants)} below the newest {relatives.Group:n0} and {relatives.Rest:n0}{(relatives.Truncated is true ? "; there are more" : "")}.";
        }
        if (view.KeysLeftOut.Count > 0)
        {
            yield return $"Not compared, because they follow from the outcome or name one run: {string.Join(", ", view.KeysLeftOut)}.";
        }
    }

    private static string Said(string why) => why switch
    {
        "few" => "of operations with too few runs",
        "cancellation" => "cancelled",
        "skip" => "skipped",
        "orphan" => "without a start",
        _ => why,
    };

    private static string Runs(int count) => count == 1 ? "1 run" : string.Create(CultureInfo.InvariantCulture, $"{count:n0} runs");
}
