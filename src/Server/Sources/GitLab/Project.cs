using System.Text.RegularExpressions;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>The project that a webhook tells of. Job hooks of old versions have none: where the repository lies, or the names of group and project, stand in for it.</summary>
internal sealed partial class Project
{
    private readonly Payload _project;
    private readonly Payload _repository;
    private readonly Payload _shown;

    public Project(Payload hook)
    {
        _project = hook["project"];
        _repository = hook["repository"];
        _shown = hook["project_name"];
        Path = _project["path_with_namespace"].Text
            // By ssh a project is called what it is; on the web GitLab may lie below a path of its host.
            ?? First(SshPathOf, _project["git_ssh_url"], _project["ssh_url"], _repository["git_ssh_url"], _repository["ssh_url"], _repository["url"])
            ?? First(static a => PathOf(a), _project["web_url"], _project["homepage"], _repository["homepage"], _repository["git_http_url"], _repository["url"])
            ?? (_shown.Text is { } shown ? PathOfNames(shown) : null)
            ?? _repository["name"].Text ?? _project["name"].Text;
    }

    /// <summary><c>group/subgroup/project</c>; null where the webhook does not say.</summary>
    public string? Path { get; }

    /// <summary>The namespace of its runs.</summary>
    /// <exception cref="NotUnderstoodException">The webhook does not say which project it tells of: its numbers would be those of others.</exception>
    public string Namespace => Path is null ? throw new NotUnderstoodException("It does not say which project it is of (project.path_with_namespace).") : Naming.Namespace(Path);

    /// <summary>The path of another project of the same GitLab by an address in it.</summary>
    public string? PathOfOther(string? address)
    {
        var own = _project["web_url"].Text;
        return PathOf(address, Path is not null && own?.EndsWith($"/{Path}", StringComparison.Ordinal) is true ? own[..^Path.Length] : null);
    }

    /// <summary>Adds what is known of it.</summary>
    public void AddTo(Tagging tags)
    {
        var slash = Path?.LastIndexOf('/') ?? -1;
        tags.Add("vcs.provider.name", "gitlab");
        tags.Add("vcs.repository.name", Path?[(slash + 1)..]);
        tags.Add("vcs.owner.name", slash > 0 ? Path![..slash] : null);
        tags.Add("vcs.repository.url.full", _project["web_url"].Text ?? _project["homepage"].Text ?? _repository["homepage"].Text);
        tags.Add("project.id", _project["id"]);
        tags.Add("project.name", _project["name"].Exists ? _project["name"] : _shown);
        tags.Add("project.namespace", _project["namespace"]);
        tags.Add("project.path_with_namespace", Path);
        tags.Add("project.visibility", _project["visibility"].Text ?? VisibilityOf(_project["visibility_level"].Integer ?? _repository["visibility_level"].Integer));
        tags.Add("project.ssh_url", _project["git_ssh_url"].Text ?? _repository["git_ssh_url"].Text);
    }

    /// <summary>The project's path in the address of a project, of something in it, or of its repository; null where there is none.</summary>
    /// <param name="address">The address.</param>
    /// <param name="host">Where GitLab lies, where that is known.</param>
    public static string? PathOf(string? address, string? host = null)
    {
        if (address is null)
        {
            return null;
        }
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        var start = host is not null && address.StartsWith(host, StringComparison.Ordinal) ? host.Length - 1
            : scheme >= 0 ? address.IndexOf('/', scheme + 3) : address.IndexOf(':');
        if (start < 0)
        {
            return null;
        }
        var path = Below().Replace(address[(start + 1)..], "").Trim('/');
        path = path.EndsWith(".git", StringComparison.Ordinal) ? path[..^4] : path;
        return path.Contains('/') ? path : null;
    }

    private static string? SshPathOf(string? address) => address?.StartsWith("http", StringComparison.OrdinalIgnoreCase) is false ? PathOf(address) : null;

    // "Acme Inc / Web Shop": GitLab makes the path of the names in this way unless somebody chooses another.
    private static string PathOfNames(string names) =>
        string.Join('/', names.Split('/', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(static n => Spaces().Replace(n, "-").ToLowerInvariant()))
            is { Length: > 0 } path ? path : names;

    private static string? First(Func<string?, string?> read, params ReadOnlySpan<Payload> places)
    {
        foreach (var place in places)
        {
            if (read(place.Text) is { } found)
            {
                return found;
            }
        }
        return null;
    }

    private static string? VisibilityOf(long? level) => level switch { 0 => "private", 10 => "internal", 20 => "public", _ => null };

    [GeneratedRegex(@"/(?:-/.*|(?:issues|merge_requests|pipelines|builds|jobs|commit)/[^/]*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Below();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();
}
