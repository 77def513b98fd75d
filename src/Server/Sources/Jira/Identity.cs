using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jira;

/// <summary>Which runs Jira's issues and sprints are.</summary>
internal static class Identity
{
    /// <summary>
    /// An issue by its key: <c>ABC-123</c> is 123 in the namespace ABC. Epics and subtasks are issues too, for what type an issue has may change, and who it is must not.
    /// Null where the text is no key.
    /// </summary>
    public static RunId? Issue(string? key)
    {
        var dash = key?.LastIndexOf('-') ?? -1;
        return dash > 0 && key![..dash].All(static c => char.IsAsciiLetterOrDigit(c) || c == '_') && key.Length - dash is > 1 and <= LongestNumber && key[(dash + 1)..].All(char.IsAsciiDigit)
            ? new RunId(SourceNames.Jira, "issue", Naming.Namespace(key[..dash]), key[(dash + 1)..])
            : null;
    }

    /// <summary>A sprint by its number. It belongs to a board, a board may show many projects, and an issue's history names a sprint by its number alone: so all are in one namespace.</summary>
    public static RunId? Sprint(long? id) => id > 0 ? new RunId(SourceNames.Jira, "sprint", "default", $"{id}") : null;

    /// <summary>A user as an actor; null where there is none.</summary>
    public static string? Actor(Payload user) => (user["displayName"].Text ?? user["name"].Text) is { } name ? Naming.Name(name) : null;

    private const int LongestNumber = 19;
}
