using ValueStream.Core.Events;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.GitHub.Hooks;

namespace ValueStream.Server.Tests.Sources.GitHub;

public sealed class CheckAndDeploymentTests
{
    private const string CheckId = "vstrace-github-check-acme.shop.web-128";
    private const string SuiteId = "vstrace-github-check_suite-acme.shop.web-118";
    private const string DeployId = "vstrace-github-deploy-acme.shop.web-145";
    private const string RunId = "vstrace-github-pipeline-acme.shop.web-289782451";

    private const string CheckMembers = """
        {"id": 128, "name": "lint", "status": "in_progress", "conclusion": null, "head_sha": "aaaa", "details_url": "https://lint.example/1", "app": {"slug": "linter", "name": "Linter"},
         "check_suite": {"id": 118, "head_branch": "index"}, "pull_requests": [], "started_at": "2026-03-02T10:00:00Z", "completed_at": null}
        """;

    private const string SuiteMembers = """
        {"id": 118, "status": "completed", "conclusion": "success", "head_branch": "index", "head_sha": "aaaa", "head_commit": {"message": "Fix #36"}, "app": {"slug": "linter", "name": "Linter"},
         "pull_requests": [{"number": 39, "base": {"repo": {"id": 71}}}], "created_at": "2026-03-02T10:00:00Z", "updated_at": "2026-03-02T10:02:00Z"}
        """;

    private const string Deployment = """
        {"id": 145, "sha": "7e57", "ref": "main", "task": "deploy", "environment": "production", "description": "The new index", "creator": {"login": "dee"},
         "production_environment": true, "transient_environment": false, "created_at": "2026-03-02T11:00:00Z"}
        """;

    private static readonly Webhook Created = Deploy("deployment", "\"action\": \"created\"");

    [Fact]
    public void A_check_of_another_tool_is_a_run_of_its_suite()
    {
        Webhook[] history = [Check("created", ""), Check("completed", """ "status": "completed", "conclusion": "action_required", "completed_at": "2026-03-02T10:01:00Z" """)];
        var attempt = Attempt(CheckId, history);
        Assert.Equal((At("10:00:00"), At("10:01:00"), Outcome.Failure, "lint", SuiteId), (attempt.StartedAt, attempt.EndedAt, attempt.Outcome, attempt.Name, attempt.Parent));
        Assert.Equal(("linter", "https://lint.example/1"), (attempt.Tags["check.app"].Text, attempt.Tags["cicd.pipeline.task.run.url.full"].Text));
        Trial.EveryOrderTellsTheSame(Source, history);
    }

    [Fact]
    public void A_check_that_was_over_when_it_was_made_is_a_whole_run() =>
        Assert.Equal(TimeSpan.FromMinutes(1), Attempt(CheckId, Check("created", """ "status": "completed", "conclusion": "success", "completed_at": "2026-03-02T10:01:00Z" """)).Duration);

    [Fact]
    public void A_check_suite_lasts_until_its_last_check_and_belongs_to_its_pull_request()
    {
        var attempt = Attempt(SuiteId, Suite("completed", ""));
        Assert.Equal((At("10:00:00"), At("10:02:00"), Outcome.Success, "Linter"), (attempt.StartedAt, attempt.EndedAt, attempt.Outcome, attempt.Name));
        Assert.Equal("vstrace-github-pull_request-acme.shop.web-39", attempt.Parent);
        Trial.EveryOrderTellsTheSame(Source, [Suite("requested", ""), Suite("completed", ""), Suite("rerequested", """ "updated_at": "2026-03-02T10:03:00Z" """)]);
    }

    [Fact]
    public void A_suite_whose_check_is_asked_for_again_begins_again()
    {
        var again = Source.Read(Check("rerequested", "")).Events;
        Assert.Equal([(EventKind.Started, SuiteId, null)], again.Select(static e => (e.Kind, e.Run.Rendering, e.At)));
    }

    [Fact]
    public void What_github_actions_does_is_told_once()
    {
        Assert.NotNull(Source.Read(Check("completed", """ "app": {"slug": "github-actions"} """)).Ignored);
        Assert.NotNull(Source.Read(Suite("completed", """ "app": {"slug": "github-actions"} """)).Ignored);
    }

