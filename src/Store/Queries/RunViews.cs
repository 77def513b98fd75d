using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Core.Spans;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Queries;

/// <summary>From rows to views, and what rows of the same trace need of each other.</summary>
internal static class RunViews
{
    /// <summary>What stands where a reference means a run that the caller may not see.</summary>
    public const string Elsewhere = "another team's run";

    /// <summary>Views of rows, with their trace ids.</summary>
    public static async Task<List<RunView>> OfAsync(Snapshot snapshot, IReadOnlyList<RunRow> rows, Visible visible, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return [];
        }
        var ancestors = await Walk(snapshot, rows.Select(static r => r.Key).Distinct(), Ancestors, rows.Count + MostAncestors).ToListAsync(cancellationToken);
        var runs = ancestors.Select(static r => ToTraceRun(r, [])).ToList();
        var beside = await RunDetails.LoadAsync(snapshot, rows, cancellationToken);
        return [.. rows.Select(r => View(r, beside, visible) with { TraceId = Trace.Of(runs, Id(r), r.Attempt).TraceId })];
    }

    /// <summary>The rows that a trace is made of: everything that parents or a common W3C trace id join to some runs.</summary>
    public static IQueryable<RunRow> TraceRows(Snapshot snapshot, long key, int limit) => Walk(snapshot, [key], Joined, limit);

    /// <summary>The view of a row; without its trace id, which no row knows by itself.</summary>
    public static RunView View(RunRow row, RunDetails beside, Visible visible) => new()
    {
        Key = new ShortKey(row.Key).ToString(),
        Id = row.Id,
        Attempt = row.Attempt,
        Source = row.Source,
        Namespace = row.Namespace,
        Type = row.Type,
        Name = row.Name,
        Operation = new ShortKey(row.Operation).ToString(),
        SpanId = SpanIds.SpanId(Id(row), row.Attempt),
        State = ((AttemptState)row.State).ToString().ToLowerInvariant(),
        Outcome = ((Outcome?)row.Outcome)?.Text(),
        StartedAt = row.StartedAt,
        EndedAt = row.EndedAt,
        AbandonedAt = row.AbandonedAt,
        Duration = row.Duration / 1e6,
        Actor = row.Actor,
        Reason = row.Reason,
        Submitter = row.Submitter,
        Parent = row.Parent is { } parent ? Masked(parent, beside.Targets, row.Namespace, visible) : null,
        Links = [.. beside.Links[(row.Key, row.Attempt)].Select(l => new LinkView(l.Kind, Masked(l.Run, beside.Targets, row.Namespace, visible),
            References.Choose([.. beside.Targets[l.Run]], row.Namespace) is not null))],
        Stages = [.. beside.Stages[(row.Key, row.Attempt)]],
        Tags = beside.Tags[(row.Key, row.Attempt)],
        Flags = row.Flags.Length == 0 ? [] : row.Flags.Split(' '),
        ExcludedBecause = row.ExcludedBecause,
    };

    /// <summary>What remains of a run that the caller may not see: when, and how it ended.</summary>
    public static RunView Hide(RunView view) => view with
    {
        Key = "",
        Id = "",
        Source = "",
        Namespace = "",
        Type = "",
        Name = Elsewhere,
        Operation = "",
        Actor = null,
        Reason = null,
        Submitter = "",
        Parent = null,
        Links = [],
        Stages = [],
        Tags = Event.NoTags,
        ExcludedBecause = null,
        Hidden = true,
    };

    /// <summary>What a trace needs to know of a row.</summary>
    public static TraceRun ToTraceRun(RunRow row, IEnumerable<RunLink> links) =>
        new(Id(row), row.Attempt, row.At, row.EndedAt, row.Parent, [.. links], Traceparent.Parse(row.Traceparent));

    /// <summary>The identity of a row.</summary>
    public static RunId Id(RunRow row) => new(row.Source, row.Type, row.Namespace, row.Id);

    /// <summary>The stored number of a state's text; one that no row has for a text that is none.</summary>
    public static short State(string text) => Enum.TryParse<AttemptState>(text, ignoreCase: true, out var state) && !char.IsAsciiDigit(text[0]) ? (short)state : (short)-1;

    private const int MostAncestors = 10_000;

    /// <summary>One step of a walk over runs: from those known (r) to those that belong to them (o).</summary>
    private const string Ancestors = "o.reference = r.parent_reference OR o.span_id = r.parent_span_id";

    private const string Joined = $"{Ancestors} OR o.parent_reference = r.reference OR o.parent_span_id = r.span_id OR o.trace_id = r.trace_id";

    private static string Masked(string reference, ILookup<string, RunId> targets, string ownNamespace, Visible visible) =>
        References.Choose([.. targets[reference]], ownNamespace) is { } target && !visible.Includes(target.Namespace) ? Elsewhere : reference;

    /// <remarks>UNION keeps each run once, so a cycle ends the walk. Hashes may join too much, which does no harm: the trace looks at the texts.</remarks>
    private static IQueryable<RunRow> Walk(Snapshot snapshot, IEnumerable<long> keys, string step, int limit)
    {
        var runs = $"runs_{snapshot.Live.Slot}";
        var seeds = string.Join(", ", keys);
#pragma warning disable EF1002 // A slot's name, our own step and numbers: nothing from outside.
        return snapshot.Database.Set<RunRow>(runs).FromSqlRaw($"""
            WITH RECURSIVE member(key) AS (
              SELECT key FROM {runs} WHERE key IN ({seeds})
              UNION
              SELECT o.key FROM member AS m JOIN {runs} AS r ON r.key = m.key JOIN {runs} AS o ON {step})
            SELECT * FROM {runs} WHERE key IN (SELECT key FROM member LIMIT {limit})
            """).AsNoTracking();
#pragma warning restore EF1002
    }
}

