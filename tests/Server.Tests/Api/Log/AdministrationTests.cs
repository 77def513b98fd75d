using System.Text;
using System.Text.Json;
using ValueStream.Server.Tests.Api.Access;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Log;

/// <summary>What administrators set, over HTTP. What it does to the numbers is tested with the store, on both databases.</summary>
[Collection(OnTokenServer.Name)]
public sealed class AdministrationTests(TokenServer server)
{
    private static readonly (string, string) Bearer = ("Authorization", $"Bearer {TokenServer.Token}");

    private readonly string _ns = Sent.Unique();

    [Fact]
    public async Task Setting_something_of_an_operation_answers_what_then_holds_and_stands_in_the_log()
    {
        var (_, operation) = await RecordAsync("deploy");

        var first = await SetAsync(operation, """{"name":" Deploy ","owner":"team a","durationLimit":60,"errorRateLimit":0.05,"environment":"production","description":"ships it","reasonRequired":true}""");
        // At once: no projection has the first one yet.
        var second = await SetAsync(operation, """{"owner":"","durationLimit":-1,"hidden":true,"name":null,"reason":"it moved","actor":"grace"}""");

        Assert.Equal(200, first.Status);
        Assert.Equal(
            """{"name":"Deploy","description":"ships it","environment":"production","errorRateLimit":0.05,"hidden":true,"reasonRequired":true}""",
            second.Json.GetProperty("setting").GetRawText());
        Assert.Equal(operation, second.Json.Text("key"));
        var e = await GetAsync($"/api/v1/events/{second.Json.GetProperty("position").GetInt64()}");
        Assert.Equal(("administered", "valuestream", "operation", _ns, "grace", "it moved", "token:0"),
            (e.Text("kind"), e.Text("source"), e.Text("type"), e.Text("namespace"), e.Text("actor"), e.Text("reason"), e.Text("submitter")));
        Assert.Equal("""{"owner":"","durationLimit":-1,"hidden":true}""",
            e.GetProperty("data").GetProperty("operationSetting").GetRawText());
    }

    [Fact]
    public async Task The_inventory_shows_what_was_set_and_leaves_out_what_is_hidden_unless_it_is_asked_for()
    {
        var (_, operation) = await RecordAsync("deploy");
        var (_, other) = await RecordAsync("release");
        await MergeAsync(other, operation);

        var set = await SetAsync(operation, """{"name":"Ship it","owner":"team a","durationLimit":4,"hidden":true}""");

        var window = $"from={Sent.At(0)}&to={Sent.At(86_400)}";
        var view = await ProjectedAsync($"/api/v1/operations/{operation}?{window}", set);
        Assert.Equal(("Ship it", "deploy", "team a", 2), (view.Text("name"), view.Text("runName"), view.Text("owner"), view.GetProperty("finished").GetInt32()));
        Assert.True(view.GetProperty("isOverDurationLimit").GetBoolean());
        Assert.Equal(operation, (await GetAsync($"/api/v1/operations/{other}?{window}")).Text("mergedInto"));
        Assert.Empty((await GetAsync($"/api/v1/operations?namespace={_ns}&{window}")).Each("key"));
        Assert.Equal([operation], (await GetAsync($"/api/v1/operations?namespace={_ns}&hidden=true&{window}")).Each("key"));
        Assert.Equal(2, (await GetAsync($"/api/v1/runs?operation={operation}")).GetProperty("items").GetArrayLength());
        Assert.Equal(2, (await GetAsync($"/api/v1/operations/{operation}/metrics?{window}")).GetProperty("totals").GetProperty("finished").GetInt32());
    }

