using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.GitHub.Hooks;

namespace ValueStream.Server.Tests.Sources.GitHub;

public sealed class SavedPagesTests
{
    private const string Api = "https://api.github.com/repos/acme/shop.web";

    private static readonly string Of = $$""" "repository_url": "{{Api}}" """;
    private const string Closed = """ "state": "closed", "closed_at": "2026-03-02T11:00:00Z" """;

    [Fact]
    public void A_page_of_issues_tells_what_their_webhooks_would_have_told()
    {
        var runs = Unrolled($"[{Merged(IssueMembers, Of)}, {Merged(IssueMembers, Of + ", \"number\": 37, " + Closed)}]");
        Assert.Equal(AttemptState.Running, runs["vstrace-github-issue-acme.shop.web-36"].Attempts[1].State);
        Assert.Equal(TimeSpan.FromHours(2), runs["vstrace-github-issue-acme.shop.web-37"].Attempts[1].Duration);
        Assert.Equal(("shop.web", "acme", Api), Tags(runs["vstrace-github-issue-acme.shop.web-36"]));

        static (string, string, string) Tags(RunState run) =>
            (run.Attempts[1].Tags["vcs.repository.name"].Text, run.Attempts[1].Tags["vcs.owner.name"].Text, run.Attempts[1].Tags["scm.repository.url"].Text);
    }

    [Fact]
    public void A_pull_request_among_issues_is_one_where_it_says_whether_it_was_merged()
    {
        var merged = Merged(IssueMembers, Of + ", " + Closed + """ , "pull_request": {"merged_at": "2026-03-02T11:00:00Z"} """);
        var unknown = Merged(IssueMembers, Of + ", " + Closed + """ , "number": 40, "pull_request": {"url": "https://api.github.com/x"} """);
        var (rendering, run) = Assert.Single(Unrolled($$"""{"total_count": 2, "items": [{{merged}}, {{unknown}}]}"""));
        Assert.Equal(("vstrace-github-pull_request-acme.shop.web-36", Outcome.Success), (rendering, run.Attempts[1].Outcome));
        // The id in a list of issues is the issue's, not the one that upstream named pull requests by.
        Assert.False(run.Attempts[1].Tags.ContainsKey("pull_request.id"));
    }

    [Fact]
    public void A_page_of_pull_requests_tells_their_merges_and_in_which_stage_the_open_ones_are()
    {
        var runs = Unrolled($"[{PullMembers}, {Merged(PullMembers, "\"number\": 40, \"merged_at\": \"2026-03-02T11:00:00Z\", " + Closed)}]");
        Assert.Equal("review 10:00:00-", Stages(runs["vstrace-github-pull_request-acme.shop.web-39"].Attempts[1]));
        Assert.Equal(Outcome.Success, runs["vstrace-github-pull_request-acme.shop.web-40"].Attempts[1].Outcome);
    }

    [Fact]
    public void Pages_of_workflow_runs_and_of_jobs_tell_both()
    {
        var run = Merged(RunMembers, $$""" "workflow_id": 1, "repository": {{Repository}}, "status": "completed", "conclusion": "success", "updated_at": "2026-03-02T10:05:00Z" """);
        Assert.Equal(TimeSpan.FromMinutes(5), Assert.Single(Unrolled($$"""{"total_count": 1, "workflow_runs": [{{run}}]}""")).Value.Attempts[1].Duration);
        var job = Merged(JobMembers, $$"""
            "run_url": "{{Api}}/actions/runs/289782451", "url": "{{Api}}/actions/jobs/4001", "status": "completed", "conclusion": "success", "runner_name": "r",
            "completed_at": "2026-03-02T10:05:05Z"
            """);
        var told = Assert.Single(Unrolled($$"""{"total_count": 1, "jobs": [{{job}}]}""")).Value.Attempts[1];
        Assert.Equal((TimeSpan.FromMinutes(5), "vstrace-github-pipeline-acme.shop.web-289782451"), (told.Duration, told.Parent));
    }

    [Fact]
    public void Deployments_and_their_statuses_make_whole_runs()
    {
        var deployment = $$"""{"id": 145, "url": "{{Api}}/deployments/145", "sha": "7e57", "ref": "main", "task": "deploy", "environment": "production", "created_at": "2026-03-02T11:00:00Z", "repository_url": "{{Api}}"}""";
        var status = $$"""{"id": 1, "state": "success", "environment": "production", "created_at": "2026-03-02T11:12:00Z", "deployment_url": "{{Api}}/deployments/145", "repository_url": "{{Api}}"}""";
        var attempt = Assert.Single(Unrolled($"[{status}, {deployment}]")).Value.Attempts[1];
        Assert.Equal((TimeSpan.FromMinutes(12), "deploy production", Outcome.Success), (attempt.Duration, attempt.Name, attempt.Outcome));
    }

    [Fact]
    public void Releases_that_were_published_are_told_and_drafts_are_not()
    {
        var release = $$"""{"id": 9, "url": "{{Api}}/releases/9", "tag_name": "v2", "draft": false, "created_at": "2026-03-02T09:00:00Z", "published_at": "2026-03-02T12:00:00Z"}""";
        Assert.Equal("vstrace-github-release-acme.shop.web-v2", Assert.Single(Unrolled($"[{release}, {Merged(release, "\"draft\": true")}]")).Key);
    }

    [Fact]
    public void One_object_will_do_and_an_empty_page_tells_nothing()
    {
        Assert.Single(Unrolled(Merged(IssueMembers, Of)));
        Assert.Empty(Unrolled("[]"));
        Assert.Empty(Unrolled("""{"total_count": 0, "jobs": []}"""));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("""{"object_kind": "issue", "object_attributes": {}}""")]
    [InlineData("""{"action": "opened", "issue": {"number": 1}}""")]
    [InlineData("""{"number": 1, "title": "x", "repository_url": "nowhere"}""")]
    public void Anything_else_is_not_understood(string saved) => Assert.Throws<NotUnderstoodException>(() => Unrolled(saved));

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, RunState> Unrolled(string saved) =>
        Trial.Runs(Source, Source.Unroll(Payload.Parse(System.Text.Encoding.UTF8.GetBytes(saved))));
}
