using System.Globalization;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>Jobs of pipelines. A job that is retried is another job, so each has one attempt.</summary>
internal static class Jobs
{
    public static Told Read(Hook hook)
    {
        var job = hook.Payload;
        if (job["build_id"].Integer is not (> 0 and var id))
        {
            throw new NotUnderstoodException("The job has no id (build_id).");
        }
        if (job["build_status"].Text is not { } status)
        {
            throw new NotUnderstoodException("The job has no status (build_status).");
        }
        var (created, started, finished) = (TimeOf(job, "created"), TimeOf(job, "started"), TimeOf(job, "finished"));
        // A while before it started it came to the runners' queue; what it waited before was for other jobs, or for a person.
        var queued = Hook.Later(started, -job["build_queued_duration"].Number) is { } at && !(at < created) ? at : created;
        var data = new EventData { Actor = hook.Actor, Tags = Tags(hook, status).ToTags() };
        var story = new Story(hook.Run("job", id.ToString(CultureInfo.InvariantCulture)))
        {
            Attempt = 1,
            Name = job["build_name"].Text is { } name ? Naming.Name(name) : "job",
            Parents = PipelineOf(hook) is { } pipeline ? [hook.Run("pipeline", pipeline).Rendering] : null,
        };
        switch (status)
        {
            case "created" or "waiting_for_resource" or "preparing" or "pending":
                return story.Starts(created, data).Enters("queued", created, new EventData()).Told();
            case "manual" or "scheduled":
                // It is made and then put aside; of the times only the first is said.
                return story.HadStarted(created, null, hook.Actor).Enters(status, Hook.Later(created, 0.001), data).Told();
            case "running":
                return Ran(started).Enters("running", started ?? Hook.Later(created, 0.001), data).Told();
            case "success" or "failed" or "canceled" or "skipped":
                var ended = finished ?? Hook.Later(started, job["build_duration"].Number) ?? (status == "skipped" ? SkippedAt(job, created) : null);
                return Ran(ended).HadEntered("running", started, ended).Ends(ended, OutcomeOf(status, job["build_failure_reason"].Text), data).Told();
            default:
                return story.Says(created, data).Told();
        }

        Story Ran(DateTimeOffset? before) => story.HadStarted(created ?? queued, before, hook.Actor).HadEntered("queued", created, before)
            .HadEntered("queued", queued == created ? null : queued, before);
    }

    private static DateTimeOffset? TimeOf(Payload job, string what) => job[$"build_{what}_at"].Time ?? job[$"build_{what}_at_iso"].Time;

    // What is skipped never began and has no end of its own: it is left out as its pipeline ends, or as it is made.
    private static DateTimeOffset? SkippedAt(Payload job, DateTimeOffset? created) => job["commit"]["finished_at"].Time is { } ended && !(ended < created) ? ended : created;

    // In this hook, commit is the pipeline.
    private static string? PipelineOf(Hook hook) => hook.Payload["pipeline_id"].Text ?? hook.Payload["commit"]["id"].Integer?.ToString(CultureInfo.InvariantCulture);

    private static Outcome OutcomeOf(string status, string? because) => status switch
    {
        "success" => Outcome.Success,
        "canceled" => Outcome.Cancellation,
        "skipped" => Outcome.Skip,
        _ => because switch
        {
            "job_execution_timeout" or "job_execution_server_timeout" or "stuck_or_timeout_failure" => Outcome.Timeout,
            "runner_system_failure" or "runner_unsupported" or "runner_provisioning_timeout" or "scheduler_failure" or "data_integrity_failure" or "api_failure"
                or "stale_schedule" or "no_matching_runner" or "ci_quota_exceeded" => Outcome.Error,
            _ => Outcome.Failure,
        },
    };

    private static Tagging Tags(Hook hook, string status)
    {
        var (job, commit, runner) = (hook.Payload, hook.Payload["commit"], hook.Payload["runner"]);
        var because = job["build_failure_reason"].Text;
        var tags = hook.Tags();
        tags.Add("event.state", status);
        tags.Add("project.id", job["project_id"]);
        tags.Add("cicd.pipeline.task.name", job["build_name"]);
        tags.Add("cicd.pipeline.task.run.id", job["build_id"]);
        tags.Add("cicd.pipeline.task.run.url.full", job["build_url"]);
        tags.Add("cicd.pipeline.task.run.state", RunStates.Of(status));
        tags.Add("cicd.pipeline.task.run.result", RunStates.IsEnd(status) ? OutcomeOf(status, because).Text() : null);
        tags.Add("cicd.pipeline.run.id", PipelineOf(hook));
        tags.Add("vcs.ref.head.name", job["ref"]);
        tags.Add("vcs.ref.head.type", RunStates.TypeOf(job["tag"]));
        tags.Add("vcs.ref.head.revision", commit["sha"].Exists ? commit["sha"] : job["sha"]);
        tags.Add("build.before_sha", job["before_sha"]);
        tags.Add("build.stage", job["build_stage"]);
        tags.Add("build.allow_failure", job["build_allow_failure"]);
        tags.Add("build.duration", job["build_duration"]);
        tags.Add("build.queued_duration", job["build_queued_duration"]);
        tags.Add("build.retries_count", job["retries_count"]);
        tags.Add("scm.commit.author.name", commit["author_name"]);
        tags.Add("scm.commit.status", commit["status"]);
        tags.Add("cicd.worker.id", runner["id"]);
        tags.Add("cicd.worker.name", runner["description"]);
        tags.Add("gitlab.runner.type", runner["runner_type"]);
        tags.Add("gitlab.runner.tags", Hook.Titles(runner["tags"]));
        tags.Add("deployment.environment.name", job["environment"]["name"]);
        // Failed jobs have one, and so has, as "unknown_failure", what has not failed.
        tags.Add("error.type", status == "failed" ? because ?? "failed" : null);
        return tags;
    }
}
