using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Store.Tests.Projections;

namespace ValueStream.Store.Tests.Log;

/// <summary>What is archived can be erased, on each database.</summary>
public abstract class ArchiveErasureContract
{
    private const string Secret = "hunter2-äöü";

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_erased_is_in_no_file_any_more_and_the_chain_verifies()
    {
        await using var store = await ArchivedAsync();
        Assert.Equal(1, await FilesWithSecretAsync(store));

        var redacted = await store.Get<Redactor>().RedactAsync(1, ["tags.password"], "token:0", "grace", "a password in a tag", Cancel);
        await store.CatchUpAsync();

        Assert.NotNull(redacted);
        Assert.Equal((0, 2), (await FilesWithSecretAsync(store), Directory.GetFiles(store.Archive).Length));
        Assert.Equal(0, await FilledLog.AskAsync(store, "SELECT count(*) FROM segment_claims"));
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
        var e = await store.Get<EventQueries>().FindAsync(1, Visible.Everything, Cancel);
        Assert.Equal((true, null), (e!.Erased, e.Data.Tags));
        var run = await store.Get<RunQueries>().FindAsync(Given.Run("r").Key, null, Visible.Everything, Cancel);
        Assert.Equal(("alice", 0), (run!.Actor, run.Tags.Count));
        Assert.Equal(["redacted", "ended", "started"], (await store.Get<EventQueries>().ListAsync(new() { Run = Given.Run("r").Key }, Visible.Everything, Cancel)).Items.Select(static i => i.Kind));
        var rows = await SlotText.LiveAsync(store);
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();
        Assert.Equal(rows, await SlotText.LiveAsync(store));
    }

    [Fact]
    public async Task It_is_a_duplicate_whatever_it_says_and_cannot_be_erased_twice()
    {
        await using var store = await ArchivedAsync();
        Assert.Equal([new AppendResult.Conflict(1)], await store.AppendAsync(Start with { Data = new() }));

        Assert.NotNull(await store.Get<Redactor>().RedactAsync(1, [], "token:0", null, "why", Cancel));

        Assert.Null(await store.Get<Redactor>().RedactAsync(1, [], "token:0", null, "why", Cancel));
        Assert.Equal([new AppendResult.Duplicate(1)], await store.AppendAsync(Start with { Data = new() }));
        Assert.Equal(1, await FilledLog.AskAsync(store, "SELECT count(*) FROM archived_events WHERE content IS NULL"));
    }

