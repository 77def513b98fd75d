using System.Text.RegularExpressions;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources;

/// <summary>What tools call things, in our words.</summary>
internal static partial class Naming
{
    private const int HashLength = 12;

    /// <summary>A path as a namespace: <c>owner/repository</c> is <c>owner.repository</c>. One that is too long keeps its begin and a hash of the whole.</summary>
    public static string Namespace(string path) => Fit(path.Replace('/', '.'), Limits.Word);

    /// <summary>A text as a run's id.</summary>
    public static string Id(string text) => Fit(text, Limits.Id);

    /// <summary>A text as the name of a run or of a stage.</summary>
    public static string Name(string text) => Payload.Cut(text, Limits.Id);

    /// <summary>How a run ended by what a tool calls it; null for a word that says nothing of it.</summary>
    public static Outcome? OutcomeOf(string? word) => word?.Trim().ToUpperInvariant() switch
    {
        "SUCCESS" or "SUCCEEDED" or "SUCCESSFUL" or "PASS" or "PASSED" or "OK" or "COMPLETED" => Outcome.Success,
        "FAILURE" or "FAILED" or "FAIL" or "UNSTABLE" => Outcome.Failure,
        "ERROR" or "ERRORED" => Outcome.Error,
        "TIMEOUT" or "TIMED_OUT" => Outcome.Timeout,
        "CANCEL" or "CANCELED" or "CANCELLED" or "CANCELLATION" or "ABORTED" => Outcome.Cancellation,
        "SKIP" or "SKIPPED" or "NOT_BUILT" => Outcome.Skip,
        _ => null,
    };

    /// <summary>
    /// A note of the runs that texts name, what they close first: it is by such a note that the fold learns of them. Null where they name none.
    /// </summary>
    /// <param name="repository">The repository that <c>#12</c> is in, as <c>owner/repository</c>; null where there is none.</param>
    /// <param name="texts">Titles, descriptions, messages: what people wrote.</param>
    public static string? NoteOf(string? repository, params IEnumerable<string?> texts) => NoteOf(repository, static name => name, texts);

    /// <summary>The same, for a tool whose runs are not all found by what people call them.</summary>
    /// <param name="repository">The repository that <c>#12</c> is in.</param>
    /// <param name="found">The name by which a run is found that is called so.</param>
    /// <param name="texts">What people wrote.</param>
    public static string? NoteOf(string? repository, Func<string, string> found, IEnumerable<string?> texts)
    {
        var closed = new List<string>();
        var named = new List<string>();
        foreach (var text in texts.OfType<string>())
        {
            var whole = Qualified(text.Length > MostRead ? text[..MostRead] : text, repository);
            closed.AddRange(Closing().Matches(whole).SelectMany(static m => Mention.In(m.Groups["what"].Value)).Select(m => found(m.Text)));
            named.AddRange(Mention.In(whole).Select(m => found(m.Text)));
        }
        // Half a name would be another run's.
        var room = Limits.Reason - "Closes . Names ".Length;
        bool Fits(string name) => (room -= name.Length + 2) >= 0;
        closed = [.. closed.Distinct().Take(Mention.Most).TakeWhile(Fits)];
        named = [.. named.Distinct().Except(closed).Take(Mention.Most - closed.Count).TakeWhile(Fits)];
        var note = string.Join(". ", new[] { closed.Count > 0 ? $"Closes {string.Join(", ", closed)}" : null, named.Count > 0 ? $"Names {string.Join(", ", named)}" : null }.OfType<string>());
        return note.Length > 0 ? note : null;
    }

    /// <summary>A text in which what its repository's people write short stands in full: <c>#12</c> becomes <c>owner/repository#12</c>, and so does the address of an issue.</summary>
    public static string Qualified(string text, string? repository)
    {
        text = Address().Replace(text, static m => $"{m.Groups["path"].Value}{(m.Groups["kind"].Value == "merge_requests" ? '!' : '#')}{m.Groups["number"].Value}");
        return repository is null ? text : Short().Replace(text, m => repository + m.Value);
    }

    private const int MostRead = 100_000;

    private static string Fit(string text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }
        var end = longest - HashLength - 1;
        return $"{text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)]}-{$"{Hashes.First64(text):x16}"[..HashLength]}";
    }

    [GeneratedRegex(@"(?<![\w/&#!])[#!][0-9]{1,10}(?![\w-])", RegexOptions.CultureInvariant)]
    private static partial Regex Short();

    [GeneratedRegex(@"https?://[^\s/]+/(?<path>[\w.-]+(?:/[\w.-]+)+?)/(?:-/)?(?<kind>issues|work_items|pull|merge_requests)/(?<number>[0-9]{1,10})(?:[/#?][^\s)\]>]*)?", RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    // GitHub's and GitLab's words.
    [GeneratedRegex(@"\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?):?\s+(?<what>[\w./-]+[#!][0-9]+|(?-i:[A-Z][A-Z0-9_]+-[0-9]+))\b", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Closing();
}
