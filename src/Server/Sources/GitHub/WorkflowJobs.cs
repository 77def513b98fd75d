using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>Jobs of workflow runs, and their steps once they are over.</summary>
internal static class WorkflowJobs
{
    public static Told Read(Delivery delivery)
    {
        var job = delivery.Payload["workflow_job"];
        var subject = SubjectOf(delivery, job);
        var (created, started) = (job["created_at"].Time ?? job["started_at"].Time, job["started_at"].Time);
        // Nobody ran what was skipped or cancelled in the queue, though it has a time.
        var ran = delivery.Action == "in_progress" || job["runner_name"].Exists || job["steps"].Items.Any();
        return delivery.Action switch
        {
            "queued" => Told.Of(subject.Started(created, delivery.Sender), subject.Enters("queued", started > created ? started : created)),
            // It was queued in the same second, and waits after that.
            "waiting" => Told.Of(subject.Started(created, delivery.Sender), subject.Enters("waiting", created?.AddMilliseconds(1))),
            "in_progress" => Told.Of(Ran()),
            "completed" => Completed(),
            "" => throw new NotUnderstoodException("The delivery does not say what happened to the job."),
            var other => Told.Nothing($"The action {Payload.Cut(other, 100)} of a job is not recorded."),
        };

        IEnumerable<ToolEvent> Ran() => [subject.Started(created, delivery.Sender), subject.Enters("queued", created), subject.Enters("running", started ?? created)];

        Told Completed()
        {
            var outcome = Conclusions.AddTo(subject.Tags, "cicd.pipeline.task.run.result", job["conclusion"]);
            var begun = ran && outcome != Outcome.Skip ? Ran() : [subject.Started(created, delivery.Sender)];
            // Skipped jobs are sometimes over a second before they were made.
            var ended = job["completed_at"].Time is { } at && at < created ? created : job["completed_at"].Time;
            return Told.Of([.. begun, subject.Ended(outcome, ended), .. job["steps"].Items.SelectMany(s => Step(delivery, job, subject, s))]);
        }
    }

    private static Subject SubjectOf(Delivery delivery, Payload job)
    {
        var tags = Tags(delivery, job);
        tags.Add("cicd.pipeline.task.name", job["name"]);
        tags.Add("cicd.pipeline.task.run.id", job["id"]);
        tags.Add("cicd.pipeline.task.run.url.full", job["html_url"]);
        tags.Add("github.runner.group", job["runner_group_name"]);
        tags.Add("github.runner.labels", string.Join(", ", job["labels"].Items.Select(static l => l.Text).OfType<string>()));
        return new(delivery.Run("job", Delivery.Number(job["id"], "The job's id")), tags)
        {
            // A job that runs again gets another id.
            Attempt = 1,
            Name = NameOf(job),
            Parents = delivery.Reference(WorkflowRuns.Type, job["run_id"]) is { } run ? [run] : [],
        };
    }

    /// <summary>One that ran; those that never had a turn have no times.</summary>
    private static IEnumerable<ToolEvent> Step(Delivery delivery, Payload job, Subject of, Payload step)
    {
        if (step["number"].Integer is not > 0 || !step["conclusion"].Exists || step["started_at"].Time is not { } started || step["completed_at"].Time is not { } completed)
        {
            return [];
        }
        var tags = Tags(delivery, job);
        var outcome = Conclusions.AddTo(tags, "cicd.pipeline.task.run.result", step["conclusion"]);
        tags.Add("cicd.pipeline.task.name", step["name"]);
        tags.Add("cicd.pipeline.task.run.id", $"{of.Run.Id}.{step["number"].Integer}");
        tags.Add("cicd.pipeline.task.run.url.full", job["html_url"].Text is { } url ? $"{url}#step:{step["number"].Integer}:1" : null);
        var subject = new Subject(delivery.Run("step", $"{of.Run.Id}.{step["number"].Integer}"), tags)
        {
            Attempt = 1,
            Name = Naming.Name(string.Join(" / ", new[] { of.Name, step["name"].Text }.OfType<string>())) is { Length: > 0 } name ? name : null,
            Parents = [of.Run.Rendering],
        };
        return [subject.Started(started, null), subject.Ended(outcome, completed < started ? started : completed)];
    }

    private static string? NameOf(Payload job) =>
        Naming.Name(string.Join(" / ", new[] { job["workflow_name"].Text, job["name"].Text }.OfType<string>())) is { Length: > 0 } name ? name : null;

    private static Tagging Tags(Delivery delivery, Payload job)
    {
        var tags = delivery.Tags();
        tags.Add("cicd.pipeline.name", job["workflow_name"]);
        tags.Add("cicd.pipeline.run.id", job["run_id"]);
        tags.Add("cicd.worker.name", job["runner_name"]);
        tags.Add("cicd.worker.id", job["runner_id"]);
        tags.Add("vcs.ref.head.name", job["head_branch"]);
        tags.Add("vcs.ref.head.revision", job["head_sha"]);
        tags.Add("github.run_attempt", job["run_attempt"]);
        return tags;
    }
}
