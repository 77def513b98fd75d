using ValueStream.Core.Events;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;

namespace ValueStream.Store.Tests.Log;

/// <summary>A log of batches of two events, a minute apart, with something for every question; and its archiving in segments of four.</summary>
internal static class FilledLog
{
    /// <summary>A run that has started and not ended.</summary>
    public static readonly RunId Open = Given.Run("open");

    /// <summary>A run with many events.</summary>
    public static readonly RunId Busy = Given.Run("busy", @namespace: "default");

    /// <summary>The events, in the order of their positions.</summary>
    public static readonly NewEvent[] Events =
    [
        Given.Start(Open, 0, Data("open", "carol", "prod")), Given.Start(Busy, 1, Data("busy", "alice", "prod")),
        Given.Event(EventKind.Annotated, Busy, 2, new() { Note = "the login fails" }), Given.Start(Given.Run("a", @namespace: "team.a"), 3, Data("team", "alice", "test")),
        Given.Event(EventKind.Transitioned, Busy, 4, new() { Stage = "testing" }), Given.End(Given.Run("a", @namespace: "team.a"), 5, new() { Outcome = "success" }),
        Given.Event(EventKind.Administered, OperationSetting.IdOf("default", ShortKey.Of("default", "pipeline", "busy")), 6, new() { OperationSetting = new() { Owner = "platform" } }),
        Given.Event(EventKind.Linked, Busy, 7, new() { Links = [new RunLink(LinkKinds.Follows, Open.Rendering)] }),
        Given.End(Busy, 8, new() { Outcome = "failure" }), Given.Start(Given.Run("orphan"), 9, Data("orphan", "bob", "prod")) with { OccurredAt = null, Attempt = 2, Submitter = "token:7" },
        Given.Start(Given.Run("b", @namespace: "team.b") with { Source = "github" }, 10, Data("gh", "dave", "prod")), Given.End(Given.Run("b", @namespace: "team.b") with { Source = "github" }, 11),
        Given.Start(Busy, 12, Data("busy", "erin", "prod")), Given.End(Busy, 13, new() { Outcome = "success" }),
        Given.Start(Given.Run("c"), 14, Data("größe", "Jörg 👩‍🚀", "prod")), Given.End(Given.Run("c"), 15),
        Given.Start(Given.Run("d"), 16, Data("login", "alice", "prod")), Given.End(Given.Run("d"), 17),
    ];

    /// <summary>The last position.</summary>
    public static readonly long Last = Events.Length;

    /// <summary>The last position that can be archived: the batch with the last one that was read stays.</summary>
    public static readonly long Archivable = Last - 2;

    public static async Task<StoreFixture> NewAsync(Func<Task<StoreFixture>> newStore, bool catchUp = true)
    {
        var store = await newStore();
        foreach (var pair in Events.Chunk(2))
        {
            await store.AppendAsync(pair);
            store.Time.Advance(TimeSpan.FromMinutes(1));
        }
        if (catchUp)
        {
            await store.CatchUpAsync();
        }
        store.Get<Archiver>().SegmentEvents = 4;
        return store;
    }

    /// <summary>Archives all that can be.</summary>
    public static Task<Archived> ArchiveAsync(StoreFixture store) =>
        store.Get<Archiver>().ArchiveAsync(long.MaxValue, DateTimeOffset.MaxValue, "token:0", null, null, TestContext.Current.CancellationToken);

    /// <summary>The number that a query gives.</summary>
    public static async Task<long> AskAsync(StoreFixture store, string sql)
    {
        await using var session = await store.Get<IEngine>().BeginAsync(TestContext.Current.CancellationToken);
        return (await session.QueryAsync(sql, static r => r.GetInt64(0), TestContext.Current.CancellationToken)).Single();
    }

    private static EventData Data(string name, string actor, string environment) => new() { Name = name, Actor = actor, Tags = Event.NoTags.Add("env", environment) };
}
