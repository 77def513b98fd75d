using System.Globalization;
using System.Net;
using System.Text.Json;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api.Operations;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary>Whoever holds a token of one namespace finds nothing of another, wherever they look and whatever they try.</summary>
[Collection(OnTokenServer.Name)]
public sealed class OtherNamespaceTests(TokenServer server)
{
    private static readonly (string, string) Admin = ("Authorization", $"Bearer {TokenServer.Token}");

    // It stands in every text of ours: what is found of it anywhere is a leak.
    private readonly string _ours = Sent.Unique("secret-");

    private ApiClient Client => server.Client;

    [Theory]
    [InlineData("read")]
    [InlineData("admin")]
    public async Task No_route_tells_or_changes_anything_of_another_namespace(string scope)
    {
        var (run, operation, position, quarantined) = await RecordOursAsync();
        var theirs = await TokenAsync(scope);
        var before = await Client.GetAsync("/api/v1/log/head", Admin);

        var told = await TellingAsync(theirs, static _ => true, run, operation, position, quarantined);
        Assert.True(told.Count == 0, string.Join("\n", told.Take(5)));

        Assert.Equal(before.Text, (await Client.GetAsync("/api/v1/log/head", Admin)).Text);
        // The same walk with a token of ours finds it: it looks where there is something.
        var telling = await TellingAsync(await TokenAsync("read", _ours), static r => r.Method == "GET", run, operation, position, quarantined);
        Assert.Superset(new HashSet<string>(
            [
                "/", "/api/v1/events", "/api/v1/events/{position:long}", "/api/v1/operations", "/api/v1/operations/{key}", "/api/v1/operations/{key}/path", "/api/v1/runs", "/api/v1/runs/{key}",
                "/api/v1/runs/{key}/events", "/api/v1/runs/{key}/trace", "/api/v1/tags/{**key}", "/audit", "/operations", "/operations/{key}", "/runs", "/runs/{key}",
            ]), telling.Select(static t => t.Split(' ')[0]).ToHashSet());
    }

    /// <summary>The routes that tell something of ours, each with what it tells.</summary>
    private async Task<IReadOnlyList<string>> TellingAsync((string, string) bearer, Func<ServerRoute, bool> only, string run, string operation, string position, string quarantined)
    {
        var telling = new List<string>();
        foreach (var route in (await RouteTable.ReadAsync()).Where(only).Where(static r => r.Pattern != "/live" && !r.Pattern.StartsWith("/login", StringComparison.Ordinal)))
        {
            foreach (var key in route.Pattern.Contains("{key}", StringComparison.Ordinal) ? [run, operation] : new[] { "" })
            {
                var address = route.Pattern.Replace("{key}", key, StringComparison.Ordinal).Replace("{position:long}", position, StringComparison.Ordinal)
                    .Replace("{id:guid}", quarantined, StringComparison.Ordinal).Replace("{id}", quarantined, StringComparison.Ordinal).Replace("{id:int}", "1", StringComparison.Ordinal)
                    .Replace("{**key}", $"tag-{_ours}", StringComparison.Ordinal).Replace("{name}", "site.css", StringComparison.Ordinal).Replace("{source}", "github", StringComparison.Ordinal)
                    .Replace("{platform}", "linux-x64", StringComparison.Ordinal).Replace("{documentName:regex(^v1$)}", "v1", StringComparison.Ordinal);
                Assert.DoesNotContain("{", address, StringComparison.Ordinal);
                var queries = route.Method == "GET"
                    ? ["", $"?namespace={_ours}", $"?q={_ours}", $"?name=name-{_ours}", $"?actor=actor-{_ours}", $"?tag=tag-{_ours}:value-{_ours}", $"?operation={operation}", $"?run={run}",
                        $"?id={Sent.Rendering(_ours, "r")}", $"?event={position}", "?hidden=true&limit=200", "?show=retries", "?from=2024-03-04T12:00:00Z&to=2024-03-04T13:00:00Z&show=path", "?of=failed", "?of=these", "?format=csv", "?export=csv", "?export=ndjson"]
                    : new[] { "" };
                foreach (var query in queries)
                {
                    var answer = await Client.SendAsync(new HttpMethod(route.Method), address + query,
                        route.Method is "GET" or "HEAD" ? null : """{"reason":"x","excluded":true,"name":"taken"}"""u8.ToArray(), "application/json", bearer, ("Accept", "text/html, */*"));
                    Assert.True(answer.Status < 500 || route.Pattern == "/readyz", $"{route.Method} {address}{query}: {answer.Status} {answer.Text}");
                    // What was asked for may be said again; nothing else of it.
                    var said = WebUtility.UrlDecode(WebUtility.HtmlDecode(answer.Text));
                    var asks = WebUtility.UrlDecode(query.Contains('=', StringComparison.Ordinal) ? query[(query.IndexOf('=', StringComparison.Ordinal) + 1)..] : "");
                    said = asks.Length > 0 ? said.Replace(asks, "", StringComparison.Ordinal).Replace($"tag-{_ours}=value-{_ours}", "", StringComparison.Ordinal) : said;
                    said = said.Replace($"tag-{_ours}", "", StringComparison.Ordinal);
                    if (said.Contains(_ours, StringComparison.Ordinal))
                    {
                        telling.Add($"{route.Pattern} {route.Method} {address}{query} ({answer.Status}): {Around(said)}");
                    }
                }
            }
        }
        return telling;
    }

