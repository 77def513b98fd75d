namespace ValueStream.Server.Sources.GitHub;

/// <summary>Checks of other tools, and the suites that hold one tool's checks of one commit.</summary>
internal static class Checks
{
    public static Told ReadRun(Delivery delivery)
    {
        var check = delivery.Payload["check_run"];
        if (IsActions(check))
        {
            return Told.Nothing("A check of GitHub Actions tells the same as its job.");
        }
        var suite = check["check_suite"];
        var pulls = delivery.PullRequestsIn(check["pull_requests"]);
        var tags = Tags(delivery, check);
        tags.Add("cicd.pipeline.task.name", check["name"]);
        tags.Add("cicd.pipeline.task.run.id", check["id"]);
        tags.Add("cicd.pipeline.task.run.url.full", check["details_url"].Text ?? check["html_url"].Text);
        tags.Add("vcs.ref.head.name", suite["head_branch"]);
        tags.Add("check.title", check["output"]["title"]);
        var subject = new Subject(delivery.Run("check", Delivery.Number(check["id"], "The check's id")), tags)
        {
            Name = check["name"].Text is { } name ? Naming.Name(name) : null,
            Parents = pulls.IsEmpty && delivery.Reference("check_suite", suite["id"]) is { } parent ? [parent] : pulls,
        };
        var started = check["started_at"].Time;
        return delivery.Action switch
        {
            // One that takes no time may be over when it is made.
            "created" when check["status"].Text != "completed" => Told.Of(subject.Started(started, delivery.Sender)),
            "created" or "completed" => Completed(),
            // Its suite will complete once more, and tells of no begin; when it was asked for is not said.
            "rerequested" when suite["id"].Exists => Told.Of(new Subject(delivery.Run("check_suite", Delivery.Number(suite["id"], "The check suite's id")), Tags(delivery, check))
                { Name = check["app"]["name"].Text is { } app ? Naming.Name(app) : null }.Started(null, delivery.Sender)),
            "" => throw new NotUnderstoodException("The delivery does not say what happened to the check."),
            var other => Told.Nothing($"The action {Payload.Cut(other, 100)} of a check is not recorded."),
        };

        Told Completed()
        {
            var outcome = Conclusions.AddTo(tags, "cicd.pipeline.task.run.result", check["conclusion"]);
            return Told.Of(subject.Started(started, delivery.Sender), subject.Ended(outcome, Later(check["completed_at"].Time, started)));
        }
    }

    public static Told ReadSuite(Delivery delivery)
    {
        var suite = delivery.Payload["check_suite"];
        if (IsActions(suite))
        {
            return Told.Nothing("A check suite of GitHub Actions tells the same as its workflow run.");
        }
        var message = suite["head_commit"]["message"].Text;
        var tags = Tags(delivery, suite);
        tags.Add("cicd.pipeline.run.id", suite["id"]);
        tags.Add("vcs.ref.head.name", suite["head_branch"]);
        tags.Add("vcs.ref.head.message", message);
        tags.Add("check_suite.checks_count", suite["latest_check_runs_count"]);
        var subject = new Subject(delivery.Run("check_suite", Delivery.Number(suite["id"], "The check suite's id")), tags)
        {
            Name = suite["app"]["name"].Text is { } name ? Naming.Name(name) : null,
            Reason = Delivery.FirstLine(message),
            Parents = delivery.PullRequestsIn(suite["pull_requests"]),
        };
        var (created, updated) = (suite["created_at"].Time, suite["updated_at"].Time);
        return delivery.Action switch
        {
            "requested" => Told.Of([subject.Started(created, delivery.Sender), .. subject.Names(delivery.NoteOf(message), created)]),
            "rerequested" => Told.Of(subject.Started(updated, delivery.Sender)),
            "completed" => Completed(),
            "" => throw new NotUnderstoodException("The delivery does not say what happened to the check suite."),
            var other => Told.Nothing($"The action {Payload.Cut(other, 100)} of a check suite is not recorded."),
        };

        Told Completed()
        {
            var outcome = Conclusions.AddTo(tags, "cicd.pipeline.result", suite["conclusion"]);
            return Told.Of([
                .. subject.StartedEarlier(created, delivery.Sender),
                .. subject.Names(delivery.NoteOf(message), created ?? updated),
                subject.Ended(outcome, Later(updated, created))]);
        }
    }

    private static bool IsActions(Payload of) => of["app"]["slug"].Text == "github-actions";

    private static DateTimeOffset? Later(DateTimeOffset? ended, DateTimeOffset? started) => ended < started ? started : ended;

    private static Tagging Tags(Delivery delivery, Payload of)
    {
        var tags = delivery.Tags();
        tags.Add("vcs.ref.head.revision", of["head_sha"]);
        tags.Add("check.app", of["app"]["slug"].Text ?? of["app"]["name"].Text);
        return tags;
    }
}
