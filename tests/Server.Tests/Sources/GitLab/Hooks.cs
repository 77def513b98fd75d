using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using ValueStream.Server.Sources.GitLab;

namespace ValueStream.Server.Tests.Sources.GitLab;

/// <summary>GitLab's payloads, with what is read of them.</summary>
internal static class Hooks
{
    public static readonly GitLabSource Source = new();

    private const string Project = """
        "project": { "id": 7, "name": "Web Shop", "namespace": "Acme Inc", "path_with_namespace": "acme/web", "visibility_level": 10,
          "web_url": "https://git.example.com/acme/web", "git_ssh_url": "git@git.example.com:acme/web.git" },
        "user": { "id": 3, "name": "Ada Lovelace", "username": "ada" }
        """;

    /// <summary>A time of the day on which everything happens.</summary>
    public static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2026-03-02T{time}Z", System.Globalization.CultureInfo.InvariantCulture);

    public static string Of(string members) => $"{{ {Project}, {members} }}";

    public static Webhook Hook(string kind, string members) => Trial.Webhook(Of(members), ("X-Gitlab-Event", kind));

    public static string IssueJson(string action, string updated, string more = "", string outer = "") => Of($$"""
        "object_kind": "issue", "object_attributes": { "id": 900, "iid": 12, "title": "Basket is slow", "description": "Follows from #4", "confidential": false,
          "created_at": "2026-03-02 10:00:00 UTC", "updated_at": "2026-03-02 {{updated}} UTC", "closed_at": {{(action == "close" ? $"\"2026-03-02 {updated} UTC\"" : "null")}},
          "state": "{{(action == "close" ? "closed" : "opened")}}", "action": "{{action}}", "url": "https://git.example.com/acme/web/-/issues/12" {{more}} }
          {{outer}}
        """);

    public static Webhook Issue(string action, string updated, string more = "", string outer = "", string kind = "Issue Hook") =>
        Trial.Webhook(IssueJson(action, updated, more, outer), ("X-Gitlab-Event", kind));

    public static string ChangeJson(string action, string updated, string more = "", string outer = "") => Of($$"""
        "object_kind": "merge_request", "object_attributes": { "id": 4979, "iid": 5, "title": "Speed up the basket", "description": "Closes #12, see !4",
          "source_branch": "faster-basket", "target_branch": "main", "last_commit": { "id": "3f1c0000", "message": "Cache prices" },
          "created_at": "2026-03-02 11:00:00 +0000", "updated_at": "2026-03-02 {{updated}} +0000",
          "state": "{{action switch { "merge" => "merged", "close" => "closed", _ => "opened" }}}", "action": "{{action}}",
          "url": "https://git.example.com/acme/web/-/merge_requests/5" {{more}} } {{outer}}
        """);

    public static Webhook Change(string action, string updated, string more = "", string outer = "") =>
        Trial.Webhook(ChangeJson(action, updated, more, outer), ("X-Gitlab-Event", "Merge Request Hook"));

    public static string PipelineJson(string status, string more = "", string outer = "") => Of($$"""
        "object_kind": "pipeline", "object_attributes": { "id": 31, "iid": 3, "name": "Pipeline for main", "ref": "main", "tag": false, "sha": "bcbb", "before_sha": "aaaa",
          "source": "push", "status": "{{status}}", "created_at": "2026-03-02 12:00:00 UTC", "url": "https://git.example.com/acme/web/-/pipelines/31" {{more}} },
          "commit": { "id": "bcbb", "message": "Cache prices\n\nCloses #12" } {{outer}}
        """);

    public static Webhook Pipeline(string status, string more = "", string outer = "") => Trial.Webhook(PipelineJson(status, more, outer), ("X-Gitlab-Event", "Pipeline Hook"));

    public static string JobJson(string status, string more = "") => Of($$"""
        "object_kind": "build", "ref": "main", "tag": false, "before_sha": "aaaa", "sha": "bcbb", "build_id": 1977, "build_name": "unit tests", "build_stage": "test",
        "build_status": "{{status}}", "build_created_at": "2026-03-02T12:00:00.500Z", "build_allow_failure": false, "build_failure_reason": "unknown_failure",
        "retries_count": 2, "pipeline_id": 31, "project_id": 7, "project_name": "Acme Inc / Web Shop",
        "commit": { "id": 31, "sha": "bcbb", "message": "Cache prices", "author_name": "Ada Lovelace", "status": "running" },
        "repository": { "name": "Web Shop", "homepage": "https://git.example.com/acme/web" } {{more}}
        """);

    public static Webhook Job(string status, string more = "") => Trial.Webhook(JobJson(status, more), ("X-Gitlab-Event", "Job Hook"));

    /// <summary>The same of a GitLab that lies below a path of its host.</summary>
    public static Webhook Below(string json, string kind) =>
        Trial.Webhook(json.Replace("https://git.example.com/", "https://git.example.com/gitlab/", StringComparison.Ordinal), ("X-Gitlab-Event", kind));

    public static RunState Run(string rendering, params IEnumerable<Webhook> webhooks) => Trial.Runs(Source, webhooks)[rendering];

    public static Attempt Only(string rendering, params IEnumerable<Webhook> webhooks) => Assert.Single(Run(rendering, webhooks).Attempts).Value;

    public static string? Tag(this Attempt attempt, string key) => attempt.Tags.TryGetValue(key, out TagValue value) ? value.Text : null;

    public static string Stages(this Attempt attempt) => string.Join(' ', attempt.Stages.Select(static s => $"{s.Name}@{s.From:HH:mm:ss}"));
}
