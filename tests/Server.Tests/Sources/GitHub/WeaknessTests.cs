using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.GitHub.Hooks;

namespace ValueStream.Server.Tests.Sources.GitHub;

/// <summary>What the original did wrong with GitHub's webhooks, by the numbers of its list of weaknesses, and that none of it is so here.</summary>
public sealed class WeaknessTests
{
    private const string IssueId = "vstrace-github-issue-acme.shop.web-36";
    private const string PullId = "vstrace-github-pull_request-acme.shop.web-39";

    private static readonly Webhook Opened = Issue("opened", "");
    private static readonly Webhook Closed = Issue("closed", """ "state": "closed", "state_reason": "completed", "closed_at": "2026-03-02T11:00:00Z", "updated_at": "2026-03-02T11:00:00Z" """);

    [Fact]
    public void Weakness_5_durations_are_github_s_own_and_not_the_time_between_two_arrivals() =>
        Assert.Equal(TimeSpan.FromHours(2), Attempt(IssueId, Opened, Closed).Duration);

    [Fact]
    public void Weakness_6_an_end_before_its_start_is_not_lost_and_the_late_start_does_not_stay_open()
    {
        var attempt = Attempt(IssueId, Closed, Opened);
        Assert.Equal((AttemptState.Ended, TimeSpan.FromHours(2)), (attempt.State, attempt.Duration));
    }

    [Fact]
    public void Weakness_7_a_start_that_is_delivered_again_restarts_nothing()
    {
        Assert.Equal(At("09:00:00"), Attempt(IssueId, Opened, Opened).StartedAt);
        Assert.Equal(At("11:00:00"), Attempt(IssueId, Opened, Closed, Opened, Closed).EndedAt);
        Assert.NotNull(Source.DeliveryId(Opened));
    }

    [Fact]
    public void Weakness_11_what_is_known_only_at_the_end_is_among_the_tags()
    {
        var tags = Attempt(PullId, Pull("opened", ""), Pull("closed", """ "state": "closed", "merged": true, "merged_at": "2026-03-02T11:00:00Z", "labels": [{"name": "late"}] """)).Tags;
        Assert.Equal(("merged", "7e57", "late"), (tags["vcs.change.state"].Text, tags["vcs.change.merge.revision"].Text, tags["pull_request.labels"].Text));
    }

    [Fact]
    public void Weakness_12_a_merged_and_an_abandoned_pull_request_and_a_failed_workflow_do_not_look_the_same()
    {
        Assert.Equal(Outcome.Success, Attempt(PullId, Pull("closed", """ "merged_at": "2026-03-02T11:00:00Z" """)).Outcome);
        Assert.Equal(Outcome.Cancellation, Attempt(PullId, Pull("closed", "")).Outcome);
        Assert.Equal(Outcome.Failure, Attempt("vstrace-github-pipeline-acme.shop.web-289782451", Run("completed", """ "conclusion": "failure" """)).Outcome);
    }

    [Theory]
    [InlineData("workflow_run", """ "action": "requested", "workflow_run": {"id": 1} """)]
    [InlineData("workflow_job", """ "action": "queued", "workflow_job": {"id": 1} """)]
    [InlineData("check_run", """ "action": "created", "check_run": {"id": 1} """)]
    [InlineData("check_suite", """ "action": "requested", "check_suite": {"id": 1} """)]
    [InlineData("deployment", """ "action": "created", "deployment": {"id": 1} """)]
    [InlineData("deployment_status", """ "action": "created", "deployment": {"id": 1}, "deployment_status": {"state": "pending"} """)]
    [InlineData("push", """ "ref": "refs/heads/main", "after": "aaaa" """)]
    [InlineData("release", """ "action": "published", "release": {"tag_name": "v1"} """)]
    [InlineData("pull_request_review", """ "action": "submitted", "review": {"state": "approved"}, "pull_request": {"number": 1} """)]
    [InlineData("pull_request", """ "action": "ready_for_review", "pull_request": {"number": 1} """)]
    public void Weakness_14_every_kind_that_tells_of_delivery_is_taken(string kind, string members) => Assert.NotEmpty(Source.Read(Hook(kind, members)).Events);

