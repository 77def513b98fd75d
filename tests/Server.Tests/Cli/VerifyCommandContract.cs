using System.Text.Json;
using ValueStream.Server.Tests.Api;
using ValueStream.Server.Tests.EndToEnd;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The published binary checks the log of the real server, on each database.</summary>
public abstract class VerifyCommandContract
{
    private const int Events = 12;

    private protected abstract Task<TestDatabase> NewDatabaseAsync();

    /// <summary>What is done to a log behind its back, and what is said of it.</summary>
    public static TheoryData<string, string[], string> Tamperings => new()
    {
        {
            "a flipped byte", ["UPDATE events SET data = replace(data, 'why 5', 'why 4') WHERE position = 5"],
            "The log fails at position 5: the event is not what was appended: its digest does not match.\n"
        },
        {
            "an exchanged pair",
            ["UPDATE events SET position = 1000 WHERE position = 5", "UPDATE events SET position = 5 WHERE position = 9",
                "UPDATE events SET position = 9 WHERE position = 1000"],
            "The log fails at position 5: the event is not what was appended: its digest does not match.\n"
        },
        {
            "a removed middle", ["DELETE FROM events WHERE position BETWEEN 5 AND 8", "DELETE FROM batches WHERE first >= 5 AND last <= 8"],
            "The log fails at position 5: the batch that held it is missing.\n"
        },
    };

    [Theory]
    [MemberData(nameof(Tamperings))]
    public async Task What_was_done_to_the_log_is_said_with_the_first_position_that_fails(string what, string[] statements, string says)
    {
        _ = what;
        using var database = await NewDatabaseAsync();
        await using var server = await FilledAsync(database);
        using var vscli = new Vscli(server.Url);
        await using (var log = new StoredLog(database))
        {
            await log.TamperAsync(statements);
        }

        var ran = await vscli.Run("verify", "--save-head", "head.json");

        Assert.Equal((1, says, ""), (ran.ExitCode, ran.Out, ran.Error));
        Assert.Empty(Directory.GetFiles(vscli.Home));
    }

    [Fact]
    public async Task A_cut_tail_is_found_by_the_head_that_an_earlier_check_kept()
    {
        using var database = await NewDatabaseAsync();
        await using var server = await FilledAsync(database);
        using var vscli = new Vscli(server.Url);
        Assert.Equal(0, (await vscli.Run("verify", "--save-head", "head.json")).ExitCode);
        var kept = await File.ReadAllTextAsync(Path.Combine(vscli.Home, "head.json"), TestContext.Current.CancellationToken);
        await using (var log = new StoredLog(database))
        {
            await log.TamperAsync("DELETE FROM events WHERE position > 8", "DELETE FROM batches WHERE last > 8",
                "UPDATE log_head SET position = 8, hash = (SELECT hash FROM batches WHERE last = 8)");
        }

        var alone = await vscli.Run("verify");
        var against = await vscli.Run("verify", "--head", "head.json", "--save-head", "head.json");

        Assert.Equal(0, alone.ExitCode);
        Assert.StartsWith("8 events are", alone.Out, StringComparison.Ordinal);
        Assert.Equal(
            (1, "The log fails at position 9: the tail is missing: the head kept elsewhere is at position 12.\n", ""),
            (against.ExitCode, against.Out, against.Error));
        Assert.Equal(kept, await File.ReadAllTextAsync(Path.Combine(vscli.Home, "head.json"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_log_that_nobody_touched_is_as_it_was_appended_day_after_day()
    {
        using var database = await NewDatabaseAsync();
        await using var server = await FilledAsync(database);
        using var vscli = new Vscli(server.Url);
        var api = new ApiClient(server.Http);
        var hash = (await api.ReadAsync("/api/v1/log/head")).Text("hash");

        var first = await vscli.Run("verify", "--save-head", "head.json");
        var saved = await File.ReadAllTextAsync(Path.Combine(vscli.Home, "head.json"), TestContext.Current.CancellationToken);
        await api.RecordAsync(Sent.Start("team", "later"));
        var second = await vscli.Run("verify", "--head", "head.json", "--save-head", "head.json");
        var third = await vscli.Run("verify", "--head", "head.json", "--from", "12");
        var again = await vscli.Run("verify", "--save-head", "head.json");

        Assert.Equal((0, $"12 events are as they were appended, up to the head at position 12, hash {hash}\n", ""), (first.ExitCode, first.Out, first.Error));
        Assert.Equal(hash, JsonElement.Parse(saved).Text("hash"));
        Assert.Equal((0, ""), (second.ExitCode, second.Error));
        Assert.Matches("^13 events are .* position 13, hash [0-9a-f]{64}; the head in head.json, at position 12, still stands\n$", second.Out);
        Assert.Equal((0, ""), (third.ExitCode, third.Error));
        Assert.Matches("^2 events from position 12 on are .*; the head in head.json, at position 13, still stands\n$", third.Out);
        Assert.Equal((2, ""), (again.ExitCode, again.Out));
        Assert.Contains("add --head head.json", again.Error, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(vscli.Home));
    }

    [Fact]
    public async Task A_head_that_curl_exported_is_taken_and_a_position_that_is_not_there_yet_is_not_checked()
    {
        using var database = await NewDatabaseAsync();
        await using var server = await FilledAsync(database);
        using var vscli = new Vscli(server.Url);
        await File.WriteAllTextAsync(
            Path.Combine(vscli.Home, "exported.json"), await server.Http.GetStringAsync("/api/v1/log/head", TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);

        var ran = await vscli.Run("verify", "-head=exported.json", "-from=13");
        var beyond = await vscli.Run("verify", "-from=14", "-save-head=new.json");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.StartsWith("0 events from position 13 on are", ran.Out, StringComparison.Ordinal);
        Assert.Equal((2, "", "vscli: not checked: there is no position 14 yet: the log ends at 12\n"), (beyond.ExitCode, beyond.Out, beyond.Error));
        Assert.False(File.Exists(Path.Combine(vscli.Home, "new.json")));
    }

    /// <summary>A server whose log has twelve events in batches of two.</summary>
    private static async Task<ServerProcess> FilledAsync(TestDatabase database)
    {
        var server = await ServerProcess.StartAsync(database.ConnectionString);
        var api = new ApiClient(server.Http);
        for (var i = 1; i < Events; i += 2)
        {
            await api.RecordAsync(Start(i), Start(i + 1));
        }
        return server;
    }

    private static string Start(int i) => Sent.Start("team", $"{i}", more: $""" "reason":"why {i}" """);
}

public sealed class PostgresVerifyCommandTests : VerifyCommandContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.PostgresAsync();
}

public sealed class SqliteVerifyCommandTests : VerifyCommandContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.SqliteAsync();
}
