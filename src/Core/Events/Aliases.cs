using System.Collections.Immutable;

namespace ValueStream.Core.Events;

/// <summary>The shorter texts by which runs are known beside their renderings. They follow from the identity alone, so they never change; all but one.</summary>
public static class Aliases
{
    /// <summary>The tag by which upstream named a pull request of GitHub: its database id, which is in no identity.</summary>
    public const string DatabaseId = "pull_request.id";

    /// <summary>How the tags begin that have the id of an event by which a CDEvent may name its run: what follows is what happened.</summary>
    public const string CdEventId = "cdevents.id.";

    /// <summary>The aliases that a run has by its tags.</summary>
    public static IEnumerable<string> ByTags(RunId run, ImmutableSortedDictionary<string, TagValue> tags) => run switch
    {
        { Source: SourceNames.GitHub, Type: PullRequest } when tags.TryGetValue(DatabaseId, out var id) && id.Text.Length is > 0 and <= 20 =>
            [$"{PullRequestPrefix}{run.Namespace[(run.Namespace.IndexOf('.') + 1)..]}-{id.Text}"],
        { Source: SourceNames.CdEvents } => tags.Where(static t => t.Key.StartsWith(CdEventId, StringComparison.Ordinal)).Select(static t => OfCdEvent(t.Value.Text)),
        _ => [],
    };

    /// <summary>Whether a text may be an alias that a run has by its tags.</summary>
    public static bool MayBeByTags(string text) => text.StartsWith(PullRequestPrefix, StringComparison.Ordinal) || text.StartsWith(CdEventPrefix, StringComparison.Ordinal);

    /// <summary>What a span's run is called by whoever knows no more of it than its ids.</summary>
    public static string OfSpan(string traceId, string spanId) => OfSpan(Spans.SpanIds.RunOf(traceId, spanId));

    /// <summary>What the run of a CDEvent is called by whoever knows no more of it than the event's id.</summary>
    public static string OfCdEvent(string id) => CdEventPrefix + id;

    private const string PullRequestPrefix = $"vstrace-{SourceNames.GitHub}-{PullRequest}-";
    private const string CdEventPrefix = $"vstrace-{SourceNames.CdEvents}-event-";

    private static string OfSpan(string id) => $"vstrace-{SourceNames.Otlp}-{id}";

    /// <summary>The aliases of a run, each once; scripts' runs have none.</summary>
    public static ImmutableArray<string> Of(RunId run) => run.Source switch
    {
        // An owner has no dots, a repository may have some.
        SourceNames.GitHub => OfCodeHost(run, '#', 1),
        // Groups are joined by dots and a project may have some: where the groups end nobody can tell.
        SourceNames.GitLab => OfCodeHost(run, run.Type == PullRequest ? '!' : '#', int.MaxValue),
        SourceNames.Jira => OfJira(run),
        // Upstream knew no folders.
        SourceNames.Jenkins => [$"vstrace-{run.Source}-{run.Type}-{run.Id}"],
        SourceNames.Otlp => [OfSpan(run.Id)],
        _ => [],
    };

    /// <summary>Everything that a run is called: its rendering and its aliases.</summary>
    public static ImmutableArray<string> NamesOf(RunId run) => [run.Rendering, .. Of(run)];

    private const string Issue = "issue";
    private const string PullRequest = "pull_request";

    private static ImmutableArray<string> OfCodeHost(RunId run, char mark, int deepest)
    {
        var aliases = ImmutableArray.CreateBuilder<string>();
        // Upstream called both builds.
        var isBuild = run is { Source: SourceNames.GitLab, Type: "pipeline" or "job" };
        var isNumbered = run.Type is Issue or PullRequest && run.Id.All(char.IsAsciiDigit);
        for (var dot = run.Namespace.IndexOf('.'); dot >= 0 && deepest-- > 0; dot = run.Namespace.IndexOf('.', dot + 1))
        {
            var (owner, repository) = (run.Namespace[..dot], run.Namespace[(dot + 1)..]);
            aliases.Add($"vstrace-{run.Source}-{run.Type}-{repository}-{run.Id}");
            if (isBuild)
            {
                aliases.Add($"vstrace-{run.Source}-build-{repository}-{run.Id}");
            }
            if (isNumbered)
            {
                aliases.Add($"{owner.Replace('.', '/')}/{repository}{mark}{run.Id}");
            }
        }
        if (isBuild && aliases.Count == 0)
        {
            aliases.Add($"vstrace-{run.Source}-build-{run.Namespace}-{run.Id}");
        }
        return aliases.ToImmutable();
    }

    private static ImmutableArray<string> OfJira(RunId run)
    {
        var aliases = ImmutableArray.Create(
            $"vstrace-jiracloud-{run.Type}-{run.Id}",
            $"vstrace-jiracloud-{run.Type}-{run.Namespace}-{run.Id}");
        // An issue that moved to another project may keep a key that is not its namespace's.
        var key = run.Id.All(char.IsAsciiDigit) && run.Type == Issue ? $"{run.Namespace}-{run.Id}" : run.Id;
        return Mention.In(key) is [{ IsCertain: false } whole] && whole.Text == key ? aliases.Add(key) : aliases;
    }
}
