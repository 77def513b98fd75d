using FsCheck;
using FsCheck.Fluent;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using Outcome = ValueStream.Core.Events.Outcome;

namespace ValueStream.Store.Tests.Projections;

/// <summary>What was added up run by run, with late events taken back and added again, is what a recount of the runs' rows gives.</summary>
public abstract class RecountContract
{
    private const int Histories = 40;

    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private static readonly string[] Dimensions =
        ["service", "deployment.environment.name", "host.name", "user.name", "vcs.repository.name", "vcs.ref.head.name"];

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rollups_equal_a_recount_of_the_runs()
    {
        await using var store = await NewStoreAsync();
        await store.RestartProjectorAsync(zone: Berlin);
        await store.CatchUpAsync();
        var spaces = 0;

        // On a thread of its own: the property is asked without being awaited.
        await Task.Run(() => Prop.ForAll(History.Any(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (history, seed) =>
            RecountAsync(store, history, new Random(seed), spaces++).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(Histories)), Cancel);

        Assert.True(spaces >= Histories);
        var recount = await RecountAsync(store);
        foreach (var series in Enumerable.Range(0, 2).Concat([2, 4, 5]))
        {
            Assert.Contains(recount, line => line.StartsWith($"{series} ", StringComparison.Ordinal));
        }
        // Hours and days are several, and what a day of Berlin is makes a difference.
        Assert.True(recount.Select(static l => l.Split(' ')[1]).Distinct().Count() > 10);
    }

    private static async Task RecountAsync(StoreFixture store, History history, Random random, int space)
    {
        // Seconds, or the same spread over 70 days that are over.
        var spread = random.Next(3) == 0 ? 1 : 20_000;
        var begin = StoreFixture.Noon.AddHours(-1);
        var events = history.In(space).Select(e => e with { OccurredAt = begin.AddDays(-80) + (e.OccurredAt - begin) * spread }).ToArray();
        random.Shuffle(events);
        foreach (var e in events)
        {
            await store.AppendAsync(e);
            if (random.Next(2) == 0)
            {
                await store.CatchUpAsync();
            }
        }
        await store.CatchUpAsync();

        Assert.Equal(await RecountAsync(store), await StoredAsync(store));
    }

    /// <summary>A line for each thing of each rollup that is stored.</summary>
    private static async Task<List<string>> StoredAsync(StoreFixture store)
    {
        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
        var live = await database.Checkpoints.SingleAsync(static c => c.Live, Cancel);
        var tags = await database.Tags.ToDictionaryAsync(static t => t.Id, static t => $"{t.Key}={t.Value}", Cancel);
        var lines = new List<string>();
        foreach (var row in await database.Rollups(live.Slot).ToListAsync(Cancel))
        {
            var tally = new Tally();
            tally.AddBytes(row.Data);
            var what = Enum.GetValues<Counted>().Select(c => ($"{c}", tally[c]))
                .Concat(tally.Successful.Bins.Select(static b => ($"success bin {b.Bin}", b.Count))).Concat(tally.Failed.Bins.Select(static b => ($"failed bin {b.Bin}", b.Count)))
                .Append(("success time", tally.SuccessfulTime)).Append(("failed time", tally.FailedTime)).Append(("other time", tally.OtherTime))
                .Concat(tally.Facts.Select(f => ($"{f.Key.Fact} {tags[f.Key.Tag]}", f.Value)));
            lines.AddRange(what.Where(static w => w.Item2 != 0).Select(w => $"{row.Series} {row.At} {row.Operation} {(row.Tag == 0 ? "" : tags[row.Tag])} {w.Item1}: {w.Item2}"));
        }
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    /// <summary>The same lines, counted from the runs.</summary>
    private static async Task<List<string>> RecountAsync(StoreFixture store)
    {
        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
        var live = await database.Checkpoints.SingleAsync(static c => c.Live, Cancel);
        var allTags = (await database.RunTags(live.Slot).ToListAsync(Cancel)).ToDictionary(static t => (t.Key, t.Attempt), static t => EventData.ReadTags(t.Tags));
        var counts = new Dictionary<string, long>();
        foreach (var run in await database.Runs(live.Slot).ToListAsync(Cancel))
        {
            void Count(string rollup, string what, long more)
            {
                if (more != 0)
                {
                    counts[$"{rollup} {what}"] = counts.GetValueOrDefault($"{rollup} {what}") + more;
                }
            }
            var tags = allTags[(run.Key, run.Attempt)];
            if (run.StartedAt is { } started)
            {
                Count($"0 {HourOf(started)} {run.Operation} ", "Started", 1);
                Count($"1 {DayOf(started)} {run.Operation} ", "Started", 1);
            }
            if ((run.EndedAt ?? run.AbandonedAt) is not { } ended)
            {
                continue;
            }
            var rollups = new List<string> { $"0 {HourOf(ended)} {run.Operation} ", $"1 {DayOf(ended)} {run.Operation} " };
            rollups.AddRange(Dimensions.Index().Where(d => tags.ContainsKey(d.Item)).Select(d => $"{d.Index + 2} {DayOf(ended)} {run.Operation} {d.Item}={tags[d.Item].Text}"));
            foreach (var rollup in rollups)
            {
                if ((Outcome?)run.Outcome is not { } outcome)
                {
                    Count(rollup, "Abandoned", 1);
                    continue;
                }
                Count(rollup, $"{outcome}", 1);
                if (run.StartedAt is null)
                {
                    Count(rollup, "WithoutStart", 1);
                    continue;
                }
                var micros = (long)(ended - run.StartedAt.Value).TotalMicroseconds;
                var name = outcome switch { Outcome.Success => "success", Outcome.Failure or Outcome.Error or Outcome.Timeout => "failed", _ => "other" };
                Count(rollup, $"{name} time", micros);
                if (name != "other")
                {
                    Count(rollup, $"{name} bin {Sketch.BinOf(micros)}", 1);
                }
            }
            if ((run.Actor ?? (tags.TryGetValue("user.name", out var user) ? user.Text : null)) is { } person)
            {
                Count(rollups[1], $"Person user.name={person}", 1);
            }
            if (tags.TryGetValue("host.name", out var host))
            {
                Count(rollups[1], $"Host host.name={host.Text}", 1);
            }
        }
        return [.. counts.Select(static c => $"{c.Key}: {c.Value}").Order(StringComparer.Ordinal)];
    }

    private static long HourOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / 3600;

    private static int DayOf(DateTimeOffset at) => (int)(TimeZoneInfo.ConvertTime(at, Berlin).Date - new DateTime(1970, 1, 1)).TotalDays;
}

public sealed class PostgresRecountTests : RecountContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteRecountTests : RecountContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
