using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>Deployments: from their creation to the status that ends them.</summary>
internal static class Deployments
{
    public static Told Read(Delivery delivery)
    {
        var deployment = delivery.Payload["deployment"];
        var subject = SubjectOf(delivery, deployment);
        var at = deployment["created_at"].Time;
        return Told.Of([subject.Started(at, Creator(deployment) ?? delivery.Sender), .. subject.Names(delivery.NoteOf(deployment["description"].Text), at)]);
    }

    public static Told ReadStatus(Delivery delivery)
    {
        var (deployment, status) = (delivery.Payload["deployment"], delivery.Payload["deployment_status"]);
        var subject = SubjectOf(delivery, deployment);
        var (state, at) = (status["state"].Text, status["created_at"].Time);
        subject.Tags.Add("deployment.state", state);
        subject.Tags.Add("deployment.url", status["environment_url"]);
        subject.Tags.Add("deployment.log_url", status["log_url"].Text ?? status["target_url"].Text);
        var begun = subject.StartedEarlier(deployment["created_at"].Time, Creator(deployment));
        switch (state)
        {
            case "pending" or "queued" or "waiting":
                return Told.Of([.. begun, subject.Enters(state, at)]);
            case "in_progress":
                return Told.Of([.. begun, subject.Enters("running", at)]);
            case "success":
                subject.Tags.Add("deployment.status", "succeeded");
                return Told.Of([.. begun, subject.Ended(Outcome.Success, at)]);
            case "failure" or "error":
                subject.Tags.Add("deployment.status", "failed");
                subject.Tags.Add("error.type", state);
                return Told.Of([.. begun, subject.Ended(state == "error" ? Outcome.Error : Outcome.Failure, at)]);
            case "inactive":
                // Only what had succeeded is replaced by the next one. Where that was never heard of this ends it, but says nothing of how long it took: no start comes along.
                return Told.Of(subject.Ended(Outcome.Success, at));
            default:
                throw new NotUnderstoodException(state is null ? "The deployment's status has no state." : $"The state {Payload.Cut(state, 100)} of a deployment is not one that is known.");
        }
    }

    private static Subject SubjectOf(Delivery delivery, Payload deployment)
    {
        var (environment, name, sha) = (deployment["environment"].Text, deployment["ref"].Text, deployment["sha"].Text);
        var tags = delivery.Tags();
        tags.Add("deployment.id", deployment["id"]);
        tags.Add("deployment.environment.name", environment);
        tags.Add("deployment.task", deployment["task"]);
        tags.Add("deployment.description", deployment["description"]);
        tags.Add("deployment.production", deployment["production_environment"]);
        tags.Add("deployment.transient", deployment["transient_environment"]);
        tags.Add("vcs.ref.head.revision", sha);
        tags.Add("vcs.ref.head.name", name == sha ? null : name);
        tags.Add("cicd.pipeline.run.id", delivery.Payload["workflow_run"]["id"]);
        return new(delivery.Run("deploy", Delivery.Number(deployment["id"], "The deployment's id")), tags)
        {
            // What people compare is one task in one environment. A preview has an environment for itself, and a name of its own would make each an operation.
            Name = Naming.Name($"{deployment["task"].Text ?? "deploy"} {(deployment["transient_environment"].Boolean is true ? "preview" : environment)}".TrimEnd()),
            Reason = Delivery.FirstLine(deployment["description"].Text),
            Parents = delivery.Reference(WorkflowRuns.Type, delivery.Payload["workflow_run"]["id"]) is { } run ? [run] : [],
        };
    }

    private static string? Creator(Payload deployment) => Delivery.Login(deployment["creator"]);
}
