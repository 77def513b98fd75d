using System.Text.Json.Nodes;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.GitLab;

/// <summary>What upstream made of recorded webhooks, and what is made of them here.</summary>
public sealed class RecordedTests
{
    // docs/tags/gitlab.md: where upstream's values are found.
    private static readonly Dictionary<string, string> Renamed = new()
    {
        ["service"] = "vcs.provider.name",
        ["scm.repository.url"] = "project.ssh_url",
        ["pull_request.id"] = "vcs.change.id",
        ["scm.base.label"] = "vcs.ref.head.name",
        ["scm.target.label"] = "vcs.ref.base.name",
    };

    [Theory]
    [InlineData("issue_opened_closed.json")]
    [InlineData("merge_request_opened_closed.json")]
    public void Every_recorded_webhook_gives_the_run_that_upstream_had(string file)
    {
        var recorded = JsonNode.Parse(File.ReadAllText(Path.Combine(Trial.Fixtures("webhooks"), "gitlab", file)))!;
        Webhook[] webhooks = [.. recorded["steps"]!.AsArray().Select(static s => Hook(s!))];
        var expected = Assert.Single(recorded["expected"]!["finished"]!.AsArray())!;

        var told = Hooks.Source.Read(webhooks[0]);
        var run = told.Events[0].Run;
        Assert.Contains((string)expected["id"]!, Aliases.NamesOf(run));
        Assert.Equal((string)expected["operation"]!, run.Type);
        // Upstream's tags are those of the start.
        var opened = Assert.Single(Trial.Runs(Hooks.Source, webhooks[0])[run.Rendering].Attempts).Value;
        var ended = Assert.Single(Trial.Runs(Hooks.Source, webhooks)[run.Rendering].Attempts).Value;
        Assert.Equal((AttemptState.Ended, run.Type), (ended.State, ended.Name));
        // Upstream knew no other outcome than success; one that is closed without a merge is none.
        Assert.Equal(run.Type == "issue" ? Outcome.Success : Outcome.Cancellation, ended.Outcome);
        Assert.Equal(TimeSpan.FromSeconds(6), ended.Duration);
        Assert.Null(ended.Parent);
        var isSshUrl = ((string)expected["tags"]!["project.url"]!).StartsWith("git@", StringComparison.Ordinal);
        foreach (var (key, value) in expected["tags"]!.AsObject().Where(static t => t.Key != "error" && t.Value!.ToString().Length > 0))
        {
            var here = key == "project.url" ? isSshUrl ? "project.ssh_url" : "vcs.repository.url.full" : Renamed.GetValueOrDefault(key, key);
            Assert.Equal((key, value!.ToString()), (key, opened.Tag(here)));
        }
        Trial.EveryOrderTellsTheSame(Hooks.Source, webhooks);
    }

    private static Webhook Hook(JsonNode step) =>
        Trial.Webhook(step["payload"]!.ToJsonString(), [.. step["headers"]!.AsObject().Select(static h => (h.Key, (string)h.Value!))]);
}
