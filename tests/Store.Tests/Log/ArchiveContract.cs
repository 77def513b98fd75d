using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Engines;
using ValueStream.Store.Forwarding;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Store.Tests.Projections;

namespace ValueStream.Store.Tests.Log;

/// <summary>What is archived answers as before, on each database.</summary>
public abstract class ArchiveContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_answer_is_the_same_after_archiving_and_so_is_a_rebuild()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        var (answers, rows) = (await AnswersAsync(store), await SlotText.LiveAsync(store));
        Assert.Contains("\"items\":[{", answers, StringComparison.Ordinal);

        var archived = await FilledLog.ArchiveAsync(store);
        await store.CatchUpAsync();

        Assert.Equal(new Archived(FilledLog.Archivable, 4, FilledLog.Archivable), archived);
        Assert.Equal(4, Directory.GetFiles(store.Archive).Length);
        Assert.Equal(FilledLog.Archivable + 1, await FilledLog.AskAsync(store, "SELECT min(position) FROM events"));
        Assert.Equal(FilledLog.Archivable + 1, await FilledLog.AskAsync(store, "SELECT min(first) FROM batches"));
        Assert.Equal(answers, await AnswersAsync(store));
        Assert.Equal(rows, Without(await SlotText.LiveAsync(store)));
        await store.RestartProjectorAsync(batchEvents: 3);
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();
        Assert.Equal(rows, Without(await SlotText.LiveAsync(store)));
        Assert.Null((await store.Get<ProjectionQueries>().ListAsync(Visible.Everything, Cancel)).Items[0].Rebuilding);
    }

    [Fact]
    public async Task A_run_that_goes_on_after_its_start_was_archived_is_folded_whole()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        await FilledLog.ArchiveAsync(store);

        await store.AppendAsync(Given.End(FilledLog.Open, 600, new EventData { Outcome = "failure" }));
        await store.CatchUpAsync();

        var run = await store.Get<RunQueries>().FindAsync(FilledLog.Open.Key, null, Visible.Everything, Cancel);
        Assert.Equal(("open", "carol", "failure", 600), (run!.Name, run.Actor, run.Outcome, run.Duration));
        var rows = await SlotText.LiveAsync(store);
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();
        Assert.Equal(rows, await SlotText.LiveAsync(store));
        Assert.Equal(["ended", "started"], (await ListAsync(store, new() { Run = FilledLog.Open.Key })).Items.Select(static e => e.Kind));
    }

    [Fact]
    public async Task An_archived_event_that_is_sent_again_is_a_duplicate_and_with_other_content_a_conflict()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        await FilledLog.ArchiveAsync(store);
        // Makes the next append the fast one.
        await store.AppendAsync(Given.Start(Given.Run("after")));
        var first = FilledLog.Events[0];

        Assert.Equal([new AppendResult.Duplicate(1)], await store.AppendAsync(first));
        Assert.Equal([new AppendResult.Conflict(1)], await store.AppendAsync(first with { Data = new EventData { Name = "another" } }));
        Assert.Equal([new AppendResult.Duplicate(1)], await store.AppendAsync(first with { Data = new EventData { Name = "another" }, IsIdDerived = true }));
        var head = (await store.Get<EventQueries>().HeadAsync(Cancel)).Position;
        var mixed = await store.AppendAsync(FilledLog.Events[3], Given.Start(Given.Run("new")), first);
        Assert.Equal([new AppendResult.Duplicate(4), new AppendResult.Accepted(head + 1), new AppendResult.Duplicate(1)], mixed);
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public async Task What_somebody_has_not_read_stays()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync, catchUp: false);
        Assert.Equal(0, (await FilledLog.ArchiveAsync(store)).Position);

        await store.CatchUpAsync();
        var archiver = store.NewArchiver("jaeger");
        await using (var session = await store.Get<IEngine>().BeginAsync(Cancel))
        {
            await session.ExecuteAsync("INSERT INTO tracers (name, position, sent, rejected, set_aside) VALUES ('jaeger', 8, 0, 0, 0), ('gone', 1, 0, 0, 0)", Cancel);
            await session.CommitAsync(Cancel);
        }

        // Whole batches of two only.
        Assert.Equal(6, (await archiver.ArchiveAsync(long.MaxValue, DateTimeOffset.MaxValue, "token:0", null, null, Cancel)).Position);
        Assert.Equal(8, (await store.Get<Tracers>().FindAsync("jaeger", Cancel))!.Position);
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        Assert.Equal(6, (await store.NewArchiver().ArchiveAsync(long.MaxValue, DateTimeOffset.MaxValue, "token:0", null, null, Cancel)).Position);
    }

    [Fact]
    public async Task Tracers_are_told_of_archived_runs_again_when_somebody_asks_for_it()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        var exports = store.Get<Exports>();
        var before = await AllAsync();
        Assert.NotEmpty(before);

        await FilledLog.ArchiveAsync(store);

        Assert.Equal(before, await AllAsync());

        async Task<List<string>> AllAsync()
        {
            var told = new List<string>();
            for (var at = 0L; ;)
            {
                var batch = await exports.ReadAsync(at, 5, ExportFilter.Observed, Cancel);
                told.AddRange(batch.Items.Select(static r => JsonSerializer.Serialize(r)));
                if (batch.To >= FilledLog.Last || batch.To == at)
                {
                    return told;
                }
                at = batch.To;
            }
        }
    }

    [Fact]
    public async Task By_itself_what_is_old_goes_a_whole_segment_at_a_time_and_what_is_left_over_a_day_later()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        var archiver = store.Get<Archiver>();
        archiver.SegmentEvents = 10;
        Assert.Equal(0, (await archiver.RunOnceAsync(Cancel)).Position);

        store.Time.Advance(TimeSpan.FromDays(30) + TimeSpan.FromSeconds(1));
        Assert.Equal(new Archived(10, 1, 10), await archiver.RunOnceAsync(Cancel));
        await store.CatchUpAsync();
        Assert.Equal(new Archived(10, 0, 0), await archiver.RunOnceAsync(Cancel));

        store.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(new Archived(FilledLog.Last, 1, FilledLog.Last - 10), await archiver.RunOnceAsync(Cancel));
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public async Task The_log_says_who_had_what_archived_and_why()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        var archiver = store.Get<Archiver>();
        archiver.SegmentEvents = 100;

        Assert.Equal(6, (await archiver.ArchiveAsync(7, DateTimeOffset.MaxValue, "token:7", "grace", "the disk is full", Cancel)).Position);

        var said = (await ListAsync(store, new() { Kind = "administered", Type = "segment" })).Items.Single();
        Assert.Equal(("token:7", "grace", "the disk is full", "vstrace-valuestream-segment-valuestream-1"), (said.Submitter, said.Actor, said.Reason, said.Run));
        Assert.Equal($"archived: positions 1 to 6, in {Path.GetFileName(Directory.GetFiles(store.Archive).Single())}", said.Data.Note);
    }

    [Fact]
    public async Task Times_decide_by_whole_batches()
    {
        await using var store = await NewStoreAsync();
        for (var day = 0; day < 4; day++)
        {
            await store.AppendAsync(Given.Start(Given.Run($"{day}")), Given.Start(Given.Run($"{day} too")));
            store.Time.Advance(TimeSpan.FromDays(1));
        }
        await store.CatchUpAsync();

        var archived = await store.Get<Archiver>().ArchiveAsync(long.MaxValue, StoreFixture.Noon.AddDays(2), "token:0", null, null, Cancel);

        Assert.Equal(new Archived(4, 1, 4), archived);
        var events = store.Get<EventQueries>();
        foreach (var (days, position) in new[] { (-1, 0), (0, 0), (1, 2), (1.5, 4), (2, 4), (3, 6) })
        {
            Assert.Equal(position, await events.BeforeAsync(StoreFixture.Noon.AddDays(days), Cancel));
        }
    }

    private static async Task<EventsView> ListAsync(StoreFixture store, EventFilter filter) => await store.Get<EventQueries>().ListAsync(filter, Visible.Everything, Cancel);

    /// <summary>What the log and the pages say of what was there before the archiving, as text.</summary>
    private static async Task<string> AnswersAsync(StoreFixture store)
    {
        var answers = new List<string>();
        var events = store.Get<EventQueries>();
        var team = Visible.Namespaces("team.*");
        foreach (var filter in (EventFilter[])
        [
            new(), new() { Limit = 7 }, new() { Run = FilledLog.Open.Key }, new() { Run = FilledLog.Busy.Key, Limit = 3 }, new() { Kind = "ended" }, new() { Submitter = "loopback", Limit = 5 }, new() { Source = "github" },
            new() { Type = "pipeline" }, new() { Namespace = "team.a" }, new() { Actor = "alice" }, new() { Outcome = "failure" }, new() { Tags = ["env:prod"] }, new() { Tags = ["env:prod"], Limit = 2 }, new() { Text = "login" },
            new() { Text = "carol" }, new() { From = StoreFixture.Noon.AddMinutes(3) }, new() { To = StoreFixture.Noon.AddMinutes(5) }, new() { From = StoreFixture.Noon.AddMinutes(2), To = StoreFixture.Noon.AddMinutes(8), Limit = 4 },
            new() { From = StoreFixture.Noon.AddMinutes(-59), ByOccurrence = true }, new() { AsOf = 9 }, new() { Operation = ShortKey.Of("default", "pipeline", "busy") },
        ])
        {
            foreach (var visible in new[] { Visible.Everything, team })
            {
                var asked = filter with { AsOf = filter.AsOf ?? FilledLog.Last };
                for (var (page, i) = (asked, 0); ; i++)
                {
                    var answer = await events.ListAsync(page, visible, Cancel);
                    answers.Add(JsonSerializer.Serialize(answer with { Head = null!, Projected = 0 }, JsonSerializerOptions.Web));
                    if (answer.Next is null || i > 20)
                    {
                        break;
                    }
                    page = page with { Cursor = answer.Next };
                }
                answers.Add(JsonSerializer.Serialize(await (await events.ExportAsync(asked, visible, Cancel)).Slices.ToListAsync(Cancel)));
            }
        }
        for (var position = 1; position <= FilledLog.Last; position++)
        {
            answers.Add(JsonSerializer.Serialize(await events.FindAsync(position, Visible.Everything, Cancel)));
            answers.Add($"{await events.FindAsync(position, team, Cancel) is not null}");
        }
        for (var minute = -1; minute < 9; minute++)
        {
            answers.Add($"{await events.BeforeAsync(StoreFixture.Noon.AddMinutes(minute), Cancel)}");
        }
        foreach (var run in new[] { FilledLog.Open, FilledLog.Busy })
        {
            answers.Add(JsonSerializer.Serialize(await store.Get<RunQueries>().FindAsync(run.Key, null, Visible.Everything, Cancel)));
        }
        answers.Add(JsonSerializer.Serialize(await store.Get<AdministrationQueries>().FindAsync(ShortKey.Of("default", "pipeline", "busy"), Visible.Everything, Cancel)));
        return string.Join('\n', answers);
    }

    /// <summary>The rows without those that archiving itself adds, if it does.</summary>
    private static string Without(string rows) => string.Join('\n', rows.Split('\n').Where(static r => !r.Contains("valuestream segment", StringComparison.Ordinal)));
}

