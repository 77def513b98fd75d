using System.Buffers;

namespace ValueStream.Core.Numbers;

/// <summary>
/// Which keys of tags can say why runs failed or were slow. Those cannot that are set because a run failed or took long, and those that name one run, one
/// commit or one moment: that they go together is no finding.
/// </summary>
public static class TellingKeys
{
    /// <summary>A key names runs where more than this share of the runs that carry it have a value of their own.</summary>
    public const double MostDistinct = 0.9;

    /// <summary>What is a name of software, although it looks like that of a run.</summary>
    private static readonly HashSet<string> Software = new(StringComparer.Ordinal) { "container.image.id", "host.image.id", "process.executable.build_id.htlhash" };

    /// <summary>What only runs that failed are tagged with.</summary>
    private static readonly HashSet<string> OfFailures = new(StringComparer.Ordinal) { "test.case.name" };

    /// <summary>A word that says what became of a run, wherever it stands in a key: <c>error.type</c>, <c>process.exit.code</c>, <c>cicd.pipeline.result</c>.</summary>
    private static readonly HashSet<string> OfOutcomes = new(StringComparer.OrdinalIgnoreCase)
    {
        "error", "errors", "exception", "exit", "exitcode", "result", "status", "outcome", "conclusion", "resolution", "failed", "failure", "failures", "passed",
        "duration", "elapsed",
    };

    /// <summary>A word that makes a key an address, wherever it stands in it: <c>cicd.pipeline.run.url.full</c>.</summary>
    private static readonly HashSet<string> OfAddresses = new(StringComparer.OrdinalIgnoreCase) { "url", "uri", "href", "traceparent" };

    /// <summary>A word that makes a key a name of one thing or moment, at its end: <c>vcs.ref.head.revision</c>, <c>cicd.pipeline.run.id</c>.</summary>
    private static readonly HashSet<string> OfNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "id", "ids", "iid", "uuid", "guid", "sha", "revision", "revisions", "commit", "commits", "number", "counter", "title", "message", "description", "body",
        "timestamp", "date", "at", "state",
    };

    private static readonly SearchValues<char> Separators = SearchValues.Create("._-/: ");

    /// <summary>Whether a key's values are worth comparing, as far as its name says.</summary>
    public static bool Includes(string key)
    {
        if (Software.Contains(key))
        {
            return true;
        }
        if (OfFailures.Contains(key))
        {
            return false;
        }
        var rest = key.AsSpan();
        var word = rest;
        var outcomes = OfOutcomes.GetAlternateLookup<ReadOnlySpan<char>>();
        var addresses = OfAddresses.GetAlternateLookup<ReadOnlySpan<char>>();
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOfAny(Separators);
            word = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (outcomes.Contains(word) || addresses.Contains(word))
            {
                return false;
            }
        }
        return !OfNames.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word);
    }

    /// <summary>The keys of which nearly every value is carried by one run alone, so that they name runs whatever they are called.</summary>
    /// <param name="carried">For tags of some runs, a few hundred are enough, the key, and how many of all runs carry that value.</param>
    public static IReadOnlySet<string> NamesOfRuns(IEnumerable<(string Key, int Runs)> carried) =>
        carried.GroupBy(static c => c.Key, static c => c.Runs, StringComparer.Ordinal)
            .Where(static g => g.Count() is var all && all >= Correlation.FewestRuns && g.Count(static runs => runs == 1) > MostDistinct * all)
            .Select(static g => g.Key).ToHashSet(StringComparer.Ordinal);
}
