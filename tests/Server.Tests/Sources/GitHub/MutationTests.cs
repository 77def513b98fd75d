using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.GitHub.Hooks;

namespace ValueStream.Server.Tests.Sources.GitHub;

public sealed class MutationTests
{
    private const string Pulls = """ "pull_requests": [{"number": 39, "base": {"repo": {"id": 71}}}] """;
    private const string Step = """ "steps": [{"number": 1, "name": "Set up", "conclusion": "success", "started_at": "2026-03-02T10:01:00Z", "completed_at": "2026-03-02T10:01:02Z"}] """;

    public static TheoryData<string, string> Payloads() => new()
    {
        { "issues", $"\"action\": \"closed\", \"issue\": {Merged(IssueMembers, "\"body\": \"fixes #1\", \"parent_issue_url\": \"https://api.github.com/repos/a/b/issues/1\"")}" },
        { "issues", $$""" "action": "transferred", "changes": {"new_issue": {"number": 8}, "new_repository": {"full_name": "acme/new"} }, "issue": {{IssueMembers}} """ },
        { "pull_request", $"\"action\": \"opened\", \"number\": 39, \"pull_request\": {PullMembers}" },
        { "pull_request", $"\"action\": \"closed\", \"number\": 39, \"pull_request\": {Merged(PullMembers, "\"merged_at\": \"2026-03-02T11:00:00Z\"")}" },
        { "pull_request_review", $$""" "action": "submitted", "review": {"state": "approved", "submitted_at": "2026-03-02T11:00:00Z", "user": {"login": "cid"} }, "pull_request": {{PullMembers}} """ },
        { "push", """ "ref": "refs/heads/x", "before": "1111", "after": "aaaa", "commits": [{"id": "a", "message": "one, for ABC-1"}], "head_commit": {"message": "m", "timestamp": "2026-03-02T11:00:00Z"} """ },
        { "workflow_run", $"\"action\": \"in_progress\", \"workflow_run\": {Merged(RunMembers, Pulls)}" },
        { "workflow_run", $"\"action\": \"completed\", \"workflow_run\": {Merged(RunMembers, Pulls + ", \"conclusion\": \"failure\"")}" },
        { "workflow_job", $"\"action\": \"queued\", \"workflow_job\": {JobMembers}" },
        { "workflow_job", $"\"action\": \"waiting\", \"workflow_job\": {JobMembers}" },
        { "workflow_job", $"\"action\": \"completed\", \"workflow_job\": {Merged(JobMembers, Step + ", \"conclusion\": \"failure\", \"completed_at\": \"2026-03-02T10:04:00Z\"")}" },
        { "check_run", $$""" "action": "completed", "check_run": {"id": 1, "name": "lint", "conclusion": "failure", "app": {"slug": "x"}, "check_suite": {"id": 2}, "started_at": "2026-03-02T10:00:00Z", {{Pulls}} } """ },
        { "check_suite", $$""" "action": "completed", "check_suite": {"id": 1, "conclusion": "failure", "app": {"name": "x"}, "created_at": "2026-03-02T10:00:00Z", {{Pulls}} } """ },
        { "deployment", """ "action": "created", "deployment": {"id": 1, "task": "deploy", "environment": "production", "created_at": "2026-03-02T10:00:00Z"}, "workflow_run": {"id": 1} """ },
        { "deployment_status", """ "deployment": {"id": 1, "created_at": "2026-03-02T10:00:00Z"}, "deployment_status": {"state": "waiting", "created_at": "2026-03-02T10:00:00Z"} """ },
        { "release", """ "action": "published", "release": {"tag_name": "v1", "body": "#1 a/b#2", "created_at": "2026-03-02T10:00:00Z", "published_at": "2026-03-02T10:00:00Z"} """ },
    };

    [Theory]
    [MemberData(nameof(Payloads))]
    public void Whatever_comes_is_taken_or_not_understood(string kind, string members) =>
        Trial.TakesWhateverComes(Source, Json(members), Headers(kind), times: 300, seed: members.Length);

    [Fact]
    public void A_delivery_that_does_not_say_its_kind_is_not_understood() =>
        Assert.Throws<NotUnderstoodException>(static () => Source.Read(Trial.Webhook("{}")));
}