    [Fact]
    public void A_deployment_lasts_from_its_creation_to_its_first_result()
    {
        Webhook[] history = [Created, Status("waiting", "11:00:05"), Status("queued", "11:10:00"), Status("in_progress", "11:10:10"), Status("success", "11:12:00"), Status("inactive", "18:00:00")];
        var attempt = Attempt(DeployId, history);
        Assert.Equal((At("11:00:00"), At("11:12:00"), Outcome.Success, "deploy production"), (attempt.StartedAt, attempt.EndedAt, attempt.Outcome, attempt.Name));
        Assert.Equal("waiting 11:00:05-11:10:00, queued 11:10:00-11:10:10, running 11:10:10-11:12:00", Stages(attempt));
        Assert.Equal((RunId, "dee", "The new index"), (attempt.Parent, attempt.Actor, attempt.Reason));
        Assert.Equal(("production", "145", "7e57", "main"), (attempt.Tags["deployment.environment.name"].Text, attempt.Tags["deployment.id"].Text, attempt.Tags["vcs.ref.head.revision"].Text, attempt.Tags["vcs.ref.head.name"].Text));
        Assert.Equal("succeeded", attempt.Tags["deployment.status"].Text);
        Trial.EveryOrderTellsTheSame(Source, history);
    }

    [Theory]
    [InlineData("success", Outcome.Success)]
    [InlineData("failure", Outcome.Failure)]
    [InlineData("error", Outcome.Error)]
    public void Its_last_status_alone_gives_the_whole_of_it(string state, Outcome outcome)
    {
        var attempt = Attempt(DeployId, Status(state, "11:12:00"));
        Assert.Equal((TimeSpan.FromMinutes(12), outcome), (attempt.Duration, attempt.Outcome));
    }

    [Fact]
    public void That_it_was_replaced_says_nothing_of_how_long_it_took() =>
        Assert.Equal((null, Outcome.Success), (Attempt(DeployId, Status("inactive", "18:00:00")).Duration, Attempt(DeployId, Status("inactive", "18:00:00")).Outcome));

    [Theory]
    [InlineData(""" "task": "deploy:migrations" """, "deploy:migrations production")]
    [InlineData(""" "task": null """, "deploy production")]
    [InlineData(""" "environment": "pr-1234", "transient_environment": true """, "deploy preview")]
    [InlineData(""" "environment": null """, "deploy")]
    public void Its_operation_is_its_task_in_its_environment(string members, string name) =>
        Assert.Equal(name, Source.Read(Hook("deployment", $"\"action\": \"created\", \"deployment\": {Merged(Deployment, members)}")).Events[0].Data.Name);

    [Fact]
    public void A_state_that_is_not_known_is_not_understood() => Assert.Throws<NotUnderstoodException>(static () => Source.Read(Status("something_new", "11:00:00")));

    [Fact]
    public void A_release_lasts_from_its_commit_to_its_publication_and_holds_what_its_notes_list()
    {
        var attempt = Attempt("vstrace-github-release-acme.shop.web-v2.0", Release("published"));
        Assert.Equal((At("09:00:00"), At("12:00:00"), Outcome.Success, "The index"), (attempt.StartedAt, attempt.EndedAt, attempt.Outcome, attempt.Reason));
        Assert.Equal([new RunLink(LinkKinds.Contains, "acme/shop.web#39"), new RunLink(LinkKinds.Contains, "acme/shop.web#36")], attempt.Links);
        Assert.Empty(attempt.Notes);
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("created")]
    [InlineData("released")]
    public void What_else_happens_to_releases_is_not_recorded(string action) => Assert.NotNull(Source.Read(Release(action)).Ignored);

    private static Webhook Check(string action, string members) => Hook("check_run", $"\"action\": \"{action}\", \"check_run\": {Merged(CheckMembers, members)}");

    private static Webhook Suite(string action, string members) => Hook("check_suite", $"\"action\": \"{action}\", \"check_suite\": {Merged(SuiteMembers, members)}");

    private static Webhook Deploy(string kind, string members) => Hook(kind, $$"""{{members}}, "deployment": {{Deployment}}, "workflow_run": {"id": 289782451} """);

    private static Webhook Status(string state, string at) => Deploy("deployment_status", $$""" "action": "created", "deployment_status": {"state": "{{state}}", "created_at": "2026-03-02T{{at}}Z"} """);

    private static Webhook Release(string action) => Hook("release", $$"""
        "action": "{{action}}", "release": {"id": 9, "tag_name": "v2.0", "name": "The index", "target_commitish": "main", "author": {"login": "dee"},
          "body": "* Index by @bob in https://github.com/acme/shop.web/pull/39\n* and #36", "created_at": "2026-03-02T09:00:00Z", "published_at": "2026-03-02T12:00:00Z"}
        """);
}
