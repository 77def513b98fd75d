using System.Buffers;
using System.Text.Json;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>
/// What was saved of GitHub's REST API, as the deliveries that would have told it: pages of issues, pull requests, workflow runs, jobs, deployments and their
/// statuses, and releases. Items say which repository they are of, if only by their address.
/// </summary>
internal static class SavedPages
{
    public static IReadOnlyList<Webhook> Unroll(Payload saved)
    {
        var page = saved.IsArray ? saved : Wrappers.Select(w => saved[w]).FirstOrDefault(static p => p.IsArray);
        return [.. page.IsArray ? page.Items.SelectMany(Item) : Item(saved)];
    }

    // The last one is what a search answers with.
    private static readonly string[] Wrappers = ["workflow_runs", "jobs", "items"];

    private static IEnumerable<Webhook> Item(Payload item)
    {
        if (item["workflow_id"].Exists && item["run_number"].Exists)
        {
            return [Hook("workflow_run", RunAction(item), item, ("workflow_run", item))];
        }
        if (item["run_id"].Exists && item["run_url"].Exists)
        {
            return [Hook("workflow_job", JobAction(item), item, ("workflow_job", item))];
        }
        if (item["head"].IsObject && item["base"].IsObject)
        {
            return [Hook("pull_request", IssueAction(item), item, ("pull_request", item))];
        }
        if (item["tag_name"].Exists)
        {
            return item["draft"].Boolean is true ? [] : [Hook("release", "published", item, ("release", item))];
        }
        if (item["deployment_url"].Text?.Split('/') is [.., var deployment] && item["state"].Exists && long.TryParse(deployment, out _))
        {
            return [Hook("deployment_status", "created", item, ("deployment_status", item), ("deployment", Object(("id", Payload.Parse(Utf8(deployment))), ("environment", item["environment"]))))];
        }
        if (item["task"].Exists && item["environment"].Exists)
        {
            return [Hook("deployment", "created", item, ("deployment", item))];
        }
        if (item["number"].Exists && item["title"].Exists && item["repository_url"].Exists)
        {
            return item["pull_request"].IsObject ? PullOf(item) : [Hook("issues", IssueAction(item), item, ("issue", item))];
        }
        throw new NotUnderstoodException("This is no issue, pull request, workflow run, job, deployment, deployment status or release of GitHub's API, and no page of them.");
    }

    /// <summary>
    /// The pull request that a list of issues shows as one. Its id and address there are the issue's; where nothing says whether it was merged it is left to a
    /// list of pull requests.
    /// </summary>
    private static IEnumerable<Webhook> PullOf(Payload issue)
    {
        if (!issue["pull_request"].Members.Any(static m => m.Name == "merged_at"))
        {
            return [];
        }
        (string, Payload)[] members =
            [.. issue.Members.Where(static m => m.Name is not ("id" or "node_id" or "url" or "pull_request" or "merged_at")), ("merged_at", issue["pull_request"]["merged_at"])];
        return [Hook("pull_request", IssueAction(issue), issue, ("pull_request", Object(members)))];
    }

    private static string IssueAction(Payload item) => item["state"].Text == "closed" ? "closed" : "opened";

    private static string RunAction(Payload run) => run["status"].Text switch { "completed" => "completed", "in_progress" => "in_progress", _ => "requested" };

    private static string JobAction(Payload job) => job["status"].Text is "completed" or "in_progress" or "waiting" ? job["status"].Text! : "queued";

    private static Webhook Hook(string kind, string action, Payload item, params ReadOnlySpan<(string, Payload)> members) => Webhook.Of(
        Object([("action", Payload.Parse(Utf8($"\"{action}\""))), ("repository", RepositoryOf(item)), .. members]),
        (GitHubSource.Event, kind));

    private static Payload RepositoryOf(Payload item)
    {
        if (item["repository"].IsObject)
        {
            return item["repository"];
        }
        if (item["base"]["repo"].IsObject)
        {
            return item["base"]["repo"];
        }
        var address = item["repository_url"].Text ?? item["url"].Text;
        var parts = address?.Split('/') ?? [];
        var at = Array.IndexOf(parts, "repos");
        if (at < 0 || at + 2 >= parts.Length)
        {
            throw new NotUnderstoodException("It does not say which repository it is of.");
        }
        return Object(
            ("name", Text(parts[at + 2])),
            ("full_name", Text($"{parts[at + 1]}/{parts[at + 2]}")),
            ("url", Text(string.Join('/', parts[..(at + 3)]))));

        static Payload Text(string text) => Payload.Parse(Utf8(JsonSerializer.Serialize(text)));
    }

    private static Payload Object(params ReadOnlySpan<(string Name, Payload Value)> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in members)
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(value.ToBytes(), skipInputValidation: true);
            }
            writer.WriteEndObject();
        }
        return Payload.Parse(buffer.WrittenMemory);
    }

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
