using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using ValueStream.Server.Sources.Jenkins;

namespace ValueStream.Server.Tests.Sources.Jenkins;

/// <summary>The payloads of both plugins, of one build: in the queue at 09:59:30, begun at 10:00:00, over at 10:05:00.</summary>
internal static class Builds
{
    public const string Twelve = "vstrace-jenkins-build-acme.shop-main-12";

    public static readonly JenkinsSource Source = new();

    public static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2026-03-02T{time}Z", System.Globalization.CultureInfo.InvariantCulture);

    public static long Ms(string time) => At(time).ToUnixTimeMilliseconds();

    public static string BegunJson(string parameters = "{}", string job = "acme/shop/main") => $$"""
        { "result": "INPROGRESS", "ciUrl": "https://ci.example.com/", "contextId": 1024, "fullJobName": "{{job}}", "jobName": "{{job.Split('/')[^1]}}", "number": 12,
          "buildUrl": "{{Address(job)}}12/", "buildCause": "Started by user Ada", "startedUserId": "ada", "startedUserName": "Ada Lovelace",
          "startTime": {{Ms("10:00:00")}}, "endTime": {{Ms("10:00:00")}}, "queueTime": 30000, "duration": 0, "parameters": {{parameters}},
          "slaveInfo": { "slaveName": "agent-1", "executor": "2", "label": "linux" },
          "scmInfo": { "url": "https://ci:s3cret@git.example.com/acme/shop.git", "commit": "bcbb", "branch": "origin/ABC-7-faster" } }
        """;

    // The plugin puts the moment of sending where it has no start.
    public static string EndedJson(string result = "SUCCESS", string job = "acme/shop/main") => $$"""
        { "result": "{{result}}", "ciUrl": "https://ci.example.com/", "fullJobName": "{{job}}", "jobName": "{{job.Split('/')[^1]}}", "number": 12, "buildUrl": "{{Address(job)}}12/",
          "startTime": {{Ms("10:05:00")}}, "endTime": {{Ms("10:05:00")}}, "queueTime": 0, "duration": 300000, "parameters": {}, "startedUserId": "", "buildCause": "" }
        """;

    public static string PhaseJson(string phase, string time, string? status = null, string parameters = "{}", string job = "acme/shop/main") => $$"""
        { "name": "{{job.Split('/')[^1]}}", "display_name": "main", "url": "{{Address(job)}}", "build": { "full_url": "https://ci.example.com/ci/{{Address(job)}}12/", "number": 12, "queue_id": 77,
          "timestamp": {{Ms(time)}}, "duration": {{phase switch { "COMPLETED" or "FINALIZED" => 300000, _ => 0 }}}, "phase": "{{phase}}", {{(status is null ? "" : $"\"status\": \"{status}\",")}} "url": "{{Address(job)}}12/",
          "scm": { "url": "https://git.example.com/acme/shop.git", "branch": "origin/ABC-7-faster", "commit": "bcbb", "changes": ["a.cs"], "culprits": ["ada", "bob"] },
          "parameters": {{parameters}}, "log": "", "notes": "", "test_summary": { "total": 10, "failed": 1, "passed": 8, "skipped": 1 },
          "artifacts": { "shop.jar": { "archive": "https://ci.example.com/a" } } } }
        """;

    public static Webhook Begun(string parameters = "{}", string job = "acme/shop/main") => Trial.Webhook(BegunJson(parameters, job));

    public static Webhook Ended(string result = "SUCCESS", string job = "acme/shop/main") => Trial.Webhook(EndedJson(result, job));

    public static Webhook Phase(string phase, string time, string? status = null, string job = "acme/shop/main") => Trial.Webhook(PhaseJson(phase, time, status, "{}", job));

    public static Attempt Only(params IEnumerable<Webhook> webhooks) => Assert.Single(Assert.Single(Trial.Runs(Source, webhooks)).Value.Attempts).Value;

    public static string Name(params IEnumerable<Webhook> webhooks) => Assert.Single(Trial.Runs(Source, webhooks)).Key;

    public static string? Tag(this Attempt attempt, string key) => attempt.Tags.TryGetValue(key, out TagValue value) ? value.Text : null;

    public static string Stages(this Attempt attempt) => string.Join(' ', attempt.Stages.Select(static s => $"{s.Name}@{s.From:HH:mm:ss}"));

    // As Jenkins writes it: the job "feature%2Fx" lies at job/feature%252Fx.
    private static string Address(string job) => string.Concat(job.Split('/').Select(static s => $"job/{Uri.EscapeDataString(s)}/"));
}
