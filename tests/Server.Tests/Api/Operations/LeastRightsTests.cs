using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Npgsql;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api.Access;
using ValueStream.Server.Tests.Faults;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>The two roles that docs/operations.md makes, by the very script that stands there.</summary>
public sealed class LeastRightsTests
{
    private const string Token = "a token that nobody guesses";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_owns_nothing_does_all_that_a_server_does()
    {
        await using var cluster = await NewClusterAsync();
        await MakeSchemaAsync(cluster);
        await using var server = await ServerProcess.StartAsync(As("valuestream_server", cluster), null, new Dictionary<string, string> { ["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token });
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Http.GetAsync("/runs", Cancel)).StatusCode);
        using (var browser = new HttpClient { BaseAddress = new Uri(server.Url) })
        {
            var page = await LoginForm.SendAsync(browser, "/login?then=%2Fruns", Token);
            Assert.Equal((HttpStatusCode.OK, "/runs"), (page.StatusCode, page.RequestMessage!.RequestUri!.PathAndQuery));
        }
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        var client = new ApiClient(server.Http);

        // The first append looks under the head's lock, the second is the fast one, a known id goes back to the first way.
        var known = $$"""{"eventId":"{{Guid.CreateVersion7()}}",{{Sent.Start("default", "1", more: """ "tags":{"customer":"classified"} """)[1..]}}""";
        var started = (await client.RecordAsync(known))[0];
        var parent = Sent.Rendering("default", "1");
        await client.RecordAsync(Sent.Start("default", "2", more: $$""" "parents":["{{parent}}"],"links":[{"run":"{{parent}}"}] """));
        Assert.Equal(1, (await client.PostAsync(Routes.Events, $"[{known}]")).Json.GetProperty("duplicates").GetInt32());
        var lines = await client.SendAsync(HttpMethod.Post, Routes.Events, Encoding.UTF8.GetBytes(Sent.End("default", "1", 5) + "\n" + Sent.End("default", "2", 6) + "\n"), "application/x-ndjson");
        Assert.Equal(2, JsonElement.Parse(lines.Text.TrimEnd().Split('\n')[^1]).GetProperty("accepted").GetInt32());
        Assert.Equal("success", (await client.PostAsync(Routes.CustomHttp, """{"id":"3","action":"start"}""")).Text);
        await client.CaughtUpAsync();
        await client.RecordAsync(Sent.Event("annotate", "default", "2", 7, more: """ "tags":{"customer":"another"} """));

        var redacted = await client.PostAsync($"/api/v1/events/{started.GetProperty("position").GetInt64()}/redact", """{"reason":"it named a customer"}""");
        Assert.True(redacted.Status == 200, redacted.Text);
        await client.CaughtUpAsync();
        Assert.DoesNotContain("classified", (await client.RunAsync(started)).GetRawText(), StringComparison.Ordinal);

        Assert.InRange((await client.PostAsync("/api/v1/projections/runs/rebuild", "")).Status, 200, 202);
        await Until.HoldsAsync("the other slot is live", async () => (await client.ReadAsync("/api/v1/projections")).GetProperty("items")[0].Text("slot") == "b");
        Assert.Equal(3, (await client.ReadAsync("/api/v1/runs")).GetProperty("items").GetArrayLength());
        foreach (var address in new[] { "/runs", $"/runs/{started.Text("key")}", $"/api/v1/runs/{started.Text("key")}/trace", $"/api/v1/runs/{started.Text("key")}/events", "/api/v1/events", "/readyz", "/metrics" })
        {
            var answer = await client.GetAsync(address);
            Assert.True(answer.Status == 200, $"{address}: {answer.Status} {answer.Text}");
        }
        var archived = await client.PostAsync("/api/v1/log/archive", """{"upTo":1000,"reason":"it is old"}""");
        Assert.True(archived.Status == 200 && archived.Json.GetProperty("segments").GetInt32() == 1, archived.Text);
        redacted = await client.PostAsync("/api/v1/events/2/redact", """{"reason":"it named a customer"}""");
        Assert.True(redacted.Status == 200, redacted.Text);
        Assert.Equal(1, (await client.PostAsync(Routes.Events, $"[{known}]")).Json.GetProperty("duplicates").GetInt32());
        var head = await client.ReadAsync("/api/v1/log/head");
        var verified = JsonElement.Parse((await client.PostAsync("/api/v1/log/verify", $$"""{"head":{{head.GetRawText()}}}""")).Text.TrimEnd().Split('\n')[^1]);
        Assert.True(verified.GetProperty("done").GetBoolean());
        Assert.False(verified.TryGetProperty("fault", out _));

        // Again while it runs, as after an upgrade.
        await cluster.ExecuteAsync(Script());
        await client.RecordAsync(Sent.Start("default", "4"));
        await server.StopAsync();
        Assert.DoesNotContain("42501", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_servers_role_can_do_nothing_else_to_the_log()
    {
        await using var cluster = await NewClusterAsync();
        await MakeSchemaAsync(cluster);
        await using var server = await ServerProcess.StartAsync(As("valuestream_server", cluster));
        await new ApiClient(server.Http).RecordAsync(Sent.Start("default", "1"));

        foreach (var sql in (string[])
        [
            "DELETE FROM events", "TRUNCATE events", "DROP TABLE events", "ALTER TABLE events RENAME TO gone",
            "UPDATE events SET position = 7", "UPDATE events SET submitter = 'x'", "UPDATE events SET digest = salt", "UPDATE events SET data = '', recorded_at = 0",
            "DELETE FROM batches", "TRUNCATE batches", "DROP TABLE batches", "UPDATE batches SET hash = hash",
            "DELETE FROM segments", "TRUNCATE segments", "UPDATE segments SET last = 7", "DELETE FROM archived_events", "TRUNCATE archived_events", "UPDATE archived_events SET run = 7",
            "DELETE FROM log_head", "TRUNCATE log_head", "DROP TABLE log_head", "INSERT INTO log_head SELECT * FROM log_head",
            "DROP TRIGGER events_no_update ON events", "ALTER TABLE events DISABLE TRIGGER ALL", "ALTER TABLE batches DISABLE TRIGGER USER", "SET session_replication_role = replica",
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$", "DROP FUNCTION refuse_change() CASCADE",
            "CREATE RULE forget AS ON INSERT TO events DO INSTEAD NOTHING", "CREATE TRIGGER t BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            "CREATE TABLE mine (x int)", "CREATE TEMP TABLE mine (x int)", "CREATE SCHEMA mine", "BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE",
            "DELETE FROM \"__EFMigrationsHistory\"", "INSERT INTO \"__EFMigrationsHistory\" VALUES ('x', 'x')",
            "DELETE FROM checkpoints", "DELETE FROM leadership", "TRUNCATE runs_a", "SET ROLE valuestream_owner", "COPY events TO PROGRAM 'cat'",
        ])
        {
            Assert.True(await RefusalAsync(cluster, sql) == PostgresErrorCodes.InsufficientPrivilege, sql);
        }
        // Where it has the right, the triggers see to it that it is used for erasing and archiving alone.
        Assert.Equal(PostgresErrorCodes.NoDataFound, await RefusalAsync(cluster, "SELECT delete_archived(1, '{}')"));
        Assert.Equal(PostgresErrorCodes.RaiseException, await RefusalAsync(cluster, "INSERT INTO segments (last, first, previous_hash, hash, recorded_at, sha256) SELECT last, first, hash, hash, 0, hash FROM batches"));
        Assert.Equal(PostgresErrorCodes.RaiseException, await RefusalAsync(cluster,
            "INSERT INTO segments (last, first, previous_hash, hash, recorded_at, sha256) SELECT last, first, (SELECT sha256(uuid_send(log_id)) FROM log_head), hash, 0, hash FROM batches WHERE first = 1"));
        Assert.Equal(PostgresErrorCodes.RaiseException, await RefusalAsync(cluster, "UPDATE events SET data = 'x'"));
        Assert.Equal(PostgresErrorCodes.RaiseException, await RefusalAsync(cluster, "UPDATE events SET data = '', salt = 'x'"));
        // No event here is one that the projections cannot take.
        Assert.Null(await RefusalAsync(cluster, "INSERT INTO set_aside (slot, position, problem) VALUES ('a', 1, '') ON CONFLICT (slot, position) DO NOTHING"));
    }

    [Fact]
    public async Task What_a_role_before_made_is_handed_over()
    {
        await using var cluster = await NewClusterAsync();
        await using (var server = await ServerProcess.StartAsync(cluster.ConnectionString))
        {
            await new ApiClient(server.Http).RecordAsync(Sent.Start("default", "1"));
            await server.StopAsync();
        }

        await cluster.ExecuteAsync(Script());

        Assert.Equal(0, await cluster.AskAsync<long>("""
            SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relowner <> 'valuestream_owner'::regrole)
              + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proowner <> 'valuestream_owner'::regrole)
            """));
        await using var next = await ServerProcess.StartAsync(As("valuestream_server", cluster));
        await new ApiClient(next.Http).RecordAsync(Sent.End("default", "1", 5));
    }

    [Fact]
    public async Task A_server_with_too_few_rights_says_what_to_do()
    {
        await using var cluster = await NewClusterAsync();
        await cluster.ExecuteAsync(Script());
        await IsRefusedAsync("valuestream_server", cluster);

        Assert.Equal(0, (await ServerProcess.RunAsync(As("valuestream_owner", cluster), null, null, "--migrate-only")).ExitCode);
        // Its grants do not follow by themselves.
        await IsRefusedAsync("valuestream_server", cluster);
        await cluster.ExecuteAsync(Script());
        await cluster.ExecuteAsync("REVOKE INSERT ON tags FROM valuestream_server");
        await IsRefusedAsync("valuestream_server", cluster, "tags");
        await cluster.ExecuteAsync(Script());

        // A version to come.
        await cluster.ExecuteAsync("DELETE FROM \"__EFMigrationsHistory\" WHERE migration_id = (SELECT max(migration_id) FROM \"__EFMigrationsHistory\")");
        await IsRefusedAsync("valuestream_server", cluster);

        await cluster.ExecuteAsync("CREATE ROLE stranger LOGIN; GRANT CONNECT ON DATABASE valuestream TO stranger");
        await IsRefusedAsync("stranger", cluster);
    }

    private static Task<PostgresCluster> NewClusterAsync()
    {
        Trial.Needs(PostgresCluster.IsAvailable, "Postgres");
        return PostgresCluster.StartNewAsync();
    }

    /// <summary>What the documentation says: the script, the migrations, the script.</summary>
    private static async Task MakeSchemaAsync(PostgresCluster cluster)
    {
        await cluster.ExecuteAsync(Script());
        var (exitCode, output) = await ServerProcess.RunAsync(As("valuestream_owner", cluster), null, null, "--migrate-only");
        Assert.True(exitCode == 0, output);
        await ExecuteAsync("valuestream_owner", cluster, Script());
    }

    private static async Task IsRefusedAsync(string role, PostgresCluster cluster, string says = "")
    {
        var (exitCode, output) = await ServerProcess.RunAsync(As(role, cluster), null, null);

        Assert.True(exitCode == 2, $"{exitCode}: {output}");
        Assert.Contains("--migrate-only", output, StringComparison.Ordinal);
        Assert.Contains("docs/operations.md", output, StringComparison.Ordinal);
        Assert.Contains(says, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    /// <summary>Postgres's code for why the server's role may not do something; null when it may.</summary>
    private static async Task<string?> RefusalAsync(PostgresCluster cluster, string sql)
    {
        try
        {
            await ExecuteAsync("valuestream_server", cluster, sql);
            return null;
        }
        catch (PostgresException e)
        {
            return e.SqlState;
        }
    }

    private static async Task ExecuteAsync(string role, PostgresCluster cluster, string sql)
    {
        await using var connection = new NpgsqlConnection(As(role, cluster) + ";Pooling=false");
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static string As(string role, PostgresCluster cluster) => new NpgsqlConnectionStringBuilder(cluster.ConnectionString) { Username = role }.ConnectionString;

    /// <summary>The SQL under "Database roles" in docs/operations.md.</summary>
    private static string Script([CallerFilePath] string test = "")
    {
        var folder = new FileInfo(test).Directory;
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "docs", "operations.md")))
        {
            folder = folder.Parent;
        }
        Assert.NotNull(folder);
        var section = File.ReadAllText(Path.Combine(folder.FullName, "docs", "operations.md")).Split("\n## ").Single(static s => s.StartsWith("Database roles\n", StringComparison.Ordinal));
        return Assert.Single(section.Split("```sql\n")[1..]).Split("```")[0];
    }
}
