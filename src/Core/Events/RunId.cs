namespace ValueStream.Core.Events;

/// <summary>
/// Identity of a run: the tuple (source, type, namespace, id). Two events belong to the same run
/// exactly when all four members are equal, ordinally.
/// </summary>
/// <param name="Source">Where the run was reported from, one of <see cref="SourceNames"/>.</param>
/// <param name="Type">The kind of work, 1..100 characters, for example <c>pipeline</c>.</param>
/// <param name="Namespace">The owner's partition of identity and access, 1..100 characters.</param>
/// <param name="Id">The sender's id, 1..200 characters.</param>
public sealed record RunId(string Source, string Type, string Namespace, string Id)
{
    /// <summary>The text form <c>vstrace-source-type-namespace-id</c>. It is matched whole and never split:
    /// types, namespaces and ids may contain dashes, so two runs can share one rendering.</summary>
    public string Rendering => $"vstrace-{Source}-{Type}-{Namespace}-{Id}";

    /// <summary>The short key of this run, for addresses and indexes. Hashed at every call.</summary>
    public ShortKey Key => ShortKey.Of(Source, Type, Namespace, Id);

    /// <summary>Whether runs of a type only group others. They are linked, and make one trace of others only where a sender says so.</summary>
    public static bool IsGrouping(string type) => type is "sprint" or "epic" or "release";

    /// <inheritdoc/>
    public override string ToString() => Rendering;
}

/// <summary>The sources that events come from.</summary>
public static class SourceNames
{
    /// <summary>Scripts, vscli and anything that posts events itself.</summary>
    public const string CustomHttp = "customhttp";

    /// <summary>GitHub's webhooks.</summary>
    public const string GitHub = "github";

    /// <summary>GitLab's webhooks.</summary>
    public const string GitLab = "gitlab";

    /// <summary>Jenkins jobs.</summary>
    public const string Jenkins = "jenkins";

    /// <summary>Jira's webhooks.</summary>
    public const string Jira = "jira";

    /// <summary>OpenTelemetry's spans, whoever sends them.</summary>
    public const string Otlp = "otlp";

    /// <summary>CDEvents, whoever sends them.</summary>
    public const string CdEvents = "cdevents";

    /// <summary>What is administered and is no run; nobody else writes it.</summary>
    public const string ValueStream = "valuestream";
}
