using System.Diagnostics;
using System.Text.Json;

namespace ValueStream.Server.Tests.Cli;

/// <summary>What the published binary tells of its surroundings.</summary>
public sealed class ContextTests
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private const string Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Theory]
    [InlineData("event start")]
    [InlineData("trap")]
    public async Task A_start_in_a_repository_tells_user_machine_and_repository(string command)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        await WriteRepositoryAsync(vscli);
        var ran = await vscli.Run(command.Split(' '));
        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        var tags = Tags(server);
        Assert.Equal(
            ["host.name", "os.type", "user.name", "vcs.owner.name", "vcs.provider.name", "vcs.ref.head.name", "vcs.ref.head.revision", "vcs.ref.head.type", "vcs.repository.name",
            "vcs.repository.url.full"],
            tags.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("main", Commit, "https://github.com/acme/api"), (tags["vcs.ref.head.name"], tags["vcs.ref.head.revision"], tags["vcs.repository.url.full"]));
        Assert.DoesNotContain("hunter2", server.Requests[0].Body, StringComparison.Ordinal);
        Assert.False(server.Events[0].TryGetProperty("reason", out _));
    }

    [Fact]
    public async Task In_CI_its_word_counts_more_than_that_of_the_checkout_and_a_tag_that_is_given_the_most()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        await WriteRepositoryAsync(vscli, head: Commit);
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["GITHUB_ACTIONS"] = "true", ["GITHUB_REPOSITORY"] = "acme/web", ["GITHUB_SERVER_URL"] = "https://github.com", ["GITHUB_REF_NAME"] = "release", ["GITHUB_REF_TYPE"] = "branch",
            ["GITHUB_RUN_ID"] = "7", ["GITHUB_WORKFLOW"] = "Deploy", ["GITHUB_ACTOR"] = "ada", ["GITHUB_JOB"] = new string('j', 3000), ["GITHUB_SHA"] = "", ["TRACEPARENT"] = Traceparent,
        })
        {
            vscli.Variables[name] = value;
        }
        var ran = await vscli.Run("event", "-tag=cicd.pipeline.name|mine", "-tag=os.type|plan9", "start");
        Assert.Equal("", ran.Error);
        var tags = Tags(server);
        Assert.Equal(
            ("https://github.com/acme/web", "release", Commit, "7", "mine", "plan9"),
            (tags["vcs.repository.url.full"], tags["vcs.ref.head.name"], tags["vcs.ref.head.revision"], tags["cicd.pipeline.run.id"], tags["cicd.pipeline.name"], tags["os.type"]));
        Assert.Equal(2048, tags["cicd.pipeline.task.name"].Length);
        var sent = server.Events[0];
        Assert.Equal(("ada", Traceparent), (sent.GetProperty("actor").GetString(), sent.GetProperty("traceparent").GetString()));
    }

    [Theory]
    [InlineData("event start")]
    [InlineData("trap")]
    public async Task No_context_turns_all_of_it_off_and_leaves_what_was_given(string command)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        await WriteRepositoryAsync(vscli);
        vscli.Variables["BUILDKITE"] = "true";
        vscli.Variables["BUILDKITE_BUILD_ID"] = "b";
        vscli.Variables["TRACEPARENT"] = Traceparent;
        vscli.Variables["VS_PARENT_EVENT_ID"] = "vstrace-customhttp-pipeline-default-1";
        var ran = await vscli.Run([.. command.Split(' '), "--no-context", "-tag=a|b", "-reason=why"]);
        Assert.Equal("", ran.Error);
        var sent = server.Events[0];
        Assert.Equal([("a", "b")], Tags(server).Select(static t => (t.Key, t.Value)));
        Assert.False(sent.TryGetProperty("actor", out _) || sent.TryGetProperty("traceparent", out _));
        Assert.Equal(("why", "vstrace-customhttp-pipeline-default-1"), (sent.GetProperty("reason").GetString(), sent.GetProperty("parents")[0].GetString()));
    }

    [Fact]
    public async Task A_repository_that_is_a_trap_costs_neither_the_run_nor_time()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        Directory.CreateDirectory(Path.Combine(vscli.Home, ".git"));
        await Process.Start("mkfifo", [Path.Combine(vscli.Home, ".git", "HEAD")]).WaitForExitAsync(TestContext.Current.CancellationToken);
        var piped = await vscli.Run("event", "start");
        File.Delete(Path.Combine(vscli.Home, ".git", "HEAD"));
        await WriteRepositoryAsync(vscli, head: "ref: refs/heads/packed");
        await using (var file = File.OpenWrite(Path.Combine(vscli.Home, ".git", "packed-refs")))
        {
            file.SetLength(10L << 30);
        }
        var huge = await vscli.Run("event", "start");
        var gone = await vscli.Script("bash", """mkdir gone && cd gone && rmdir "$PWD" && vscli event start >/dev/null""");
        Assert.Equal(("", "", ""), (piped.Error, huge.Error, gone.Error));
        Assert.Equal(3, server.Events.Count);
        Assert.All([piped.Took, huge.Took], t => Assert.True(t < TimeSpan.FromSeconds(1), $"took {t}"));
    }

    [Fact]
    public async Task So_many_tags_that_the_server_takes_no_more_leave_no_room_for_it()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        await vscli.Run(["event", "start", .. Enumerable.Range(0, 199).Select(static i => $"-tag=t{i}|x")]);
        Assert.Equal(200, Tags(server).Count);
    }

    private static async Task WriteRepositoryAsync(Vscli vscli, string head = "ref: refs/heads/main")
    {
        var git = Directory.CreateDirectory(Path.Combine(vscli.Home, ".git")).FullName;
        Directory.CreateDirectory(Path.Combine(git, "refs", "heads"));
        await File.WriteAllTextAsync(Path.Combine(git, "HEAD"), head + "\n");
        await File.WriteAllTextAsync(Path.Combine(git, "refs", "heads", "main"), Commit + "\n");
        await File.WriteAllTextAsync(Path.Combine(git, "config"), "[remote \"origin\"]\n\turl = https://ci:hunter2@github.com/acme/api.git\n");
    }

    private static Dictionary<string, string> Tags(ScriptedServer server) =>
        server.Events[0].TryGetProperty("tags", out var tags) ? tags.Deserialize<Dictionary<string, string>>()! : [];
}