public sealed class PostgresArchiveTests : ArchiveContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();

    [Fact]
    public async Task Another_server_that_appended_before_the_archiving_knows_archived_ids_too()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        await using var beside = store.Beside();
        await beside.Log.StartAsync(Cancel);
        await beside.AppendAsync(Given.Start(Given.Run("beside")));
        await store.CatchUpAsync();

        await FilledLog.ArchiveAsync(store);

        Assert.Equal([new AppendResult.Duplicate(2)], await beside.AppendAsync(FilledLog.Events[1]));
        Assert.IsType<AppendResult.Accepted>((await beside.AppendAsync(Given.Start(Given.Run("beside 2"))))[0]);
        Assert.Equal([new AppendResult.Duplicate(2)], await beside.AppendAsync(FilledLog.Events[1]));
        // It remembers a head that is archived by now.
        await store.AppendAsync(Given.Start(Given.Run("on")), Given.Start(Given.Run("and on")));
        await store.AppendAsync(Given.Start(Given.Run("and on and on")));
        await store.CatchUpAsync();
        await FilledLog.ArchiveAsync(store);
        Assert.IsType<AppendResult.Accepted>((await beside.AppendAsync(Given.Start(Given.Run("beside 3"))))[0]);
    }
}

public sealed class SqliteArchiveTests : ArchiveContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
