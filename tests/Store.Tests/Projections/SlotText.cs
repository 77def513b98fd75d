using Microsoft.EntityFrameworkCore;

namespace ValueStream.Store.Tests.Projections;

/// <summary>
/// The rows of a slot as text, so that two slots can be compared as the design has it: in key order, surrogate ids replaced by their
/// texts, positions left out. Hashes of texts that are there are left out too.
/// </summary>
internal static class SlotText
{
    /// <summary>The live slot's rows of one namespace, without its name.</summary>
    public static async Task<string> LiveAsync(StoreFixture store, string @namespace) =>
        (await OfAsync(store, live: true, @namespace)).Replace(@namespace, "space", StringComparison.Ordinal);

    /// <summary>All rows of the live slot.</summary>
    public static Task<string> LiveAsync(StoreFixture store) => OfAsync(store, live: true, null);

    private static async Task<string> OfAsync(StoreFixture store, bool live, string? @namespace)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(cancel);
        var slot = await database.Checkpoints.Where(c => c.Live == live).Select(static c => c.Slot).SingleAsync(cancel);
        var runs = await database.Runs(slot).Where(r => @namespace == null || r.Namespace == @namespace)
            .OrderBy(static r => r.Namespace).ThenBy(static r => r.Type).ThenBy(static r => r.Id).ThenBy(static r => r.Attempt).ToListAsync(cancel);
        var links = (await database.RunLinks(slot).OrderBy(static l => l.Ordinal).ToListAsync(cancel)).ToLookup(static l => l.RunNo);
        var tags = (await database.RunTags(slot).ToListAsync(cancel)).ToLookup(static t => t.RunNo);
        var dictionary = await database.Tags.ToDictionaryAsync(static t => t.Id, static t => $"{t.Key}={t.Value}", cancel);
        return string.Join('\n', runs.Select(r => string.Join(" | ",
            $"{r.Source} {r.Type} {r.Namespace} {r.Id} #{r.Attempt}", r.Name, r.State, r.Outcome, Seconds(r.At), Seconds(r.StartedAt), Seconds(r.EndedAt),
            r.Duration, r.Actor, r.Reason, r.Submitter, r.Parent, r.Traceparent?.Split('-')[2], r.Tags, r.Flags,
            string.Join(", ", links[r.No].Select(static l => $"{l.Kind} {l.Target}")),
            string.Join(", ", tags[r.No].Select(t => dictionary[t.TagId]).Order(StringComparer.Ordinal)))));
    }

    private static double? Seconds(DateTimeOffset? at) => (at - StoreFixture.Noon)?.TotalSeconds;
}
