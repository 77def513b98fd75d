using Microsoft.Data.Sqlite;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>Whatever goes wrong is answered with a problem that says what to do.</summary>
[Collection(OnSqlite.Name)]
public sealed class ProblemTests(SqliteServer server)
{
    private ApiClient Client => server.Client;

    [Theory]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("GET", "/api/v1/nothing", 404)]
    [InlineData("GET", "/api/v2/runs", 404)]
    [InlineData("POST", "/bitbucket", 404)]
    [InlineData("GET", "/openapi/v2.json", 404)]
    [InlineData("GET", "/assets/nothing.css", 404)]
    [InlineData("GET", "/api/v1/runs/0000000000000", 404)]
    [InlineData("POST", "/api/v1/projections/operations/rebuild", 404)]
    [InlineData("DELETE", "/api/v1/events", 405)]
    [InlineData("PUT", "/api/v1/runs/0000000000000", 405)]
    [InlineData("GET", "/customhttp", 405)]
    [InlineData("POST", "/healthz", 405)]
    [InlineData("GET", "/api/v1/runs?limit=x", 400)]
    [InlineData("GET", "/live", 400)]
    [InlineData("POST", "/api/v1/events", 400)]
    [InlineData("POST", "/login", 415)]
    public async Task An_error_is_a_problem_whatever_the_caller_accepts(string method, string address, int status)
    {
        foreach (var accept in new[] { "*/*", "application/json", "text/event-stream", "application/xml" })
        {
            var answer = await Client.SendAsync(new HttpMethod(method), address, method == "POST" ? [] : null, null, ("Accept", accept));

            answer.IsProblem(status);
            Assert.True(status != 404 || answer.Json.Text("detail")!.Contains("/openapi/v1.json", StringComparison.Ordinal)
                || answer.Json.Text("detail")!.Contains("/api/v1/runs?id=", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("/nothing", 404, "There is nothing at this address")]
    [InlineData("/customhttp", 405, "This address takes POST.")]
    public async Task A_person_gets_a_page_that_says_it_and_leads_on(string address, int status, string says)
    {
        var answer = await Client.GetAsync(address, ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"));

        Assert.Equal((status, "text/html"), (answer.Status, answer.ContentType!.Split(';')[0]));
        Assert.Contains(says, answer.Text, StringComparison.Ordinal);
        Assert.Contains("href=\"/runs\"", answer.Text, StringComparison.Ordinal);
        (await Client.GetAsync("/api/v1" + address, ("Accept", "text/html"))).IsProblem(404);
    }

    [Fact]
    public async Task A_method_that_an_address_does_not_take_is_answered_with_those_it_does()
    {
        var answer = await Client.SendAsync(HttpMethod.Delete, Routes.Events);

        answer.IsProblem(405, "GET, POST");
        Assert.Equal("GET, POST", answer.Headers["Allow"].Replace("\n", ", ", StringComparison.Ordinal));
    }
}

/// <summary>What is no fault of the request.</summary>
public sealed class ServerFaultTests
{
    [Fact]
    public async Task A_fault_of_the_server_is_said_to_be_one_and_its_log_says_which()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Database);
        var client = new ApiClient(server.Http);
        await client.RecordAsync(Sent.Start("default", "1"));
        await using (var database = new SqliteConnection($"{folder.Database};Pooling=False"))
        {
            await database.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = database.CreateCommand();
            command.CommandText = "DROP TRIGGER events_no_update; UPDATE events SET data = 'no JSON'";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var answer = await client.GetAsync("/api/v1/events");

        answer.IsProblem(500, "its log says more");
        Assert.DoesNotContain("Exception", answer.Text, StringComparison.Ordinal);
        await Until.HoldsAsync("the fault is in the log", () => Task.FromResult(server.Output.Contains("JsonException", StringComparison.Ordinal)));
        Assert.Equal(200, (await client.GetAsync("/api/v1/runs")).Status);
    }
}
