using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Wire;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Store.Tests.Projections;

namespace ValueStream.Store.Tests.Log;

/// <summary>What is done to the archive behind the log's back, and what breaks while it works, on each database.</summary>
public abstract class ArchiveFaultContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_archived_log_verifies_from_any_position_on_and_against_any_head_of_before()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        var heads = await HeadsAsync(store);
        await FilledLog.ArchiveAsync(store);

        for (var from = 1; from <= FilledLog.Last + 2; from++)
        {
            Assert.Null((await VerifyAsync(store, new() { From = from })).Fault);
        }
        foreach (var head in heads)
        {
            Assert.Null((await VerifyAsync(store, new() { Head = head })).Fault);
            Assert.Null((await VerifyAsync(store, new() { Head = head, From = FilledLog.Last })).Fault);
            var forged = head with { Hash = new string('0', 64) };
            Assert.Contains("written anew", (await VerifyAsync(store, new() { Head = forged })).Fault!.Problem, StringComparison.Ordinal);
            // One that lies in a batch that is checked anyway is held against that one.
            Assert.InRange((await VerifyAsync(store, new() { Head = forged, From = FilledLog.Last })).Fault!.Position, head.Position == FilledLog.Last ? head.Position - 1 : head.Position, head.Position);
        }
    }

    [Fact]
    public async Task One_flipped_bit_anywhere_in_a_file_is_found_with_its_position_and_every_reader_says_so()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        await FilledLog.ArchiveAsync(store);
        var file = FileOf(store, 5);
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        var seen = new SortedSet<long>();
        for (var at = 0; at < bytes.Length; at += 7)
        {
            var flipped = (byte[])bytes.Clone();
            flipped[at] ^= 1;
            await File.WriteAllBytesAsync(file, flipped, Cancel);
            var cold = NewReader(store);
            var fault = await Assert.ThrowsAsync<SegmentException>(() => cold.AfterAsync(4, 100, Cancel));
            Assert.InRange(fault.Position, 5, 8);
            Assert.Equal((Path.GetFileName(file), true), (fault.File, cold.Problem!.Contains(fault.File, StringComparison.Ordinal)));
            seen.Add(fault.Position);
        }
        // The second batch is named where only that is hit.
        Assert.Equal([5, 7], seen);

        await using var fresh = store.Beside();
        var told = await fresh.Get<ChainVerifier>().VerifyAsync(new(), Cancel).LastAsync(Cancel);
        Assert.Equal((true, 4L), (told.Fault!.Position is 5 or 7, told.Position));
        Assert.Contains(Path.GetFileName(file), told.Fault.Problem, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SegmentException>(() => fresh.Get<EventQueries>().FindAsync(6, Visible.Everything, Cancel));
        Assert.NotNull(await fresh.Get<EventQueries>().FindAsync(3, Visible.Everything, Cancel));
        Assert.Null(await store.Get<ChainVerifier>().VerifyAsync(new() { From = 9 }, Cancel).Where(static p => p.Fault is not null).FirstOrDefaultAsync(Cancel));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("exchanged")]
    [InlineData("packed anew")]
    [InlineData("with something after it")]
    public async Task A_file_that_is_not_the_one_archived_is_named_and_keeps_a_rebuild_from_beginning(string what)
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        await FilledLog.ArchiveAsync(store);
        await store.CatchUpAsync();
        var (rows, file) = (await SlotText.LiveAsync(store), FileOf(store, 5));
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        switch (what)
        {
            case "missing":
                File.Delete(file);
                break;
            case "exchanged":
                File.Copy(FileOf(store, 9), file, overwrite: true);
                break;
            case "packed anew":
                await File.WriteAllBytesAsync(file, SegmentFormat.Write(SegmentOf(store, 5).PreviousHash, SegmentFormat.Read(bytes, SegmentOf(store, 5)).Select(static b => b with { Row = new() { First = b.Row.First, Last = b.Row.Last, Hash = new byte[32] } }).ToList()), Cancel);
                break;
            default:
                await File.WriteAllBytesAsync(file, [.. bytes, 0], Cancel);
                break;
        }
        await using var fresh = store.Beside();

        var refusal = await Assert.ThrowsAsync<SegmentException>(() => store.Projector.BeginRebuildAsync(Cancel));

        Assert.Equal((Path.GetFileName(file), 5L), (refusal.File, refusal.Position));
        Assert.Contains(refusal.File, store.Get<Archiver>().Problem, StringComparison.Ordinal);
        Assert.Null((await store.Get<ProjectionQueries>().ListAsync(Visible.Everything, Cancel)).Items[0].Rebuilding);
        Assert.Equal((5L, refusal.File), ((await fresh.Get<ChainVerifier>().FirstFaultAsync(Cancel))!.Value, refusal.File));

        // Appends, and what is live, need no old file.
        Assert.Equal([new AppendResult.Duplicate(5)], await store.AppendAsync(FilledLog.Events[4]));
        await store.AppendAsync(Given.Start(Given.Run("while it is gone")));
        await store.CatchUpAsync();
        Assert.Contains("while it is gone", await SlotText.LiveAsync(store), StringComparison.Ordinal);

        await File.WriteAllBytesAsync(file, bytes, Cancel);
        await store.Get<LogReader>().LookAsync(Cancel);
        Assert.Null(store.Get<Archiver>().Problem);
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();
        Assert.StartsWith(rows.Split('\n')[0], await SlotText.LiveAsync(store), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Projections_made_by_other_rules_go_on_answering_while_a_file_is_missing()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        await FilledLog.ArchiveAsync(store);
        await store.CatchUpAsync();
        File.Delete(FileOf(store, 9));
        await store.RestartProjectorAsync(zone: TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));

        await store.AppendAsync(Given.Start(Given.Run("new")));
        await store.CatchUpAsync();

        Assert.NotNull(await store.Get<RunQueries>().FindAsync(Given.Run("new").Key, null, Visible.Everything, Cancel));
        Assert.Equal("UTC", (await store.Get<ProjectionQueries>().ListAsync(Visible.Everything, Cancel)).Items[0].Zone);
    }

    [Theory]
    [InlineData((int)ArchiveStep.Claimed)]
    [InlineData((int)ArchiveStep.Written)]
    [InlineData((int)ArchiveStep.Checked)]
    [InlineData((int)ArchiveStep.Deleted)]
    [InlineData((int)ArchiveStep.Registered)]
    public async Task Killed_at_any_step_nothing_is_lost_and_nothing_is_there_twice(int step)
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        var archiver = store.Get<Archiver>();
        archiver.Took = s => _ = (int)s == step ? throw new TimeoutException("killed") : s;

        await Assert.ThrowsAsync<TimeoutException>(() => FilledLog.ArchiveAsync(store));

        archiver.Took = static _ => { };
        var archived = (ArchiveStep)step == ArchiveStep.Registered ? 4 : 0;
        Assert.Equal(archived, await FilledLog.AskAsync(store, "SELECT COALESCE(max(last), 0) FROM segments"));
        Assert.Equal(archived + 1, await FilledLog.AskAsync(store, "SELECT min(position) FROM events"));
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
        Assert.Equal(FilledLog.Last, (await store.Get<EventQueries>().ListAsync(new() { AsOf = FilledLog.Last }, Visible.Everything, Cancel)).Items.Count);
        // What was left of the file goes, though the next archiving were never to write it again.
        store.Time.Advance(TimeSpan.FromMinutes(10));
        await store.Get<SegmentClaims>().CleanAsync(Cancel);
        Assert.Equal(archived / 4, Directory.Exists(store.Archive) ? Directory.GetFiles(store.Archive).Length : 0);

        await FilledLog.ArchiveAsync(store);

        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
        Assert.Equal(4, Directory.GetFiles(store.Archive).Length);
        Assert.Equal(FilledLog.Archivable, await FilledLog.AskAsync(store, "SELECT count(*) FROM archived_events"));
        Assert.Equal(0, await FilledLog.AskAsync(store, "SELECT count(*) FROM segment_claims"));
        for (var i = 0; i < FilledLog.Last; i++)
        {
            Assert.Equal([new AppendResult.Duplicate(i + 1)], await store.AppendAsync(FilledLog.Events[i]));
        }
    }

    [Fact]
    public async Task What_is_erased_while_it_is_archived_is_not_in_the_file()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        var archiver = store.Get<Archiver>();
        archiver.Took = s =>
        {
            if (s == ArchiveStep.Checked)
            {
                archiver.Took = static _ => { };
                Assert.NotNull(store.Get<Redactor>().RedactAsync(1, [], "token:0", null, "why", Cancel).GetAwaiter().GetResult());
            }
        };

        Assert.Equal(FilledLog.Archivable, (await FilledLog.ArchiveAsync(store)).Position);

        Assert.Equal(4, Directory.GetFiles(store.Archive).Length);
        Assert.True((await store.Get<EventQueries>().FindAsync(1, Visible.Everything, Cancel))!.Erased);
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public async Task Two_that_archive_at_once_archive_once()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        var (one, two) = (store.NewArchiver(), store.NewArchiver());
        one.Took = s =>
        {
            if (s == ArchiveStep.Checked)
            {
                one.Took = static _ => { };
                two.ArchiveAsync(4, DateTimeOffset.MaxValue, "token:1", null, null, Cancel).GetAwaiter().GetResult();
            }
        };

        Assert.Equal(FilledLog.Archivable, (await one.ArchiveAsync(long.MaxValue, DateTimeOffset.MaxValue, "token:0", null, null, Cancel)).Position);

        Assert.Equal(4, Directory.GetFiles(store.Archive).Length);
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
        store.Time.Advance(TimeSpan.FromDays(1));
        await store.Get<SegmentClaims>().CleanAsync(Cancel);
        Assert.Equal(4, Directory.GetFiles(store.Archive).Length);
    }

    [Fact]
    public async Task What_is_damaged_is_not_archived()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        await TamperAsync(store, "UPDATE events SET submitter = 'nobody' WHERE position = 6");

        Assert.Equal(6, (await Assert.ThrowsAsync<LogDamagedException>(() => FilledLog.ArchiveAsync(store))).Position);

        Assert.Equal(4, await FilledLog.AskAsync(store, "SELECT max(last) FROM segments"));
        Assert.Equal(5, await FilledLog.AskAsync(store, "SELECT min(position) FROM events"));
    }

    [Theory]
    [InlineData("DELETE FROM events WHERE position = 5")]
    [InlineData("DELETE FROM events WHERE position <= 6")]
    [InlineData("DELETE FROM batches WHERE last <= 8")]
    [InlineData("INSERT INTO segments (last, first, previous_hash, hash, recorded_at, sha256) SELECT last, first, (SELECT hash FROM batches WHERE last = 8), hash, 0, hash FROM batches WHERE last = 10")]
    [InlineData("INSERT INTO segments (last, first, previous_hash, hash, recorded_at, sha256) SELECT last, 3, (SELECT hash FROM segments), hash, 0, hash FROM batches WHERE last = 8")]
    [InlineData("INSERT INTO segments (last, first, previous_hash, hash, recorded_at, sha256) SELECT 7, 5, (SELECT hash FROM segments), hash, 0, hash FROM batches WHERE last = 8")]
    [InlineData("INSERT INTO segments (last, first, previous_hash, hash, recorded_at, sha256) SELECT last, 5, hash, hash, 0, hash FROM batches WHERE last = 8")]
    [InlineData("UPDATE segments SET first = 2")]
    [InlineData("UPDATE segments SET sha256 = previous_hash, hash = previous_hash")]
    [InlineData("DELETE FROM segments")]
    [InlineData("UPDATE archived_events SET position = 7")]
    [InlineData("UPDATE archived_events SET content = 7")]
    [InlineData("DELETE FROM archived_events")]
    public async Task The_database_lets_nothing_else_through(string change)
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        await store.Get<Archiver>().ArchiveAsync(4, DateTimeOffset.MaxValue, "token:0", null, null, Cancel);

        await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
        var refusal = await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => session.ExecuteAsync(change, Cancel));
        Assert.Contains("append-only", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INSERT INTO events SELECT 3, (SELECT event_id FROM archived_events WHERE position = 3), kind, source, type, namespace, id, run, attempt, submitter, occurred_at, recorded_at, effective_at, salt, data, digest FROM events WHERE position = 17", 3)]
    [InlineData("UPDATE archived_events SET run = 7 WHERE position = 6", 6)]
    [InlineData("DELETE FROM archived_events WHERE position = 11", 11)]
    [InlineData("DELETE FROM segments WHERE last = 8", 5)]
    [InlineData("UPDATE segments SET hash = previous_hash WHERE last = 8", 5)]
    [InlineData("UPDATE segments SET first = 6 WHERE last = 8", 5)]
    [InlineData("UPDATE segments SET sha256 = previous_hash WHERE last = 12", 9)]
    public async Task What_is_changed_in_the_database_is_found(string change, long position)
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        await FilledLog.ArchiveAsync(store);

        await TamperAsync(store, change);

        Assert.Equal(position, await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public void A_file_is_named_by_numbers_and_digits_and_leads_nowhere_else()
    {
        var names = new[] { (1L, 2L, SHA256.HashData([])), (long.MinValue, -1L, "../../../../etc/passwd"u8.ToArray()), (0L, long.MaxValue, "/etc/passwd\0"u8.ToArray()), (1L, 1L, []) }
            .Select(static n => SegmentFiles.NameOf(n.Item1, n.Item2, n.Item3));

        Assert.All(names, static name => Assert.Matches("^[-0-9]+-[-0-9]+-[0-9a-f]*\\.vsl\\.gz$", name));
    }

    private static LogReader NewReader(StoreFixture store) => new(store.Get<IEngine>(), store.Get<IDbContextFactory<Database>>(), store.Get<SegmentFiles>());

    private static SegmentRow SegmentOf(StoreFixture store, long first)
    {
        using var database = store.Get<IDbContextFactory<Database>>().CreateDbContext();
        return database.Segments.AsNoTracking().Single(s => s.First == first);
    }

    private static string FileOf(StoreFixture store, long first) => Path.Combine(store.Archive, SegmentFiles.NameOf(SegmentOf(store, first)));

    private static async Task<VerifyProgress> VerifyAsync(StoreFixture store, VerifyRequest request) => await store.Get<ChainVerifier>().VerifyAsync(request, Cancel).LastAsync(Cancel);

    private static async Task<List<HeadView>> HeadsAsync(StoreFixture store)
    {
        var head = await store.Get<EventQueries>().HeadAsync(Cancel);
        await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
        return await session.QueryAsync("SELECT last, hash FROM batches ORDER BY last", r => head with { Position = r.GetInt64(0), Hash = Convert.ToHexStringLower(r.GetFieldValue<byte[]>(1)) }, Cancel);
    }

    private static async Task TamperAsync(StoreFixture store, params string[] statements)
    {
        await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
        string[] unlock = store.Get<IEngine>().Name == "Postgres"
            ? [.. new[] { "events", "batches", "segments", "archived_events" }.Select(static t => $"ALTER TABLE {t} DISABLE TRIGGER ALL")]
            : [.. new[] { "events_no_update", "events_no_delete", "batches_no_delete", "segments_no_update", "segments_no_delete", "archived_events_no_update", "archived_events_no_delete" }.Select(static t => $"DROP TRIGGER {t}")];
        foreach (var statement in unlock.Concat(statements))
        {
            await session.ExecuteAsync(statement, Cancel);
        }
        await session.CommitAsync(Cancel);
    }
}

public sealed class PostgresArchiveFaultTests : ArchiveFaultContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();

    [Fact]
    public async Task Postgres_refuses_a_segment_of_which_a_part_stays_in_the_tables()
    {
        await using var store = await FilledLog.NewAsync(NewStoreAsync);
        await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
        await session.ExecuteAsync("INSERT INTO segments (last, first, previous_hash, hash, recorded_at, sha256) SELECT 4, 1, (SELECT sha256(uuid_send(log_id)) FROM log_head), hash, 0, hash FROM batches WHERE last = 4", Cancel);
        await session.ExecuteAsync("DELETE FROM events WHERE position <= 3", Cancel);

        Assert.Contains("append-only", (await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => session.CommitAsync(Cancel))).Message, StringComparison.Ordinal);
    }
}

public sealed class SqliteArchiveFaultTests : ArchiveFaultContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
