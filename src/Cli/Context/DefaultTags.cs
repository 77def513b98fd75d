using System.Text.Json;
using ValueStream.Core.Events;

namespace ValueStream.Cli.Context;

/// <summary>What a run is told of its surroundings without being asked: user, host and system, the CI system's words, the repository's.</summary>
internal static class DefaultTags
{
    private const int MostTags = 200;

    /// <summary>Adds what is found to the tags that were given. Those stay as they are, and leave room for no more where they are as many as the server takes.</summary>
    /// <returns>Who does this: whom the CI system names, else the user of the machine; null when neither is known.</returns>
    public static string? AddTo(Dictionary<string, TagValue> tags)
    {
        var found = new Found();
        var user = Surroundings.User;
        found.Note("user.name", user);
        found.Note("host.name", Surroundings.Host);
        found.Note("os.type", Surroundings.System);
        var actor = ReadAround(found) ?? user;
        foreach (var (key, value) in found)
        {
            if (tags.Count < MostTags)
            {
                tags.TryAdd(key, new TagValue(value, JsonValueKind.String));
            }
        }
        return actor;
    }

    /// <summary>The CI system first: it knows the branch of a checkout that is detached.</summary>
    private static string? ReadAround(Found found)
    {
        string? actor = null;
        try
        {
            actor = CiContext.Read(Settings.Variable, found);
            var isAllKnown = found.ContainsKey("vcs.repository.url.full") && found.ContainsKey("vcs.ref.head.name") && found.ContainsKey("vcs.ref.head.revision");
            if (!isAllKnown && CurrentFolder() is { } folder)
            {
                GitContext.Read(folder, Settings.Variable, found);
            }
        }
        catch (Exception e)
        {
            // The run is worth more than what is around it.
            Talk.Say($"the surroundings could not be read ({e.GetType().Name}: {e.Message})");
        }
        return actor;
    }

    private static string? CurrentFolder()
    {
        try
        {
            return Environment.CurrentDirectory;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // removed under our feet
        }
    }
}
