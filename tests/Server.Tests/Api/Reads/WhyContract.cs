using System.Text.Json;

namespace ValueStream.Server.Tests.Api.Reads;

/// <summary>What runs share and what changed, over HTTP: in the API and on the pages, without script.</summary>
public abstract class WhyContract(ApiServer server)
{
    private const string Day = "from=2024-03-04&to=2024-03-05";

    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task What_the_failed_runs_of_an_operation_share_is_told_with_its_samples()
    {
        var key = await RecordAsync();

        var view = await Client.ReadAsync($"/api/v1/operations/{key}/correlations?of=failed&from=2024-03-04T00:00:00Z&to=2024-03-05T00:00:00Z");

        Assert.Equal(("failed", 10, 30), (view.Text("of"), Number(view, "group"), Number(view, "rest")));
        var first = view.GetProperty("items")[0];
        Assert.Equal((1, 10, 10), (Number(first, "score"), Number(first, "support"), Number(first, "inGroup")));
        Assert.Equal(("own", "image", "v2"), (first.GetProperty("traits")[0].Text("level"), first.GetProperty("traits")[0].Text("key"), first.GetProperty("traits")[0].Text("value")));
        Assert.Equal(10, (await Client.ReadAsync(first.GetProperty("traits")[0].Text("runs")!)).GetProperty("items").GetArrayLength());
        Assert.NotEmpty(view.Text("definition")!);
    }

    [Fact]
    public async Task The_runs_of_a_search_are_compared_with_others_of_their_operations()
    {
        await RecordAsync();

        var view = await Client.ReadAsync($"/api/v1/runs/correlations?namespace={_ns}&outcome=failure&of=these");

        Assert.Equal(("these", 10, 30), (view.Text("of"), Number(view, "group"), Number(view, "rest")));
        Assert.Equal("v2", view.GetProperty("items")[0].GetProperty("traits")[0].Text("value"));
        var few = await Client.ReadAsync($"/api/v1/runs/correlations?namespace={_ns}&outcome=failure&of=failed");
        Assert.Equal((true, 0), (few.GetProperty("tooFew").GetBoolean(), few.GetProperty("items").GetArrayLength()));
    }

    [Theory]
    [InlineData("/api/v1/runs/correlations", "of", "It is not there; say failed, slow or these.")]
    [InlineData("/api/v1/runs/correlations?of=late", "of", "'late' is not known; say failed, slow or these.")]
    [InlineData("/api/v1/runs/correlations?of=failed&outcome=bad", "outcome", "'bad' is not known; say one of ")]
    [InlineData("/api/v1/operations/0000000000000/correlations?of=these", "of", "'these' is not known; say failed or slow.")]
    public async Task What_is_asked_wrongly_is_told(string address, string field, string says)
    {
        var answer = await Client.GetAsync(address);

        Assert.Equal(400, answer.Status);
        Assert.StartsWith(says, answer.Json.GetProperty("errors").GetProperty(field)[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operation_that_is_not_there_shares_nothing() =>
        Assert.Equal(404, (await Client.GetAsync("/api/v1/operations/0000000000000/correlations?of=failed")).Status);

    [Fact]
    public async Task What_changed_says_of_how_many_operations()
    {
        var changes = await Client.ReadAsync("/api/v1/operations/changes");

        Assert.InRange(Number(changes, "operations"), 0, 30);
        Assert.NotEmpty(changes.Text("definition")!);
        Assert.Equal(JsonValueKind.Array, changes.GetProperty("items").ValueKind);
    }

    [Fact]
    public async Task The_page_of_an_operation_shows_it_when_it_is_asked_and_keeps_the_rest_of_its_address()
    {
        var key = await RecordAsync();

        var page = await PageAsync($"/operations/{key}?{Day}&by=image");
        Assert.Contains($"href=\"/operations/{key}?from=2024-03-04&amp;to=2024-03-05&amp;by=image&amp;of=slow#why\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("more than chance", page, StringComparison.Ordinal);

        var failed = await PageAsync($"/operations/{key}?{Day}&of=failed");
        Assert.Contains("values tried are more than chance: 10 runs failed, 30 runs succeeded.", failed, StringComparison.Ordinal);
        Assert.Contains("<bdi>v2</bdi>", failed[failed.IndexOf("id=\"why\"", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Contains("tag=image%3Dv2", failed, StringComparison.Ordinal);
        Assert.Contains("Too few to compare: 0 runs failed", await PageAsync($"/operations/{key}?from=2024-03-01&to=2024-03-02&of=failed"), StringComparison.Ordinal);
        // What cannot be asked is not answered.
        Assert.DoesNotContain("more than chance", await PageAsync($"/operations/{key}?{Day}&of=these"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_of_runs_compares_those_that_match_with_the_rest()
    {
        await RecordAsync();

        Assert.DoesNotContain("Compare these with the rest", await PageAsync("/runs"), StringComparison.Ordinal);
        Assert.Contains($"href=\"/runs?namespace={_ns}&amp;outcome=failure&amp;of=these#why\"", await PageAsync($"/runs?namespace={_ns}&outcome=failure"), StringComparison.Ordinal);
        Assert.Contains("10 runs match, 30 runs of the same operations do not", await PageAsync($"/runs?namespace={_ns}&outcome=failure&of=these"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_is_marked_in_the_trend_of_its_operation_and_told_beside_it()
    {
        await Client.RecordAsync([.. Enumerable.Range(0, 60).SelectMany(i => new[]
        {
            Sent.Start(_ns, $"{i}", i * 60, more: $$"""
                "name":"shop","tags":{"version":"{{(i < 40 ? "1.9" : "2.0")}}"}
                """),
            Sent.End(_ns, $"{i}", i * 60 + (i < 40 ? 10 : 20) + i % 3),
        })]);
        var key = (await Client.ReadAsync($"/api/v1/operations?namespace={_ns}")).GetProperty("items")[0].Text("key");

        var page = await PageAsync($"/operations/{key}?{Day}");

        Assert.Single(page.Split("data-changed=\"true\"").Skip(1));
        var told = page[page.IndexOf("op-changed", StringComparison.Ordinal)..];
        Assert.Contains("differ from the 40 before", told, StringComparison.Ordinal);
        Assert.Contains("<bdi>2.0</bdi> came", told, StringComparison.Ordinal);
    }

    /// <summary>40 runs of a shop, every fourth of another image, which fails.</summary>
    private async Task<string> RecordAsync()
    {
        await Client.RecordAsync([.. Enumerable.Range(0, 40).SelectMany(i => new[]
        {
            Sent.Start(_ns, $"{i}", i, more: $$"""
                "name":"shop","actor":"a{{i % 3}}","tags":{"image":"{{(i % 4 == 0 ? "v2" : "v1")}}","host.name":"h{{i % 5}}"}
                """),
            Sent.End(_ns, $"{i}", i + 10, more: $$"""
                "outcome":"{{(i % 4 == 0 ? "failure" : "success")}}"
                """),
        })]);
        return (await Client.ReadAsync($"/api/v1/operations?namespace={_ns}")).GetProperty("items")[0].Text("key")!;
    }

    private async Task<string> PageAsync(string address)
    {
        var answer = await Client.GetAsync(address, ("Accept", "text/html"));
        Assert.True(answer.Status == 200, $"GET {address}: {answer.Status} {answer.Text}");
        return answer.Text;
    }

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();
}

[Collection(OnPostgres.Name)]
public sealed class PostgresWhyTests(PostgresServer server) : WhyContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteWhyTests(SqliteServer server) : WhyContract(server);
