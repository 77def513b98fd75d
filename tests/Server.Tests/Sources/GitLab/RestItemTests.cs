using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.GitLab;

public sealed class RestItemTests
{
    private const string Issues = """
        [{ "id": 900, "iid": 12, "title": "Basket is slow", "description": "See #4", "state": "closed", "created_at": "2026-03-02T10:00:00.000Z", "updated_at": "2026-03-09T10:00:00.000Z",
           "closed_at": "2026-03-02T16:30:00.000Z", "closed_by": { "id": 3, "username": "ada", "name": "Ada" }, "author": { "id": 4, "username": "bob", "name": "Bob" },
           "labels": ["bug", "urgent"], "issue_type": "issue", "confidential": false, "web_url": "https://git.example.com/acme/web/-/issues/12", "references": { "full": "acme/web#12" } },
         { "id": 901, "iid": 13, "title": "Other", "state": "opened", "created_at": "2026-03-02T11:00:00.000Z", "author": { "username": "bob" },
           "web_url": "https://git.example.com/acme/web/-/issues/13", "references": { "full": "acme/web#13" } }]
        """;

    private const string Change = """
        { "id": 1, "iid": 5, "title": "Speed up", "description": "Closes #12", "state": "merged", "created_at": "2026-03-02T11:00:00Z", "merged_at": "2026-03-02T14:00:00Z",
          "updated_at": "2026-03-05T14:00:00Z", "merge_user": { "username": "ada" }, "author": { "username": "bob" }, "source_branch": "faster", "target_branch": "main", "sha": "feed",
          "web_url": "https://git.example.com/acme/web/-/merge_requests/5", "references": { "full": "acme/web!5" } }
        """;

    private const string Pipelines = """
        [{ "id": 31, "iid": 3, "project_id": 7, "sha": "bcbb", "ref": "main", "status": "failed", "source": "push", "created_at": "2026-03-02T12:00:00.000Z",
           "updated_at": "2026-03-02T12:10:00.000Z", "web_url": "https://git.example.com/acme/web/-/pipelines/31" }]
        """;

    private const string Jobs = """
        [{ "id": 1977, "status": "failed", "stage": "test", "name": "unit tests", "ref": "main", "tag": false, "allow_failure": false, "created_at": "2026-03-02T12:00:00.500Z",
           "started_at": "2026-03-02T12:05:00Z", "finished_at": "2026-03-02T12:09:00Z", "duration": 240.0, "queued_duration": 20.0, "failure_reason": "script_failure",
           "user": { "id": 3, "username": "ada" }, "commit": { "id": "bcbb", "title": "Cache prices" }, "pipeline": { "id": 31, "sha": "bcbb", "status": "failed" },
           "web_url": "https://git.example.com/acme/web/-/jobs/1977", "runner": { "id": 380, "description": "runner-6" } }]
        """;

    private const string Deployments = """
        [{ "id": 15, "iid": 2, "ref": "main", "sha": "bcbb", "status": "success", "created_at": "2026-03-02T14:00:00Z", "updated_at": "2026-03-04T14:00:00Z", "user": { "username": "ada" },
           "environment": { "id": 1, "name": "staging" },
           "deployable": { "id": 796, "status": "success", "name": "deploy", "created_at": "2026-03-02T13:00:00Z", "started_at": "2026-03-02T14:00:01Z", "finished_at": "2026-03-02T14:04:00Z",
             "web_url": "https://git.example.com/acme/web/-/jobs/796", "commit": { "title": "Cache prices" } } }]
        """;

    private const string Releases = """
        [{ "tag_name": "v1.2.0", "name": "Spring", "description": "Closes #12", "created_at": "2026-03-02T15:00:00Z", "released_at": "2026-03-02T15:00:00Z", "author": { "username": "ada" },
           "commit": { "id": "bcbb" }, "_links": { "self": "https://git.example.com/acme/web/-/releases/v1.2.0" } }]
        """;

    [Fact]
    public void A_page_of_issues_tells_of_each_when_it_was_opened_and_closed_and_by_whom()
    {
        var runs = Runs(Issues);

        var closed = Assert.Single(runs["vstrace-gitlab-issue-acme.web-12"].Attempts).Value;
        Assert.Equal((AttemptState.Ended, Outcome.Success, TimeSpan.FromHours(6.5), "bob"), (closed.State, closed.Outcome, closed.Duration!.Value, closed.Actor));
        Assert.Equal(("bug, urgent", "https://git.example.com/acme/web"), (closed.Tag("issue.labels"), closed.Tag("vcs.repository.url.full")));
        Assert.Equal(AttemptState.Running, Assert.Single(runs["vstrace-gitlab-issue-acme.web-13"].Attempts).Value.State);
    }

