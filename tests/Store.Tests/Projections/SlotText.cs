using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Tests.Projections;

/// <summary>
/// The rows of a slot as text, so that two slots can be compared as the design has it: in key order, surrogate ids replaced by their
/// texts, positions left out. Hashes of texts that are there are left out too.
/// </summary>
internal static class SlotText
{
    /// <summary>The live slot's rows of one namespace and those below it, without its name.</summary>
    public static async Task<string> LiveAsync(StoreFixture store, string @namespace) =>
        (await OfAsync(store, live: true, @namespace)).Replace(@namespace, "space", StringComparison.Ordinal);

    /// <summary>All rows of the live slot.</summary>
    public static Task<string> LiveAsync(StoreFixture store) => OfAsync(store, live: true, null);

    private static async Task<string> OfAsync(StoreFixture store, bool live, string? @namespace)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(cancel);
        var slot = await database.Checkpoints.Where(c => c.Live == live).Select(static c => c.Slot).SingleAsync(cancel);
        var runs = await database.Runs(slot).Where(r => @namespace == null || r.Namespace == @namespace || r.Namespace.StartsWith(@namespace + "."))
            .OrderBy(static r => r.Namespace).ThenBy(static r => r.Type).ThenBy(static r => r.Id).ThenBy(static r => r.Attempt).ToListAsync(cancel);
        var links = (await database.RunLinks(slot).OrderBy(static l => l.Ordinal).ToListAsync(cancel)).ToLookup(static l => (l.Key, l.Attempt));
        var mentions = (await database.RunMentions(slot).OrderBy(static m => m.Ordinal).ToListAsync(cancel)).ToLookup(static m => (m.Key, m.Attempt));
        var aliases = (await database.RunAliases(slot).ToListAsync(cancel)).ToLookup(static a => a.Key, static a => a.Reference);
        var stages = (await database.RunStages(slot).OrderBy(static l => l.Ordinal).ToListAsync(cancel)).ToLookup(static l => (l.Key, l.Attempt));
        var running = (await database.Running(slot).ToListAsync(cancel)).ToDictionary(static r => (r.Key, r.Attempt), static r => (r.Operation, r.At));
        var tags = (await database.RunTags(slot).ToListAsync(cancel)).ToDictionary(static t => (t.Key, t.Attempt));
        var dictionary = await database.Tags.ToDictionaryAsync(static t => t.Id, static t => $"{t.Key}={t.Value}", cancel);
        var words = (await database.Words.Where(static w => w.Term != SearchTerms.OfKeys).ToListAsync(cancel)).ToLookup(static w => w.Term, static w => w.Word);
        var texts = runs.Select(r => string.Join(" | ",
            $"{r.Source} {r.Type} {r.Namespace} {r.Id} #{r.Attempt}", r.Name, r.State, r.Outcome, Seconds(r.At), Seconds(r.StartedAt), Seconds(r.EndedAt), Seconds(r.AbandonedAt),
            r.Duration, r.Actor, r.Reason, r.Submitter, r.Parent, r.Traceparent?.Split('-')[2], r.Flags, tags[(r.Key, r.Attempt)].Tags,
            string.Join(", ", links[(r.Key, r.Attempt)].Select(static l => $"{l.Kind} {l.Target}")),
            string.Join(", ", mentions[(r.Key, r.Attempt)].Select(static m => $"{m.Place} {m.Text} {m.IsCausal} {m.Reference == References.Hash(m.Text)}")),
            string.Join(", ", Aliases.Of(new RunId(r.Source, r.Type, r.Namespace, r.Id)).Select(a => $"{a} {aliases[r.Key].Contains(References.Hash(a))}")), aliases[r.Key].Count(),
            string.Join(", ", stages[(r.Key, r.Attempt)].Select(static s => $"{s.Name} {Seconds(s.FromAt)}..{Seconds(s.ToAt)}")),
            running.TryGetValue((r.Key, r.Attempt), out var told) ? $"runs {told == (r.Operation, r.At)}" : "",
            string.Join(", ", tags[(r.Key, r.Attempt)].Ids.Where(static t => t != SearchTerms.PartOf(0)).Select(t => dictionary.TryGetValue(t, out var tag) ? tag : words[t].Single()).Order(StringComparer.Ordinal))));

        var operations = await database.Operations(slot).Where(o => @namespace == null || o.Namespace == @namespace || o.Namespace.StartsWith(@namespace + "."))
            .OrderBy(static o => o.Namespace).ThenBy(static o => o.Type).ThenBy(static o => o.Name).ToListAsync(cancel);
        var rollups = (await database.Rollups(slot).ToListAsync(cancel)).ToLookup(static r => r.Operation);
        texts = texts.Concat(operations.Select(o => string.Join(" | ",
            [$"{o.Namespace} {o.Type} {o.Name}", $"{Seconds(o.FirstAt)}..{Seconds(o.LastAt)}", .. rollups[o.Key]
                .Select(r => $"{r.Series} {r.At} {(r.Tag == 0 ? "" : dictionary[r.Tag])} {Text(r.Data, dictionary)}").Order(StringComparer.Ordinal)])));
        return string.Join('\n', texts);
    }

    private static string Text(byte[] data, Dictionary<long, string> dictionary)
    {
        var tally = new Tally();
        tally.AddBytes(data);
        return string.Join(' ', Enum.GetValues<Counted>().Where(c => tally[c] > 0).Select(c => $"{c} {tally[c]}")
            .Concat(tally.Successful.Bins.Select(static b => $"s{b}")).Concat(tally.Failed.Bins.Select(static b => $"f{b}"))
            .Concat(tally.Facts.Select(f => $"{f.Key.Fact} {dictionary[f.Key.Tag]} {f.Value}").Order(StringComparer.Ordinal))
            .Append($"{tally.SuccessfulTime} {tally.FailedTime} {tally.OtherTime}"));
    }

    private static double? Seconds(DateTimeOffset? at) => (at - StoreFixture.Noon)?.TotalSeconds;
}
