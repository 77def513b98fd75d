namespace ValueStream.Server.Sources.GitHub;

/// <summary>Runs of workflows: pipelines, with the attempts that GitHub counts.</summary>
internal static class WorkflowRuns
{
    public const string Type = "pipeline";

    public static Told Read(Delivery delivery)
    {
        var run = delivery.Payload["workflow_run"];
        var subject = SubjectOf(delivery, run);
        // A re-run keeps the time at which the first attempt was made.
        var started = (subject.Attempt > 1 ? run["run_started_at"].Time : null) ?? run["created_at"].Time;
        var updated = run["updated_at"].Time;
        var actor = Delivery.Login(run["triggering_actor"]) ?? Delivery.Login(run["actor"]) ?? delivery.Sender;
        var note = delivery.NoteOf(run["head_commit"]["message"].Text, run["display_title"].Text);
        return delivery.Action switch
        {
            "requested" => Told.Of([subject.Started(started, actor), subject.Enters("queued", started), .. subject.Names(note, started)]),
            "in_progress" => Told.Of([
                subject.Started(started, actor),
                subject.Enters("queued", started),
                subject.Enters("running", updated),
                .. subject.Names(note, started)]),
            // Somebody has to approve it first; then the same attempt goes on.
            "completed" when run["conclusion"].Text == "action_required" => Told.Of([
                subject.Started(started, actor),
                .. subject.Names(note, started),
                subject.Enters("waiting", updated)]),
            "completed" => Completed(),
            "" => throw new NotUnderstoodException("The delivery does not say what happened to the workflow run."),
            var other => Told.Nothing($"The action {Payload.Cut(other, 100)} of a workflow run is not recorded."),
        };

        Told Completed()
        {
            var outcome = Conclusions.AddTo(subject.Tags, "cicd.pipeline.result", run["conclusion"]);
            return Told.Of([subject.Started(started, actor), .. subject.Names(note, started), subject.Ended(outcome, updated)]);
        }
    }

    private static Subject SubjectOf(Delivery delivery, Payload run)
    {
        // Of the operation: what a workflow calls one of its runs is the run's title.
        var workflow = delivery.Payload["workflow"]["name"].Text ?? run["name"].Text ?? run["path"].Text;
        var pulls = delivery.PullRequestsIn(run["pull_requests"]);
        var tags = delivery.Tags();
        tags.Add("cicd.pipeline.name", workflow);
        tags.Add("cicd.pipeline.run.id", run["id"]);
        tags.Add("cicd.pipeline.run.url.full", run["html_url"]);
        tags.Add("vcs.ref.head.name", run["head_branch"]);
        tags.Add("vcs.ref.head.revision", run["head_sha"]);
        tags.Add("vcs.ref.head.message", run["head_commit"]["message"]);
        tags.Add("vcs.change.id", pulls.IsEmpty ? null : pulls[0][(pulls[0].LastIndexOf('-') + 1)..]);
        tags.Add("github.event", run["event"]);
        tags.Add("github.run_number", run["run_number"]);
        tags.Add("github.run_attempt", run["run_attempt"]);
        tags.Add("github.workflow.path", run["path"]);
        tags.Add("github.run.title", run["display_title"]);
        tags.Add("github.head_repository", run["head_repository"]["full_name"]);
        return new(delivery.Run(Type, Delivery.Number(run["id"], "The workflow run's id")), tags)
        {
            Attempt = run["run_attempt"].Integer is >= 1 and <= 1_000_000 and var attempt ? (int)attempt : 1,
            Name = workflow is null ? null : Naming.Name(workflow),
            Reason = Delivery.FirstLine(run["head_commit"]["message"].Text ?? run["display_title"].Text),
            Parents = pulls,
        };
    }
}
