using FsCheck;
using FsCheck.Fluent;
using ValueStream.Store.Log;

namespace ValueStream.Store.Tests.Projections;

/// <summary>The projections are a function of the log's set of events: arrival, batching, restarts and rebuilds leave no trace in them.</summary>
public abstract class ArrivalContract
{
    private const int Histories = 40;

    private protected abstract Task<StoreFixture> NewStoreAsync();

    [Fact]
    public async Task Any_order_batching_and_restart_give_the_same_rows_live_or_rebuilt()
    {
        await using var store = await NewStoreAsync();
        var spaces = 0;
        var seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();

        // On threads of its own: the property is asked without being awaited.
        await Task.Run(() => Prop.ForAll(History.Any(), seeds, (history, seed) =>
        {
            var space = spaces;
            spaces += 3;
            SameRowsAsync(store, history, new Random(seed), space).GetAwaiter().GetResult();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Histories)), TestContext.Current.CancellationToken);

        Assert.True(spaces >= 3 * Histories);
    }

    private static async Task SameRowsAsync(StoreFixture store, History history, Random random, int space)
    {
        await store.AppendAsync([.. history.In(space)]);
        await store.CatchUpAsync();
        var expected = await SlotText.LiveAsync(store, $"space{space}");

        for (var other = space + 1; other < space + 3; other++)
        {
            var events = history.In(other).ToArray();
            random.Shuffle(events);
            await ArriveAsync(store, events, random);
            Assert.Equal(expected, await SlotText.LiveAsync(store, $"space{other}"));
        }

        var live = await SlotText.LiveAsync(store);
        await store.RestartProjectorAsync(random.Next(50, 500));
        Assert.True(await store.Projector.BeginRebuildAsync(TestContext.Current.CancellationToken));
        await store.CatchUpAsync();
        Assert.Equal(live, await SlotText.LiveAsync(store));
    }

    /// <summary>In batches of any size, some read at once, some later, some by a projector that has just been started.</summary>
    private static async Task ArriveAsync(StoreFixture store, NewEvent[] events, Random random)
    {
        for (var at = 0; at < events.Length;)
        {
            var size = random.Next(1, events.Length - at + 1);
            await store.AppendAsync(events[at..(at + size)]);
            at += size;
            switch (random.Next(3))
            {
                case 0:
                    await store.Projector.RunOnceAsync(TestContext.Current.CancellationToken);
                    break;
                case 1:
                    await store.RestartProjectorAsync(random.Next(1, 5));
                    await store.Projector.RunOnceAsync(TestContext.Current.CancellationToken);
                    break;
            }
        }
        await store.CatchUpAsync();
    }
}

public sealed class PostgresArrivalTests : ArrivalContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteArrivalTests : ArrivalContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