    [Theory]
    [InlineData("{}", "")]
    [InlineData("[]", "")]
    [InlineData("{", "")]
    [InlineData("""{"reason":"nothing else"}""", "")]
    [InlineData("""{"name":7}""", "name")]
    [InlineData("""{"name":"a\u0000b"}""", "name")]
    [InlineData("""{"hidden":"yes"}""", "hidden")]
    [InlineData("""{"reasonRequired":1}""", "reasonRequired")]
    [InlineData("""{"durationLimit":"60"}""", "durationLimit")]
    [InlineData("""{"durationLimit":0}""", "durationLimit")]
    [InlineData("""{"durationLimit":1e12}""", "durationLimit")]
    [InlineData("""{"durationLimit":1e999}""", "durationLimit")]
    [InlineData("""{"errorRateLimit":1.01}""", "errorRateLimit")]
    [InlineData("""{"mergedInto":"nowhere"}""", "mergedInto")]
    [InlineData("""{"mergedInto":"0000000000000"}""", "mergedInto")]
    public async Task What_is_wrong_is_named_and_changes_nothing(string body, string field)
    {
        var (_, operation) = await RecordAsync("deploy");

        (await SetAsync(operation, body)).IsProblem(400, field: field.Length > 0 ? field : "$");

        Assert.Equal("""{"owner":"a"}""", (await SetAsync(operation, """{"owner":"a"}""")).Json.GetProperty("setting").GetRawText());
    }

    [Theory]
    [InlineData("name", 200)]
    [InlineData("owner", 200)]
    [InlineData("environment", 200)]
    [InlineData("actor", 200)]
    [InlineData("description", 4000)]
    [InlineData("reason", 4000)]
    public async Task Texts_have_a_longest(string field, int longest)
    {
        var (_, operation) = await RecordAsync("deploy");

        Assert.Equal(200, (await SetAsync(operation, $$"""{"hidden":true,"{{field}}":"{{new string('x', longest)}}"}""")).Status);
        (await SetAsync(operation, $$"""{"hidden":true,"{{field}}":"{{new string('x', longest + 1)}}"}""")).IsProblem(400, $"{longest}", field);
    }

    [Fact]
    public async Task An_operation_is_not_merged_into_itself_nor_in_a_circle()
    {
        var (_, a) = await RecordAsync("a");
        var (_, b) = await RecordAsync("b");
        var (_, c) = await RecordAsync("c");
        (await MergeAsync(a, a)).IsProblem(400, "into itself", "mergedInto");

        Assert.Equal(200, (await MergeAsync(a, b)).Status);
        (await MergeAsync(b, a)).IsProblem(400, a, "mergedInto");
        Assert.Equal(200, (await MergeAsync(b, c)).Status);
        (await MergeAsync(c, a)).IsProblem(400, a, "mergedInto");

        Assert.Equal(200, (await MergeAsync(a, "")).Status);
        Assert.Equal(200, (await MergeAsync(c, a)).Status);
    }

    [Fact]
    public async Task What_is_not_there_is_not_set()
    {
        (await SetAsync("0000000000000", """{"hidden":true}""")).IsProblem(404, "0000000000000");
        (await SetAsync("nowhere", """{"hidden":true}""")).IsProblem(404, "nowhere");
        (await ExcludeAsync("0000000000000", """{"excluded":false}""")).IsProblem(404, "0000000000000");
        var (run, _) = await RecordAsync("deploy");
        (await ExcludeAsync(run, """{"excluded":false,"attempt":2}""")).IsProblem(404, "attempt 2");
    }

    [Fact]
    public async Task An_excluded_run_says_so_and_why_until_it_counts_again()
    {
        var (run, _) = await RecordAsync("deploy");

        var excluded = await ExcludeAsync(run, """{"excluded":true,"reason":"a load test","actor":"grace","attempt":1}""");
        Assert.Equal(200, excluded.Status);
        Assert.Equal((run, 1, true), (excluded.Json.Text("key"), excluded.Json.GetProperty("attempt").GetInt32(), excluded.Json.GetProperty("excluded").GetBoolean()));
        var view = await ProjectedAsync($"/api/v1/runs/{run}", excluded);
        Assert.Equal(("a load test", """["excluded"]"""), (view.Text("excludedBecause"), view.GetProperty("flags").GetRawText()));
        var last = (await GetAsync($"/api/v1/runs/{run}/events")).GetProperty("items")[0];
        Assert.Equal(("administered", "grace", "token:0", 1), (last.Text("kind"), last.Text("actor"), last.Text("submitter"), last.GetProperty("attempt").GetInt32()));

        var counted = await ExcludeAsync(run, """{"excluded":false}""");
        view = await ProjectedAsync($"/api/v1/runs/{run}", counted);
        Assert.Equal((null, "[]"), (view.Text("excludedBecause"), view.GetProperty("flags").GetRawText()));
    }