/// <summary>What other tables hold of some rows, by their keys and attempts.</summary>
/// <param name="Links">Their links.</param>
/// <param name="Stages">Their stages.</param>
/// <param name="Tags">Their tags.</param>
/// <param name="Targets">The identities that their parents and links mean, by rendering.</param>
internal sealed record RunDetails(
    ILookup<(long, int), RunLink> Links, ILookup<(long, int), StageView> Stages, IReadOnlyDictionary<(long, int), ImmutableSortedDictionary<string, TagValue>> Tags,
    ILookup<string, RunId> Targets)
{
    public static async Task<RunDetails> LoadAsync(Snapshot snapshot, IReadOnlyCollection<RunRow> rows, CancellationToken cancellationToken)
    {
        var keys = rows.Select(static r => r.Key).Distinct().ToArray();
        var links = (await snapshot.RunLinks.Where(l => keys.Contains(l.Key)).OrderBy(static l => l.Ordinal).ToListAsync(cancellationToken))
            .ToLookup(static l => (l.Key, l.Attempt), static l => new RunLink(l.Kind, l.Target));
        var stages = (await snapshot.RunStages.Where(s => keys.Contains(s.Key)).OrderBy(static s => s.Ordinal).ToListAsync(cancellationToken))
            .ToLookup(static s => (s.Key, s.Attempt), static s => new StageView(s.Name, s.FromAt, s.ToAt));
        var tags = (await snapshot.RunTags.Where(t => keys.Contains(t.Key)).Select(static t => new { t.Key, t.Attempt, t.Tags }).ToListAsync(cancellationToken))
            .ToDictionary(static t => (t.Key, t.Attempt), static t => EventData.ReadTags(t.Tags));

        var references = rows.Select(static r => r.Parent).Concat(links.SelectMany(static l => l).Select(static l => l.Run))
            .OfType<string>().Distinct().Select(References.Hash).ToArray();
        var targets = await snapshot.Runs.Where(r => references.Contains(r.Reference))
            .Select(static r => new { r.Source, r.Type, r.Namespace, r.Id }).Distinct().ToListAsync(cancellationToken);
        return new(links, stages, tags, targets.Select(static t => new RunId(t.Source, t.Type, t.Namespace, t.Id)).ToLookup(static id => id.Rendering));
    }
}
