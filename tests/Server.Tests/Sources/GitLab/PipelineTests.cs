using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.GitLab;

public sealed class PipelineTests
{
    private const string ThirtyOne = "vstrace-gitlab-pipeline-acme.web-31";
    private const string Queue = """, "queued_duration": 30""";
    private const string Failed = Queue + """, "finished_at": "2026-03-02 12:10:00 UTC", "duration": 500""";

    private static readonly Webhook[] History =
        [Hooks.Pipeline("created"), Hooks.Pipeline("pending"), Hooks.Pipeline("running", Queue), Hooks.Pipeline("failed", Failed)];

    [Fact]
    public void Weakness_4_a_failed_pipeline_ends_with_failure()
    {
        var pipeline = Hooks.Only(ThirtyOne, History);

        Assert.Equal((AttemptState.Ended, Outcome.Failure, "pipeline"), (pipeline.State, pipeline.Outcome, pipeline.Name));
        Assert.Equal((Hooks.At("12:00:00"), Hooks.At("12:10:00")), (pipeline.StartedAt, pipeline.EndedAt));
        Assert.Equal(("failed", "failure", "failed"), (pipeline.Tag("event.state"), pipeline.Tag("cicd.pipeline.result"), pipeline.Tag("error.type")));
    }

    [Theory]
    [InlineData("success", Outcome.Success)]
    [InlineData("canceled", Outcome.Cancellation)]
    [InlineData("skipped", Outcome.Skip)]
    public void Every_end_has_its_outcome(string status, Outcome outcome)
    {
        var pipeline = Hooks.Only(ThirtyOne, Hooks.Pipeline("created"), Hooks.Pipeline(status));

        Assert.Equal((AttemptState.Ended, outcome), (pipeline.State, pipeline.Outcome));
        Assert.Null(pipeline.Tag("error.type"));
    }

    [Fact]
    public void It_is_queued_and_then_runs() => Assert.Equal("queued@12:00:00 running@12:00:30", Hooks.Only(ThirtyOne, History).Stages());

    [Fact]
    public void Weakness_5_6_and_7_the_end_alone_the_wrong_order_and_repeats_give_the_same_times()
    {
        var alone = Hooks.Only(ThirtyOne, History[^1]);

        Assert.Equal((TimeSpan.FromMinutes(10), "queued@12:00:00 running@12:00:30"), (alone.Duration, alone.Stages()));
        Trial.EveryOrderTellsTheSame(Hooks.Source, History);
    }

    [Fact]
    public void Weakness_13_running_is_a_stage_and_neither_an_end_nor_a_start() =>
        Assert.Equal(AttemptState.Running, Hooks.Only(ThirtyOne, Hooks.Pipeline("pending"), Hooks.Pipeline("running", Queue), Hooks.Pipeline("running", Queue)).State);

    [Fact]
    public void A_retry_is_an_attempt_that_begins_with_the_first_job_made_for_it()
    {
        Webhook[] history =
        [
            .. History,
            Hooks.Pipeline("running", Failed, """, "builds": [{ "id": 1, "created_at": "2026-03-02 12:00:00 UTC", "started_at": "2026-03-02 12:01:00 UTC" }, { "id": 2, "created_at": "2026-03-02 13:00:00 UTC" }]"""),
            Hooks.Pipeline("success", Queue + """, "finished_at": "2026-03-02 13:05:00 UTC" """),
        ];

        var attempts = Hooks.Run(ThirtyOne, history).Attempts;

        Assert.Equal([(1, Outcome.Failure, TimeSpan.FromMinutes(10)), (2, Outcome.Success, TimeSpan.FromMinutes(5))],
            attempts.Values.Select(static a => (a.Number, a.Outcome!.Value, a.Duration!.Value)));
        Trial.EveryOrderTellsTheSame(Hooks.Source, history);
    }

    [Fact]
    public void A_retry_whose_running_was_lost_begins_with_the_jobs_that_its_end_tells_of()
    {
        const string first = "{ \"id\": 1, \"created_at\": \"2026-03-02 12:00:00 UTC\", \"started_at\": \"2026-03-02 12:01:00 UTC\", \"finished_at\": \"2026-03-02 12:05:00 UTC\" }";
        Webhook[] history =
        [
            .. History,
            Hooks.Pipeline("success", Queue + """, "finished_at": "2026-03-02 13:05:00 UTC" """,
                $$""", "builds": [{{first}}, { "id": 2, "created_at": "2026-03-02 13:00:00 UTC", "started_at": "2026-03-02 13:01:00 UTC", "finished_at": "2026-03-02 13:05:00 UTC" }]"""),
        ];

        var attempts = Hooks.Run(ThirtyOne, history).Attempts;

        Assert.Equal([(1, Outcome.Failure, TimeSpan.FromMinutes(10)), (2, Outcome.Success, TimeSpan.FromMinutes(5))],
            attempts.Values.Select(static a => (a.Number, a.Outcome!.Value, a.Duration!.Value)));
        Trial.EveryOrderTellsTheSame(Hooks.Source, history);
    }

