using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.GitLab;

public sealed class JobTests
{
    private const string Id = "vstrace-gitlab-job-acme.web-1977";
    private const string Started = """, "build_started_at": "2026-03-02T12:05:00Z", "build_queued_duration": 20.5""";
    private const string Finished = Started + """
        , "build_finished_at": "2026-03-02T12:09:00Z", "build_duration": 240.0,
        "runner": { "id": 380, "description": "runner-6", "runner_type": "project_type", "tags": ["linux", "docker"] }, "environment": { "name": "staging", "action": "start" }
        """;

    private static readonly Webhook[] History =
        [Hooks.Job("created"), Hooks.Job("pending"), Hooks.Job("running", Started), Hooks.Job("failed", Finished.Replace("\"runner\"", "\"build_failure_reason\": \"script_failure\", \"runner\"", StringComparison.Ordinal))];

    [Fact]
    public void Weakness_4_a_failed_job_ends_with_failure_and_why()
    {
        var job = Hooks.Only(Id, History);

        Assert.Equal((AttemptState.Ended, Outcome.Failure, "unit tests"), (job.State, job.Outcome, job.Name));
        Assert.Equal((Hooks.At("12:00:00.500"), Hooks.At("12:09:00")), (job.StartedAt, job.EndedAt));
        Assert.Equal(("script_failure", "failure", "2"), (job.Tag("error.type"), job.Tag("cicd.pipeline.task.run.result"), job.Tag("build.retries_count")));
    }

    [Fact]
    public void It_is_queued_and_then_runs_on_a_runner()
    {
        var job = Hooks.Only(Id, History);

        Assert.Equal("queued@12:00:00 running@12:05:00", job.Stages());
        Assert.Equal(("runner-6", "linux, docker", "staging"), (job.Tag("cicd.worker.name"), job.Tag("gitlab.runner.tags"), job.Tag("deployment.environment.name")));
    }

    [Fact]
    public void A_manual_job_waits_for_a_person_and_then_in_the_queue()
    {
        Webhook[] history = [Hooks.Job("created"), Hooks.Job("manual"), Hooks.Job("success", Finished)];

        Assert.Equal("queued@12:00:00 manual@12:00:00 queued@12:04:39 running@12:05:00", Hooks.Only(Id, history).Stages());
        Trial.EveryOrderTellsTheSame(Hooks.Source, history);
    }

    [Fact]
    public void It_is_part_of_its_pipeline_which_old_versions_call_the_commit()
    {
        Assert.Equal("vstrace-gitlab-pipeline-acme.web-31", Hooks.Only(Id, Hooks.Job("running", Started)).Parent);
        var old = Trial.Webhook(Hooks.JobJson("running").Replace("\"pipeline_id\": 31, ", "", StringComparison.Ordinal), ("X-Gitlab-Event", "Build Hook"));
        Assert.Equal("vstrace-gitlab-pipeline-acme.web-31", Hooks.Only(Id, old).Parent);
    }

    [Fact]
    public void Weakness_6_and_7_no_late_delivery_opens_it_again()
    {
        Trial.EveryOrderTellsTheSame(Hooks.Source, History);
        var withoutTimes = Trial.Webhook(Hooks.JobJson("pending").Replace("build_created_at", "x", StringComparison.Ordinal), ("X-Gitlab-Event", "Job Hook"));
        Assert.Equal(AttemptState.Ended, Hooks.Only(Id, [.. History, withoutTimes]).State);
    }

    [Theory]
    [InlineData("success", "unknown_failure", Outcome.Success)]
    [InlineData("canceled", "unknown_failure", Outcome.Cancellation)]
    [InlineData("skipped", "unknown_failure", Outcome.Skip)]
    [InlineData("failed", "job_execution_timeout", Outcome.Timeout)]
    [InlineData("failed", "runner_system_failure", Outcome.Error)]
    public void Every_end_has_its_outcome(string status, string because, Outcome outcome) =>
        Assert.Equal(outcome, Hooks.Only(Id, Hooks.Job(status, Finished + $", \"build_failure_reason\": \"{because}\"")).Outcome);

