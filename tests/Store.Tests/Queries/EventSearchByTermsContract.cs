using FsCheck.Fluent;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;
using ValueStream.Store.Queries;
using ValueStream.Store.Tests.Projections;

namespace ValueStream.Store.Tests.Queries;

/// <summary>The index of what searches of the log find runs by, on each database.</summary>
public abstract class EventSearchByTermsContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_finds_what_going_through_the_whole_log_finds()
    {
        await using var store = await NewStoreAsync();
        var histories = Gen.Sample(History.Any().Generator, 60);
        foreach (var (history, space) in histories.Select(static (h, i) => (h, i)))
        {
            await store.AppendAsync([.. history.In(space)]);
            if (space % 7 == 0)
            {
                await store.CatchUpAsync();
            }
        }
        await store.CatchUpAsync();
        string[] texts = ["a", "ü", "api", "web", "run", "run 1", "fix", "fix web", "sp*", "a ap*", "utf 8", "as", "of", "service", "service api", "nowhere", "noth*", "vstrace* we*"];
        EventFilter[] filters =
        [
            .. texts.Select(static t => new EventFilter { Text = t }),
            .. ((string[])["a", "ü", "nobody"]).Select(static a => new EventFilter { Actor = a }),
            .. ((string[])["service:api", "env=web", "host.name:api", "env:nothing"]).Select(static t => new EventFilter { Tags = [t] }),
            new() { Tags = ["service:api"], Actor = "a" }, new() { Tags = ["env:web"], Text = "run" }, new() { Actor = "ü", Outcome = "failure" }, new() { Text = "a", Kind = "ended" },
            .. Enumerable.Range(0, 60).Select(static i => new EventFilter { Operation = ShortKey.Of($"space{i}", "pipeline", "a") }),
        ];

        // What is among the newest events, and what lies before them.
        var near = await AnswersAsync(store, filters);
        await FillAsync(store, 2_100);
        var far = await AnswersAsync(store, filters);
        await WithoutTermsAsync(store);
        var walked = await AnswersAsync(store, filters);

        Assert.Contains(walked, static a => a.Length > 0);
        Assert.Equal(walked, near);
        Assert.Equal(walked, far);
    }

    [Fact]
    public async Task Events_of_a_run_that_lasts_come_where_they_happened_from_whatever_part_of_the_log_it_began_in()
    {
        await using var store = await NewStoreAsync();
        var blue = new EventData { Name = "lasts", Actor = "ann", Tags = Event.NoTags.Add("colour", "blue") };
        await store.AppendAsync(Given.Start(Given.Run("lasts"), 0, blue));
        await FillAsync(store, SearchTerms.Part);
        var middle = await store.AppendAsync(Given.Event(EventKind.Annotated, Given.Run("lasts"), 5, new EventData { Note = "halfway" }), Given.Start(Given.Run("short"), 6, blue));
        await FillAsync(store, 2_100);
        await store.CatchUpAsync();
        var at = (await store.Get<EventQueries>().HeadAsync(Cancel)).Position - 2_101;
        Assert.Equal(2, middle.Count);

        Assert.Equal([at + 1, at, 1], await AllAsync(store, new() { Tags = ["colour:blue"] }));
        Assert.Equal([at + 1, at, 1], await AllAsync(store, new() { Tags = ["colour:blue"], Limit = 1 }));
        Assert.Equal([at + 1, at, 1], await AllAsync(store, new() { Actor = "ann" }));
        Assert.Equal([at], await AllAsync(store, new() { Text = "blue halfway" }));
        Assert.Equal([at, 1], await AllAsync(store, new() { Tags = ["colour:blue"], AsOf = at }));
    }

    [Fact]
    public async Task Whatever_many_runs_of_one_part_match_all_are_found()
    {
        await using var store = await NewStoreAsync();
        foreach (var piece in Enumerable.Range(0, 5_200).Chunk(1_300))
        {
            await store.AppendAsync([.. piece.Select(static i => Given.Start(Given.Run($"{i}"), i, new EventData { Name = "many", Actor = "ann" }))]);
        }
        await FillAsync(store, 2_100);

        Assert.Equal(Enumerable.Range(1, 5_200).Reverse().Select(static p => (long)p), await AllAsync(store, new() { Actor = "ann", Limit = 1_000 }));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1_200)]
    public async Task What_seems_to_be_rare_is_found_however_far_back_it_is_and_however_often_it_came_there(int runs)
    {
        await using var store = await NewStoreAsync();
        await store.AppendAsync([.. Enumerable.Range(1, runs).Select(static i => Given.Start(Given.Run($"{i}"), i, new EventData { Name = "seldom", Actor = "ann", Reason = "xyzzy" }))]);
        await SkipAsync(store, 40);
        var middle = (await store.Get<EventQueries>().HeadAsync(Cancel)).Position;
        await store.AppendAsync(Given.Start(Given.Run("again"), runs + 1, new EventData { Name = "seldom", Actor = "ann", Reason = "xyzzy" }));
        await SkipAsync(store, 20);
        await FillAsync(store, 2_100);

        IEnumerable<long> all = [middle + 1, .. Enumerable.Range(1, runs).Reverse().Select(static p => (long)p)];
        Assert.Equal(all, await AllAsync(store, new() { Actor = "ann", Limit = 1_000 }));
        Assert.Equal(all, await AllAsync(store, new() { Text = "xyzzy", Limit = 100 }));
        Assert.Equal(all, await AllAsync(store, new() { Operation = ShortKey.Of("default", "pipeline", "seldom") }));
        Assert.Equal(all.Skip(1), await AllAsync(store, new() { Actor = "ann", AsOf = middle }));
    }

    [Fact]
    public async Task What_is_not_said_any_more_is_in_no_index()
    {
        await using var store = await NewStoreAsync();
        var run = Given.Run("1");
        await store.AppendAsync(
            Given.Start(run, 0, new EventData { Name = "deploy", Actor = "mallory", Reason = "the password is xyzzy", Tags = Event.NoTags.Add("text", "some words that include plugh as well") }),
            Given.End(run, 5), Given.Start(Given.Run("2"), 6, new EventData { Name = "deploy", Actor = "bob", Reason = "another password" }));
        await store.CatchUpAsync();
        Assert.Equal([2, 1], await AllAsync(store, new() { Text = "xyzzy plu*" }));

        await store.Get<Redactor>().RedactAsync(1, ["actor", "reason", "tags"], "token:1", null, "why", Cancel);
        await store.CatchUpAsync();

        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
        var words = await database.Words.Select(static w => w.Word).ToListAsync(Cancel);
        Assert.Contains("password", words);
        Assert.Empty(words.Intersect(["xyzzy", "plugh", "mallory", "include"]));
        Assert.DoesNotContain("mallory", await database.Tags.Select(static t => t.Value).ToListAsync(Cancel));
    }

    /// <summary>Events that say nothing, and of which no run has too many.</summary>
    private static async Task FillAsync(StoreFixture store, int events)
    {
        foreach (var piece in Enumerable.Range(0, events).Chunk(1_000))
        {
            var run = Given.Run($"filler-{Guid.NewGuid():n}", "filler");
            await store.AppendAsync([.. piece.Select(i => Given.Event(EventKind.Linked, run, i, new EventData()))]);
        }
        await store.CatchUpAsync();
    }

    /// <summary>As if so many parts of the log had been filled: it goes on behind them.</summary>
    private static async Task SkipAsync(StoreFixture store, int parts)
    {
        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
        await database.LogHead.ExecuteUpdateAsync(h => h.SetProperty(static x => x.Position, x => x.Position + parts * SearchTerms.Part), Cancel);
    }

    /// <summary>As if the projection were of a version before there were terms.</summary>
    private static async Task WithoutTermsAsync(StoreFixture store)
    {
        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
        await database.Checkpoints.ExecuteUpdateAsync(static c => c.SetProperty(static x => x.Version, 3), Cancel);
    }

    private static async Task<string[]> AnswersAsync(StoreFixture store, EventFilter[] filters)
    {
        var answers = new List<string>();
        foreach (var filter in filters)
        {
            answers.Add(string.Join(' ', await AllAsync(store, filter)));
        }
        return [.. answers];
    }

    private static async Task<List<long>> AllAsync(StoreFixture store, EventFilter filter)
    {
        var positions = new List<long>();
        for (EventsView? page = null; page is null || page.Next is not null;)
        {
            page = await store.Get<EventQueries>().ListAsync(filter with { Cursor = page?.Next }, Visible.Everything, Cancel);
            positions.AddRange(page.Items.Select(static e => e.Position));
        }
        return positions;
    }
}

public sealed class PostgresEventSearchByTermsTests : EventSearchByTermsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteEventSearchByTermsTests : EventSearchByTermsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
