using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.GitHub.Hooks;

namespace ValueStream.Server.Tests.Sources.GitHub;

/// <summary>Deliveries that GitHub made.</summary>
public sealed class FixtureTests
{
    /// <summary>Upstream's tags that have another name here; see docs/tags/github.md.</summary>
    private static readonly Dictionary<string, string> Renamed = new()
    {
        ["service"] = "vcs.provider.name",
        ["scm.repository.name"] = "vcs.repository.name",
        ["issue.project.name"] = "vcs.repository.name",
        ["scm.head.ref"] = "vcs.ref.head.name",
        ["scm.head.sha"] = "vcs.ref.head.revision",
        ["scm.base.ref"] = "vcs.ref.base.name",
        ["scm.base.sha"] = "vcs.ref.base.revision",
    };

    [Fact]
    public void What_upstream_recorded_gives_the_same_runs_with_all_their_tags()
    {
        var cases = Directory.GetFiles(Trial.Fixtures("webhooks/github"), "*.json");
        Assert.NotEmpty(cases);
        foreach (var path in cases)
        {
            var recorded = JsonNode.Parse(File.ReadAllText(path))!;
            var runs = Trial.Runs(Source, Steps(recorded));
            var expected = recorded["expected"]!["finished"]!.AsArray();
            Assert.Equal(expected.Count, runs.Count);
            var ids = Steps(recorded).SelectMany(static w => Source.Read(w).Events).Select(static e => e.Run).Distinct().ToList();
            foreach (var span in expected)
            {
                var id = Assert.Single(ids, id => NamesOf(id, runs[id.Rendering]).Contains((string)span!["id"]!));
                var attempt = Assert.Single(runs[id.Rendering].Attempts).Value;
                Assert.Equal((string)span!["operation"]!, attempt.Name);
                Assert.Equal((string?)span["parent"], attempt.Parent);
                // Upstream knows no error of GitHub's at all; here one that was closed without a merge is no success, and no error either.
                Assert.Equal((bool)span["error"]!, attempt.Outcome is Outcome.Failure or Outcome.Error or Outcome.Timeout);
                foreach (var (tag, value) in span["tags"]!.AsObject().Where(static t => t.Key is not ("error" or "user.name")))
                {
                    Assert.Equal(value!.ToString(), attempt.Tags[Renamed.GetValueOrDefault(tag, tag)].Text, ignoreCase: value.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False);
                }
                // Upstream read a member that webhooks have not.
                Assert.NotEmpty(attempt.Tags["user.name"].Text);
            }
        }
    }

    [Fact]
    public void The_durations_of_what_upstream_recorded_are_github_s_own()
    {
        var path = Path.Combine(Trial.Fixtures("webhooks/github"), "pull_request_opened_closed.json");
        var attempt = Assert.Single(Assert.Single(Trial.Runs(Source, Steps(JsonNode.Parse(File.ReadAllText(path))!))).Value.Attempts).Value;
        Assert.Equal((TimeSpan.FromSeconds(7), Outcome.Cancellation), (attempt.Duration, attempt.Outcome));
    }

    [Fact]
    public void An_issue_and_a_pull_request_of_the_least_members_are_taken()
    {
        var path = Path.Combine(Trial.Fixtures("webhooks/cross"), "github_issue_pr_jenkins_build.json");
        var runs = Trial.Runs(Source, Steps(JsonNode.Parse(File.ReadAllText(path))!));
        // No repository: upstream's id is vstrace-github-pull_request--1, but a namespace is never empty here.
        Assert.Equal(["vstrace-github-issue-valuestream-1", "vstrace-github-pull_request-default-1"], runs.Keys);
        Assert.All(runs.Values, static r => Assert.Equal(AttemptState.Ended, Assert.Single(r.Attempts).Value.State));
        Assert.Equal("vstrace-github-issue-valuestream-1", runs["vstrace-github-pull_request-default-1"].Attempts[1].Tags["vcs.ref.head.name"].Text);
    }

    [Fact]
    public void Every_example_of_github_s_is_accepted()
    {
        var examples = Directory.GetFiles(Trial.Fixtures("github-examples"), "*.json");
        Assert.NotEmpty(examples);
        foreach (var path in examples)
        {
            var kind = Path.GetFileName(path).Split('.')[0];
            var told = Source.Read(Trial.Webhook(File.ReadAllText(path), Headers(kind)));
            Assert.True(kind == "ping" ? told.Ignored is not null : !told.Events.IsEmpty, path);
            Assert.All(told.Events, e => Trial.AssertFits(e, path));
            Assert.All(told.Events, e => Assert.True(e.At is not null, $"{path}: {e.Kind} has no time"));
            // A push to a pull request opens none.
            Assert.All(Trial.Fold([told]), r => Assert.Equal(path.Contains("synchronize", StringComparison.Ordinal), r.Value.Attempts.IsEmpty));
        }
    }

    private static IEnumerable<Webhook> Steps(JsonNode recorded) => recorded["steps"]!.AsArray()
        .Where(static s => s!["headers"]!["X-GitHub-Event"] is not null)
        .Select(static s => Trial.Webhook(s!["payload"]!.ToJsonString(), [.. s["headers"]!.AsObject().Select(static h => (h.Key, (string)h.Value!))]));

    /// <summary>Upstream's name of a pull request is made of the tag <c>pull_request.id</c>.</summary>
    private static ImmutableArray<string> NamesOf(RunId id, RunState run)
    {
        var tags = run.Attempts[1].Tags;
        return tags.TryGetValue("pull_request.id", out var database)
            ? [.. Aliases.NamesOf(id), $"vstrace-github-pull_request-{tags["vcs.repository.name"].Text}-{database.Text}"]
            : Aliases.NamesOf(id);
    }
}
