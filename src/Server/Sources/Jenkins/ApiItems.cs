using System.Buffers;
using System.Text.Json;

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
        var end = Build.Away(build["timestamp"].Time, build["duration"].Number);
        // Where only some members were asked for, a build without a result is still at work.
        var isRunning = build["building"].Boolean ?? !build["result"].Exists;
        return Webhook.Of(Object(
            ("result", isRunning ? Of("INPROGRESS") : build["result"]),
            ("number", build["number"]),
            ("buildUrl", build["url"]),
            ("startTime", build["timestamp"]),
            ("endTime", isRunning || end is null ? default : Of(end.Value.ToUnixTimeMilliseconds())),
            ("duration", build["duration"]),
            ("queueTime", actions.Items.Select(static a => a["queuingDurationMillis"]).FirstOrDefault(static q => q.Exists)),
            ("buildCause", cause["shortDescription"]),
            ("startedUserId", cause["userId"]),
            ("startedUserName", cause["userName"]),
            ("parameters", Object([.. actions.Items.SelectMany(static a => a["parameters"].Items)
                .Where(static p => p["name"].Text is not null).Select(static p => (p["name"].Text!, p["value"]))])),
            ("slaveInfo", Object(("slaveName", build["builtOn"]))),
            ("scmInfo", Object(
                ("url", git["remoteUrls"].Items.FirstOrDefault()),
                ("commit", git["lastBuiltRevision"]["SHA1"]),
                ("branch", branch["name"])))));
    }

    private static Payload Of<T>(T value) => new(JsonSerializer.SerializeToElement(value));

    /// <summary>An object of members that stay as they were saved, whatever is wrong in them: reading them again is no worse than the first time.</summary>
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
}
