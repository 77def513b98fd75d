using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Spans;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Queries;

/// <summary>What references mean, at the moment of reading: those that were sent, and those that stand in texts.</summary>
internal sealed class Meanings
{
    private readonly ILookup<string, RunId> _runs;
    private readonly ILookup<(long, int), (Mention Mention, bool IsCausal)> _mentions;
    private readonly ILookup<long, (RunId Run, int Attempt)> _spans;

    private Meanings(ILookup<string, RunId> runs, ILookup<(long, int), (Mention, bool)> mentions, ILookup<long, (RunId, int)> spans) =>
        (_runs, _mentions, _spans) = (runs, mentions, spans);

    /// <summary>The meanings of all that some rows refer to.</summary>
    /// <param name="snapshot">Where to look.</param>
    /// <param name="rows">The rows; of these also what their texts name.</param>
    /// <param name="links">Links whose meanings are wanted too.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<Meanings> LoadAsync(
        Snapshot snapshot, IReadOnlyCollection<RunRow> rows, IEnumerable<RunLink> links, CancellationToken cancellationToken)
    {
        var keys = rows.Select(static r => r.Key).Distinct().ToArray();
        var mentions = (await snapshot.RunMentions.Where(m => keys.Contains(m.Key)).OrderBy(static m => m.Ordinal).ToListAsync(cancellationToken))
            .GroupBy(static m => (m.Key, m.Attempt, m.Place))
            .ToLookup(static g => (g.Key.Key, g.Key.Attempt), static g => (new Mention([.. g.Select(static m => m.Text)]), g.First().IsCausal));
        var texts = rows.Select(static r => r.Parent).OfType<string>().Concat(links.Select(static l => l.Run))
            .Concat(mentions.SelectMany(static m => m).SelectMany(static m => m.Item1.Readings));
        return new(await RunsAsync(snapshot, texts, Visible.Everything, cancellationToken), mentions, await SpansAsync(snapshot, rows, cancellationToken));
    }

    /// <summary>The runs that others were started in by their trace contexts, by span id.</summary>
    private static async Task<ILookup<long, (RunId, int)>> SpansAsync(Snapshot snapshot, IEnumerable<RunRow> rows, CancellationToken cancellationToken)
    {
        var children = rows.Where(static r => r is { Parent: null, ParentSpanId: not null }).ToList();
        var spans = children.Select(static r => r.ParentSpanId!.Value).Distinct().ToArray();
        var traces = children.Select(static r => r.TraceId).Distinct().ToArray();
        var found = spans.Length == 0 ? [] : await snapshot.Runs
            .Where(r => spans.Contains(r.SpanId) && (r.Source != SourceNames.Otlp || traces.Contains(r.TraceId)))
            .Select(static r => new { r.SpanId, r.Source, r.Type, r.Namespace, r.Id, r.Attempt }).ToListAsync(cancellationToken);
        return found.ToLookup(static r => r.SpanId, static r => (new RunId(r.Source, r.Type, r.Namespace, r.Id), r.Attempt));
    }

    /// <summary>The runs that have some texts as their rendering or alias, by the text.</summary>
    public static async Task<ILookup<string, RunId>> RunsAsync(Snapshot snapshot, IEnumerable<string> texts, Visible visible, CancellationToken cancellationToken)
    {
        var wanted = texts.ToHashSet();
        if (wanted.Count == 0)
        {
            return Enumerable.Empty<RunId>().ToLookup(static _ => "");
        }
        var byHash = wanted.ToLookup(References.Hash);
        var hashes = byHash.Select(static t => t.Key).ToArray();
        var byAlias = snapshot.RunAliases.Where(a => hashes.Contains(a.Reference))
            .Join(visible.Of(snapshot.Runs), static a => a.Key, static r => r.Key, static (a, r) => new { a.Reference, r.Source, r.Type, r.Namespace, r.Id });
        var rows = await visible.Of(snapshot.Runs).Where(r => hashes.Contains(r.Reference))
            .Select(static r => new { r.Reference, r.Source, r.Type, r.Namespace, r.Id }).Union(byAlias).ToListAsync(cancellationToken);
        return rows.Select(static r => (r.Reference, Run: new RunId(r.Source, r.Type, r.Namespace, r.Id)))
            // What is an alias by its tags is compared by its hash alone; the others have the text at hand.
            .SelectMany(r => byHash[r.Reference].Where(text => Aliases.NamesOf(r.Run).Contains(text) || Aliases.MayBeByTags(text)), static (r, text) => (text, r.Run))
            .Distinct().ToLookup(static n => n.text, static n => n.Run);
    }

    /// <summary>The reference to a row's parent: the one that was sent; else, where it was started in no trace, the first in its texts that is
    /// the name of a run; else the first that can be nothing but such a name, and is pending. What only groups others is no parent.</summary>
    public (string? Text, bool IsFromText) ParentOf(RunRow row)
    {
        if (row.Parent is { } sent)
        {
            return (sent, false);
        }
        var causal = _mentions[(row.Key, row.Attempt)].Where(static m => m.IsCausal).Select(static m => m.Mention).ToList();
        var text = causal.Select(Known).FirstOrDefault(static t => t is not null) ?? causal.FirstOrDefault(static m => m.IsCertain)?.Text;
        return text is null || (Meant(text, row) is { } run && RunId.IsGrouping(run.Type)) ? (null, false) : (text, true);
    }

    /// <summary>The parent that a row has by the trace context it was started in, as it is shown; null where that is not known. A span's parent that has not come yet is shown by its ids.</summary>
    public string? ParentBySpan(RunRow row, Visible visible)
    {
        if (row.Parent is not null || row.ParentSpanId is not { } span || Traceparent.Parse(row.Traceparent) is not { } context)
        {
            return null;
        }
        var (run, _) = _spans[span].FirstOrDefault(s => SpanIds.IsIn(s.Run, s.Attempt, context));
        return run is not null ? visible.Includes(run.Namespace) ? run.Rendering : RunViews.Elsewhere
            : row.Source == SourceNames.Otlp ? Aliases.OfSpan(context.TraceId, context.SpanId) : null;
    }

    /// <summary>The rendering of a row's parent where it is known, else the reference to it.</summary>
    public string? NamedParentOf(RunRow row) => ParentOf(row).Text is { } text ? Meant(text, row)?.Rendering ?? text : null;

    /// <summary>A row's links: those that were sent, then what its texts name beside.</summary>
    public IEnumerable<RunLink> LinksOf(RunRow row, IEnumerable<RunLink> sent)
    {
        var links = sent.ToList();
        var mentions = _mentions[(row.Key, row.Attempt)].ToList();
        if (mentions.Count == 0)
        {
            return links;
        }
        var seen = links.Select(static l => l.Run).Append(ParentOf(row).Text).OfType<string>().Select(t => Meant(t, row)?.Rendering ?? t).ToHashSet();
        links.AddRange(mentions.Select(m => Known(m.Mention) ?? (m.Mention.IsCertain ? m.Mention.Text : null)).OfType<string>()
            .Where(t => seen.Add(Meant(t, row)?.Rendering ?? t)).Select(static t => new RunLink(LinkKinds.References, t)));
        return links;
    }

    /// <summary>Those of <see cref="LinksOf"/> whose runs are known, with their renderings.</summary>
    public IEnumerable<RunLink> ResolvedLinksOf(RunRow row, IEnumerable<RunLink> sent) => TargetsOf(row, sent).Select(static l => new RunLink(l.Kind, l.Run.Rendering));

    /// <summary>The runs that <see cref="LinksOf"/> lead to, where they are known.</summary>
    public IEnumerable<(string Kind, RunId Run)> TargetsOf(RunRow row, IEnumerable<RunLink> sent) =>
        LinksOf(row, sent).Select(l => (l.Kind, Run: Meant(l.Run, row))).Where(static l => l.Run is not null).Select(static l => (l.Kind, l.Run!));

    /// <summary>Whether a row has a parent of which it is not known yet which run it is.</summary>
    public bool IsPending(RunRow row) => ParentOf(row).Text is { } text && Meant(text, row) is null;

    /// <summary>The view of a link of a row.</summary>
    public LinkView View(RunLink link, RunRow row, Visible visible) =>
        new(link.Kind, Shown(link.Run, row, visible), Meant(link.Run, row) is not null, IsAmbiguous(link.Run, row, visible) ? true : null);

    /// <summary>Whether a reference of a row could mean more than one of the runs that may be seen, and so means none.</summary>
    public bool IsAmbiguous(string text, RunRow row, Visible visible) =>
        Meant(text, row) is null && _runs[text].Count(r => visible.Includes(r.Namespace)) > 1;

    /// <summary>What is shown of a reference of a row: the rendering of what it means, unless that may not be seen.</summary>
    public string Shown(string text, RunRow row, Visible visible) =>
        Meant(text, row) is not { } run ? text : visible.Includes(run.Namespace) ? run.Rendering : RunViews.Elsewhere;

    private RunId? Meant(string text, RunRow row) => References.Choose([.. _runs[text]], row.Namespace);

    private string? Known(Mention mention) => mention.Readings.FirstOrDefault(_runs.Contains);
}
