using System.Text.Json;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The published binary tells what failed and slow runs share.</summary>
[Collection(OnSqlite.Name)]
public sealed class WhyCommandTests(SqliteServer server)
{
    [Fact]
    public async Task The_failed_runs_of_a_search_or_an_operation_share_an_image()
    {
        var (ns, key) = await RecordAsync();
        using var vscli = new Vscli(server.Process.Url);

        foreach (var asks in new[] { new[] { "why", "-namespace", ns }, ["why", key, "-of", "failed", "-from", "2024-03-01"], ["why", "-of=these", "-namespace", ns, "-outcome", "failure"] })
        {
            var ran = await vscli.Run(asks);

            Assert.Equal(0, ran.ExitCode);
            Assert.StartsWith("SCORE  SHARE  OTHERS  RUNS  P        WHAT", ran.Out, StringComparison.Ordinal);
            Assert.Matches(@"\n\+1\.00 +100 % +0 % +10 +<0\.0001 +image=v2\n", ran.Out);
            Assert.Matches(@"^vscli: \d+ of \d+ tried are more than chance: 10 (failed|matching) against 30 (succeeded|other) runs\n$", ran.Error);
        }
    }

    [Fact]
    public async Task The_whole_answer_is_there_as_one_object_on_a_line()
    {
        var (ns, _) = await RecordAsync();
        using var vscli = new Vscli(server.Process.Url);

        var ran = await vscli.Run("why", "-namespace", ns, "--json");

        Assert.Equal(0, ran.ExitCode);
        var view = JsonElement.Parse(ran.Out);
        Assert.Equal(("failed", 10, 30), (view.Text("of"), view.GetProperty("group").GetInt32(), view.GetProperty("rest").GetInt32()));
        Assert.Single(ran.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Too_few_runs_end_with_1_and_what_cannot_be_asked_with_2()
    {
        using var vscli = new Vscli(server.Process.Url);

        var few = await vscli.Run("why", "-namespace", "nobody", "-of", "slow");
        var wrong = await vscli.Run("why", "-of", "late");
        var none = await vscli.Run("why", "deploy");

        Assert.Equal((1, "", "vscli: too few to compare: 0 slow and 0 other runs; it takes 5 of each\n"), (few.ExitCode, few.Out, few.Error));
        Assert.Equal((2, "vscli: -of=late is not known; say one of failed, slow, these; `vscli why --help` has examples\n"), (wrong.ExitCode, wrong.Error));
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("not an operation's key", none.Error, StringComparison.Ordinal);
    }

    private async Task<(string Namespace, string Operation)> RecordAsync()
    {
        var ns = Sent.Unique();
        await server.Client.RecordAsync([.. Enumerable.Range(0, 40).SelectMany(i => new[]
        {
            Sent.Start(ns, $"{i}", i, more: $$"""
                "name":"shop","tags":{"image":"{{(i % 4 == 0 ? "v2" : "v1")}}","host.name":"h{{i % 5}}"}
                """),
            Sent.End(ns, $"{i}", i + 10, more: $$"""
                "outcome":"{{(i % 4 == 0 ? "failure" : "success")}}"
                """),
        })]);
        return (ns, (await server.Client.ReadAsync($"/api/v1/operations?namespace={ns}")).GetProperty("items")[0].Text("key")!);
    }
}
