using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.GitLab;

/// <summary>Deployments, releases and pushes.</summary>
public sealed class DeliveryTests
{
    private const string Sha = "279484c09fbe69ededfced8c1bb6e6d24616b468";
    private const string Zeros = "0000000000000000000000000000000000000000";

    [Fact]
    public void A_deployment_runs_from_its_start_to_its_end_as_part_of_its_job()
    {
        Webhook[] history = [Deployment("running", "14:00:00"), Deployment("success", "14:04:00")];

        var deploy = Hooks.Only("vstrace-gitlab-deploy-acme.web-15", history);

        Assert.Equal((AttemptState.Ended, Outcome.Success, TimeSpan.FromMinutes(4), "deploy staging"), (deploy.State, deploy.Outcome, deploy.Duration!.Value, deploy.Name));
        Assert.Equal(("vstrace-gitlab-job-acme.web-796", "running@14:00:00", "ada", "Add new file"), (deploy.Parent, deploy.Stages(), deploy.Actor, deploy.Reason));
        Assert.Equal(("staging", Sha, "succeeded"), (deploy.Tag("deployment.environment.name"), deploy.Tag("vcs.ref.head.revision"), deploy.Tag("deployment.status")));
        Trial.EveryOrderTellsTheSame(Hooks.Source, [Deployment("created", "13:59:00"), .. history]);
    }

    [Theory]
    [InlineData("failed", Outcome.Failure)]
    [InlineData("canceled", Outcome.Cancellation)]
    public void A_deployment_ends_as_GitLab_says(string status, Outcome outcome) => Assert.Equal(outcome,
        Hooks.Only("vstrace-gitlab-deploy-acme.web-15", Deployment("running", "14:00:00"), Deployment(status, "14:04:00")).Outcome);

    [Fact]
    public void Old_versions_know_a_deployment_by_its_job() => Assert.Equal(["vstrace-gitlab-deploy-acme.web-job-796"],
        Trial.Runs(Hooks.Source, Trial.Webhook(DeploymentJson("running", "14:00:00").Replace("deployment_id", "x", StringComparison.Ordinal), ("X-Gitlab-Event", "Deployment Hook"))).Keys);

    [Fact]
    public void A_release_is_a_run_by_its_tag()
    {
        Webhook[] history = [Release("create"), Release("update"), Release("delete")];

        var release = Hooks.Only("vstrace-gitlab-release-acme.web-v1.2.0", history);

        Assert.Equal((AttemptState.Ended, Outcome.Success, Hooks.At("15:00:00"), TimeSpan.Zero), (release.State, release.Outcome, release.StartedAt, release.Duration!.Value));
        Assert.Equal(("Spring", "v1.2.0", "delete"), (release.Reason, release.Tag("release.tag"), release.Tag("event.action")));
        Assert.Contains("Closes acme/web#12. Names acme/web!5", release.Notes);
        Trial.EveryOrderTellsTheSame(Hooks.Source, history);
    }

    [Fact]
    public void A_push_is_a_run_of_one_moment_that_says_what_was_pushed()
    {
        var push = Only(Push("refs/heads/main", "aaaa", Sha, 2, ("bbbb", "Fix #12"), (Sha, "Tidy up\n\nas in !5")));

        Assert.Equal((AttemptState.Ended, Outcome.Success, TimeSpan.Zero, "Tidy up"), (push.State, push.Outcome, push.Duration!.Value, push.Reason));
        Assert.Equal(($"bbbb {Sha}", "true", "aaaa", Sha), (push.Tag("vcs.push.revisions"), push.Tag("vcs.push.revisions.complete"), push.Tag("vcs.ref.base.revision"), push.Tag("vcs.ref.head.revision")));
        Assert.Equal(("main", "branch", "2"), (push.Tag("vcs.ref.head.name"), push.Tag("vcs.ref.head.type"), push.Tag("vcs.push.commits_count")));
        Assert.Contains("Closes acme/web#12. Names acme/web!5", push.Notes);
    }

    [Fact]
    public void Of_many_commits_whole_names_are_listed_and_that_some_are_missing_is_said()
    {
        (string, string)[] many = [.. Enumerable.Range(0, 60).Select(static i => ($"{i:x40}", "x"))];
        var push = Only(Push("refs/heads/main", "aaaa", many[^1].Item1, 60, many));

        var listed = push.Tag("vcs.push.revisions")!.Split(' ');
        Assert.True(listed.Length is > 40 and < 60 && listed.All(static s => s.Length == 40));
        Assert.Equal("false", push.Tag("vcs.push.revisions.complete"));
        Assert.Equal("false", Only(Push("refs/heads/main", "aaaa", Sha, 21, (Sha, "x"))).Tag("vcs.push.revisions.complete"));
    }

    [Fact]
    public void A_tag_is_pushed_too() => Assert.Equal("tag", Only(
        Hooks.Hook("Tag Push Hook", PushJson("refs/tags/v1", Zeros, Sha, 0))).Tag("vcs.ref.head.type"));

    [Fact]
    public void A_branch_and_a_tag_of_one_name_at_one_commit_are_two_pushes() =>
        Assert.Equal(2, Trial.Runs(Hooks.Source, Push("refs/heads/v1", "aaaa", Sha, 1, (Sha, "x")), Hooks.Hook("Tag Push Hook", PushJson("refs/tags/v1", Zeros, Sha, 0))).Count);

