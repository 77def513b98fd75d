using ValueStream.Core.Events;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.GitHub.Hooks;

namespace ValueStream.Server.Tests.Sources.GitHub;

public sealed class WorkflowTests
{
    private const string Id = "vstrace-github-pipeline-acme.shop.web-289782451";
    private const string JobId = "vstrace-github-job-acme.shop.web-4001";

    private const string Ran = """ "runner_id": 3, "runner_name": "build-3", "started_at": "2026-03-02T10:01:00Z" """;

    private static readonly Webhook Requested = Run("requested", "");
    private static readonly Webhook InProgress = Run("in_progress", """ "status": "in_progress", "updated_at": "2026-03-02T10:00:30Z" """);
    private static readonly Webhook Failed = Run("completed", """ "status": "completed", "conclusion": "failure", "updated_at": "2026-03-02T10:05:00Z" """);
    private static readonly Webhook Again = Run("requested", """ "run_attempt": 2, "triggering_actor": {"login": "cid"}, "run_started_at": "2026-03-02T11:00:00Z", "updated_at": "2026-03-02T11:00:00Z" """);
    private static readonly Webhook Succeeded = Run("completed", """
        "run_attempt": 2, "triggering_actor": {"login": "cid"}, "status": "completed", "conclusion": "success", "run_started_at": "2026-03-02T11:00:00Z", "updated_at": "2026-03-02T11:04:00Z"
        """);

    private static readonly Webhook Queued = Job("queued", "");
    private static readonly Webhook Running = Job("in_progress", Ran);
    private static readonly Webhook Done = Job("completed", Ran + """
        , "status": "completed", "conclusion": "failure", "completed_at": "2026-03-02T10:04:00Z", "steps": [
          {"number": 1, "name": "Set up job", "status": "completed", "conclusion": "success", "started_at": "2026-03-02T10:01:00Z", "completed_at": "2026-03-02T10:01:02Z"},
          {"number": 2, "name": "dotnet test", "status": "completed", "conclusion": "failure", "started_at": "2026-03-02T10:01:02.000Z", "completed_at": "2026-03-02T10:03:59.000Z"},
          {"number": 3, "name": "publish", "status": "completed", "conclusion": "skipped", "started_at": null, "completed_at": null}]
        """);

    [Fact]
    public void A_workflow_run_is_a_pipeline_with_the_attempts_that_github_counts()
    {
        var attempts = Only(Id, Requested, InProgress, Failed, Again, Succeeded).Attempts;
        Assert.Equal([1, 2], attempts.Keys);
        Assert.Equal((At("10:00:00"), At("10:05:00"), Outcome.Failure, "bob"), (attempts[1].StartedAt, attempts[1].EndedAt, attempts[1].Outcome, attempts[1].Actor));
        Assert.Equal("queued 10:00:00-10:00:30, running 10:00:30-10:05:00", Stages(attempts[1]));
        Assert.Equal(("ci", "Index the names"), (attempts[1].Name, attempts[1].Reason));
        Assert.Equal(("failure", "failure"), (attempts[1].Tags["cicd.pipeline.result"].Text, attempts[1].Tags["error.type"].Text));
        Assert.Equal((At("11:00:00"), At("11:04:00"), Outcome.Success, "cid"), (attempts[2].StartedAt, attempts[2].EndedAt, attempts[2].Outcome, attempts[2].Actor));
        Assert.False(attempts[2].Tags.ContainsKey("error.type"));
        Assert.Equal(("push", "163", "2"), (attempts[2].Tags["github.event"].Text, attempts[2].Tags["github.run_number"].Text, attempts[2].Tags["github.run_attempt"].Text));
    }

    [Fact]
    public void Any_order_tells_the_same()
    {
        Trial.EveryOrderTellsTheSame(Source, [Requested, InProgress, Failed, Again, Succeeded]);
        Trial.EveryOrderTellsTheSame(Source, [Requested, Queued, InProgress, Running, Done, Failed, Again, Succeeded]);
    }

    [Theory]
    [InlineData("success", Outcome.Success)]
    [InlineData("neutral", Outcome.Success)]
    [InlineData("failure", Outcome.Failure)]
    [InlineData("timed_out", Outcome.Timeout)]
    [InlineData("stale", Outcome.Timeout)]
    [InlineData("cancelled", Outcome.Cancellation)]
    [InlineData("skipped", Outcome.Skip)]
    [InlineData("startup_failure", Outcome.Error)]
    public void Its_conclusion_says_how_it_ended(string conclusion, Outcome outcome) =>
        Assert.Equal(outcome, Attempt(Id, Run("completed", $$""" "conclusion": "{{conclusion}}" """)).Outcome);

    [Theory]
    [InlineData("\"something_new\"")]
    [InlineData("null")]
    public void A_conclusion_that_is_not_known_is_not_taken_for_a_success(string conclusion) =>
        Assert.Throws<NotUnderstoodException>(() => Source.Read(Run("completed", $"\"conclusion\": {conclusion}")));

