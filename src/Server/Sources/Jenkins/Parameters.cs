using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources.Jenkins;

/// <summary>What a build was started with.</summary>
internal static partial class Parameters
{
    private const string Hidden = "***";

    /// <summary>The parent that a build was given.</summary>
    public static ImmutableArray<string>? ParentsOf(Payload parameters) => parameters["vstrace-trace-id"].Text is { Length: <= Limits.Reference } parent ? [parent] : null;

    /// <summary>The trace that a build was started in.</summary>
    public static string? TraceOf(Payload parameters) => Traceparent.Parse(parameters["TRACEPARENT"].Text ?? parameters["traceparent"].Text)?.ToString();

    /// <summary>Adds them as tags; of what may be a secret, only that it was there. Jenkins leaves out what it knows to be one.</summary>
    public static void AddTo(Tagging tags, Payload parameters)
    {
        foreach (var (name, value) in parameters.Members)
        {
            var text = value.IsObject || value.IsArray ? value.Tag?.Text.Replace("\\u0000", "", StringComparison.Ordinal) : null;
            if (value.Exists && (Secret().IsMatch(name) || (text is not null && Secret().IsMatch(text))))
            {
                tags.Add($"build.parameter.{name}", Hidden);
            }
            else if (text is not null)
            {
                tags.Add($"build.parameter.{name}", text);
            }
            else
            {
                tags.Add($"build.parameter.{name}", value);
            }
        }
    }

    [GeneratedRegex("passw|passphrase|secret|token|key|credential", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
