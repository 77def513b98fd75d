using System.Text.Json.Nodes;
using ValueStream.Server.Sources;
using ValueStream.Server.Sources.CdEvents;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Sources.CdEvents;

/// <summary>CDEvents as tools send them, of which only what matters is said.</summary>
internal static class Occurrences
{
    public static readonly ISource Source = new CdEventsSource();

    /// <summary>An event.</summary>
    /// <param name="what">Subject and predicate, as <c>pipelinerun.started</c>.</param>
    /// <param name="subject">The subject's id.</param>
    /// <param name="seconds">When, after <see cref="Sent.Noon"/>.</param>
    /// <param name="content">The subject's content, as JSON.</param>
    /// <param name="id">The event's id.</param>
    /// <param name="source">Who sends it.</param>
    /// <param name="context">More members of the context, as JSON without braces.</param>
    /// <param name="more">More members of the whole.</param>
    public static string Json(string what, string subject = "s1", double seconds = 0, string content = "{}", string? id = null, string source = "https://ci.example.org/acme/web", string context = "", string more = "") => $$"""
        {"context": {"specversion": "0.5.1", "id": "{{id ?? Id(what, subject, seconds)}}", "source": "{{source}}", "type": "dev.cdevents.{{what}}.0.3.0", "timestamp": "{{Sent.At(seconds)}}"{{(context.Length > 0 ? ", " + context : "")}} },
         "subject": {"id": "{{subject}}", "content": {{content}} }{{(more.Length > 0 ? ", " + more : "")}} }
        """;

    public static string Id(string what, string subject, double seconds) => $"{what}-{subject}-{seconds}";

    /// <summary>Links, as a member of the context.</summary>
    public static string Links(params IEnumerable<(string Type, string Id)> links) => $"\"links\": [{string.Join(", ", links.Select(static l => l.Type switch
    {
        "PATH" or "END" => $$"""{"linkType": "{{l.Type}}", "from": {"contextId": "{{l.Id}}"} }""",
        var kind => $$"""{"linkType": "RELATION", "linkKind": "{{kind}}", "target": {"contextId": "{{l.Id}}"} }""",
    }))}]";

    /// <summary>An event as it comes in binary mode.</summary>
    public static Webhook Binary(string json) => Trial.Webhook(json, ("Content-Type", "application/json"), ("ce-specversion", "1.0"));

    /// <summary>An event as it comes in structured mode.</summary>
    public static Webhook Structured(string json) => Trial.Webhook(CloudEvent(json).ToJsonString(), ("Content-Type", "application/cloudevents+json; charset=utf-8"));

    /// <summary>The CloudEvent that an event travels in.</summary>
    public static JsonObject CloudEvent(string json)
    {
        var data = JsonNode.Parse(json)!;
        var context = data["context"]!;
        return new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = (string)context["id"]!,
            ["source"] = (string)context["source"]!,
            ["type"] = (string)context["type"]!,
            ["time"] = (string)context["timestamp"]!,
            ["subject"] = (string)data["subject"]!["id"]!,
            ["datacontenttype"] = "application/json",
            ["data"] = data,
        };
    }
}