    [Fact]
    public void One_that_was_skipped_ended_with_its_pipeline_or_else_as_it_was_made()
    {
        var made = Hooks.Only(Id, Hooks.Job("skipped"));
        var ended = Hooks.Only(Id, Trial.Webhook(Hooks.JobJson("skipped").Replace("\"author_name\"", "\"finished_at\": \"2026-03-02 12:07:00 UTC\", \"author_name\"", StringComparison.Ordinal), ("X-Gitlab-Event", "Job Hook")));

        Assert.Equal((Outcome.Skip, Hooks.At("12:00:00.500"), TimeSpan.Zero), (made.Outcome, made.EndedAt, made.Duration));
        Assert.Equal((Outcome.Skip, Hooks.At("12:07:00")), (ended.Outcome, ended.EndedAt));
    }

    [Fact]
    public void One_of_no_known_project_is_not_understood() => Assert.Throws<NotUnderstoodException>(() =>
        Hooks.Source.Read(Trial.Webhook("""{ "object_kind": "build", "build_id": 1977, "build_status": "created" }""", ("X-Gitlab-Event", "Job Hook"))));

    [Fact]
    public void Below_a_path_of_its_host_GitLabs_project_is_the_same_as_by_its_other_webhooks()
    {
        const string repository = """ "repository": { "name": "web", "homepage": "https://git.example.com/gitlab/acme/web", "url": "git@git.example.com:acme/web.git" } """;
        Assert.Equal([Id], Trial.Runs(Hooks.Source,
            Trial.Webhook($$"""{ "object_kind": "build", "build_id": 1977, "build_status": "created", {{repository}} }""", ("X-Gitlab-Event", "Job Hook"))).Keys);
        Assert.Equal([Id], Trial.Runs(Hooks.Source, Hooks.Below(Hooks.JobJson("created"), "Job Hook")).Keys);
    }

    [Fact]
    public void Weakness_26_one_without_a_repository_is_taken() =>
        Assert.NotNull(Hooks.Only(Id, Trial.Webhook(Hooks.JobJson("created").Replace("\"repository\"", "\"none\"", StringComparison.Ordinal), ("X-Gitlab-Event", "Job Hook"))));

    [Theory]
    [InlineData(""" "repository": { "name": "web", "homepage": "https://git.example.com/acme/web" } """)]
    [InlineData(""" "repository": { "name": "web", "git_ssh_url": "git@git.example.com:acme/web.git" } """)]
    [InlineData(""" "repository": { "url": "ssh://git@git.example.com:2222/acme/web.git" } """)]
    [InlineData(""" "project_name": "Acme / Web" """)]
    public void Weakness_19_the_project_is_found_where_old_versions_say_it_only_by_halves(string member) => Assert.Equal([Id], Trial.Runs(Hooks.Source,
        Trial.Webhook($$"""{ "object_kind": "build", "build_id": 1977, "build_status": "created", {{member}} }""", ("X-Gitlab-Event", "Job Hook"))).Keys);

    [Fact]
    public void Weakness_23_what_was_before_has_its_name_spelt_right() => Assert.Equal("aaaa", Hooks.Only(Id, Hooks.Job("created")).Tag("build.before_sha"));

    [Fact]
    public void Its_upstream_name_finds_it() => Assert.Contains("vstrace-gitlab-build-web-1977", Aliases.NamesOf(new RunId("gitlab", "job", "acme.web", "1977")));

    [Fact]
    public void Whatever_a_job_looks_like_is_taken()
    {
        foreach (var (status, seed) in new[] { ("created", 1), ("manual", 2), ("running", 3), ("failed", 4) })
        {
            Trial.TakesWhateverComes(Hooks.Source, Hooks.JobJson(status, Finished), [("X-Gitlab-Event", "Job Hook")], 150, seed);
        }
    }
}
