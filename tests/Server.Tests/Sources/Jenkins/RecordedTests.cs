using System.Text.Json.Nodes;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.Jenkins;

/// <summary>What upstream made of recorded webhooks, and what is made of them here.</summary>
public sealed class RecordedTests
{
    // docs/tags/jenkins.md: where upstream's values are found.
    private static readonly Dictionary<string, string> Renamed = new()
    {
        ["build.url"] = "cicd.pipeline.run.url.full",
        ["build.number"] = "cicd.pipeline.run.id",
        ["build.job.full_name"] = "cicd.pipeline.name",
        ["build.started.user.id"] = "user.id",
        ["build.started.user.name"] = "user.name",
        ["scm.branch"] = "vcs.ref.head.name",
        ["scm.head.sha"] = "vcs.ref.head.revision",
        ["scm.head.url"] = "vcs.repository.url.full",
    };

    [Theory]
    [InlineData("jenkins", "build_success.json")]
    [InlineData("cross", "github_issue_pr_jenkins_build.json")]
    public void Every_recorded_webhook_gives_the_run_that_upstream_had(string folder, string file)
    {
        var recorded = JsonNode.Parse(File.ReadAllText(Path.Combine(Trial.Fixtures("webhooks"), folder, file)))!;
        Webhook[] webhooks = [.. recorded["steps"]!.AsArray().Where(static s => (string?)s!["source"] is null or "jenkins").Select(static s => Trial.Webhook(s!["payload"]!.ToJsonString()))];
        var expected = Assert.Single(recorded["expected"]!["finished"]!.AsArray(), static e => ((string)e!["id"]!).StartsWith("vstrace-jenkins-", StringComparison.Ordinal))!;

        var run = Assert.Single(webhooks.SelectMany(static w => Builds.Source.Read(w).Events).Select(static e => e.Run).Distinct());
        Assert.Contains((string)expected["id"]!, Aliases.NamesOf(run));
        Assert.Equal((string)expected["operation"]!, run.Type);
        var started = Builds.Only(webhooks[0]);
        var ended = Builds.Only(webhooks);
        // The whole branch as a parent was upstream's weakness 20; there is none of that name.
        Assert.Equal(((string?)expected["parent"], AttemptState.Ended, Outcome.Success), (ended.Parent, ended.State, ended.Outcome));
        foreach (var (key, value) in expected["tags"]!.AsObject().Where(static t => t.Key != "error" && t.Value!.ToString() is { Length: > 0 } and not "0"))
        {
            Assert.Equal((key, value!.ToString()), (key, started.Tag(Renamed.GetValueOrDefault(key, key))));
        }
        Assert.Equal("SUCCESS", ended.Tag("build.result"));
        Trial.EveryOrderTellsTheSame(Builds.Source, webhooks);
    }
}
