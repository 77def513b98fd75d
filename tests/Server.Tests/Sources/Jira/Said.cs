using System.Globalization;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using ValueStream.Server.Sources.Jira;

namespace ValueStream.Server.Tests.Sources.Jira;

/// <summary>What Jira says, in little.</summary>
internal static class Said
{
    public static readonly ISource Source = new JiraSource();

    /// <summary>A day of May 2024.</summary>
    public static DateTimeOffset Day(double day) => new DateTimeOffset(2024, 5, 1, 0, 0, 0, TimeSpan.Zero).AddDays(day - 1);

    /// <summary>As Jira writes times in fields.</summary>
    public static string Text(DateTimeOffset time) => time.ToOffset(TimeSpan.FromHours(-8)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'-0800'", CultureInfo.InvariantCulture);

    /// <summary>A webhook of an issue that was created on the first day.</summary>
    /// <param name="kind">Its event, without <c>jira:issue_</c>.</param>
    /// <param name="day">When.</param>
    /// <param name="status">The status that it has then.</param>
    /// <param name="category">And that one's category.</param>
    /// <param name="changes">Items of the changelog; null where there is none.</param>
    /// <param name="fields">More of the fields, each with a comma behind it.</param>
    /// <param name="more">More of the payload, each with a comma behind it.</param>
    /// <param name="key">Which issue.</param>
    public static string Issue(string kind, double day, string status, string category, string? changes = null, string fields = "", string more = "", string key = "ABC-12") => $$"""
        {
          "timestamp": {{Day(day).ToUnixTimeMilliseconds()}}, "webhookEvent": "jira:issue_{{kind}}", {{more}}
          "user": { "accountId": "5b10", "accountType": "atlassian", "displayName": "Ada" },
          "issue": { "id": "10012", "key": "{{key}}", "self": "https://acme.atlassian.net/rest/api/2/10012", "fields": { {{fields}}
            "summary": "Sell it", "created": "{{Text(Day(1))}}", "updated": "{{Text(Day(day))}}",
            "issuetype": { "id": "10001", "name": "Historia", "subtask": false }, "project": { "id": "7", "key": "ABC", "name": "Shop" }, "creator": { "displayName": "Bob" },
            "status": { "id": "{{Id(status)}}", "name": "{{status}}", "statusCategory": { "id": 4, "key": "{{category}}" } } } }
          {{(changes is null ? "" : $", \"changelog\": {{ \"id\": \"1\", \"items\": [ {changes} ] }}")}}
        }
        """;

    /// <summary>A change of the status.</summary>
    public static string Move(string from, string to) =>
        $$"""{ "field": "status", "fieldtype": "jira", "fieldId": "status", "from": "{{Id(from)}}", "fromString": "{{from}}", "to": "{{Id(to)}}", "toString": "{{to}}" }""";

    /// <summary>A change of anything.</summary>
    public static string Change(string field, string? from, string? to) =>
        $$"""{ "field": "{{field}}", "from": {{Quoted(from)}}, "fromString": {{Quoted(from)}}, "to": {{Quoted(to)}}, "toString": {{Quoted(to)}} }""";

    public static string Created(double day = 1, string fields = "") => Issue("created", day, "Por hacer", "new", fields: fields);

    public static string Moved(double day, string from, string to, string category = "indeterminate", string fields = "", string changes = "") =>
        Issue("updated", day, to, category, Move(from, to) + changes, fields);

    public static string Resolution(string name) => $$"""
        "resolution": { "id": "1", "name": "{{name}}" },
        """;

    public static Webhook[] Hooks(params IEnumerable<string> payloads) => [.. payloads.Select(static p => Trial.Webhook(p))];

    /// <summary>The attempts of the issue ABC-12.</summary>
    public static Attempt[] Attempts(params IEnumerable<string> payloads) => [.. Runs(payloads)["vstrace-jira-issue-ABC-12"].Attempts.Values];

    public static System.Collections.Immutable.ImmutableSortedDictionary<string, RunState> Runs(params IEnumerable<string> payloads) => Trial.Runs(Source, Hooks(payloads));

    public static IEnumerable<string> Stages(Attempt attempt) => attempt.Stages.Select(static s => s.Name);

    /// <summary>The number of a status.</summary>
    public static int Id(string status) => status.Sum(static c => c);

    private static string Quoted(string? text) => text is null ? "null" : $"\"{text}\"";
}
