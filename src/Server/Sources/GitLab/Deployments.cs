using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>Deployments, part of the job that deploys.</summary>
internal static class Deployments
{
    public static Told Read(Hook hook)
    {
        var deployment = hook.Payload;
        var job = deployment["deployable_id"].Text;
        // Versions before 13.9 give no id of their own; a job deploys once.
        if ((deployment["deployment_id"].Text ?? (job is null ? null : $"job-{job}")) is not { } id)
        {
            throw new NotUnderstoodException("The deployment has no id (deployment_id).");
        }
        if (deployment["status"].Text is not { } status)
        {
            throw new NotUnderstoodException("The deployment has no status.");
        }
        var at = deployment["status_changed_at"].Time;
        var created = deployment["created_at"].Time;
        var data = new EventData { Actor = hook.Actor, Reason = Hook.FirstLine(deployment["commit_title"].Text), Tags = Tags(hook, status).ToTags() };
        var note = hook.Note(deployment["commit_title"].Text);
        var story = new Story(hook.Run("deploy", id))
        {
            Attempt = 1,
            Name = Naming.Name(EnvironmentOf(deployment) is { } environment ? $"deploy {environment}" : "deploy"),
            Parents = job is null ? null : [hook.Run("job", job).Rendering],
        };
        switch (status)
        {
            case "created":
                return story.Starts(created ?? at, data).Enters("queued", created ?? at, new EventData()).Notes(at, note).Told();
            case "blocked":
                return story.HadStarted(created, at, hook.Actor).Enters("blocked", at, data).Told();
            case "running":
                return story.Starts(created ?? at, data).Enters("running", at, new EventData()).Notes(at, note).Told();
            case "success" or "failed" or "canceled" or "skipped":
                return story.HadStarted(created, at, hook.Actor).Notes(at, note).Ends(at, RunStates.OutcomeOf(status), data).Told();
            default:
                return story.Says(at, data).Told();
        }
    }

    private static string? EnvironmentOf(Payload deployment) => deployment["environment"].Text ?? deployment["environment"]["name"].Text;

    private static Tagging Tags(Hook hook, string status)
    {
        var deployment = hook.Payload;
        var commit = deployment["commit_url"].Text;
        var tags = hook.Tags();
        tags.Add("event.state", status);
        tags.Add("deployment.id", deployment["deployment_id"]);
        tags.Add("deployment.status", status switch { "success" => "succeeded", "failed" => "failed", _ => null });
        tags.Add("deployment.environment.name", EnvironmentOf(deployment));
        tags.Add("gitlab.environment.tier", deployment["environment_tier"]);
        tags.Add("gitlab.environment.url", deployment["environment_external_url"]);
        tags.Add("cicd.pipeline.task.run.id", deployment["deployable_id"]);
        tags.Add("cicd.pipeline.task.run.url.full", deployment["deployable_url"]);
        tags.Add("vcs.ref.head.name", deployment["ref"]);
        // The whole sha stands in the commit's address only.
        tags.Add("vcs.ref.head.revision", commit?.LastIndexOf("/commit/", StringComparison.Ordinal) is >= 0 and var cut ? commit[(cut + "/commit/".Length)..] : deployment["short_sha"].Text);
        tags.Add("error.type", status == "failed" ? "failed" : null);
        return tags;
    }
}