    [Theory]
    [InlineData("""{"excluded":true}""", "reason")]
    [InlineData("""{"excluded":true,"reason":" "}""", "reason")]
    [InlineData("""{"reason":"why"}""", "excluded")]
    [InlineData("""{"excluded":"true","reason":"why"}""", "excluded")]
    [InlineData("""{"excluded":true,"reason":"why","attempt":0}""", "attempt")]
    public async Task An_exclusion_says_whether_and_why(string body, string field)
    {
        var (run, _) = await RecordAsync("deploy");

        (await ExcludeAsync(run, body)).IsProblem(400, field: field);
    }

    [Fact]
    public async Task Nobody_administers_without_the_token()
    {
        Assert.Equal(401, (await server.Client.SendAsync(HttpMethod.Patch, "/api/v1/operations/0000000000000", "{}"u8.ToArray(), "application/json")).Status);
        Assert.Equal(401, (await server.Client.SendAsync(HttpMethod.Put, "/api/v1/runs/0000000000000/exclusion", "{}"u8.ToArray(), "application/json")).Status);
    }

    /// <summary>A run that ended, and its operation.</summary>
    private async Task<(string Run, string Operation)> RecordAsync(string name)
    {
        var id = Sent.Unique();
        var answer = await server.Client.PostAsync("/api/v1/events", $"[{Sent.Start(_ns, id, more: $"\"name\":\"{name}\"")},{Sent.End(_ns, id, 5)}]", Bearer);
        var run = answer.Json.GetProperty("items")[1].Text("key")!;
        var view = await Until.AsksAsync(() => server.Client.GetAsync($"/api/v1/runs/{run}", Bearer), static a => a.Status == 200 && a.Json.Text("state") == "ended", TimeSpan.FromSeconds(20));
        return (run, view.Json.Text("operation")!);
    }

    /// <summary>What is read when the projections have what was set.</summary>
    private async Task<JsonElement> ProjectedAsync(string address, Answer act)
    {
        var position = act.Json.GetProperty("position").GetInt64();
        await Until.HoldsAsync("the act is projected", async () => (await GetAsync("/api/v1/projections")).GetProperty("items")[0].GetProperty("position").GetInt64() >= position);
        return await GetAsync(address);
    }

    private async Task<JsonElement> GetAsync(string address)
    {
        var answer = await server.Client.GetAsync(address, Bearer);
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json;
    }

    private Task<Answer> MergeAsync(string operation, string into) => SetAsync(operation, $$"""{"mergedInto":"{{into}}"}""");

    private Task<Answer> SetAsync(string operation, string body) =>
        server.Client.SendAsync(HttpMethod.Patch, $"/api/v1/operations/{operation}", Encoding.UTF8.GetBytes(body), "application/json", Bearer);

    private Task<Answer> ExcludeAsync(string run, string body) =>
        server.Client.SendAsync(HttpMethod.Put, $"/api/v1/runs/{run}/exclusion", Encoding.UTF8.GetBytes(body), "application/json", Bearer);
}

/// <summary>Without a token nobody has shown who they are.</summary>
[Collection(OnSqlite.Name)]
public sealed class AdministrationWithoutTokenTests(SqliteServer server)
{
    [Theory]
    [InlineData("PATCH", "/api/v1/operations/0000000000000")]
    [InlineData("PUT", "/api/v1/runs/0000000000000/exclusion")]
    public async Task Administering_needs_a_login_on_this_machine_too(string method, string address) =>
        (await server.Client.SendAsync(new HttpMethod(method), address, "{}"u8.ToArray(), "application/json")).IsProblem(403, "VALUESTREAM_BOOTSTRAP_TOKEN");
}
