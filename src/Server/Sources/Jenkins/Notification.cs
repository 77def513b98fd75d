using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources.Jenkins;

/// <summary>
/// The Notification plugin's phases of a build. <c>timestamp</c> is the phase's own: when it came into the queue, began, was over, was put away. Before it is over,
/// <c>status</c> is that of another build.
/// </summary>
internal static class Notification
{
    public static Told Read(Payload payload)
    {
        var build = payload["build"];
        if ((Job.OfAddress(build["full_url"].Text) ?? Job.OfAddress(build["url"].Text) ?? Job.OfAddress(payload["url"].Text) ?? Job.OfName(payload["name"].Text)) is not { } job)
        {
            throw new NotUnderstoodException("The build does not say of which job it is (build.full_url, build.url, url, name).");
        }
        if (build["number"].Integer is not (> 0 and var number))
        {
            throw new NotUnderstoodException("The build has no number.");
        }
        if (build["phase"].Text is not { } phase)
        {
            throw new NotUnderstoodException("The build does not say in which phase it is.");
        }
        var result = phase is "COMPLETED" or "FINALIZED" ? build["status"].Text ?? "UNKNOWN" : null;
        var told = new Build(job, number, Tags(payload, job, phase, result))
        {
            Parents = Parameters.ParentsOf(build["parameters"]),
            Trace = Parameters.TraceOf(build["parameters"]),
        };
        var at = build["timestamp"].Time;
        var note = build["notes"].Text is { } notes ? Payload.Cut(notes, Limits.Reason) : null;
        switch (phase)
        {
            case "QUEUED" when at is not null:
                return told.Starts(at).Enters("queued", at).Told();
            case "STARTED":
                return told.Starts(at).Enters("running", at).Told();
            case "COMPLETED" or "FINALIZED":
                var began = Build.Away(at, -build["duration"].Number);
                told.HadStarted(began, at).Enters("running", began, at);
                return (note is null ? told : told.Says(at, note)).Ends(at, result!).Told();
            default:
                return told.Says(at, note).Told();
        }
    }

    private static Tagging Tags(Payload payload, Job job, string phase, string? result)
    {
        var build = payload["build"];
        var (scm, tests) = (build["scm"], build["test_summary"]);
        var tags = new Tagging();
        Build.AddSource(tags, scm);
        tags.Add("service", "jenkins");
        tags.Add("cicd.pipeline.name", job.FullName);
        tags.Add("cicd.pipeline.run.id", build["number"]);
        tags.Add("cicd.pipeline.run.url.full", build["full_url"].Exists ? build["full_url"] : build["url"]);
        tags.Add("cicd.pipeline.run.state", phase switch { "QUEUED" => "pending", "STARTED" => "executing", "COMPLETED" or "FINALIZED" => "finalizing", _ => null });
        tags.Add("build.job.name", payload["name"].Text ?? job.Leaf);
        tags.Add("build.job.display_name", payload["display_name"]);
        tags.Add("build.queue_id", build["queue_id"]);
        tags.Add("build.culprits", Joined(scm["culprits"].Items.Select(static c => c.Text)));
        tags.Add("build.artifacts", Joined(build["artifacts"].Members.Select(static m => m.Name)));
        tags.Add("build.tests.total", tests["total"]);
        tags.Add("build.tests.passed", tests["passed"]);
        tags.Add("build.tests.failed", tests["failed"]);
        tags.Add("build.tests.skipped", tests["skipped"]);
        if (result is not null)
        {
            Build.AddResult(tags, result);
        }
        // The last, because there may be more of them than there is room for.
        Parameters.AddTo(tags, build["parameters"]);
        return tags;
    }

    private static string? Joined(IEnumerable<string?> texts) => string.Join(", ", texts.OfType<string>()) is { Length: > 0 } all ? all.Replace("\0", "", StringComparison.Ordinal) : null;
}