    [Fact]
    public async Task What_survived_is_archived_and_erased_in_a_second_step()
    {
        await using var store = await ArchivedAsync();
        var first = await store.Get<Redactor>().RedactAsync(1, ["reason"], "token:0", null, "why", Cancel);
        await store.AppendAsync(Given.Start(Given.Run("after")));
        await store.CatchUpAsync();
        await FilledLog.ArchiveAsync(store);
        Assert.Equal(1, await FilesWithSecretAsync(store));
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));

        Assert.NotNull(await store.Get<Redactor>().RedactAsync(first!.Value, ["redaction.tags"], "token:0", null, "why", Cancel));
        await store.CatchUpAsync();

        Assert.Equal(0, await FilesWithSecretAsync(store));
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
        Assert.Equal("alice", (await store.Get<RunQueries>().FindAsync(Given.Run("r").Key, null, Visible.Everything, Cancel))!.Actor);
    }

    [Theory]
    [InlineData((int)ArchiveStep.Claimed)]
    [InlineData((int)ArchiveStep.Written)]
    [InlineData((int)ArchiveStep.Checked)]
    public async Task Killed_while_it_erases_it_has_erased_nothing_and_can_do_so_again(int step)
    {
        await using var store = await ArchivedAsync();
        store.Get<Archiver>().Took = s => _ = (int)s == step ? throw new TimeoutException("killed") : s;
        await Assert.ThrowsAsync<TimeoutException>(() => store.Get<Redactor>().RedactAsync(1, [], "token:0", null, "why", Cancel));
        store.Get<Archiver>().Took = static _ => { };

        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
        Assert.Null((await store.Get<EventQueries>().FindAsync(1, Visible.Everything, Cancel))!.Erased);

        Assert.NotNull(await store.Get<Redactor>().RedactAsync(1, [], "token:0", null, "why", Cancel));
        store.Time.Advance(TimeSpan.FromDays(1));
        await store.Get<SegmentClaims>().CleanAsync(Cancel);
        Assert.Equal((0, 2), (await FilesWithSecretAsync(store), Directory.GetFiles(store.Archive).Length));
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public async Task Two_of_one_file_that_are_erased_at_once_are_both_erased()
    {
        await using var store = await ArchivedAsync();
        var (archiver, redactor) = (store.Get<Archiver>(), store.Get<Redactor>());
        archiver.Took = s =>
        {
            if (s == ArchiveStep.Checked)
            {
                archiver.Took = static _ => { };
                Assert.NotNull(redactor.RedactAsync(2, [], "token:1", null, "why", Cancel).GetAwaiter().GetResult());
            }
        };

        Assert.NotNull(await redactor.RedactAsync(1, [], "token:0", null, "why", Cancel));

        foreach (var position in new[] { 1, 2 })
        {
            Assert.True((await store.Get<EventQueries>().FindAsync(position, Visible.Everything, Cancel))!.Erased);
        }
        Assert.Equal(2, Directory.GetFiles(store.Archive).Length);
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public async Task Whoever_reads_as_of_before_the_erasure_reads_on()
    {
        await using var store = await ArchivedAsync();
        await using var snapshot = await store.Get<Snapshot.Source>().OpenAsync(Cancel);
        _ = await snapshot.Database.Segments.CountAsync(Cancel);

        Assert.NotNull(await store.Get<Redactor>().RedactAsync(1, [], "token:0", null, "why", Cancel));

        Assert.True((await store.Get<LogReader>().AtAsync(snapshot.Database, 1, Cancel))!.IsErased);
        Assert.Null(store.Get<Archiver>().Problem);
    }

    [Fact]
    public async Task An_event_in_a_file_that_is_missing_is_not_said_to_be_erased()
    {
        await using var store = await ArchivedAsync();
        foreach (var file in Directory.GetFiles(store.Archive))
        {
            File.Delete(file);
        }

        await Assert.ThrowsAsync<SegmentException>(() => store.Get<Redactor>().RedactAsync(1, [], "token:0", null, "why", Cancel));
    }

    private static readonly NewEvent Start = Given.Start(Given.Run("r"), 0, new EventData { Actor = "alice", Reason = "because", Tags = Event.NoTags.Add("password", Secret) });

    private async Task<StoreFixture> ArchivedAsync()
    {
        var store = await NewStoreAsync();
        await store.AppendAsync(Start, Given.Start(Given.Run("s")));
        await store.AppendAsync(Given.End(Given.Run("r"), 5), Given.End(Given.Run("s"), 5));
        await store.AppendAsync(Given.Start(Given.Run("t")), Given.Start(Given.Run("u")));
        await store.AppendAsync(Given.Start(Given.Run("v")));
        await store.CatchUpAsync();
        store.Get<Archiver>().SegmentEvents = 4;
        Assert.Equal(6, (await FilledLog.ArchiveAsync(store)).Position);
        await store.CatchUpAsync();
        return store;
    }

    private static async Task<int> FilesWithSecretAsync(StoreFixture store)
    {
        var count = 0;
        foreach (var path in Directory.GetFiles(store.Archive))
        {
            await using var text = new System.IO.Compression.GZipStream(File.OpenRead(path), System.IO.Compression.CompressionMode.Decompress);
            using var reader = new StreamReader(text);
            count += (await reader.ReadToEndAsync(Cancel)).Contains(Secret, StringComparison.Ordinal) ? 1 : 0;
        }
        return count;
    }
}

public sealed class PostgresArchiveErasureTests : ArchiveErasureContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteArchiveErasureTests : ArchiveErasureContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
