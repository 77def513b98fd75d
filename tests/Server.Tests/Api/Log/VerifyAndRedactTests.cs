using System.Text.Json;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api.Access;

namespace ValueStream.Server.Tests.Api.Log;

/// <summary>Checking the log and erasing from it, over HTTP. What they do to the database is tested with the store, on both.</summary>
[Collection(OnTokenServer.Name)]
public sealed class VerifyAndRedactTests(TokenServer server)
{
    private static readonly (string, string) Bearer = ("Authorization", $"Bearer {TokenServer.Token}");

    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task A_check_streams_lines_and_ends_with_one_that_is_done()
    {
        await RecordAsync("1");

        var lines = await VerifyAsync("{}");

        Assert.True(lines[^1].GetProperty("done").GetBoolean());
        Assert.Equal(lines[^1].GetProperty("head").GetInt64(), lines[^1].GetProperty("position").GetInt64());
        Assert.Equal((await Client.GetAsync("/api/v1/log/head", Bearer)).Text, lines[^1].GetProperty("verified").GetRawText());
        Assert.All(lines, static l => Assert.False(l.TryGetProperty("fault", out _)));
        Assert.All(lines.SkipLast(1), static l => Assert.False(l.TryGetProperty("verified", out _)));
        Assert.All(lines.Take(lines.Count - 1), static l => Assert.False(l.GetProperty("done").GetBoolean()));
    }

    [Fact]
    public async Task A_check_against_an_exported_head_of_another_log_names_the_fault()
    {
        var last = (await VerifyAsync("""{"head":{"logId":"0198c0de-0000-7000-8000-000000000001","position":1,"hash":"00"}}"""))[^1];

        Assert.Contains("another log", last.GetProperty("fault").GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.False(last.TryGetProperty("verified", out _));
    }

    [Fact]
    public async Task A_check_from_a_position_that_is_none_is_refused() =>
        (await PostAsync("/api/v1/log/verify", """{"from":0}""")).IsProblem(400, "from");

    [Fact]
    public async Task An_erased_event_shows_that_it_is_and_who_did_it()
    {
        var position = await RecordAsync("1");

        var answer = await PostAsync($"/api/v1/events/{position}/redact", """{"members":["reason"],"reason":"it named a customer","actor":"grace"}""");

        Assert.Equal(200, answer.Status);
        var events = (await Client.GetAsync($"/api/v1/events?limit=2&cursor={answer.Json.GetProperty("position").GetInt64() + 1}", Bearer)).Json.GetProperty("items");
        Assert.Equal(("redacted", "grace", "token:0"), (events[0].GetProperty("kind").GetString(), events[0].GetProperty("actor").GetString(), events[0].GetProperty("submitter").GetString()));
        Assert.Equal((position, true), (events[1].GetProperty("position").GetInt64(), events[1].GetProperty("erased").GetBoolean()));
        Assert.Equal(position, events[0].GetProperty("data").GetProperty("redaction").GetProperty("position").GetInt64());
        Assert.DoesNotContain("classified", events.GetRawText(), StringComparison.Ordinal);
        (await PostAsync($"/api/v1/events/{position}/redact", """{"reason":"again"}""")).IsProblem(404, "erased before");
        Assert.False((await VerifyAsync("{}"))[^1].TryGetProperty("fault", out _));
    }

    [Theory]
    [InlineData("""{"members":["outcome"],"reason":"why"}""", "members")]
    [InlineData("""{"members":["reason"],"reason":" "}""", "reason")]
    public async Task What_cannot_be_erased_is_refused(string body, string field)
    {
        var position = await RecordAsync("1");

        (await PostAsync($"/api/v1/events/{position}/redact", body)).IsProblem(400, field);
    }

    private async Task<long> RecordAsync(string id)
    {
        var answer = await PostAsync(Routes.Events, Sent.Start(_ns, id, more: """ "reason":"classified" """));
        Assert.Equal(200, answer.Status);
        return answer.Json.GetProperty("items")[0].GetProperty("position").GetInt64();
    }

    private Task<Answer> PostAsync(string address, string body) => Client.PostAsync(address, body, Bearer);

    private async Task<List<JsonElement>> VerifyAsync(string body)
    {
        var answer = await PostAsync("/api/v1/log/verify", body);
        Assert.Equal(200, answer.Status);
        return [.. answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonElement.Parse(line))];
    }
}

/// <summary>Without a token nobody has shown who they are.</summary>
[Collection(OnSqlite.Name)]
public sealed class RedactWithoutTokenTests(SqliteServer server)
{
    [Fact]
    public async Task Erasing_needs_a_login_on_this_machine_too() =>
        (await server.Client.PostAsync("/api/v1/events/1/redact", """{"reason":"why"}""")).IsProblem(403, "VALUESTREAM_BOOTSTRAP_TOKEN");
}
