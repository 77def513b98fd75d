using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jenkins;

/// <summary>What a webhook tells of one build. A number is given once, so it has one attempt.</summary>
internal sealed class Build(Job job, long number, Tagging tags)
{
    private readonly List<ToolEvent> _events = [];

    /// <summary>The parent that it was given.</summary>
    public ImmutableArray<string>? Parents { get; init; }

    /// <summary>The trace that it was started in.</summary>
    public string? Trace { get; init; }

    /// <summary>Who started it.</summary>
    public string? Actor { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>It started.</summary>
    public Build Starts(DateTimeOffset? at) => Add(EventKind.Started, at, new EventData { Traceparent = Trace });

    /// <summary>It had started at a time, if that is known and makes sense.</summary>
    public Build HadStarted(DateTimeOffset? at, DateTimeOffset? before) => at is null || at > before ? this : Starts(at);

    /// <summary>It came into a stage at a time, if that is known and makes sense.</summary>
    public Build Enters(string stage, DateTimeOffset? at, DateTimeOffset? before = null) => at is null || at > before ? this : Add(EventKind.Transitioned, at, new EventData { Stage = stage });

    /// <summary>Nothing happened to it but what the tags and a note say.</summary>
    public Build Says(DateTimeOffset? at, string? note) => Add(EventKind.Annotated, at, new EventData { Note = note });

    /// <summary>It ended with a result.</summary>
    public Build Ends(DateTimeOffset? at, string result) => Add(EventKind.Ended, at, new EventData { Outcome = OutcomeOf(result).Text() });

    /// <summary>All of it.</summary>
    public Told Told() => Sources.Told.Of(_events);

    /// <summary>Adds the tags of a result, its own name and OpenTelemetry's.</summary>
    public static void AddResult(Tagging tags, string result)
    {
        tags.Add("build.result", result);
        var outcome = OutcomeOf(result);
        tags.Add("cicd.pipeline.result", outcome.Text());
        tags.Add("error.type", outcome is Outcome.Failure or Outcome.Error ? result : null);
    }

    /// <summary>Adds the tags of what was built.</summary>
    public static void AddSource(Tagging tags, Payload scm)
    {
        tags.Add("vcs.repository.url.full", RepositoryOf(scm["url"].Text));
        tags.Add("vcs.ref.head.revision", scm["commit"]);
        tags.Add("vcs.ref.head.name", BranchOf(scm["branch"].Text));
    }

    /// <summary>A time so many milliseconds away; null where either is not known or makes no sense.</summary>
    public static DateTimeOffset? Away(DateTimeOffset? time, double? milliseconds) =>
        time is { } from && milliseconds is { } by && Math.Abs(by) < 1e11 && from.AddMilliseconds(by) is { Year: >= 1970 and <= 2200 } away ? away : null;

    private Build Add(EventKind kind, DateTimeOffset? at, EventData data)
    {
        // The last event has the tags of the delivery: what it brings along happened before.
        var told = data with { Name = Naming.Name(job.FullName), Parents = Parents, Actor = Actor, Reason = Reason, Tags = tags.ToTags() };
        if (_events is [.., var before])
        {
            _events[^1] = before with { Data = before.Data with { Tags = null } };
        }
        _events.Add(new ToolEvent(kind, job.Build(number), at, told) { Attempt = 1 });
        return this;
    }

    private static Outcome OutcomeOf(string result) => result.ToUpperInvariant() switch
    {
        "SUCCESS" => Outcome.Success,
        "FAILURE" or "UNSTABLE" => Outcome.Failure,
        "ABORTED" => Outcome.Cancellation,
        "NOT_BUILT" => Outcome.Skip,
        _ => Outcome.Error,
    };

    private static string? BranchOf(string? branch)
    {
        foreach (var prefix in (string[])["refs/heads/", "refs/remotes/", "remotes/", "origin/"])
        {
            branch = branch?.StartsWith(prefix, StringComparison.Ordinal) is true ? branch[prefix.Length..] : branch;
        }
        return branch;
    }

    // Who it is fetched as, and by what secret, may stand in it.
    private static string? RepositoryOf(string? url)
    {
        var start = url?.IndexOf("://", StringComparison.Ordinal) + 3 ?? 0;
        if (url is not null && start >= 3)
        {
            var end = url.IndexOf('/', start);
            var at = url.LastIndexOf('@', (end < 0 ? url.Length : end) - 1);
            url = at >= start ? url[..start] + url[(at + 1)..] : url;
        }
        return url?.EndsWith(".git", StringComparison.Ordinal) is true ? url[..^4] : url;
    }
}
