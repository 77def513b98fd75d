using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jenkins;

/// <summary>A job, by its folders and its own name, which for a branch of a multibranch project is the branch.</summary>
internal sealed partial class Job
{
    private readonly ImmutableArray<string> _path;

    private Job(ImmutableArray<string> path) => _path = path;

    /// <summary>Its name without its folders.</summary>
    public string Leaf => _path[^1];

    /// <summary>Its name with its folders.</summary>
    public string FullName => string.Join('/', _path);

    /// <summary>
    /// What its runs are: <c>deploy</c> where its own name has that word, upstream's <c>deploy:</c> among them, else <c>build</c>. It is part of their identity, so it
    /// follows from what every delivery has; parameters come with the start only.
    /// </summary>
    /// <remarks>A branch with a slash, a cell of a matrix (<c>AXIS=x</c>) and a module of Maven (<c>group$artifact</c>) are of the job above them, which says what they are for.</remarks>
    public string Type => Deploy().IsMatch(_path.Length > 1 && Leaf.AsSpan().ContainsAny('/', '=', '$') ? _path[^2] : Leaf) ? "deploy" : "build";

    /// <summary>One of its builds.</summary>
    public RunId Build(long number) => new(SourceNames.Jenkins, Type, _path.Length == 1 ? "default" : Naming.Namespace(string.Join('/', _path[..^1])),
        Naming.Id(string.Create(CultureInfo.InvariantCulture, $"{Leaf}-{number}")));

    /// <summary>The job of a full name, <c>folder/job</c>; null where that names none.</summary>
    public static Job? OfName(string? fullName) => Of(fullName?.Split('/'));

    /// <summary>The job in an address of it or of one of its builds, absolute or not: <c>.../job/folder/job/name/12/</c>; null where there is none.</summary>
    public static Job? OfAddress(string? address)
    {
        var segments = address?.Split('?', '#')[0].Split('/', StringSplitOptions.RemoveEmptyEntries) ?? [];
        var path = new List<string>();
        // What stands before is the host, and where Jenkins lies on it.
        for (var at = Array.IndexOf(segments, "job"); at >= 0 && at + 1 < segments.Length && segments[at] == "job"; at += 2)
        {
            path.Add(segments[at + 1]);
            // A cell of a matrix or a module follows its job without the word.
            if (at + 2 < segments.Length && segments[at + 2].AsSpan().ContainsAny('=', '$'))
            {
                path.Add(segments[at + 2]);
                break;
            }
        }
        return Of(path);
    }

    private static Job? Of(IEnumerable<string>? segments)
    {
        var path = segments?.Select(Decoded).Where(static s => s.Length > 0).ToImmutableArray() ?? [];
        return path.IsEmpty ? null : new Job(path);
    }

    /// <summary>A branch's slash is written as <c>%2F</c> in a job's name and as <c>%252F</c> in its address.</summary>
    private static string Decoded(string segment)
    {
        for (var i = 0; i < 3 && segment.Contains('%'); i++)
        {
            segment = Uri.UnescapeDataString(segment);
        }
        return segment.Replace("\0", "", StringComparison.Ordinal).Trim();
    }

    [GeneratedRegex(@"(?<!\p{L})deploy(?!\p{L})", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Deploy();
}
