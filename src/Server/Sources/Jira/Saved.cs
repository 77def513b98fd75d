using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;

namespace ValueStream.Server.Sources.Jira;

/// <summary>
/// What was saved of the API: pages of a search for issues, of a board's sprints, single ones of both. An issue becomes the webhooks that its history would have been: its creation, each
/// entry that moved it, and where it stands now.
/// </summary>
internal static class Saved
{
    private static readonly string[] PageMembers = ["issues", "values"];

    // An entry of the history says them for its own moment; the issue only has the last.
    private static readonly string[] OfTheMoment = ["status", "resolution", "resolutiondate", "statuscategorychangedate"];

    // What an entry of the history is told with, all of it short; the rest, which may be long, stands in the creation and in where the issue stands now, once each.
    private static readonly FrozenSet<string> OfEveryEntry = FrozenSet.Create(StringComparer.Ordinal,
        "created", "updated", "creator", "reporter", "assignee", "summary", "issuetype", "project", "priority", "parent", "labels", "components", "fixVersions");

    public static IEnumerable<Webhook> Unroll(Payload saved)
    {
        Payload[] items = saved.IsArray ? [.. saved.Items]
            : PageMembers.Select(m => saved[m]).FirstOrDefault(static p => p.IsArray) is { IsArray: true } page ? [.. page.Items]
            : [saved];
        if (items.Any(static i => !IsIssue(i) && !IsSprint(i)))
        {
            throw new NotUnderstoodException("This is neither an issue with its fields nor a sprint, nor a page of them.");
        }
        var categories = CategoriesOf(items);
        return items.SelectMany(i => IsIssue(i) ? IssueOf(i, categories) : [SprintOf(i)]);
    }

    private static bool IsIssue(Payload item) => item["key"].Text is not null && item["fields"].IsObject;

    private static bool IsSprint(Payload item) => item["id"].Integer > 0 && item["state"].Text is not null && !item["key"].Exists;

    private static Webhook SprintOf(Payload sprint) => Write(writer =>
    {
        writer.WriteString("webhookEvent", sprint["state"].Text?.ToLowerInvariant() switch { "active" => "sprint_started", "closed" => "sprint_closed", _ => "sprint_created" });
        Copy(writer, "sprint", sprint);
    });

    private static IEnumerable<Webhook> IssueOf(Payload issue, Dictionary<string, Payload> categories)
    {
        var (fields, changelog) = (issue["fields"], issue["changelog"]);
        Payload[] entries = [.. changelog["histories"].Items.OrderBy(static e => e["created"].Time).ThenBy(static e => e["id"].Integer)];
        if (changelog["histories"].IsArray)
        {
            var moment = new Moment(First(entries, "status") ?? new(fields["status"]["id"].Text, fields["status"]["name"].Text), First(entries, "resolution"));
            // Where the page has only the latest entries, where it began is not known.
            var isWhole = !(changelog["total"].Integer > entries.Length);
            yield return Told("jira:issue_created", issue, fields["created"], fields["creator"], default, isWhole ? moment : moment with { Status = default }, categories);
            foreach (var entry in entries)
            {
                moment = moment with { Status = Last(entry, "status") ?? moment.Status, Resolution = Last(entry, "resolution") ?? moment.Resolution };
                if (ItemsOf(entry, "status", "Key", Relations.Sprint, Relations.EpicLink).Any())
                {
                    yield return Told("jira:issue_updated", issue, entry["created"], entry["author"], entry, moment, categories);
                }
            }
        }
        yield return Told("jira:issue_updated", issue, fields["updated"], default, default, null, categories);
    }

    /// <summary>What was so at one moment of the history; a resolution that never changed is not known of any.</summary>
    private sealed record Moment(Value Status, Value? Resolution);

    /// <summary>A status or a resolution.</summary>
    private readonly record struct Value(string? Id, string? Name);

    private static Value? First(Payload[] entries, string field) =>
        entries.SelectMany(e => ItemsOf(e, field)).Select(static i => (Value?)new Value(i["from"].Text, i["fromString"].Text)).FirstOrDefault();

    private static Value? Last(Payload entry, string field) =>
        ItemsOf(entry, field).Select(static i => (Value?)new Value(i["to"].Text, i["toString"].Text)).LastOrDefault();

    private static IEnumerable<Payload> ItemsOf(Payload entry, params string[] fields) =>
        entry["items"].Items.Where(i => fields.Any(f => string.Equals(i["field"].Text, f, StringComparison.OrdinalIgnoreCase) || string.Equals(i["fieldId"].Text, f, StringComparison.OrdinalIgnoreCase)));

    private static Webhook Told(string kind, Payload issue, Payload at, Payload user, Payload entry, Moment? moment, Dictionary<string, Payload> categories) => Write(writer =>
    {
        Copy(writer, "timestamp", at);
        writer.WriteString("webhookEvent", kind);
        Copy(writer, "user", user);
        writer.WriteStartObject("issue");
        foreach (var name in (string[])["id", "key", "self"])
        {
            Copy(writer, name, issue[name]);
        }
        writer.WriteStartObject("fields");
        foreach (var (name, value) in issue["fields"].Members)
        {
            if (entry.Exists ? OfEveryEntry.Contains(name) : moment is null || !OfTheMoment.Contains(name))
            {
                Copy(writer, name, value);
            }
        }
        if (moment is not null)
        {
            var category = categories.GetValueOrDefault(moment.Status.Id ?? "");
            WriteStatus(writer, moment, category);
            if (moment.Resolution is null && category.Exists)
            {
                Copy(writer, "resolution", issue["fields"]["resolution"]);
            }
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
        if (entry.Exists)
        {
            Copy(writer, "changelog", entry);
        }
    });

    private static void WriteStatus(Utf8JsonWriter writer, Moment moment, Payload category)
    {
        if (moment.Status.Name is { } status)
        {
            writer.WriteStartObject("status");
            writer.WriteString("id", moment.Status.Id);
            writer.WriteString("name", status);
            Copy(writer, "statusCategory", category);
            writer.WriteEndObject();
        }
        if (moment.Resolution is { Name: { } resolution } known)
        {
            writer.WriteStartObject("resolution");
            writer.WriteString("id", known.Id);
            writer.WriteString("name", resolution);
            writer.WriteEndObject();
        }
    }

    /// <summary>The categories of all statuses that the page names with theirs: a history names statuses without.</summary>
    private static Dictionary<string, Payload> CategoriesOf(Payload[] issues)
    {
        var found = new Dictionary<string, Payload>(StringComparer.Ordinal);
        foreach (var fields in issues.Select(static i => i["fields"]))
        {
            var others = fields["subtasks"].Items.Append(fields["parent"])
                .Concat(fields["issuelinks"].Items.SelectMany(static l => (Payload[])[l["inwardIssue"], l["outwardIssue"]])).Select(static o => o["fields"]);
            foreach (var status in others.Append(fields).Select(static f => f["status"]))
            {
                if (status["id"].Text is { } id && status["statusCategory"].IsObject)
                {
                    found[id] = status["statusCategory"];
                }
            }
        }
        return found;
    }

    private static void Copy(Utf8JsonWriter writer, string name, Payload value)
    {
        if (value.Exists)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(value.ToBytes(), skipInputValidation: true);
        }
    }

    private static Webhook Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }
        return Webhook.Of(Payload.Parse(buffer.WrittenMemory.ToArray()));
    }
}
