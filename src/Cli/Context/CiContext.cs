using System.Text.Json;

namespace ValueStream.Cli.Context;

/// <summary>
/// What a CI system says of itself in the variables of its jobs, in OpenTelemetry's words. What it does not say is not made up: a bare
/// <c>CI=true</c> gives nothing.
/// </summary>
internal static class CiContext
{
    private const int LargestEvent = 1 << 20;

    /// <summary>Reads the variables of the CI system whose job this is.</summary>
    /// <param name="variable">The environment; null for a variable that is not set or empty.</param>
    /// <param name="found">Where to put what is found.</param>
    /// <returns>The person who had the job run, if the CI system names one.</returns>
    public static string? Read(Func<string, string?> variable, Found found) =>
        variable("GITHUB_ACTIONS") == "true" ? GitHub(variable, found)
        : variable("GITLAB_CI") == "true" ? GitLab(variable, found)
        : variable("BUILDKITE") == "true" ? Buildkite(variable, found)
        : variable("CIRCLECI") == "true" ? CircleCi(variable, found)
        : (variable("JENKINS_URL") ?? variable("JENKINS_HOME")) is not null && variable("BUILD_NUMBER") is not null ? Jenkins(variable, found)
        : null;

    private static string? GitHub(Func<string, string?> variable, Found found)
    {
        var repository = variable("GITHUB_REPOSITORY");
        if (variable("GITHUB_SERVER_URL") is { } server && repository is not null)
        {
            // Gitea's runners set these variables as well.
            found.Note("vcs.provider.name", variable("GITEA_ACTIONS") == "true" ? "gitea" : variable("FORGEJO_ACTIONS") == "true" ? null : "github");
            found.NoteRepository($"{server}/{repository}");
            if (variable("GITHUB_RUN_ID") is { } run)
            {
                var attempt = variable("GITHUB_RUN_ATTEMPT") is { } again and not "1" ? $"/attempts/{again}" : "";
                found.NoteUrl("cicd.pipeline.run.url.full", $"{server}/{repository}/actions/runs/{run}{attempt}");
            }
        }
        found.Note("cicd.pipeline.name", variable("GITHUB_WORKFLOW"));
        found.Note("cicd.pipeline.run.id", variable("GITHUB_RUN_ID"));
        found.Note("cicd.pipeline.task.name", variable("GITHUB_JOB"));
        found.Note("cicd.worker.name", variable("RUNNER_NAME"));

        var cause = variable("GITHUB_EVENT_NAME");
        if (variable("GITHUB_HEAD_REF") is { } branch)
        {
            // refs/pull/12/merge; and the commit is one that GitHub made to try the merge.
            var (number, head) = PullRequest(variable("GITHUB_EVENT_PATH"));
            var parts = (variable("GITHUB_REF") ?? "").Split('/');
            found.NoteHead("branch", branch);
            found.NoteChange(number ?? (parts is ["refs", "pull", var part, ..] ? part : null), null, variable("GITHUB_BASE_REF"));
            found.Note("vcs.ref.head.revision", head);
        }
        else if (variable("GITHUB_REF_TYPE") is "branch" or "tag")
        {
            found.NoteHead(variable("GITHUB_REF_TYPE")!, variable("GITHUB_REF_NAME"));
        }
        found.Note("vcs.ref.head.revision", variable("GITHUB_SHA"));

        // A schedule runs in the name of whoever touched it last.
        return cause == "schedule" ? null : variable("GITHUB_TRIGGERING_ACTOR") ?? variable("GITHUB_ACTOR");
    }

    /// <summary>Number and last commit of the pull request in the event that started a workflow.</summary>
    private static (string? Number, string? Commit) PullRequest(string? path)
    {
        if (path is null || SmallFile.Bytes(path, LargestEvent) is not { } bytes)
        {
            return (null, null);
        }
        try
        {
            using var json = JsonDocument.Parse(bytes);
            var request = json.RootElement.GetProperty("pull_request");
            return (request.GetProperty("number").GetRawText(), request.GetProperty("head").GetProperty("sha").GetString());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return (null, null);
        }
    }

