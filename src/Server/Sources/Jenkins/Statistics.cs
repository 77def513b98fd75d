using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources.Jenkins;

/// <summary>
/// Build data of the Statistics Gatherer plugin: sent as a build begins (<c>INPROGRESS</c>) and as it is finalized. What the plugin has no value for it fills in: the
/// end of what begins, and the beginning of what ended, are the moment of sending.
/// </summary>
internal static class Statistics
{
    public static Told Read(Payload build)
    {
        // It sends of queue, jobs, steps and checkouts as well, each of which can be had at an address of its own.
        if ((Job.OfName(build["fullJobName"].Text) ?? Job.OfAddress(build["buildUrl"].Text) ?? Job.OfName(build["jobName"].Text)) is not { } job)
        {
            throw new NotUnderstoodException("The build does not say of which job it is (fullJobName, buildUrl, jobName).");
        }
        if (build["number"].Integer is not (> 0 and var number))
        {
            throw new NotUnderstoodException("The build has no number.");
        }
        if (build["result"].Text is not { } result)
        {
            throw new NotUnderstoodException("The build has no result, not even INPROGRESS.");
        }
        var isRunning = result.Equals("INPROGRESS", StringComparison.OrdinalIgnoreCase);
        var cause = build["buildCause"].Text;
        var user = build["startedUserId"].Text ?? UserName(build).Text;
        var told = new Build(job, number, Tags(build, job, result, isRunning))
        {
            Parents = Parameters.ParentsOf(build["parameters"]),
            Trace = Parameters.TraceOf(build["parameters"]),
            Actor = user is null ? null : Naming.Name(user),
            Reason = cause is null ? null : Payload.Cut(cause, Limits.Reason),
        };
        var queue = build["queueTime"].Number;
        var duration = build["duration"].Number;
        if (isRunning)
        {
            var start = build["startTime"].Time;
            var queued = queue > 0 ? Build.Away(start, -queue) : null;
            return told.Starts(queued ?? start).Enters("queued", queued).Enters("running", start).Told();
        }
        var end = build["endTime"].Time ?? Build.Away(build["startTime"].Time, duration);
        var began = duration > 0 ? Build.Away(end, -duration) : build["startTime"].Time;
        if (queue > 0 && Build.Away(began, -queue) is { } waited)
        {
            told.HadStarted(waited, end).Enters("queued", waited, end).Enters("running", began, end);
        }
        return told.HadStarted(began, end).Ends(end, result).Told();
    }

    private static Payload UserName(Payload build) => build["startedUsername"].Exists ? build["startedUsername"] : build["startedUserName"];

    private static Tagging Tags(Payload build, Job job, string result, bool isRunning)
    {
        var tags = new Tagging();
        Build.AddSource(tags, build["scmInfo"]);
        var (root, address) = (build["ciUrl"].Text, build["buildUrl"].Text);
        tags.Add("service", "jenkins");
        tags.Add("cicd.pipeline.name", job.FullName);
        tags.Add("cicd.pipeline.run.id", build["number"]);
        tags.Add("cicd.pipeline.run.url.full", address?.StartsWith("job/", StringComparison.Ordinal) is true && root is not null ? $"{root.TrimEnd('/')}/{address}" : address);
        tags.Add("build.job.name", build["jobName"].Text ?? job.Leaf);
        tags.Add("build.ci.url", root);
        tags.Add("build.context_id", build["contextId"]);
        tags.Add("build.cause", build["buildCause"]);
        tags.Add("user.id", build["startedUserId"]);
        tags.Add("user.name", UserName(build));
        tags.Add("cicd.worker.name", build["slaveInfo"]["slaveName"]);
        tags.Add("build.worker.label", build["slaveInfo"]["label"]);
        tags.Add("build.worker.executor", build["slaveInfo"]["executor"]);
        if (isRunning)
        {
            tags.Add("build.result", result);
            tags.Add("cicd.pipeline.run.state", "executing");
        }
        else
        {
            Build.AddResult(tags, result);
            tags.Add("cicd.pipeline.run.state", "finalizing");
        }
        // The last, because there may be more of them than there is room for.
        Parameters.AddTo(tags, build["parameters"]);
        return tags;
    }
}
