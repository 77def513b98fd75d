using System.Text.Json.Nodes;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using ValueStream.Server.Sources.GitHub;

namespace ValueStream.Server.Tests.Sources.GitHub;

/// <summary>Deliveries of GitHub's, in its shape, with what is read.</summary>
internal static class Hooks
{
    public static readonly ISource Source = new GitHubSource();

    public const string Repository = """
        {"id": 71, "name": "shop.web", "full_name": "acme/shop.web", "private": true, "html_url": "https://github.com/acme/shop.web",
         "url": "https://api.github.com/repos/acme/shop.web", "owner": {"login": "acme"}}
        """;

    public static Webhook Hook(string kind, string members) => Trial.Webhook(Json(members), Headers(kind));

    public static (string Name, string Value)[] Headers(string kind) => [("X-GitHub-Event", kind), ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")];

    public static string Json(string members) => $$"""{"repository": {{Repository}}, "sender": {"login": "ann", "id": 5}{{(members.Length > 0 ? ", " + members : "")}}}""";

    public static Webhook Issue(string action, string members, string? beside = null) =>
        Hook("issues", $$"""{{(beside is null ? "" : beside + ", ")}}"action": "{{action}}", "issue": {{Merged(IssueMembers, members)}}""");

    public static Webhook Pull(string action, string members) => Hook("pull_request", $$"""
        "action": "{{action}}", "number": 39, "pull_request": {{Merged(PullMembers, members)}}
        """);

    public static Webhook Review(string action, string review, string pull) => Hook("pull_request_review", $$"""
        "action": "{{action}}", "review": {{review}}, "pull_request": {{Merged(PullMembers, pull)}}
        """);

    public static Webhook Run(string action, string members) => Hook("workflow_run", $$"""
        "action": "{{action}}", "workflow": {"name": "ci"}, "workflow_run": {{Merged(RunMembers, members)}}
        """);

    public static Webhook Job(string action, string members) => Hook("workflow_job", $$"""
        "action": "{{action}}", "workflow_job": {{Merged(JobMembers, members)}}
        """);

    /// <summary>A webhook with another header.</summary>
    public static Webhook With(this Webhook webhook, string name, string value) =>
        webhook with { Headers = new Dictionary<string, string>(webhook.Headers, StringComparer.OrdinalIgnoreCase) { [name] = value } };

    /// <summary>An object with members put into it or replaced.</summary>
    public static string Merged(string json, string members)
    {
        var merged = JsonNode.Parse(json)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse($"{{{members}}}")!.AsObject().ToArray())
        {
            merged[name] = value?.DeepClone();
        }
        return merged.ToJsonString();
    }

    /// <summary>What webhooks tell of one run.</summary>
    public static RunState Only(string rendering, params IEnumerable<Webhook> webhooks) => Trial.Runs(Source, webhooks)[rendering];

    /// <summary>The only attempt that webhooks tell of.</summary>
    public static Attempt Attempt(string rendering, params IEnumerable<Webhook> webhooks) => Assert.Single(Only(rendering, webhooks).Attempts).Value;

    public static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2026-03-02T{time}Z", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Stages as <c>name from-to</c>, times of the day.</summary>
    public static string Stages(Attempt attempt) => string.Join(", ", attempt.Stages.Select(static s => $"{s.Name} {s.From:HH:mm:ss}-{s.To:HH:mm:ss}"));

    public const string IssueMembers = """
        {"id": 523988107, "number": 36, "title": "Search is slow", "state": "open", "state_reason": null, "comments": 2, "user": {"login": "bob", "id": 6, "url": "https://api.github.com/users/bob"},
         "url": "https://api.github.com/repos/acme/shop.web/issues/36", "html_url": "https://github.com/acme/shop.web/issues/36", "labels": [{"name": "bug"}, {"name": "search"}],
         "assignees": [{"login": "cid"}], "milestone": {"title": "v2"}, "created_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T09:00:00Z", "closed_at": null, "body": null}
        """;

    public const string PullMembers = """
        {"id": 342455317, "number": 39, "title": "Index the names", "state": "open", "draft": false, "merged": false, "user": {"login": "bob", "id": 6, "url": "https://api.github.com/users/bob"},
         "html_url": "https://github.com/acme/shop.web/pull/39", "head": {"label": "acme:index", "ref": "index", "sha": "aaaa", "repo": {"full_name": "acme/shop.web"}},
         "base": {"label": "acme:main", "ref": "main", "sha": "bbbb", "repo": {"id": 71, "name": "shop.web", "full_name": "acme/shop.web", "private": true}}, "merge_commit_sha": "7e57",
         "labels": [], "assignees": [], "milestone": null, "requested_reviewers": [{"login": "cid"}], "commits": 3, "additions": 120, "deletions": 7, "changed_files": 4,
         "created_at": "2026-03-02T10:00:00Z", "updated_at": "2026-03-02T10:00:00Z", "closed_at": null, "merged_at": null, "body": null}
        """;

    public const string RunMembers = """
        {"id": 289782451, "name": "ci", "path": ".github/workflows/ci.yml", "run_number": 163, "run_attempt": 1, "event": "push", "status": "queued", "conclusion": null,
         "head_branch": "index", "head_sha": "aaaa", "head_commit": {"message": "Index the names\n\nslowly"}, "display_title": "Index the names", "actor": {"login": "bob"},
         "triggering_actor": {"login": "bob"}, "html_url": "https://github.com/acme/shop.web/actions/runs/289782451", "head_repository": {"full_name": "acme/shop.web"}, "pull_requests": [],
         "created_at": "2026-03-02T10:00:00Z", "run_started_at": "2026-03-02T10:00:00Z", "updated_at": "2026-03-02T10:00:00Z"}
        """;

    public const string JobMembers = """
        {"id": 4001, "run_id": 289782451, "run_attempt": 1, "workflow_name": "ci", "name": "test (linux)", "head_branch": "index", "head_sha": "aaaa", "status": "queued", "conclusion": null,
         "html_url": "https://github.com/acme/shop.web/actions/runs/289782451/job/4001", "labels": ["self-hosted", "linux"], "runner_id": null, "runner_name": null, "runner_group_name": null,
         "steps": [], "created_at": "2026-03-02T10:00:05Z", "started_at": "2026-03-02T10:00:05Z", "completed_at": null}
        """;
}
