using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Core.Spans;
using ValueStream.Core.Wire;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Queries;

/// <summary>From rows to views, and what rows of the same trace need of each other.</summary>
internal static class RunViews
{
    /// <summary>What stands where a reference means a run that the caller may not see.</summary>
    public const string Elsewhere = "another team's run";

    /// <summary>Views of rows, with their trace ids, and what gives a reason to those that give none.</summary>
    public static async Task<List<RunView>> OfAsync(Snapshot snapshot, IReadOnlyList<RunRow> rows, Visible visible, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return [];
        }
        var ancestors = await WithAncestors(snapshot, rows.Select(static r => r.Key).Distinct(), rows.Count).ToListAsync(cancellationToken);
        var beside = await RunDetails.LoadAsync(snapshot, rows, ancestors, cancellationToken);
        var traces = Trace.IdsOf([.. ancestors.Select(r => ToTraceRun(r, beside.Meanings.NamedParentOf(r), []))]);
        var reasons = await FoundReason.LoadAsync(snapshot, rows, ancestors, beside, visible, cancellationToken);
        return [.. rows.Select(r => View(r, beside, visible) with
        {
            TraceId = traces[(Id(r), r.Attempt)],
            Reason = reasons.TryGetValue((r.Key, r.Attempt), out var found) ? found.Text : r.Reason,
            ReasonFrom = found.From,
        })];
    }

    /// <summary>The rows that a trace is made of: everything that parents or a common W3C trace id join to some runs.</summary>
    public static IQueryable<RunRow> TraceRows(Snapshot snapshot, long key, int limit) => Walk(snapshot, [key], Joined, limit);

    /// <summary>The rows of some runs, and of all that they may be below.</summary>
    public static IQueryable<RunRow> WithAncestors(Snapshot snapshot, IEnumerable<long> keys, int count) => Walk(snapshot, keys, Ancestors, count + MostAncestors);

    /// <summary>The rows of some runs, and of all that may be below them.</summary>
    public static IQueryable<RunRow> WithDescendants(Snapshot snapshot, IEnumerable<long> keys, int limit) => Walk(snapshot, keys, Descendants, limit);

    /// <summary>The view of a row; without its trace id, which no row knows by itself.</summary>
    public static RunView View(RunRow row, RunDetails beside, Visible visible)
    {
        var (parent, isFromText) = beside.Meanings.ParentOf(row);
        return new()
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
            Parent = parent is null ? beside.Meanings.ParentBySpan(row, visible) : beside.Meanings.Shown(parent, row, visible),
            ParentFrom = isFromText ? "text" : null,
            ParentAmbiguous = parent is not null && beside.Meanings.IsAmbiguous(parent, row, visible) ? true : null,
            Links = [.. beside.Meanings.LinksOf(row, beside.Links[(row.Key, row.Attempt)]).Select(l => beside.Meanings.View(l, row, visible))],
            Stages = [.. beside.Stages[(row.Key, row.Attempt)]],
            Tags = beside.Tags[(row.Key, row.Attempt)],
            Flags = row.Flags.Length == 0 ? [] : row.Flags.Split(' '),
            ExcludedBecause = row.ExcludedBecause,
        };
    }

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
        ReasonFrom = null,
        Submitter = "",
        Parent = null,
        ParentFrom = null,
        ParentAmbiguous = null,
        Links = [],
        Stages = [],
        Tags = Event.NoTags,
        ExcludedBecause = null,
        Hidden = true,
    };

    /// <summary>What a trace needs to know of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="parent">The reference to its parent.</param>
    /// <param name="links">Its links.</param>
    /// <param name="stages">Its stages.</param>
    public static TraceRun ToTraceRun(RunRow row, string? parent, IEnumerable<RunLink> links, IEnumerable<StageView>? stages = null) =>
        new(Id(row), row.Attempt, row.At, row.EndedAt, parent, [.. links], Traceparent.Parse(row.Traceparent))
        {
            Stages = stages is null ? [] : [.. stages.Select(static s => new Stage(s.Name, s.From, s.To))],
        };

    /// <summary>The identity of a row.</summary>
    public static RunId Id(RunRow row) => new(row.Source, row.Type, row.Namespace, row.Id);

    /// <summary>The stored number of a state's text; one that no row has for a text that is none.</summary>
    public static short State(string text) => Enum.TryParse<AttemptState>(text, ignoreCase: true, out var state) && !char.IsAsciiDigit(text[0]) ? (short)state : (short)-1;

    private const int MostAncestors = 10_000;

    /// <summary>Steps of a walk over runs, from one that is known up to those that it may be below. Strangers' span ids may stand in many traces; ours are hashes.</summary>
    private static Step[] Ancestors(string slot) =>
    [
        new($"runs_{slot}", $"runs_{slot}", "next.reference = r.parent_reference"),
        new($"runs_{slot}", $"run_aliases_{slot}", "next.reference = r.parent_reference"),
        new($"runs_{slot}", $"runs_{slot}", $"next.span_id = r.parent_span_id AND (next.source <> '{SourceNames.Otlp}' OR next.trace_id = r.trace_id)"),
        new($"run_mentions_{slot}", $"runs_{slot}", $"next.reference = r.reference AND {IsFirstKnown("r", slot)}"),
        new($"run_mentions_{slot}", $"run_aliases_{slot}", $"next.reference = r.reference AND {IsFirstKnown("r", slot)}"),
    ];

    /// <summary>From one that is known down to those that may be below it.</summary>
    private static Step[] Descendants(string slot) =>
    [
        new($"runs_{slot}", $"runs_{slot}", "next.parent_reference = r.reference"),
        new($"run_aliases_{slot}", $"runs_{slot}", "next.parent_reference = r.reference"),
        new($"runs_{slot}", $"runs_{slot}", $"next.parent_span_id = r.span_id AND (r.source <> '{SourceNames.Otlp}' OR next.trace_id = r.trace_id)"),
        new($"runs_{slot}", $"run_mentions_{slot}", $"next.reference = r.reference AND {IsFirstKnown("next", slot)}"),
        new($"run_aliases_{slot}", $"run_mentions_{slot}", $"next.reference = r.reference AND {IsFirstKnown("next", slot)}"),
    ];

    /// <summary>Up, down, and to those with the same trace id.</summary>
    private static Step[] Joined(string slot) =>
    [
        .. Ancestors(slot),
        .. Descendants(slot),
        // By way of the trace, once: of ten thousand spans each would lead to all the others.
        new(null, $"runs_{slot}", "next.key = m.key", Step.ToTrace),
        new(null, $"runs_{slot}", "next.trace_id = m.trace"),
    ];

    /// <summary>Of the readings in a run's texts the first that is a name counts; so none before it (b) may be one. Runs and aliases are names alike.</summary>
    private static string IsFirstKnown(string mention, string slot) => $"""
        {mention}.is_causal AND next.key <> m.key
            AND NOT EXISTS (SELECT 1 FROM run_mentions_{slot} AS b WHERE b.key = {mention}.key AND b.attempt = {mention}.attempt AND b.ordinal < {mention}.ordinal AND b.is_causal
              AND (EXISTS (SELECT 1 FROM runs_{slot} AS c WHERE c.reference = b.reference) OR EXISTS (SELECT 1 FROM run_aliases_{slot} AS c WHERE c.reference = b.reference)))
        """;

    /// <remarks>Each run is kept once, so a cycle ends the walk. Hashes may join too much, which does no harm: the trace looks at the texts.</remarks>
    private static IQueryable<RunRow> Walk(Snapshot snapshot, IEnumerable<long> keys, Func<string, Step[]> steps, int limit)
    {
        var runs = $"runs_{snapshot.Live.Slot}";
        var walk = snapshot.Walk($"SELECT {Step.ToRun} FROM {runs} AS next WHERE key IN ({string.Join(", ", keys)})", steps(snapshot.Live.Slot));
#pragma warning disable EF1002 // A slot's name, our own step and numbers: nothing from outside.
        return snapshot.Database.Set<RunRow>(runs).FromSqlRaw($"""
            {walk}
            SELECT * FROM {runs} WHERE key IN (SELECT key FROM member WHERE key IS NOT NULL LIMIT {limit})
            """).AsNoTracking();
#pragma warning restore EF1002
    }
}