    [Fact]
    public void Weakness_16_a_reference_is_kept_whether_or_not_what_it_names_is_open()
    {
        var deploy = Hook("deployment", """ "action": "created", "deployment": {"id": 145}, "workflow_run": {"id": 7} """);
        Assert.Equal("vstrace-github-pipeline-acme.shop.web-7", Attempt("vstrace-github-deploy-acme.shop.web-145", deploy).Parent);
        Assert.Contains("acme/shop.web#36", Assert.Single(Attempt(PullId, Pull("opened", """ "body": "Closes #36" """)).Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Weakness_17_repositories_of_one_name_do_not_collide()
    {
        var other = Hook("issues", $$""" "repository": {"name": "shop.web", "full_name": "evil/shop.web"}, "action": "opened", "issue": {{IssueMembers}} """);
        Assert.Equal(2, Trial.Runs(Source, Opened, other).Count);
    }

    [Fact]
    public void Weakness_18_a_pull_request_is_known_by_its_number_and_its_database_id_is_a_tag()
    {
        var (rendering, run) = Assert.Single(Trial.Runs(Source, Pull("opened", "")));
        Assert.Equal((PullId, "342455317"), (rendering, run.Attempts[1].Tags["pull_request.id"].Text));
    }

    [Theory]
    [InlineData(""" "head": {"ref": "vstrace-github-issue-acme.shop.web-36-fix-login", "sha": "aaaa"} """)]
    [InlineData(""" "title": "Fix acme/shop.web#36" """)]
    [InlineData(""" "body": "resolves #36." """)]
    [InlineData(""" "body": "see https://github.com/acme/shop.web/issues/36#issuecomment-1" """)]
    public void Weakness_19_branch_slug_title_and_body_name_the_issue(string members)
    {
        var attempt = Attempt(PullId, Pull("opened", members));
        var named = Mention.Of(new RunId("github", "pull_request", "acme.shop.web", "39"), attempt.Texts).SelectMany(static m => m.Readings);
        Assert.Contains(named, static r => r is IssueId or "acme/shop.web#36");
    }

    [Fact]
    public void Weakness_19_keys_of_jira_and_commits_messages_name_runs_too()
    {
        var push = Hook("push", """ "ref": "refs/heads/x", "after": "aaaa", "commits": [{"id": "a", "message": "one, for ABC-1"}, {"id": "b", "message": "two (#36)"}] """);
        Assert.Equal(["Names ABC-1, acme/shop.web#36"], Assert.Single(Trial.Runs(Source, push)).Value.Attempts[1].Notes);
    }

    [Fact]
    public void Weakness_23_the_user_has_the_name_by_which_people_know_him() => Assert.Equal("bob", Attempt(IssueId, Opened).Tags["user.name"].Text);

    [Fact]
    public void Weakness_24_a_signature_is_checked() =>
        Assert.Equal((Signed.Missing, Signed.Wrong), (Source.Verify(Opened, ["s"], default), Source.Verify(Hook("issues", "").With("X-Hub-Signature-256", "sha256=00"), ["s"], default)));

    [Fact]
    public void Weakness_26_a_closed_delivery_without_closed_at_is_taken() =>
        Assert.Equal((At("09:00:00"), At("10:00:00")), (Attempt(IssueId, Half()).StartedAt, Attempt(IssueId, Half()).EndedAt));

    [Fact]
    public void Weakness_27_a_ping_and_a_kind_that_is_not_recorded_are_no_errors()
    {
        Assert.NotNull(Source.Read(Hook("ping", """ "zen": "Keep it logically awesome.", "hook_id": 1 """)).Ignored);
        Assert.NotNull(Source.Read(Hook("star", """ "action": "created" """)).Ignored);
        Assert.NotNull(Source.Read(Hook("issue_comment", """ "action": "created" """)).Ignored);
    }

    [Fact]
    public void Weakness_27_members_of_another_type_do_not_cost_the_delivery() =>
        Assert.NotEmpty(Source.Read(Issue("opened", """ "number": "36", "comments": "two", "user": 7, "labels": {"name": "bug"}, "created_at": 1772442000 """)).Events);

    private static Webhook Half() => Issue("closed", """ "state": "closed", "closed_at": null, "updated_at": "2026-03-02T10:00:00Z" """);
}
