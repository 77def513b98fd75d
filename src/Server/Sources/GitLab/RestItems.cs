using System.Buffers;
using System.Text.Json;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>What GitLab's REST API gives, one item or a page of them, as the webhooks that would have told of it.</summary>
internal static class RestItems
{
    public static IEnumerable<Webhook> Unroll(Payload saved)
    {
        if (!saved.IsArray)
        {
            return [HookOf(saved)];
        }
        return saved.Items.Select(HookOf);
    }

    private static Webhook HookOf(Payload item)
    {
        if (!item.IsObject)
        {
            throw new NotUnderstoodException("An item of GitLab's API is an object.");
        }
        return item switch
        {
            _ when item["source_branch"].Exists && item["iid"].Exists => Change("Merge Request Hook", "merge_request", item, item["references"]["full"].Text, item["web_url"].Text),
            _ when item["tag_name"].Exists => Release(item),
            _ when item["pipeline"].IsObject && item["stage"].Exists => Job(item),
            _ when item["environment"].IsObject && item["status"].Exists => Deployment(item),
            _ when item["sha"].Exists && item["status"].Exists => Pipeline(item),
            _ when item["iid"].Exists && item["title"].Exists && IsIssue(item) => Change("Issue Hook", "issue", item, item["references"]["full"].Text, item["web_url"].Text),
            _ => throw new NotUnderstoodException("It is no issue, merge request, pipeline, job, deployment or release of GitLab's API."),
        };
    }

    // Milestones and epics have numbers and titles too.
    private static bool IsIssue(Payload item) => item["web_url"].Text is { } address
        ? address.Contains("/issues/", StringComparison.Ordinal) || address.Contains("/work_items/", StringComparison.Ordinal)
        : item["references"]["full"].Text?.Contains('#') is true;

    private static Webhook Change(string hook, string kind, Payload item, string? reference, string? address)
    {
        // group/project#12, group/project!12
        var path = reference?.LastIndexOfAny(['#', '!']) is > 0 and var mark ? reference[..mark] : null;
        var who = new[] { item["merge_user"], item["merged_by"], item["closed_by"], item["author"] }.FirstOrDefault(static u => u.IsObject);
        return Of(hook, kind, path, address, ("user", who), ("object_attributes", item));
    }

    private static Webhook Pipeline(Payload item) =>
        Of("Pipeline Hook", "pipeline", null, item["web_url"].Text, ("user", item["user"]), ("object_attributes", item));

    private static Webhook Job(Payload item) => Of("Job Hook", "build", null, item["web_url"].Text,
        ("build_id", item["id"]), ("build_name", item["name"]), ("build_stage", item["stage"]), ("build_status", item["status"]),
        ("build_created_at", item["created_at"]), ("build_started_at", item["started_at"]), ("build_finished_at", item["finished_at"]),
        ("build_duration", item["duration"]), ("build_queued_duration", item["queued_duration"]),
        ("build_failure_reason", item["failure_reason"]), ("build_allow_failure", item["allow_failure"]), ("build_url", item["web_url"]),
        ("pipeline_id", item["pipeline"]["id"]), ("ref", item["ref"]), ("tag", item["tag"]),
        ("sha", item["commit"]["id"].Exists ? item["commit"]["id"] : item["pipeline"]["sha"]), ("user", item["user"]), ("runner", item["runner"]));

    private static Webhook Deployment(Payload item)
    {
        var job = item["deployable"];
        // That it was touched later, when another took its place, is no change of its status.
        Payload[] changes = RunStates.IsEnd(item["status"].Text ?? "") ? [item["finished_at"], job["finished_at"], item["updated_at"]] : [job["started_at"], item["updated_at"]];
        var address = job["web_url"].Text ?? job["pipeline"]["web_url"].Text;
        var commit = job["commit"];
        return Of("Deployment Hook", "deployment", null, address,
            ("status", item["status"]), ("status_changed_at", changes.FirstOrDefault(static t => t.Exists)), ("created_at", item["created_at"]),
            ("deployment_id", item["id"]), ("deployable_id", job["id"]), ("deployable_url", job["web_url"]),
            ("environment", item["environment"]["name"]), ("environment_external_url", item["environment"]["external_url"]),
            ("ref", item["ref"]), ("short_sha", item["sha"]), ("user", item["user"]), ("commit_title", commit["title"]));
    }

    private static Webhook Release(Payload item) => Of("Release Hook", "release", null, item["_links"]["self"].Text ?? item["commit"]["web_url"].Text,
        ("tag", item["tag_name"]), ("name", item["name"]), ("description", item["description"]), ("created_at", item["created_at"]),
        ("released_at", item["released_at"]), ("url", item["_links"]["self"]), ("user", item["author"]), ("commit", item["commit"]), ("assets", item["assets"]));

    private static Webhook Of(string hook, string kind, string? path, string? address, params ReadOnlySpan<(string Name, Payload Value)> members)
    {
        path ??= Project.PathOf(address, HostOf(members)) ?? throw new NotUnderstoodException($"The {kind} does not say which project it is in (references.full, web_url).");
        var home = address?.IndexOf(path, StringComparison.Ordinal) is > 0 and var at ? address[..(at + path.Length)] : null;
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("object_kind", kind);
            writer.WriteStartObject("project");
            writer.WriteString("path_with_namespace", path);
            writer.WriteString("web_url", home);
            writer.WriteEndObject();
            foreach (var (name, value) in members)
            {
                if (value.Exists)
                {
                    // As it stands there: what is wrong with one member costs no other.
                    writer.WritePropertyName(name);
                    writer.WriteRawValue(value.ToBytes(), skipInputValidation: true);
                }
            }
            writer.WriteEndObject();
        }
        return Webhook.Of(Payload.Parse(buffer.WrittenMemory), ("X-Gitlab-Event", hook));
    }

    /// <summary>Where GitLab lies, as far as a user's own address tells; it may be below a path of its host.</summary>
    private static string? HostOf(ReadOnlySpan<(string Name, Payload Value)> members)
    {
        foreach (var (name, user) in members)
        {
            if (name == "user" && user["web_url"].Text is { } address && user["username"].Text is { } login && address.EndsWith($"/{login}", StringComparison.Ordinal))
            {
                return address[..^login.Length];
            }
        }
        return null;
    }
}
