using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ValueStream.Server.Sources.Jenkins;

/// <summary>What Jenkins' JSON API gives, of one build, of a job with its builds, or of a folder with its jobs, as the webhooks that would have told of it.</summary>
internal static class ApiItems
{
    public static IEnumerable<Webhook> Unroll(Payload saved)
    {
        if (saved.IsArray)
        {
            return saved.Items.SelectMany(Unroll);
        }
        if (saved["builds"].IsArray)
        {
            return saved["builds"].Items.SelectMany(Unroll);
        }
        if (saved["jobs"].IsArray)
        {
            return saved["jobs"].Items.Where(static j => j["builds"].IsArray || j["jobs"].IsArray).SelectMany(Unroll);
        }
        return saved["number"].Exists && saved["url"].Exists && saved["timestamp"].Exists ? [HookOf(saved)]
            : throw new NotUnderstoodException("It is no build of Jenkins' JSON API (number, url, timestamp), and holds none (builds, jobs).");
    }

    private static Webhook HookOf(Payload build)
    {
        var actions = build["actions"];
        var cause = actions.Items.SelectMany(static a => a["causes"].Items).FirstOrDefault();
        var git = actions.Items.FirstOrDefault(static a => a["lastBuiltRevision"].IsObject);
        var branch = git["lastBuiltRevision"]["branch"].Items.FirstOrDefault();
        var parameters = new JsonObject();
        foreach (var parameter in actions.Items.SelectMany(static a => a["parameters"].Items))
        {
            if (parameter["name"].Text is { } name)
            {
                parameters[name] = Node(parameter["value"]);
            }
        }
        var end = Build.Away(build["timestamp"].Time, build["duration"].Number);
        // Where only some members were asked for, a build without a result is still at work.
        var isRunning = build["building"].Boolean ?? !build["result"].Exists;
        var payload = new JsonObject
        {
            ["result"] = isRunning ? "INPROGRESS" : Node(build["result"]),
            ["number"] = Node(build["number"]),
            ["buildUrl"] = Node(build["url"]),
            ["startTime"] = Node(build["timestamp"]),
            ["endTime"] = isRunning ? null : end?.ToUnixTimeMilliseconds(),
            ["duration"] = Node(build["duration"]),
            ["queueTime"] = Node(actions.Items.Select(static a => a["queuingDurationMillis"]).FirstOrDefault(static q => q.Exists)),
            ["buildCause"] = Node(cause["shortDescription"]),
            ["startedUserId"] = Node(cause["userId"]),
            ["startedUserName"] = Node(cause["userName"]),
            ["parameters"] = parameters,
            ["slaveInfo"] = new JsonObject { ["slaveName"] = Node(build["builtOn"]) },
            ["scmInfo"] = new JsonObject
            {
                ["url"] = Node(git["remoteUrls"].Items.FirstOrDefault()),
                ["commit"] = Node(git["lastBuiltRevision"]["SHA1"]),
                ["branch"] = Node(branch["name"]),
            },
        };
        return Webhook.Of(Payload.Parse(Encoding.UTF8.GetBytes(payload.ToJsonString())));
    }

    private static JsonNode? Node(Payload value) => value.Exists ? JsonNode.Parse(value.ToBytes(), null, new JsonDocumentOptions { MaxDepth = 128 }) : null;
}