    private static string? GitLab(Func<string, string?> variable, Found found)
    {
        found.Note("vcs.provider.name", "gitlab");
        found.NoteUrl("vcs.repository.url.full", variable("CI_PROJECT_URL"));
        found.Note("vcs.repository.name", variable("CI_PROJECT_NAME"));
        found.Note("vcs.owner.name", variable("CI_PROJECT_NAMESPACE"));
        // A project has one pipeline, which few name.
        found.Note("cicd.pipeline.name", variable("CI_PIPELINE_NAME") ?? variable("CI_PROJECT_PATH"));
        found.Note("cicd.pipeline.run.id", variable("CI_PIPELINE_ID"));
        found.NoteUrl("cicd.pipeline.run.url.full", variable("CI_PIPELINE_URL"));
        found.Note("cicd.pipeline.task.name", variable("CI_JOB_NAME"));
        found.Note("cicd.pipeline.task.run.id", variable("CI_JOB_ID"));
        found.NoteUrl("cicd.pipeline.task.run.url.full", variable("CI_JOB_URL"));
        found.Note("cicd.worker.id", variable("CI_RUNNER_ID"));
        found.Note("cicd.worker.name", variable("CI_RUNNER_DESCRIPTION"));
        found.Note("deployment.environment.name", variable("CI_ENVIRONMENT_NAME"));
        if (variable("CI_MERGE_REQUEST_IID") is { } change)
        {
            found.NoteHead("branch", variable("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"));
            found.NoteChange(change, variable("CI_MERGE_REQUEST_TITLE"), variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"));
            // Only where CI_COMMIT_SHA is one that GitLab made to try the merge.
            found.Note("vcs.ref.head.revision", variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"));
        }
        else
        {
            found.NoteHead("tag", variable("CI_COMMIT_TAG"));
            found.NoteHead("branch", variable("CI_COMMIT_BRANCH"));
        }
        found.Note("vcs.ref.head.revision", variable("CI_COMMIT_SHA"));
        return variable("CI_PIPELINE_SOURCE") == "schedule" ? null : variable("GITLAB_USER_LOGIN");
    }

    private static string? Jenkins(Func<string, string?> variable, Found found)
    {
        var job = variable("JOB_NAME");
        var branch = variable("BRANCH_NAME");
        // In a multibranch project every branch is a job, and the project is the pipeline.
        if (job is not null && branch is not null && job.LastIndexOf('/') is var slash and > 0
            && Uri.UnescapeDataString(job[(slash + 1)..]) == branch)
        {
            job = job[..slash];
        }
        found.Note("cicd.pipeline.name", job);
        // Numbers count within a job; this holds the job's name as well.
        found.Note("cicd.pipeline.run.id", variable("BUILD_TAG") ?? variable("BUILD_NUMBER"));
        found.NoteUrl("cicd.pipeline.run.url.full", variable("BUILD_URL"));
        found.Note("cicd.pipeline.task.name", variable("STAGE_NAME"));
        found.Note("cicd.worker.name", variable("NODE_NAME"));
        found.NoteRepository(variable("GIT_URL") ?? variable("GIT_URL_1"));
        if (variable("CHANGE_ID") is { } change)
        {
            found.NoteHead("branch", variable("CHANGE_BRANCH"));
            found.NoteChange(change, variable("CHANGE_TITLE"), variable("CHANGE_TARGET"));
        }
        else
        {
            found.NoteHead("tag", variable("TAG_NAME"));
            found.NoteHead("branch", branch ?? variable("GIT_LOCAL_BRANCH") ?? BranchOf(variable("GIT_BRANCH")));
        }
        found.Note("vcs.ref.head.revision", variable("GIT_COMMIT"));
        return variable("BUILD_USER_ID");
    }

    /// <summary>The branch in what Jenkins calls one: <c>origin/main</c>, <c>refs/remotes/origin/main</c>, <c>main</c>; it says <c>detached</c> when it knows none.</summary>
    private static string? BranchOf(string? text)
    {
        foreach (var prefix in (ReadOnlySpan<string>)["refs/heads/", "refs/remotes/", "origin/"])
        {
            text = text?.StartsWith(prefix, StringComparison.Ordinal) == true ? text[prefix.Length..] : text;
        }
        return text is "detached" ? null : text;
    }

    private static string? Buildkite(Func<string, string?> variable, Found found)
    {
        var build = variable("BUILDKITE_BUILD_URL");
        var job = variable("BUILDKITE_JOB_ID");
        found.Note("cicd.pipeline.name", variable("BUILDKITE_PIPELINE_NAME") ?? variable("BUILDKITE_PIPELINE_SLUG"));
        found.Note("cicd.pipeline.run.id", variable("BUILDKITE_BUILD_ID"));
        found.NoteUrl("cicd.pipeline.run.url.full", build);
        found.Note("cicd.pipeline.task.name", variable("BUILDKITE_LABEL") ?? variable("BUILDKITE_STEP_KEY"));
        found.Note("cicd.pipeline.task.run.id", job);
        found.NoteUrl("cicd.pipeline.task.run.url.full", build is null || job is null ? null : $"{build}#{job}");
        found.Note("cicd.worker.id", variable("BUILDKITE_AGENT_ID"));
        found.Note("cicd.worker.name", variable("BUILDKITE_AGENT_NAME"));
        found.NoteRepository(variable("BUILDKITE_REPO"));
        found.NoteHead("tag", variable("BUILDKITE_TAG"));
        found.NoteHead("branch", variable("BUILDKITE_BRANCH"));
        if (variable("BUILDKITE_PULL_REQUEST") is { } change and not "false")
        {
            found.NoteChange(change, null, variable("BUILDKITE_PULL_REQUEST_BASE_BRANCH"));
        }
        // "HEAD" until the agent has looked it up.
        found.Note("vcs.ref.head.revision", variable("BUILDKITE_COMMIT") is { } commit and not "HEAD" ? commit : null);
        return variable("BUILDKITE_BUILD_CREATOR");
    }

    private static string? CircleCi(Func<string, string?> variable, Found found)
    {
        var job = variable("CIRCLE_BUILD_URL");
        // It tells jobs no name of their workflow.
        found.Note("cicd.pipeline.name", variable("CIRCLE_PROJECT_REPONAME"));
        if (variable("CIRCLE_WORKFLOW_ID") is { } workflow)
        {
            found.Note("cicd.pipeline.run.id", workflow);
            if (job?.StartsWith("https://circleci.com/", StringComparison.Ordinal) == true
                || job?.StartsWith("https://app.circleci.com/", StringComparison.Ordinal) == true)
            {
                found.Note("cicd.pipeline.run.url.full", "https://app.circleci.com/pipelines/workflows/" + workflow);
            }
        }
        found.Note("cicd.pipeline.task.name", variable("CIRCLE_JOB"));
        found.Note("cicd.pipeline.task.run.id", variable("CIRCLE_WORKFLOW_JOB_ID") ?? variable("CIRCLE_BUILD_NUM"));
        found.NoteUrl("cicd.pipeline.task.run.url.full", job);
        found.NoteRepository(variable("CIRCLE_REPOSITORY_URL"));
        found.NoteHead("tag", variable("CIRCLE_TAG"));
        found.NoteHead("branch", variable("CIRCLE_BRANCH"));
        // https://github.com/acme/api/pull/12
        var change = variable("CIRCLE_PULL_REQUEST");
        found.NoteChange(variable("CIRCLE_PR_NUMBER") ?? change?[(change.LastIndexOf('/') + 1)..], null, null);
        found.Note("vcs.ref.head.revision", variable("CIRCLE_SHA1"));
        return variable("CIRCLE_USERNAME");
    }
}
