using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Log;

/// <summary>The one change that the log allows, on each database.</summary>
public abstract class RedactionContract
{
    private const string Secret = "hunter2-äöü";

    private static readonly RunId Run = Given.Run("r");

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_erased_is_nowhere_any_more_and_what_survives_is_read_in_its_place()
    {
        await using var store = await FilledAsync();
        // So that the slot that nobody reads holds the secret too.
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();

        var redacted = await store.Get<Redactor>().RedactAsync(1, ["tags.password", "reason"], "token:0", "grace", "a password in a tag", Cancel);
        await store.CatchUpAsync();

        Assert.Equal(3, redacted);
        var run = await store.Get<RunQueries>().FindAsync(Run.Key, null, Visible.Everything, Cancel);
        Assert.Equal(("deploy api", "alice", null, "success"), (run!.Name, run.Actor, run.Reason, run.Outcome));
        Assert.Equal(["service"], run.Tags.Keys);
        Assert.Equal(5, run.Duration);
        Assert.Equal(0, await MentionsAsync(store));
        Assert.Null((await store.Get<ChainVerifier>().VerifyAsync(new(), Cancel).LastAsync(Cancel)).Fault);
        Assert.Empty((await store.Get<ProjectionQueries>().ListAsync(Visible.Everything, Cancel)).Items[0].SetAside);
    }

    [Fact]
    public async Task The_audit_shows_that_it_was_erased_by_whom_and_why()
    {
        await using var store = await FilledAsync();

        await store.Get<Redactor>().RedactAsync(1, [], "token:0", "grace", "a password in a tag", Cancel);

        var events = (await store.Get<EventQueries>().ListAsync(new EventFilter { Run = Run.Key }, Visible.Everything, Cancel)).Items;
        Assert.Equal(["redacted", "ended", "started"], events.Select(static e => e.Kind));
        Assert.Equal(("grace", "a password in a tag", "token:0"), (events[0].Actor, events[0].Reason, events[0].Submitter));
        Assert.Equal((1, null), (events[0].Data.Redaction!.Position, events[0].Data.Redaction!.Data.Tags));
        Assert.Equal((true, null, null), (events[2].Erased, events[2].Actor, events[2].Data.Tags));
    }

    [Fact]
    public async Task A_rebuild_gives_the_same_rows_as_before()
    {
        await using var store = await FilledAsync();
        await store.Get<Redactor>().RedactAsync(1, ["tags", "reason"], "token:0", null, "why", Cancel);
        await store.CatchUpAsync();
        var live = await Projections.SlotText.LiveAsync(store);

        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();

        Assert.Equal(live, await Projections.SlotText.LiveAsync(store));
        Assert.DoesNotContain(Secret, live, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_survived_can_be_erased_in_a_second_step()
    {
        await using var store = await FilledAsync();
        var first = await store.Get<Redactor>().RedactAsync(1, ["reason"], "token:0", null, "why", Cancel);
        Assert.Null(await store.Get<Redactor>().RedactAsync(1, ["tags"], "token:0", null, "why", Cancel));

        Assert.Equal(4, await store.Get<Redactor>().RedactAsync(first!.Value, ["redaction.tags"], "token:0", null, "why", Cancel));
        await store.CatchUpAsync();

        Assert.Equal(0, await MentionsAsync(store));
        var run = await store.Get<RunQueries>().FindAsync(Run.Key, null, Visible.Everything, Cancel);
        Assert.Equal(("deploy api", "alice"), (run!.Name, run.Actor));
        Assert.Empty(run.Tags);
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public async Task An_erased_event_that_is_sent_again_is_a_duplicate()
    {
        await using var store = await FilledAsync();
        await store.Get<Redactor>().RedactAsync(1, [], "token:0", null, "why", Cancel);

        Assert.Equal([new AppendResult.Duplicate(1)], await store.AppendAsync(Start));
        Assert.Equal([new AppendResult.Accepted(4)], await store.AppendAsync(Given.Start(Given.Run("other"))));
    }

    [Fact]
    public async Task A_position_that_is_not_there_and_a_member_that_is_none_change_nothing()
    {
        await using var store = await FilledAsync();

        Assert.Null(await store.Get<Redactor>().RedactAsync(7, [], "token:0", null, "why", Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => store.Get<Redactor>().RedactAsync(1, ["outcome"], "token:0", null, "why", Cancel));

        Assert.Equal(2, (await store.Get<EventQueries>().HeadAsync(Cancel)).Position);
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Theory]
    [InlineData("data = '', salt = @digest, submitter = 'nobody'")]
    [InlineData("data = '{}', salt = @digest")]
    [InlineData("data = ''")]
    [InlineData("salt = @digest")]
    public async Task The_database_lets_no_other_change_through(string change)
    {
        await using var store = await FilledAsync();
        await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
        var (salt, data) = (await session.QueryAsync("SELECT salt, data FROM events WHERE position = 1", static r => ((byte[])r.GetValue(0), r.GetString(1)), Cancel)).Single();

        var refusal = await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => session.ExecuteAsync(
            $"UPDATE events SET {change} WHERE position = 1", Cancel, ("digest", SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(data)]))));

        Assert.Contains("append-only", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_erasure_that_no_redacted_event_tells_of_is_found()
    {
        await using var store = await FilledAsync();
        await using (var session = await store.Get<IEngine>().BeginAsync(Cancel))
        {
            var (salt, data) = (await session.QueryAsync("SELECT salt, data FROM events WHERE position = 1", static r => ((byte[])r.GetValue(0), r.GetString(1)), Cancel)).Single();
            await session.ExecuteAsync("UPDATE events SET data = '', salt = @digest WHERE position = 1", Cancel, ("digest", HashChain.DataDigest(salt, data)));
            await session.CommitAsync(Cancel);
        }

        Assert.Equal(1, await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    private static NewEvent Start { get; } = Given.Start(Run, 0, new EventData
    {
        Name = "deploy api",
        Actor = "alice",
        Reason = $"with {Secret}",
        Tags = Event.NoTags.Add("service", "api").Add("password", Secret),
    });

    private async Task<StoreFixture> FilledAsync()
    {
        var store = await NewStoreAsync();
        await store.AppendAsync(Start, Given.End(Run, 5));
        await store.CatchUpAsync();
        return store;
    }

    /// <summary>In how many rows of any table the secret still stands.</summary>
    private static async Task<long> MentionsAsync(StoreFixture store)
    {
        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
        var count = await database.Events.LongCountAsync(static e => e.Data.Contains(Secret), Cancel)
            + await database.Tags.LongCountAsync(static t => t.Value.Contains(Secret), Cancel);
        foreach (var slot in Database.Slots)
        {
            count += await database.Runs(slot).LongCountAsync(static r => r.Name.Contains(Secret) || r.Actor!.Contains(Secret) || r.Reason!.Contains(Secret), Cancel)
                + await database.RunTags(slot).LongCountAsync(static t => t.Tags.Contains(Secret), Cancel)
                + await database.Operations(slot).LongCountAsync(static o => o.Name.Contains(Secret), Cancel);
        }
        return count;
    }
}

public sealed class PostgresRedactionTests : RedactionContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteRedactionTests : RedactionContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
