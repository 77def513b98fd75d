using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary>Tokens that administrators make: what each opens, and how it ends.</summary>
[Collection(OnTokenServer.Name)]
public sealed class MadeTokenTests(TokenServer server)
{
    private static readonly (string, string) Admin = ("Authorization", $"Bearer {TokenServer.Token}");

    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Theory]
    [InlineData("ingest", 200, 403, 403)]
    [InlineData("read", 403, 200, 403)]
    [InlineData("ingest\",\"read", 200, 200, 403)]
    [InlineData("admin", 200, 200, 200)]
    public async Task A_token_opens_what_its_scopes_say(string scopes, int sends, int reads, int administers)
    {
        var (_, bearer) = await MakeAsync(scopes);

        Assert.Equal(sends, (await Client.PostAsync(Routes.Events, Sent.Start(_ns, "1"), bearer)).Status);
        Assert.Equal(reads, (await Client.GetAsync("/api/v1/runs", bearer)).Status);
        Assert.Equal(reads, (await Client.GetAsync("/runs", bearer)).Status);
        Assert.Equal(reads, (await Client.GetAsync("/metrics", bearer)).Status);
        Assert.Equal(administers, (await Client.GetAsync("/api/v1/tokens", bearer)).Status);
        Assert.Equal(administers == 200 ? 404 : 403, (await Client.PostAsync("/api/v1/quarantine/none/replay", "", bearer)).Status);
        Assert.Equal(200, (await Client.GetAsync("/readyz", bearer)).Status);
    }

    [Fact]
    public async Task A_scope_that_is_missing_is_said_so()
    {
        var (_, ingest) = await MakeAsync("ingest");

        (await Client.GetAsync("/api/v1/runs", ingest)).IsProblem(403, "scope");
        (await Client.PostAsync("/api/v1/tokens", """{"name":"x","scopes":["admin"]}""", (await MakeAsync("read")).Bearer)).IsProblem(403, "scope admin");
    }

    [Fact]
    public async Task A_token_writes_in_its_namespaces_only()
    {
        var (id, bearer) = await MakeAsync("ingest", $"{_ns}", $"{_ns}-team.*");

        var answer = await Client.PostAsync(Routes.Events,
            $"[{Sent.Start(_ns, "1")},{Sent.Start(_ns + "-team.a", "1")},{Sent.Start(_ns + "-team", "1")},{Sent.Start("default", "1")}]", bearer);

        Assert.Equal(["accepted", "accepted", "rejected", "rejected"], answer.Json.Each("status"));
        Assert.Contains("may not write namespace", answer.Text, StringComparison.Ordinal);
        (await Client.PostAsync(Routes.Events, Sent.Start("default", "1"), bearer)).IsProblem(400, "may not write", "run.namespace");
        (await Client.PostAsync(Routes.Events, $$"""{"action":"heartbeat","run":{"type":"build","namespace":"default","id":"1"},"lease":60}""", bearer)).IsProblem(400, "may not write");
        var lines = await Client.SendAsync(HttpMethod.Post, Routes.Events, System.Text.Encoding.UTF8.GetBytes($"{Sent.Start(_ns, "2")}\n{Sent.Start("default", "2")}\n"), Routes.Ndjson, bearer);
        Assert.Contains("\"accepted\":1,\"duplicates\":0,\"rejected\":1", lines.Text, StringComparison.Ordinal);
        var submitters = (await Client.GetAsync($"/api/v1/events?namespace={_ns}", Admin)).Json.Each("submitter");
        Assert.All(submitters, s => Assert.Equal($"token:{id}", s));
    }

    [Fact]
    public async Task A_run_of_another_namespace_cannot_be_named_into()
    {
        await RecordAsync(Sent.Start(_ns, "theirs"));
        var (_, bearer) = await MakeAsync("ingest", $"{_ns}-other");

        (await Client.PostAsync(Routes.Events, $$"""{"action":"end","run":"{{Sent.Rendering(_ns, "theirs")}}"}""", bearer)).IsProblem(400, "not a run that is known");
    }

    [Theory]
    [InlineData("/customhttp", """{"id":"1","action":"start"}""")]
    [InlineData("/github", "{}")]
    public async Task Deliveries_of_tools_need_a_token_of_all_namespaces(string route, string body)
    {
        var (_, limited) = await MakeAsync("ingest", _ns);
        var (_, reading) = await MakeAsync("read");

        (await Client.PostAsync(route, body, limited)).IsProblem(401, "all of them");
        (await Client.PostAsync(route, body, reading)).IsProblem(401, "scope ingest");
    }

    [Fact]
    public async Task A_token_that_is_revoked_opens_nothing_from_then_on()
    {
        var (id, bearer) = await MakeAsync("read");
        Assert.Equal(200, (await Client.GetAsync("/api/v1/runs", bearer)).Status);

        Assert.Equal(200, (await Client.SendAsync(HttpMethod.Delete, $"/api/v1/tokens/{id}?reason=it%20leaked", null, null, Admin)).Status);

        (await Client.GetAsync("/api/v1/runs", bearer)).IsProblem(401);
        var token = (await Client.GetAsync("/api/v1/tokens", Admin)).Json.GetProperty("items").EnumerateArray().Single(t => t.GetProperty("id").GetInt32() == id);
        Assert.NotNull(token.Text("revokedAt"));
        Assert.NotNull(token.Text("createdAt"));
    }

    [Fact]
    public async Task The_secret_before_a_rotation_holds_for_as_long_as_was_asked()
    {
        var (id, first) = await MakeAsync("read");

        var second = Bearer((await Client.PostAsync($"/api/v1/tokens/{id}/rotate", "{}", Admin)).Json);
        Assert.Equal((200, 200), ((await Client.GetAsync("/api/v1/runs", first)).Status, (await Client.GetAsync("/api/v1/runs", second)).Status));

        var third = Bearer((await Client.PostAsync($"/api/v1/tokens/{id}/rotate", """{"overlap":0}""", Admin)).Json);
        Assert.Equal((401, 401, 200), ((await Client.GetAsync("/api/v1/runs", first)).Status, (await Client.GetAsync("/api/v1/runs", second)).Status, (await Client.GetAsync("/api/v1/runs", third)).Status));
    }

    [Fact]
    public async Task A_token_ends_by_itself_at_its_time()
    {
        var ends = DateTimeOffset.UtcNow.AddSeconds(2);
        var bearer = Bearer((await Client.PostAsync("/api/v1/tokens", $$"""{"name":"short","scopes":["read"],"expiresAt":"{{ends:O}}"}""", Admin)).Json);

        await Until.HoldsAsync("the token has ended", async () => (await Client.GetAsync("/api/v1/runs", bearer)).Status == 401);
        Assert.True(DateTimeOffset.UtcNow >= ends.AddMilliseconds(-1));
    }

    [Theory]
    [InlineData("""{"scopes":["read"]}""", "name")]
    [InlineData("""{"name":"x"}""", "scopes")]
    [InlineData("""{"name":"x","scopes":["write"]}""", "scopes")]
    [InlineData("""{"name":"x","scopes":["read"],"namespaces":["a b"]}""", "namespaces")]
    [InlineData("""{"name":"x","scopes":["read"],"namespaces":["*.a"]}""", "namespaces")]
    [InlineData("""{"name":"x","scopes":["read"],"expiresAt":"2020-01-01T00:00:00Z"}""", "expiresAt")]
    public async Task A_token_that_cannot_be_made_is_refused_with_the_member_at_fault(string body, string field) =>
        (await Client.PostAsync("/api/v1/tokens", body, Admin)).IsProblem(400, "", field);

    [Fact]
    public async Task An_administrator_of_some_namespaces_makes_no_tokens_and_stops_nothing_of_others()
    {
        var key = (await RecordAsync(Sent.Start(_ns, "1"), Sent.End(_ns, "1", 5)))[0].Text("key");
        var (_, bearer) = await MakeAsync("admin", $"{_ns}-other");

        (await Client.PostAsync("/api/v1/tokens", """{"name":"x","scopes":["read"]}""", bearer)).IsProblem(403, "all namespaces");
        (await Client.SendAsync(HttpMethod.Put, $"/api/v1/runs/{key}/exclusion", """{"excluded":true,"reason":"x"}"""u8.ToArray(), "application/json", bearer)).IsProblem(404);
        Assert.Equal(403, (await Client.PostAsync("/api/v1/projections/runs/rebuild", "", bearer)).Status);
        (await Client.PostAsync($"/api/v1/events/{(await Client.GetAsync("/api/v1/log/head", Admin)).Json.GetProperty("position").GetInt64()}/redact", """{"reason":"x"}""", bearer)).IsProblem(404);
    }

    [Fact]
    public async Task Every_act_on_a_token_stands_in_the_log_with_who_did_it_and_nothing_holds_its_text()
    {
        var made = (await Client.PostAsync("/api/v1/tokens", """{"name":"ci of team a","scopes":["ingest"],"namespaces":["team-a"],"actor":"alice","reason":"a new team"}""", Admin)).Json;
        var (id, secret) = (made.GetProperty("token").GetProperty("id").GetInt32(), made.Text("secret")!);
        await Client.PostAsync($"/api/v1/tokens/{id}/rotate", """{"actor":"bob"}""", Admin);
        await Client.SendAsync(HttpMethod.Delete, $"/api/v1/tokens/{id}?actor=carol&reason=done", null, null, Admin);

        var log = (await Client.GetAsync("/api/v1/events?kind=administered&type=token&limit=3", Admin)).Json;

        Assert.Equal(["carol", "bob", "alice"], log.Each("actor"));
        Assert.All(log.Each("submitter"), static s => Assert.Equal("token:0", s));
        Assert.Contains("made for ci of team a: scopes ingest; namespaces team-a", log.GetRawText(), StringComparison.Ordinal);
        foreach (var text in new[] { log.GetRawText(), (await Client.GetAsync("/api/v1/tokens", Admin)).Text, server.Process.Output })
        {
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_session_that_began_with_a_token_shows_what_it_opens_and_ends_with_it()
    {
        await RecordAsync(Sent.Start(_ns, "1"), Sent.Start(_ns + "-other", "2"));
        var made = (await Client.PostAsync("/api/v1/tokens", $$"""{"name":"x","scopes":["read"],"namespaces":["{{_ns}}"]}""", Admin)).Json;
        using var browser = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(server.Process.Url) };
        browser.DefaultRequestHeaders.Add("Accept", "text/html");
        await LoginForm.SendAsync(browser, "/login", made.Text("secret")!);

        var runs = await browser.GetStringAsync("/runs", TestContext.Current.CancellationToken);
        Assert.Contains(_ns, runs, StringComparison.Ordinal);
        Assert.DoesNotContain(_ns + "-other", runs, StringComparison.Ordinal);

        await Client.SendAsync(HttpMethod.Delete, $"/api/v1/tokens/{made.GetProperty("token").GetProperty("id").GetInt32()}", null, null, Admin);
        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/runs", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task The_System_page_makes_rotates_and_revokes_tokens()
    {
        using var browser = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(server.Process.Url) };
        browser.DefaultRequestHeaders.Add("Accept", "text/html");
        await LoginForm.SendAsync(browser, "/login", TokenServer.Token);
        var name = Sent.Unique("page-");

        var made = await SendFormAsync("/system/tokens", ("name", name), ("scopes", "ingest"), ("scopes", "read"), ("namespaces", $"{_ns} {_ns}.*"), ("days", "30"));
        Assert.True(made.Headers.CacheControl!.NoStore);
        var secret = Regex.Match(await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), "vs_[0-9]+_[A-Za-z0-9_-]{43}").Value;
        Assert.Equal(200, (await Client.GetAsync("/api/v1/runs", ("Authorization", $"Bearer {secret}"))).Status);
        var page = await browser.GetStringAsync("/system", TestContext.Current.CancellationToken);
        Assert.Contains(name, page, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, page, StringComparison.Ordinal);
        var id = secret.Split('_')[1];
        var rotated = await SendFormAsync($"/system/tokens/{id}/rotate");
        Assert.Contains($"vs_{id}_", await rotated.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("/system?said=revoked#tokens", (await SendFormAsync($"/system/tokens/{id}/revoke")).Headers.Location!.OriginalString);
        Assert.Equal(401, (await Client.GetAsync("/api/v1/runs", ("Authorization", $"Bearer {secret}"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendFormAsync("/system/tokens", ("name", name), ("namespaces", "*"))).StatusCode);

        async Task<HttpResponseMessage> SendFormAsync(string address, params (string Name, string Value)[] fields)
        {
            var hidden = Regex.Match(await browser.GetStringAsync("/system", TestContext.Current.CancellationToken), "name=\"(__RequestVerificationToken)\" type=\"hidden\" value=\"([^\"]+)\"");
            using var form = new FormUrlEncodedContent([new(hidden.Groups[1].Value, hidden.Groups[2].Value), .. fields.Select(static f => new KeyValuePair<string, string>(f.Name, f.Value))]);
            return await browser.PostAsync(address, form, TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData("vs_1_")]
    [InlineData("vs__AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("vs_99999_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("vs_99999999999999999999_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("vs_-1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task What_only_looks_like_a_token_is_refused(string text) => (await Client.GetAsync("/api/v1/runs", ("Authorization", $"Bearer {text}"))).IsProblem(401);

    private async Task<(int Id, (string, string) Bearer)> MakeAsync(string scopes, params string[] namespaces)
    {
        var made = await Client.PostAsync("/api/v1/tokens",
            $$"""{"name":"a test's","scopes":["{{scopes}}"]{{(namespaces.Length > 0 ? $",\"namespaces\":[\"{string.Join("\",\"", namespaces)}\"]" : "")}}}""", Admin);
        Assert.True(made.Status == 200, made.Text);
        return (made.Json.GetProperty("token").GetProperty("id").GetInt32(), Bearer(made.Json));
    }

    private static (string, string) Bearer(JsonElement made) => ("Authorization", $"Bearer {made.Text("secret")}");

    private async Task<IReadOnlyList<JsonElement>> RecordAsync(params string[] events)
    {
        var items = (await Client.PostAsync(Routes.Events, $"[{string.Join(',', events)}]", Admin)).Json.GetProperty("items").EnumerateArray().ToList();
        var head = (await Client.GetAsync("/api/v1/log/head", Admin)).Json.GetProperty("position").GetInt64();
        await Until.HoldsAsync("the projections have caught up", async () =>
            (await Client.GetAsync("/api/v1/projections", Admin)).Json.GetProperty("items")[0].GetProperty("position").GetInt64() >= head);
        return items;
    }
}