    [Fact]
    public void So_does_a_job_that_was_played_by_hand_after_the_end()
    {
        Webhook[] history =
        [
            Hooks.Pipeline("success", Queue + """, "finished_at": "2026-03-02 12:10:00 UTC" """),
            Hooks.Pipeline("failed", Queue + """, "finished_at": "2026-03-02 13:05:00 UTC" """, """
                , "builds": [{ "id": 1, "created_at": "2026-03-02 12:00:00 UTC", "started_at": "2026-03-02 12:01:00 UTC", "finished_at": "2026-03-02 12:10:00 UTC" },
                             { "id": 2, "created_at": "2026-03-02 12:00:00 UTC", "started_at": "2026-03-02 13:01:00 UTC", "finished_at": "2026-03-02 13:05:00 UTC" }]
                """),
        ];

        Assert.Equal([Outcome.Success, Outcome.Failure], Hooks.Run(ThirtyOne, history).Attempts.Values.Select(static a => a.Outcome!.Value));
        Trial.EveryOrderTellsTheSame(Hooks.Source, history);
    }

    [Fact]
    public void Jobs_that_ran_one_after_the_other_are_one_attempt()
    {
        const string builds = """
            , "builds": [{ "id": 1, "created_at": "2026-03-02 12:00:00 UTC", "started_at": "2026-03-02 12:01:00 UTC", "finished_at": "2026-03-02 12:05:00 UTC" },
                         { "id": 2, "created_at": "2026-03-02 12:00:00 UTC", "started_at": "2026-03-02 12:06:00 UTC", "finished_at": "2026-03-02 12:10:00 UTC" }]
            """;

        var pipeline = Hooks.Only(ThirtyOne, [.. History[..^1], Hooks.Pipeline("failed", Failed, builds)]);

        Assert.Equal((Outcome.Failure, TimeSpan.FromMinutes(10), "queued@12:00:00 running@12:00:30"), (pipeline.Outcome, pipeline.Duration, pipeline.Stages()));
        Assert.Equal(pipeline.Stages(), Hooks.Only(ThirtyOne, Hooks.Pipeline("failed", Failed, builds)).Stages());
    }

    [Fact]
    public void One_that_is_active_after_its_end_for_no_known_reason_starts_nothing() =>
        Assert.Equal(Hooks.At("12:10:00"), Hooks.Only(ThirtyOne, [.. History, Hooks.Pipeline("running", Failed)]).EndedAt);

    [Fact]
    public void Weakness_22_it_is_part_of_its_merge_request()
    {
        var change = """, "merge_request": { "id": 1, "iid": 5, "title": "Speed up", "target_project_id": 7, "url": "https://git.example.com/acme/web/-/merge_requests/5" }""";

        var pipeline = Hooks.Only(ThirtyOne, Hooks.Pipeline("running", Queue, change));

        Assert.Equal(("vstrace-gitlab-pull_request-acme.web-5", "5", "https://git.example.com/acme/web/-/merge_requests/5"),
            (pipeline.Parent, pipeline.Tag("vcs.change.id"), pipeline.Tag("merge_request.url")));
    }

    [Fact]
    public void A_forks_pipeline_is_part_of_the_merge_request_where_that_is() => Assert.Equal("vstrace-gitlab-pull_request-main.web-5",
        Hooks.Only(ThirtyOne, Hooks.Pipeline("running", Queue, """, "merge_request": { "iid": 5, "target_project_id": 1, "url": "https://git.example.com/main/web/-/merge_requests/5" }""")).Parent);

    [Fact]
    public void A_forks_merge_request_is_found_on_a_GitLab_below_a_path_too() => Assert.Equal("vstrace-gitlab-pull_request-main.web-5",
        Hooks.Only(ThirtyOne, Hooks.Below(Hooks.PipelineJson("running", Queue, """, "merge_request": { "iid": 5, "target_project_id": 1, "url": "https://git.example.com/main/web/-/merge_requests/5" }"""), "Pipeline Hook")).Parent);

    [Fact]
    public void One_that_another_pipeline_started_is_part_of_that() => Assert.Equal("vstrace-gitlab-pipeline-acme.platform-30",
        Hooks.Only(ThirtyOne, Hooks.Pipeline("running", Queue, """, "source_pipeline": { "project": { "id": 41, "path_with_namespace": "acme/platform" }, "pipeline_id": 30, "job_id": 3401 }""")).Parent);

    [Fact]
    public void Weakness_16_and_19_without_one_its_commit_and_branch_tell_what_it_is_for()
    {
        var pipeline = Hooks.Only(ThirtyOne, History);

        Assert.Null(pipeline.Parent);
        Assert.Contains("Closes acme/web#12", pipeline.Notes);
        Assert.Equal(("Cache prices", "main", "branch"), (pipeline.Reason, pipeline.Tag("vcs.ref.head.name"), pipeline.Tag("vcs.ref.head.type")));
    }

    [Fact]
    public void Its_upstream_name_finds_it() =>
        Assert.Contains("vstrace-gitlab-build-web-31", Aliases.NamesOf(new RunId("gitlab", "pipeline", "acme.web", "31")));

    [Fact]
    public void Old_versions_do_not_say_how_long_it_waited() =>
        Assert.Equal("queued@12:00:00 running@12:00:00", Hooks.Only(ThirtyOne, Hooks.Pipeline("pending"), Hooks.Pipeline("running")).Stages());

    [Fact]
    public void Whatever_a_pipeline_looks_like_is_taken()
    {
        foreach (var (status, seed) in new[] { ("pending", 1), ("running", 2), ("failed", 3), ("manual", 4) })
        {
            Trial.TakesWhateverComes(Hooks.Source, Hooks.PipelineJson(status, Failed, """, "merge_request": { "iid": 5 }, "source_pipeline": { "pipeline_id": 30, "project": { "path_with_namespace": "a/b" } }, "builds": [{ "created_at": "2026-03-02 13:00:00 UTC" }]"""),
                [("X-Gitlab-Event", "Pipeline Hook")], 150, seed);
        }
    }
}