    [Fact]
    public void A_merge_request_ends_when_it_was_merged_and_not_when_it_was_last_touched()
    {
        var change = Only(Change, "vstrace-gitlab-pull_request-acme.web-5");

        Assert.Equal((Outcome.Success, TimeSpan.FromHours(3), "feed"), (change.Outcome, change.Duration!.Value, change.Tag("vcs.ref.head.revision")));
    }

    [Fact]
    public void Pipelines_jobs_deployments_and_releases_are_told_of()
    {
        var (pipeline, job) = (Only(Pipelines, "vstrace-gitlab-pipeline-acme.web-31"), Only(Jobs, "vstrace-gitlab-job-acme.web-1977"));
        var (deploy, release) = (Only(Deployments, "vstrace-gitlab-deploy-acme.web-15"), Only(Releases, "vstrace-gitlab-release-acme.web-v1.2.0"));

        Assert.Equal((Outcome.Failure, TimeSpan.FromMinutes(10)), (pipeline.Outcome, pipeline.Duration!.Value));
        Assert.Equal((Outcome.Failure, "vstrace-gitlab-pipeline-acme.web-31", "script_failure"), (job.Outcome, job.Parent, job.Tag("error.type")));
        Assert.Equal((Outcome.Success, TimeSpan.FromMinutes(4), "deploy staging", "vstrace-gitlab-job-acme.web-796"), (deploy.Outcome, deploy.Duration!.Value, deploy.Name, deploy.Parent));
        Assert.Equal((Outcome.Success, "ada"), (release.Outcome, release.Actor));
    }

    [Fact]
    public void What_was_hooked_and_what_was_saved_is_one_run()
    {
        Webhook[] hooked = [Hooks.Job("created"), Hooks.Job("running", """, "build_started_at": "2026-03-02T12:05:00Z" """)];

        var job = Assert.Single(Trial.Runs(Hooks.Source, hooked.Concat(Hooks.Source.Unroll(Parsed(Jobs))))["vstrace-gitlab-job-acme.web-1977"].Attempts).Value;

        Assert.Equal((Hooks.At("12:00:00.500"), Hooks.At("12:09:00")), (job.StartedAt, job.EndedAt));
    }

    [Fact]
    public void Below_a_path_of_its_host_a_project_is_what_it_is_called_and_not_where_it_lies()
    {
        var jobs = Jobs.Replace("https://git.example.com/", "https://git.example.com/gitlab/", StringComparison.Ordinal)
            .Replace("\"username\": \"ada\"", "\"username\": \"ada\", \"web_url\": \"https://git.example.com/gitlab/ada\"", StringComparison.Ordinal);

        Assert.Equal(["vstrace-gitlab-job-acme.web-1977"], Runs(jobs).Keys);
    }

    [Fact]
    public void Half_a_character_costs_only_the_member_that_has_it()
    {
        var issue = Assert.Single(Runs(Issues.Replace("Basket is slow", "Basket \\ud800", StringComparison.Ordinal))["vstrace-gitlab-issue-acme.web-12"].Attempts).Value;

        Assert.Equal((TimeSpan.FromHours(6.5), null, "bug, urgent"), (issue.Duration!.Value, issue.Tag("issue.title"), issue.Tag("issue.labels")));
    }

    [Theory]
    [InlineData("""{ "id": 1, "iid": 2, "title": "1.0", "state": "active", "web_url": "https://git.example.com/acme/web/-/milestones/2" }""")]
    [InlineData("""{ "id": 31, "sha": "bcbb", "status": "failed" }""")]
    [InlineData("[1]")]
    [InlineData("null")]
    public void What_is_none_of_these_is_not_understood(string json) => Assert.Throws<NotUnderstoodException>(() => Hooks.Source.Unroll(Parsed(json)).ToList());

    [Fact]
    public void Whatever_an_item_looks_like_is_taken()
    {
        foreach (var (json, seed) in new[] { (Issues, 1), (Change, 2), (Pipelines, 3), (Jobs, 4), (Deployments, 5), (Releases, 6) })
        {
            Trial.TakesWhateverComes(new Unrolling(), json, [], 100, seed);
        }
    }

    /// <summary>What is saved, read as what is sent is.</summary>
    private sealed class Unrolling : ISource
    {
        public string Name => Hooks.Source.Name;

        public SignatureCheck Verify(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now) => SignatureCheck.Missing;

        public string? DeliveryId(Webhook webhook) => null;

        public Told Read(Webhook webhook) => Told.Of(Unroll(webhook.Payload).SelectMany(static w => Hooks.Source.Read(w).Events));

        public IEnumerable<Webhook> Unroll(Payload saved) => Hooks.Source.Unroll(saved);
    }

    private static Payload Parsed(string json) => Payload.Parse(System.Text.Encoding.UTF8.GetBytes(json));

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, RunState> Runs(string json) => Trial.Runs(Hooks.Source, Hooks.Source.Unroll(Parsed(json)));

    private static Attempt Only(string json, string rendering) => Assert.Single(Runs(json)[rendering].Attempts).Value;
}