/// <summary>What other tables hold of some rows, by their keys and attempts.</summary>
/// <param name="Links">Their links.</param>
/// <param name="Stages">Their stages.</param>
/// <param name="Tags">Their tags.</param>
/// <param name="Meanings">What they and others refer to.</param>
internal sealed record RunDetails(
    ILookup<(long, int), RunLink> Links, ILookup<(long, int), StageView> Stages, IReadOnlyDictionary<(long, int), ImmutableSortedDictionary<string, TagValue>> Tags,
    Meanings Meanings)
{
    /// <summary>Reads it.</summary>
    /// <param name="snapshot">Where to look.</param>
    /// <param name="rows">The rows to be shown.</param>
    /// <param name="others">The rows whose parents are wanted, those to be shown among them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<RunDetails> LoadAsync(
        Snapshot snapshot, IReadOnlyCollection<RunRow> rows, IReadOnlyCollection<RunRow> others, CancellationToken cancellationToken)
    {
        var keys = rows.Select(static r => r.Key).Distinct().ToArray();
        var links = (await snapshot.RunLinks.Where(l => keys.Contains(l.Key)).OrderBy(static l => l.Ordinal).ToListAsync(cancellationToken))
            .ToLookup(static l => (l.Key, l.Attempt), static l => new RunLink(l.Kind, l.Target));
        var stages = (await snapshot.RunStages.Where(s => keys.Contains(s.Key)).OrderBy(static s => s.Ordinal).ToListAsync(cancellationToken))
            .ToLookup(static s => (s.Key, s.Attempt), static s => new StageView(s.Name, s.FromAt, s.ToAt));
        var tags = (await snapshot.RunTags.Where(t => keys.Contains(t.Key)).Select(static t => new { t.Key, t.Attempt, t.Tags }).ToListAsync(cancellationToken))
            .ToDictionary(static t => (t.Key, t.Attempt), static t => EventData.ReadTags(t.Tags));
        return new(links, stages, tags, await Meanings.LoadAsync(snapshot, others, links.SelectMany(static l => l), cancellationToken));
    }
}
