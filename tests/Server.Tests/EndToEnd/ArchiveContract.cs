using System.Net.Http.Headers;
using System.Text.Json;
using ValueStream.Server.Tests.Api;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>Archiving as an administrator does it: over HTTP, with a backup of database and files, and with a file that is gone. What it does to the log is tested with the store.</summary>
public abstract class ArchiveContract : IDisposable
{
    private const string Token = "a token that nobody guesses";

    private readonly string _folder = Directory.CreateTempSubdirectory("valuestream-archive-").FullName;

    private protected abstract Task<TestDatabase> NewDatabaseAsync();

    private string Archive => Path.Combine(_folder, "archive");

    [Fact]
    public async Task A_database_and_its_files_are_restored_together_and_verify_against_a_head_of_before()
    {
        using var database = await NewDatabaseAsync();
        var (backup, copy) = (Path.Combine(_folder, "backup"), Directory.CreateDirectory(Path.Combine(_folder, "copy")).FullName);
        string kept, answers;
        await using (var server = await StartAsync(database))
        {
            var client = await FilledAsync(server);
            kept = (await client.GetAsync("/api/v1/log/head")).Text;
            answers = await AnswersAsync(client);

            var archived = (await client.PostAsync("/api/v1/log/archive", """{"upTo":100,"actor":"grace","reason":"the disk is full"}""")).Json;
            Assert.Equal((3, 1, 3), (archived.GetProperty("position").GetInt64(), archived.GetProperty("segments").GetInt32(), archived.GetProperty("events").GetInt64()));
            await client.CaughtUpAsync();
            var said = (await client.ReadAsync("/api/v1/events?type=segment")).GetProperty("items")[0];
            Assert.Equal(("administered", "token:0", "grace", "the disk is full"), (said.Text("kind"), said.Text("submitter"), said.Text("actor"), said.Text("reason")));

            Assert.Equal(answers, await AnswersAsync(client));
            await database.BackUpAsync(backup);
            File.Copy(FileIn(Archive), Path.Combine(copy, Path.GetFileName(FileIn(Archive))));
            await server.StopAsync();
        }
        Directory.Delete(Archive, recursive: true);
        await database.RestoreAsync(backup);
        Directory.Move(copy, Archive);

        await using var restored = await StartAsync(database, "--accept-restored");
        var after = Client(restored);
        await after.CaughtUpAsync();
        Assert.Equal(answers, await AnswersAsync(after));
        var verified = JsonElement.Parse((await after.PostAsync("/api/v1/log/verify", $$"""{"head":{{kept}}}""")).Text.TrimEnd().Split('\n')[^1]);
        Assert.True(verified.GetProperty("done").GetBoolean() && !verified.TryGetProperty("fault", out _), verified.GetRawText());
        Assert.Equal(202, (await after.PostAsync("/api/v1/projections/runs/rebuild", "")).Status);
        await after.CaughtUpAsync();
        Assert.Equal(answers, await AnswersAsync(after));
    }