    [Fact]
    public async Task The_live_stream_of_anothers_run_tells_no_change()
    {
        var (run, _, _, _) = await RecordOursAsync();
        using var theirs = await ListenAsync(run, await TokenAsync("read"));
        using var ours = await ListenAsync(run, Admin);
        var toThem = ReadUntilAsync(theirs, "event: changed");

        await Client.PostAsync(Routes.Events, Sent.Event("annotate", _ours, "r", 9, more: """ "note":"x" """), Admin);

        await ReadUntilAsync(ours, "event: changed");
        Assert.False(toThem.IsCompleted);
    }

    private async Task<StreamReader> ListenAsync(string run, (string Name, string Value) bearer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{server.Process.Url}/live?view=run/{run}");
        request.Headers.TryAddWithoutValidation(bearer.Name, bearer.Value);
        var response = await server.Process.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        await ReadUntilAsync(lines, "event: hello");
        return lines;
    }

    private static async Task ReadUntilAsync(StreamReader lines, string line)
    {
        while (await lines.ReadLineAsync(TestContext.Current.CancellationToken) is { } read && read != line)
        {
        }
    }

    private static string Around(string text)
    {
        var at = text.IndexOf("secret-", StringComparison.Ordinal);
        return text[Math.Max(0, at - 120)..Math.Min(text.Length, at + 120)];
    }

    /// <summary>A trace of two runs, an administered operation, and a delivery in quarantine.</summary>
    private async Task<(string Run, string Operation, string Position, string Quarantined)> RecordOursAsync()
    {
        var more = $$"""
            "name":"name-{{_ours}}","actor":"actor-{{_ours}}","reason":"reason-{{_ours}}","tags":{"tag-{{_ours}}":"value-{{_ours}}","service":"service-{{_ours}}"}
            """;
        var items = (await Client.PostAsync(Routes.Events, $$"""
            [{{Sent.Start(_ours, "r", 0, more: more)}},{{Sent.Start(_ours, "c", 1, more: $"{more},\"parents\":[\"{Sent.Rendering(_ours, "r")}\"]")}},
             {"action":"start","run":{"type":"build","namespace":"{{_ours}}","id":"running"},{{more}}},
             {{Sent.End(_ours, "c", 5, more: "\"outcome\":\"failure\"")}},{{Sent.End(_ours, "r", 9)}}]
            """, Admin)).Json.GetProperty("items").EnumerateArray().ToList();
        await CaughtUpAsync();
        var run = items[0].Text("key")!;
        var operation = (await Client.GetAsync($"/api/v1/runs/{run}", Admin)).Json.Text("operation")!;
        Assert.Equal(200, (await Client.SendAsync(HttpMethod.Patch, $"/api/v1/operations/{operation}", JsonSerializer.SerializeToUtf8Bytes(new { description = $"described-{_ours}" }), "application/json", Admin)).Status);
        var kept = await Client.PostAsync("/github", $$"""{"not understood":"{{_ours}}" """, Admin, ("X-GitHub-Event", "workflow_run"));
        Assert.Equal(202, kept.Status);
        await CaughtUpAsync();
        var quarantined = (await Client.GetAsync("/api/v1/quarantine", Admin)).Json.GetProperty("items")[0].Text("id")!;
        return (run, operation, items[0].GetProperty("position").GetInt64().ToString(CultureInfo.InvariantCulture), quarantined);
    }

    private async Task<(string, string)> TokenAsync(string scope, string? @namespace = null)
    {
        var made = await Client.PostAsync("/api/v1/tokens", $$"""{"name":"x","scopes":["{{scope}}"],"namespaces":["{{@namespace ?? Sent.Unique("theirs-")}}"]}""", Admin);
        return ("Authorization", $"Bearer {made.Json.Text("secret")}");
    }

    private async Task CaughtUpAsync()
    {
        var head = (await Client.GetAsync("/api/v1/log/head", Admin)).Json.GetProperty("position").GetInt64();
        await Until.HoldsAsync("the projections have caught up", async () =>
            (await Client.GetAsync("/api/v1/projections", Admin)).Json.GetProperty("items")[0].GetProperty("position").GetInt64() >= head);
    }
}
