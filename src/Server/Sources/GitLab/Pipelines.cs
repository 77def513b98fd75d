using System.Collections.Immutable;
using System.Globalization;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>
/// Pipelines. Their jobs are told by job hooks: <c>builds</c> has all of them in every delivery of a pipeline, so that telling them from there would write each
/// of them anew with every change of any other.
/// </summary>
internal static class Pipelines
{
    public static Told Read(Hook hook)
    {
        var pipeline = hook.Attributes;
        if (pipeline["id"].Integer is not (> 0 and var id))
        {
            throw new NotUnderstoodException("The pipeline has no id (object_attributes.id).");
        }
        if (pipeline["status"].Text is not { } status)
        {
            throw new NotUnderstoodException("The pipeline has no status.");
        }
        var message = hook.Payload["commit"]["message"].Text;
        var data = new EventData { Actor = hook.Actor, Reason = Hook.FirstLine(message), Tags = Tags(hook, status, message).ToTags() };
        var created = pipeline["created_at"].Time;
        var began = pipeline["started_at"].Time ?? Hook.Later(created, pipeline["queued_duration"].Number);
        var finished = pipeline["finished_at"].Time;
        // Its name is made of branches and titles more often than not, so it names no operation.
        var note = hook.Note(message, pipeline["name"].Text, hook.Payload["merge_request"]["title"].Text);
        var story = new Story(hook.Run("pipeline", id.ToString(CultureInfo.InvariantCulture))) { Parents = ParentsOf(hook) };
        switch (status)
        {
            case "created" or "waiting_for_resource" or "preparing" or "pending" or "running" or "scheduled" or "manual" when finished is not null:
                // A retry, or a manual job that was played after the end.
                return (AgainAt(hook.Payload["builds"], finished.Value) is { } again
                    ? story.Starts(again, data).Enters(StageOf(status), again, new EventData()) : story.Says(null, data)).Told();
            case "created" or "waiting_for_resource" or "preparing" or "pending":
                return story.Starts(created, data).Enters("queued", created, new EventData()).Notes(created, note).Told();
            case "running":
                // Old versions do not say how long it was queued, only that it was.
                return story.HadStarted(created, began, hook.Actor).HadEntered("queued", created, began).Enters("running", began ?? Hook.Later(created, 0.001), data).Notes(created, note).Told();
            case "success" or "failed" or "canceled" or "skipped":
                // What is skipped ends as it is made.
                var ended = finished ?? pipeline["updated_at"].Time ?? Hook.Later(began, pipeline["duration"].Number) ?? (status == "skipped" ? created : null);
                story.HadStarted(created, ended, hook.Actor).HadEntered("queued", created, ended).HadEntered("running", began, ended);
                foreach (var taken in TakenUpAt(hook.Payload["builds"]).Where(t => t > created && t < ended))
                {
                    story.HadStarted(taken, ended, hook.Actor);
                }
                return story.Notes(created, note).Ends(ended, RunStates.OutcomeOf(status), data).Told();
            default:
                // Waiting for a person or for a time, or about to be cancelled: when that began is not said.
                return story.HadStarted(created, null, hook.Actor).Says(created, data with { Note = note }).Told();
        }
    }

    private static string StageOf(string status) => status == "running" ? "running" : "queued";

    /// <summary>When work was taken up after the end: with the first job that was made or began after it.</summary>
    private static DateTimeOffset? AgainAt(Payload builds, DateTimeOffset finished) => builds.Items
        .SelectMany(static b => new[] { b["created_at"].Time, b["started_at"].Time }).Where(t => t > finished).Min();

    /// <summary>
    /// When work may have been taken up after an end whose successor this is, in case nobody told: whenever a job was made after all that were made before it had finished, and when the last job began.
    /// Where there was no end before, such a start is a repeat, which says nothing.
    /// </summary>
    private static IEnumerable<DateTimeOffset> TakenUpAt(Payload builds)
    {
        var jobs = builds.Items.Select(static b => (Made: b["created_at"].Time, Began: b["started_at"].Time, Finished: b["finished_at"].Time)).Where(static j => j.Made is not null).OrderBy(static j => j.Made).ToList();
        var finished = jobs.FirstOrDefault().Made;
        var retried = new List<DateTimeOffset>();
        foreach (var job in jobs)
        {
            if (job.Made > finished)
            {
                retried.Add(job.Made.Value);
            }
            // One that nobody played holds nothing up.
            finished = job.Finished > finished ? job.Finished : finished;
        }
        return retried.Take(MostRetries).Concat(jobs.Select(static j => j.Began).Max() is { } last ? [last] : []).Distinct();
    }

    private const int MostRetries = 20;

    private static ImmutableArray<string>? ParentsOf(Hook hook)
    {
        var parents = new List<string>();
        var above = hook.Payload["source_pipeline"];
        if (above["pipeline_id"].Text is { } id && (above["project"]["path_with_namespace"].Text ?? hook.Project.PathOfOther(above["project"]["web_url"].Text)) is { } path)
        {
            parents.Add(new RunId(SourceNames.GitLab, "pipeline", Naming.Namespace(path), Naming.Id(id)).Rendering);
        }
        var change = hook.Payload["merge_request"];
        if (change["iid"].Integer is > 0 and var number)
        {
            // A fork's pipeline may be of a merge request elsewhere.
            var isOwn = !change["target_project_id"].Exists || change["target_project_id"].Text == hook.Payload["project"]["id"].Text;
            var place = isOwn ? null : hook.Project.PathOfOther(change["url"].Text);
            parents.Add(new RunId(SourceNames.GitLab, "pull_request", place is null ? hook.Project.Namespace : Naming.Namespace(place),
                number.ToString(CultureInfo.InvariantCulture)).Rendering);
        }
        return parents.Count == 0 ? null : [.. parents];
    }

    private static Tagging Tags(Hook hook, string status, string? message)
    {
        var (pipeline, change) = (hook.Attributes, hook.Payload["merge_request"]);
        var tags = hook.Tags();
        tags.Add("event.state", status);
        tags.Add("cicd.pipeline.name", pipeline["name"]);
        tags.Add("cicd.pipeline.run.id", pipeline["id"]);
        tags.Add("cicd.pipeline.run.url.full", pipeline["url"].Exists ? pipeline["url"] : pipeline["web_url"]);
        tags.Add("cicd.pipeline.run.state", RunStates.Of(status));
        tags.Add("cicd.pipeline.result", RunStates.IsEnd(status) ? RunStates.OutcomeOf(status).Text() : null);
        tags.Add("vcs.ref.head.name", pipeline["ref"]);
        tags.Add("vcs.ref.head.type", RunStates.TypeOf(pipeline["tag"]));
        tags.Add("vcs.ref.head.revision", pipeline["sha"]);
        tags.Add("vcs.ref.head.message", message);
        tags.Add("build.before_sha", pipeline["before_sha"]);
        tags.Add("vcs.change.id", change["iid"]);
        tags.Add("vcs.change.title", change["title"]);
        tags.Add("merge_request.id", change["id"]);
        tags.Add("merge_request.url", change["url"]);
        tags.Add("pipeline.source", pipeline["source"]);
        tags.Add("pipeline.duration", pipeline["duration"]);
        tags.Add("pipeline.queued_duration", pipeline["queued_duration"]);
        tags.Add("error.type", status == "failed" ? "failed" : null);
        return tags;
    }
}
