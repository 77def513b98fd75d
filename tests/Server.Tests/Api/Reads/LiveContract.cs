using System.Globalization;
using System.Net.ServerSentEvents;

namespace ValueStream.Server.Tests.Api.Reads;

/// <summary>What an open page hears.</summary>
public abstract class LiveContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task A_page_is_greeted_with_the_position_and_told_when_something_changed()
    {
        await Client.CaughtUpAsync();
        await using var live = await OpenAsync("runs");
        var hello = await live.NextAsync();
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"));

        var changed = await live.NextAsync();

        Assert.Equal("hello", hello.Type);
        Assert.Equal(("changed", items[0].GetProperty("position").GetInt64()), changed);
        Assert.True(hello.Id < changed.Id);
    }

    [Fact]
    public async Task A_page_that_comes_back_hears_of_what_it_missed()
    {
        long seen;
        await using (var first = await OpenAsync("runs"))
        {
            seen = (await first.NextAsync()).Id;
        }
        var missed = (await Client.RecordAsync(Sent.Start(_ns, "1")))[0].GetProperty("position").GetInt64();

        await using var again = await OpenAsync("runs", seen);

        Assert.Equal(("hello", seen), await again.NextAsync());
        Assert.Equal(("changed", missed), await again.NextAsync());
    }

    [Fact]
    public async Task A_page_that_missed_nothing_hears_of_the_next_change_only()
    {
        await Client.CaughtUpAsync();
        var head = await Client.HeadAsync();

        await using var live = await OpenAsync("runs", head);
        var hello = await live.NextAsync();
        await Client.RecordAsync(Sent.Start(_ns, "1"));

        Assert.Equal(("hello", head), hello);
        Assert.Equal(("changed", head + 1), await live.NextAsync());
    }

    [Fact]
    public async Task A_page_that_saw_a_log_which_is_gone_is_told_that_all_is_new()
    {
        await Client.RecordAsync(Sent.Start(_ns, "1"));

        await using var live = await OpenAsync("runs", 1L << 40);

        Assert.Equal(("hello", 0), await live.NextAsync());
        Assert.Equal(("changed", await Client.HeadAsync()), await live.NextAsync());
    }

    [Fact]
    public async Task A_runs_page_hears_of_its_trace_and_of_no_other()
    {
        var key = (await Client.RecordAsync(Sent.Start(_ns, "1", 0, "pipeline")))[0].Text("key");
        await using var live = await OpenAsync($"run/{key}");
        await live.NextAsync();
        await Client.RecordAsync(Sent.Start(_ns, "another"));

        var child = await Client.RecordAsync(Sent.Start(_ns, "2", 1, more: $$""" "parents":["{{Sent.Rendering(_ns, "1", "pipeline")}}"] """));

        Assert.Equal(("changed", child[0].GetProperty("position").GetInt64()), await live.NextAsync());
    }

    [Fact]
    public async Task A_runs_page_that_comes_back_hears_of_what_it_missed()
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"));
        var seen = items[0].GetProperty("position").GetInt64();
        await Client.RecordAsync(Sent.End(_ns, "1", 5));
        var head = (await Client.RecordAsync(Sent.Start(_ns, "another")))[0].GetProperty("position").GetInt64();

        await using var live = await OpenAsync($"run/{items[0].Text("key")}", seen);

        Assert.Equal(("hello", seen), await live.NextAsync());
        Assert.Equal(("changed", head), await live.NextAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("?view=")]
    [InlineData("?view=everything")]
    [InlineData("?view=run/")]
    [InlineData("?view=run/short")]
    [InlineData("?view=Runs")]
    public async Task A_view_that_is_none_is_refused(string query) => (await Client.GetAsync($"/live{query}")).IsProblem(400, field: "view");

    private async Task<Stream> OpenAsync(string view, long? last = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/live?view={view}");
        request.Headers.Add("Last-Event-ID", last is { } id ? [id.ToString(CultureInfo.InvariantCulture)] : []);
        var response = await server.Process.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal((200, "text/event-stream"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        return new Stream(response);
    }

    /// <summary>An open stream of events.</summary>
    private sealed class Stream(HttpResponseMessage response) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<SseItem<string>> _items =
            SseParser.Create(response.Content.ReadAsStream()).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();

        /// <summary>The next event's type and position.</summary>
        public async Task<(string Type, long Id)> NextAsync()
        {
            Assert.True(await _items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)), "The stream has ended.");
            var item = _items.Current;
            Assert.Equal($$"""{"position":{{item.EventId}}}""", item.Data);
            return (item.EventType, long.Parse(item.EventId!, CultureInfo.InvariantCulture));
        }

        public async ValueTask DisposeAsync()
        {
            await _items.DisposeAsync();
            response.Dispose();
        }
    }
}

[Collection(OnPostgres.Name)]
public sealed class PostgresLiveTests(PostgresServer server) : LiveContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteLiveTests(SqliteServer server) : LiveContract(server);
