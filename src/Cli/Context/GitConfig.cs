using System.Text;

namespace ValueStream.Cli.Context;

/// <summary>The one thing of a repository's <c>config</c> that is of interest: where it came from.</summary>
internal static class GitConfig
{
    /// <summary>The address of <c>origin</c>; of the remote that is named first when there is no <c>origin</c>; null when there is none.</summary>
    public static string? RemoteUrl(ReadOnlySpan<char> config)
    {
        string? remote = null;
        string? first = null;
        foreach (var raw in config.EnumerateLines())
        {
            var line = raw.TrimStart();
            if (line.StartsWith('['))
            {
                var end = line.IndexOf(']');
                if (end < 0)
                {
                    continue;
                }
                remote = RemoteOf(line[1..end].Trim());
                line = line[(end + 1)..].TrimStart(); // the first setting may stand on the same line
            }
            var equals = line.IndexOf('=');
            if (remote is null || equals < 0 || !line[..equals].Trim().Equals("url", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }
            var url = Value(line[(equals + 1)..]);
            if (remote == "origin" && url.Length > 0)
            {
                return url;
            }
            first ??= url.Length > 0 ? url : null;
        }
        return first;
    }

    /// <summary>The name of the remote that a section's head speaks of: <c>remote "origin"</c>.</summary>
    private static string? RemoteOf(ReadOnlySpan<char> head)
    {
        const string section = "remote";
        if (!head.StartsWith(section, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        var name = head[section.Length..].Trim();
        return name.Length > 2 && name[0] == '"' && name[^1] == '"' ? name[1..^1].ToString() : null;
    }

    /// <summary>A value as git reads it: quotes taken off, escapes resolved, a comment left out.</summary>
    private static string Value(ReadOnlySpan<char> text)
    {
        var value = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    quoted = !quoted;
                    break;
                case '\\' when i + 1 < text.Length:
                    value.Append(text[++i]);
                    break;
                case '#' or ';' when !quoted:
                    return value.ToString().Trim();
                default:
                    value.Append(text[i]);
                    break;
            }
        }
        return value.ToString().Trim();
    }
}
