using System.Collections.Immutable;

namespace ValueStream.Server.Sources;

/// <summary>Every tool whose webhooks are taken.</summary>
internal static class AllSources
{
    /// <summary>The tools.</summary>
    public static readonly ImmutableArray<ISource> All = [new Jira.JiraSource()];
}