    [Fact]
    public void A_branch_of_what_was_there_is_pushed_whole_with_no_commits() =>
        Assert.Equal((null, "true"), (Only(Push("refs/heads/x", Zeros, Sha, 0)).Tag("vcs.push.revisions"), Only(Push("refs/heads/x", Zeros, Sha, 0)).Tag("vcs.push.revisions.complete")));

    [Fact]
    public void That_there_are_commits_of_which_none_is_listed_is_said() =>
        Assert.Equal("false", Only(Push("refs/heads/x", "aaaa", Sha, 3)).Tag("vcs.push.revisions.complete"));

    [Fact]
    public void What_is_imported_of_a_push_was_at_the_time_of_its_head_and_what_is_delivered_is_now()
    {
        var json = Hooks.Of(PushJson("refs/heads/main", "aaaa", Sha, 1, (Sha, "x")).Replace("\"message\"", "\"timestamp\": \"2026-03-02T09:00:00+01:00\", \"message\"", StringComparison.Ordinal));
        var webhook = Trial.Webhook(json, ("X-Gitlab-Event", "Push Hook"));

        Assert.All(Times(webhook, import: true), static t => Assert.Equal(Hooks.At("08:00:00"), t));
        Assert.All(Times(webhook, import: false), static t => Assert.Null(t));
    }

    [Fact]
    public void What_is_imported_of_a_releases_change_was_when_it_was_changed_or_released()
    {
        Assert.Equal([Hooks.At("15:00:00")], Times(Release("update"), import: true));
        Assert.Equal([null], Times(Release("update"), import: false));
        Assert.Equal([Hooks.At("16:00:00")], Times(Hooks.Hook("Release Hook", ReleaseJson("update") + ", \"updated_at\": \"2026-03-02 16:00:00 UTC\""), import: true));
    }

    [Fact]
    public void Pushing_the_same_again_by_another_delivery_is_a_repeat() =>
        Trial.EveryOrderTellsTheSame(Hooks.Source, [Push("refs/heads/main", "aaaa", Sha, 1, (Sha, "x")), Push("refs/heads/main", "aaaa", Sha, 1, (Sha, "x"))]);

    [Fact]
    public void A_branch_that_was_deleted_is_not_recorded() => Assert.NotNull(Hooks.Source.Read(Push("refs/heads/main", Sha, Zeros, 0)).Ignored);

    [Fact]
    public void Whatever_they_look_like_is_taken()
    {
        Trial.TakesWhateverComes(Hooks.Source, DeploymentJson("success", "14:00:00"), [("X-Gitlab-Event", "Deployment Hook")], 200, 1);
        Trial.TakesWhateverComes(Hooks.Source, Hooks.Of(ReleaseJson("create")), [("X-Gitlab-Event", "Release Hook")], 200, 2);
        Trial.TakesWhateverComes(Hooks.Source, Hooks.Of(PushJson("refs/heads/main", "aaaa", Sha, 2, ("bbbb", "Fix #12"))), [("X-Gitlab-Event", "Push Hook")], 200, 3);
    }

    private static DateTimeOffset?[] Times(Webhook webhook, bool import) =>
        [.. Mapping.Events(Hooks.Source, webhook, Hooks.Source.Read(webhook), new("webhook:gitlab", DateTimeOffset.UnixEpoch, null), import).Select(static e => e.OccurredAt)];

    private static Attempt Only(Webhook push) => Assert.Single(Assert.Single(Trial.Runs(Hooks.Source, push)).Value.Attempts).Value;

    private static Webhook Deployment(string status, string at) => Trial.Webhook(DeploymentJson(status, at), ("X-Gitlab-Event", "Deployment Hook"));

    private static string DeploymentJson(string status, string at) => Hooks.Of($$"""
        "object_kind": "deployment", "status": "{{status}}", "status_changed_at": "2026-03-02 {{at}} +0000", "deployment_id": 15, "deployable_id": 796,
        "deployable_url": "https://git.example.com/acme/web/-/jobs/796", "environment": "staging", "environment_tier": "staging", "ref": "main", "short_sha": "279484c0",
        "commit_url": "https://git.example.com/acme/web/-/commit/{{Sha}}", "commit_title": "Add new file"
        """);

    private static Webhook Release(string action) => Hooks.Hook("Release Hook", ReleaseJson(action));

    private static string ReleaseJson(string action) => $$"""
        "object_kind": "release", "id": 1, "tag": "v1.2.0", "name": "Spring", "description": "Closes #12 by !5", "action": "{{action}}",
        "created_at": "2026-03-02 15:00:00 UTC", "released_at": "2026-03-02 15:00:00 UTC", "url": "https://git.example.com/acme/web/-/releases/v1.2.0",
        "commit": { "id": "{{Sha}}" }, "assets": { "count": 5 }
        """;

    private static Webhook Push(string whole, string before, string after, int total, params (string Id, string Message)[] commits) =>
        Hooks.Hook("Push Hook", PushJson(whole, before, after, total, commits));

    private static string PushJson(string whole, string before, string after, int total, params (string Id, string Message)[] commits) => $$"""
        "object_kind": "push", "ref": "{{whole}}", "before": "{{before}}", "after": "{{after}}", "checkout_sha": "{{after}}", "user_id": 3, "user_name": "Ada Lovelace",
        "total_commits_count": {{total}},
        "commits": [{{string.Join(", ", commits.Select(static c => $$"""{ "id": "{{c.Id}}", "message": "{{c.Message.Replace("\n", "\\n", StringComparison.Ordinal)}}" }"""))}}]
        """;
}
