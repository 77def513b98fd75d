namespace ValueStream.Cli.Context;

/// <summary>What the address of a git remote says about its repository. Credentials in it are never part of that.</summary>
/// <param name="Full">Where a browser finds it, without <c>.git</c> (the convention for <c>vcs.repository.url.full</c>); null for a folder and where the host is not known.</param>
/// <param name="Owner">The organisation, user or group; null when the path does not say.</param>
/// <param name="Name">Its own name.</param>
/// <param name="Provider">OpenTelemetry's name of the public service that hosts it; null for any other host.</param>
internal sealed record RepositoryUrl(string? Full, string? Owner, string Name, string? Provider)
{
    /// <summary>
    /// Reads <c>https://host/owner/name.git</c>, <c>ssh://git@host:22/owner/name</c>, <c>git@host:owner/name.git</c>, a path, and the like. Null
    /// for what is none of them, and for whatever might hold a credential where none belongs.
    /// </summary>
    public static RepositoryUrl? Parse(string? url)
    {
        var text = (url ?? "").Trim();
        if (text.Length is 0 or > 2048 || text.AsSpan().ContainsAnyInRange('\0', ' '))
        {
            return null;
        }
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            var rest = text[(scheme + 3)..];
            var end = rest.AsSpan().IndexOfAny('/', '?', '#');
            return end < 0 ? null : text[..scheme].ToLowerInvariant() switch
            {
                "https" => At("https://", rest[..end], rest[end..], keepsPort: true),
                "http" => At("http://", rest[..end], rest[end..], keepsPort: true),
                "git" => At("https://", rest[..end], rest[end..], keepsPort: false),
                "ssh" or "git+ssh" or "ssh+git" => OverSsh(rest[..end], rest[end..]),
                "file" => InFolder(rest[end..]),
                _ => null,
            };
        }
        var colon = text.IndexOf(':');
        var slash = text.IndexOf('/');
        return colon < 0 || slash >= 0 && slash < colon ? InFolder(text)
            : text[(colon + 1)..].StartsWith(':') ? null // the name of a program that fetches it
            : OverSsh(text[..colon], text[(colon + 1)..]);
    }

    // The port is ssh's, not the web's. A host without a dot may be an alias of the user's own ssh settings, and is no address then.
    private static RepositoryUrl? OverSsh(string authority, string path)
    {
        var parsed = At("https://", authority, path, keepsPort: false);
        return parsed is null || authority.AsSpan().ContainsAny('.', ']') ? parsed : parsed with { Full = null };
    }

    private static RepositoryUrl? At(string scheme, string authority, string path, bool keepsPort)
    {
        var host = authority[(authority.LastIndexOf('@') + 1)..].ToLowerInvariant();
        var port = "";
        if (host.LastIndexOf(':') is var colon and >= 0 && host.LastIndexOf(']') < colon)
        {
            port = host[colon..];
            host = host[..colon];
        }
        // user:pass/word@host: what looks like host and port is not.
        if (host.Length == 0 || host[0] == '[' && host[^1] != ']' || port.AsSpan(port.Length == 0 ? 0 : 1).ContainsAnyExceptInRange('0', '9') || path.Contains('@'))
        {
            return null;
        }
        host = host switch
        {
            "ssh.github.com" => "github.com",
            "altssh.gitlab.com" => "gitlab.com",
            "altssh.bitbucket.org" => "bitbucket.org",
            _ => host,
        };
        var provider = host switch
        {
            "github.com" => "github",
            "gitlab.com" => "gitlab",
            "bitbucket.org" => "bitbucket",
            "gitea.com" => "gitea",
            _ => null,
        };
        if (PathOf(path) is not { Length: > 0 } place)
        {
            return null;
        }
        var full = scheme + host + (keepsPort ? port : "") + "/" + place;
        if (Secrets.Mask(full) != full)
        {
            return null;
        }
        var slash = place.LastIndexOf('/');
        // Deeper paths are groups in groups at GitLab, and anything at all elsewhere.
        var owner = slash > 0 && (provider == "gitlab" || place.IndexOf('/') == slash) ? place[..slash] : null;
        return new RepositoryUrl(full, owner, place[(slash + 1)..], provider);
    }

    private static RepositoryUrl? InFolder(string path)
    {
        var place = PathOf(path);
        var name = place[(place.LastIndexOf('/') + 1)..];
        return name.Length == 0 || name is "." or ".." || path.Contains('@') || Secrets.Mask(name) != name
            ? null
            : new RepositoryUrl(null, null, name, null);
    }

    private static string PathOf(string path)
    {
        var end = path.AsSpan().IndexOfAny('?', '#');
        var place = (end < 0 ? path : path[..end]).Trim('/');
        return place.EndsWith(".git", StringComparison.Ordinal) ? place[..^4].TrimEnd('/') : place;
    }
}