    [Fact]
    public void One_that_has_to_be_approved_waits_and_goes_on_in_the_same_attempt()
    {
        var waits = Run("completed", """ "conclusion": "action_required", "updated_at": "2026-03-02T10:00:01Z" """);
        Webhook[] history = [Requested, waits, Run("in_progress", """ "updated_at": "2026-03-02T10:30:00Z" """), Run("completed", """ "conclusion": "success", "updated_at": "2026-03-02T10:40:00Z" """)];
        var attempt = Attempt(Id, history);
        Assert.Equal("queued 10:00:00-10:00:01, waiting 10:00:01-10:30:00, running 10:30:00-10:40:00", Stages(attempt));
        Assert.Equal(Outcome.Success, attempt.Outcome);
        Trial.EveryOrderTellsTheSame(Source, history);
    }

    [Fact]
    public void Its_parent_is_the_pull_request_of_the_same_repository()
    {
        var pulls = """ "pull_requests": [{"number": 5, "base": {"repo": {"id": 72}}}, {"number": 39, "base": {"repo": {"id": 71}}}, {"number": 40, "base": {"repo": {"id": 71}}}] """;
        var attempt = Attempt(Id, Run("requested", pulls));
        Assert.Equal("vstrace-github-pull_request-acme.shop.web-39", attempt.Parent);
        Assert.Equal([new RunLink(LinkKinds.Follows, "vstrace-github-pull_request-acme.shop.web-40")], attempt.Links);
        Assert.Equal("39", attempt.Tags["vcs.change.id"].Text);
    }

    [Fact]
    public void Without_one_its_branch_and_commit_may_name_its_cause()
    {
        var attempt = Attempt(Id, Run("requested", """ "head_branch": "main", "head_commit": {"message": "Merge pull request #39 from acme/index"} """));
        Assert.Null(attempt.Parent);
        Assert.Equal(["Names acme/shop.web#39"], attempt.Notes);
        Assert.Equal(("main", "Merge pull request #39 from acme/index"), (attempt.Tags["vcs.ref.head.name"].Text, attempt.Tags["vcs.ref.head.message"].Text));
    }

    [Fact]
    public void A_job_waits_for_its_runner_and_runs_below_its_workflow_run()
    {
        var attempt = Attempt(JobId, Queued, Running, Done);
        Assert.Equal((At("10:00:05"), At("10:04:00"), Outcome.Failure, Id), (attempt.StartedAt, attempt.EndedAt, attempt.Outcome, attempt.Parent));
        Assert.Equal("queued 10:00:05-10:01:00, running 10:01:00-10:04:00", Stages(attempt));
        Assert.Equal(("ci / test (linux)", "build-3", "self-hosted, linux", "1"),
            (attempt.Name, attempt.Tags["cicd.worker.name"].Text, attempt.Tags["github.runner.labels"].Text, attempt.Tags["github.run_attempt"].Text));
        Assert.Equal(("test (linux)", "failure"), (attempt.Tags["cicd.pipeline.task.name"].Text, attempt.Tags["cicd.pipeline.task.run.result"].Text));
    }

    [Fact]
    public void Its_end_alone_tells_as_much_of_a_job() =>
        Assert.Equal(Stages(Attempt(JobId, Queued, Running, Done)), Stages(Attempt(JobId, Done)));

    [Fact]
    public void Its_steps_are_runs_below_it_and_those_without_a_turn_are_none()
    {
        var runs = Trial.Runs(Source, Done);
        Assert.Equal([JobId, "vstrace-github-step-acme.shop.web-4001.1", "vstrace-github-step-acme.shop.web-4001.2"], runs.Keys);
        var step = runs["vstrace-github-step-acme.shop.web-4001.2"].Attempts[1];
        Assert.Equal(("ci / test (linux) / dotnet test", JobId, Outcome.Failure), (step.Name, step.Parent, step.Outcome));
        Assert.Equal((At("10:01:02"), At("10:03:59")), (step.StartedAt, step.EndedAt));
    }

    [Fact]
    public void A_job_of_a_second_attempt_is_a_run_of_its_own_and_its_only_attempt()
    {
        var attempt = Assert.Single(Only("vstrace-github-job-acme.shop.web-4002", Job("completed", Ran + """ , "id": 4002, "run_attempt": 2, "conclusion": "success", "completed_at": "2026-03-02T11:04:00Z" """)).Attempts);
        Assert.Equal((1, "2"), (attempt.Key, attempt.Value.Tags["github.run_attempt"].Text));
    }

    [Fact]
    public void A_job_that_waits_for_approval_says_so()
    {
        Webhook[] history = [Job("waiting", ""), Job("queued", """ "started_at": "2026-03-02T10:30:00Z" """), Job("in_progress", """ "runner_name": "r", "started_at": "2026-03-02T10:31:00Z" """)];
        Assert.Equal(["queued", "waiting", "queued", "running"], Attempt(JobId, history).Stages.Select(static s => s.Name));
        Trial.EveryOrderTellsTheSame(Source, history);
    }

    [Fact]
    public void A_skipped_job_never_ran_even_where_its_clock_runs_backwards()
    {
        var attempt = Attempt(JobId, Job("completed", """ "conclusion": "skipped", "started_at": "2026-03-02T10:00:06Z", "completed_at": "2026-03-02T10:00:04Z" """));
        Assert.Equal((Outcome.Skip, TimeSpan.Zero, 0, false), (attempt.Outcome, attempt.Duration, attempt.Stages.Length, attempt.Skewed));
    }

    [Fact]
    public void A_job_that_was_cancelled_in_the_queue_never_ran() =>
        Assert.Empty(Attempt(JobId, Job("completed", """ "conclusion": "cancelled", "completed_at": "2026-03-02T10:03:00Z" """)).Stages);
}
