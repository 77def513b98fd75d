using System.Collections.Frozen;
using System.Collections.Immutable;

namespace ValueStream.Server.Sources;

/// <summary>Every tool or standard whose webhooks are taken.</summary>
internal static class AllSources
{
    /// <summary>The tools.</summary>
    public static readonly ImmutableArray<ISource> All = [new GitHub.GitHubSource(), new GitLab.GitLabSource(), new Jenkins.JenkinsSource(), new Jira.JiraSource(), new CdEvents.CdEventsSource()];

    /// <summary>Registers what takes their webhooks.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="settings">Who may deliver to which.</param>
    public static IServiceCollection AddSources(this IServiceCollection services, FrozenDictionary<string, SourceSettings> settings) => services
        .AddSingleton<IProblemDetailsWriter, Otlp.OtlpProblems>().AddSingleton(settings).AddSingleton<Gate>().AddSingleton<Deliveries>().AddSingleton<WebhookIntake>();
}
