using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>A webhook's payload, and what all kinds of them have in common.</summary>
internal sealed class Hook(Payload payload)
{
    /// <summary>All of it.</summary>
    public Payload Payload { get; } = payload;

    /// <summary>What it tells of, where GitLab puts it there.</summary>
    public Payload Attributes => Payload["object_attributes"];

    /// <summary>The project that it tells of.</summary>
    public Project Project { get; } = new(payload);

    /// <summary>Who did it.</summary>
    public string? Actor => UserOf(Payload["user"]) ?? UserOf(Payload, "user_");

    /// <summary>A run of the project.</summary>
    public RunId Run(string type, string id) => new(SourceNames.GitLab, type, Project.Namespace, Naming.Id(id));

    /// <summary>Tags of the project and of who did it.</summary>
    public Tagging Tags()
    {
        var tags = new Tagging();
        Project.AddTo(tags);
        var user = Payload["user"];
        tags.Add("user.id", user["id"].Exists ? user["id"] : Payload["user_id"]);
        tags.Add("user.name", user["username"].Exists ? user["username"] : Payload["user_username"]);
        tags.Add("user.full_name", user["name"].Exists ? user["name"] : Payload["user_name"]);
        return tags;
    }

    /// <summary>The note of the runs that texts name.</summary>
    public string? Note(params IEnumerable<string?> texts) => Naming.NoteOf(Project.Path, Found, texts);

    /// <summary>
    /// The name by which the run is found that people call <c>group/project#12</c>. Where the groups end cannot be told from a namespace whose groups have dots, and one that had to be cut
    /// does not hold them: then it is the run's own rendering.
    /// </summary>
    private static string Found(string called)
    {
        if (called.LastIndexOfAny(['#', '!']) is not (> 0 and var mark) || !called[..mark].Contains('/'))
        {
            return called;
        }
        var run = new RunId(SourceNames.GitLab, called[mark] == '!' ? "pull_request" : "issue", Naming.Namespace(called[..mark]), called[(mark + 1)..]);
        return Aliases.NamesOf(run).Contains(called) ? called : run.Rendering;
    }

    /// <summary>How a user logs in, else what the user is called.</summary>
    public static string? UserOf(Payload user, string prefix = "") => (user[prefix + "username"].Text ?? user[prefix + "name"].Text) is { } name ? Naming.Name(name) : null;

    /// <summary>The titles of labels, or the names of users, as one text.</summary>
    public static string? Titles(Payload list) =>
        string.Join(", ", list.Items.Select(static i => i["title"].Text ?? i["username"].Text ?? i["name"].Text ?? i.Text).OfType<string>()) is { Length: > 0 } all ? all : null;

    /// <summary>The first line of a text, to give as a reason.</summary>
    public static string? FirstLine(string? text) => text?.Trim() is { Length: > 0 } trimmed ? Payload.Cut(trimmed.Split('\n')[0].TrimEnd(), Ingest.Limits.Reason) : null;

    /// <summary>A time so many seconds later; null where either is not known or makes no sense.</summary>
    public static DateTimeOffset? Later(DateTimeOffset? time, double? seconds) =>
        time is { } from && seconds is { } by && Math.Abs(by) < 1e8 && from.AddSeconds(by) is { Year: >= 1970 and <= 2200 } later ? later : null;
}