    [Fact]
    public async Task A_missing_file_is_named_by_all_that_needs_it_and_nothing_else_stops()
    {
        using var database = await NewDatabaseAsync();
        await using var server = await StartAsync(database);
        var client = await FilledAsync(server);
        Assert.Equal(200, (await client.PostAsync("/api/v1/log/archive", """{"upTo":100,"reason":"it is old"}""")).Status);
        await client.CaughtUpAsync();
        var file = FileIn(Archive);
        var (name, bytes) = (Path.GetFileName(file), await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        File.Delete(file);

        (await client.GetAsync("/api/v1/events/2")).IsProblem(503, name);
        (await client.GetAsync("/api/v1/events")).IsProblem(503, name);
        (await client.PostAsync("/api/v1/projections/runs/rebuild", "")).IsProblem(503, name);
        (await client.PostAsync("/api/v1/events/2/redact", """{"reason":"it named a customer"}""")).IsProblem(503, name);
        var fault = JsonElement.Parse((await client.PostAsync("/api/v1/log/verify", "{}")).Text.TrimEnd().Split('\n')[^1]).GetProperty("fault");
        Assert.Equal(1, fault.GetProperty("position").GetInt64());
        Assert.Contains(name, fault.Text("problem"), StringComparison.Ordinal);
        Assert.Contains(name, (await client.ReadAsync("/readyz")).GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        await client.RecordAsync(Sent.Start("archive", "while it is gone"));
        await client.CaughtUpAsync();
        Assert.Equal(200, (await client.GetAsync("/api/v1/runs")).Status);

        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        Assert.Equal(200, (await client.GetAsync("/api/v1/events/2")).Status);
        Assert.Equal(0, (await client.ReadAsync("/readyz")).GetProperty("warnings").GetArrayLength());
        Assert.Equal(202, (await client.PostAsync("/api/v1/projections/runs/rebuild", "")).Status);
    }

    [Fact]
    public async Task What_is_not_said_rightly_or_by_somebody_who_may_not_is_refused()
    {
        using var database = await NewDatabaseAsync();
        await using var server = await StartAsync(database);
        var client = Client(server);

        (await client.PostAsync("/api/v1/log/archive", """{"upTo":5}""")).IsProblem(400, "reason");
        (await client.PostAsync("/api/v1/log/archive", """{"reason":"why"}""")).IsProblem(400, "upTo");
        (await client.PostAsync("/api/v1/log/archive", """{"upTo":0,"reason":"why"}""")).IsProblem(400, "upTo");
        (await client.PostAsync("/api/v1/log/archive", """{"before":"soon","reason":"why"}""")).IsProblem(400);
        var team = (await client.PostAsync("/api/v1/tokens", """{"name":"team","scopes":["admin"],"namespaces":["team.*"],"reason":"a team"}""")).Json.GetProperty("secret").GetString();
        (await client.PostAsync("/api/v1/log/archive", """{"upTo":5,"reason":"why"}""", ("Authorization", $"Bearer {team}"))).IsProblem(403, "all namespaces");
        Assert.Equal(0, (await client.PostAsync("/api/v1/log/archive", """{"upTo":5,"reason":"nothing is there"}""")).Json.GetProperty("segments").GetInt32());

        var (exitCode, output) = await ServerProcess.RunAsync(database.ConnectionString, null, new Dictionary<string, string> { ["Log__ArchiveAfterDays"] = "soon" });
        Assert.Equal(2, exitCode);
        Assert.Contains("Log__ArchiveAfterDays is 'soon'", output, StringComparison.Ordinal);
    }

    private async Task<ServerProcess> StartAsync(TestDatabase database, params string[] arguments) => await ServerProcess.StartAsync(database.ConnectionString, null,
        new Dictionary<string, string> { ["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token, ["Log__ArchiveDirectory"] = Archive, ["Log__ArchiveAfterDays"] = "30" }, arguments);

    private static ApiClient Client(ServerProcess server)
    {
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return new ApiClient(server.Http);
    }

    private static async Task<ApiClient> FilledAsync(ServerProcess server)
    {
        var client = Client(server);
        await client.RecordAsync(Sent.Start("archive", "1"));
        await client.RecordAsync(Sent.End("archive", "1", 5));
        await client.RecordAsync(Sent.Start("archive", "2"));
        await client.RecordAsync(Sent.End("archive", "2", 7));
        await client.CaughtUpAsync();
        return client;
    }

    private static async Task<string> AnswersAsync(ApiClient client) => string.Join('\n', await Task.WhenAll(new[] { "/api/v1/events?asOf=4", "/api/v1/events/1", "/api/v1/events/3", "/api/v1/runs" }
        .Select(async address => address.EndsWith("asOf=4", StringComparison.Ordinal) ? (await client.ReadAsync(address)).GetProperty("items").GetRawText() : (await client.ReadAsync(address)).GetRawText())));

    private static string FileIn(string folder) => Assert.Single(Directory.GetFiles(folder));

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}

public sealed class PostgresArchiveTests : ArchiveContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.PostgresAsync();
}

public sealed class SqliteArchiveTests : ArchiveContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.SqliteAsync();
}
