using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;

namespace ValueStream.Store.Queries;

/// <summary>Why a run ran, where it does not say so itself.</summary>
/// <param name="Text">The reason.</param>
/// <param name="From">What says it: <c>change</c>, <c>issue</c> or <c>commit</c>.</param>
internal readonly record struct FoundReason(string Text, string From)
{
    private const int MostAbove = 100;

    private const string Change = "vcs.change.title";

    private const string Issue = "issue.title";

    /// <summary>
    /// What gives reasons to runs that give none: the title of the change or issue that they are of, that they link to, or that they are below, the nearest first; else their commit's message.
    /// </summary>
    /// <param name="snapshot">Where to look.</param>
    /// <param name="rows">The runs.</param>
    /// <param name="ancestors">They and all that they may be below.</param>
    /// <param name="beside">What other tables hold of them.</param>
    /// <param name="visible">What the caller may see: a title that may not be read gives no reason.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<IReadOnlyDictionary<(long, int), FoundReason>> LoadAsync(
        Snapshot snapshot, IReadOnlyList<RunRow> rows, IReadOnlyList<RunRow> ancestors, RunDetails beside, Visible visible, CancellationToken cancellationToken)
    {
        // An issue is not there for its own title. One attempt may stand in several places of a list.
        var silent = rows.Where(static r => r.Reason is null && !Abandonment.WorkItems.Contains(r.Type)).DistinctBy(static r => (r.Key, r.Attempt)).ToList();
        var above = ancestors.ToLookup(static r => RunViews.Id(r).Rendering);
        var items = silent.ToDictionary(static r => (r.Key, r.Attempt), r => beside.Meanings.TargetsOf(r, beside.Links[(r.Key, r.Attempt)]).Select(static l => l.Run)
            .Concat(Above(r, above, beside, visible)).Where(run => run.Key.Value != r.Key && Abandonment.WorkItems.Contains(run.Type) && visible.Includes(run.Namespace)).ToList());
        var keys = items.Values.SelectMany(static i => i).Select(static i => i.Key.Value).Distinct().ToArray();
        var titles = keys.Length == 0 ? [] : (await snapshot.RunTags.Where(t => keys.Contains(t.Key)).Select(static t => new { t.Key, t.Attempt, t.Tags }).ToListAsync(cancellationToken))
            .GroupBy(static t => t.Key).ToDictionary(static g => g.Key, static g => Title(EventData.ReadTags(g.MaxBy(static t => t.Attempt)!.Tags)));
        var found = new Dictionary<(long, int), FoundReason>();
        foreach (var (run, linked) in items)
        {
            var tags = beside.Tags[run];
            if ((Title(tags) ?? linked.Select(i => titles.GetValueOrDefault(i.Key.Value)).FirstOrDefault(static t => t is not null) ?? Commit(tags)) is { } reason)
            {
                found.Add(run, reason);
            }
        }
        return found;
    }

    /// <summary>The runs that a row is below, the nearest first.</summary>
    private static IEnumerable<RunId> Above(RunRow row, ILookup<string, RunRow> above, RunDetails beside, Visible visible)
    {
        var seen = new HashSet<long> { row.Key };
        for (var i = 0; i < MostAbove; i++)
        {
            if ((beside.Meanings.NamedParentOf(row) ?? beside.Meanings.ParentBySpan(row, visible)) is not { } parent
                || above[parent].MaxBy(static r => r.Attempt) is not { } next || !seen.Add(next.Key))
            {
                yield break;
            }
            yield return RunViews.Id(next);
            row = next;
        }
    }

    private static FoundReason? Title(ImmutableSortedDictionary<string, TagValue> tags) =>
        tags.TryGetValue(Change, out var change) && change.Text.Length > 0 ? new(change.Text, "change")
        : tags.TryGetValue(Issue, out var issue) && issue.Text.Length > 0 ? new(issue.Text, "issue")
        : null;

    private static FoundReason? Commit(ImmutableSortedDictionary<string, TagValue> tags) =>
        tags.TryGetValue("vcs.ref.head.message", out var message) && message.Text.Split('\n', 2)[0].Trim() is { Length: > 0 } line ? new(line, "commit") : null;
}
