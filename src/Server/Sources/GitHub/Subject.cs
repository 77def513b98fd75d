using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>The run that a delivery is about, and the events that it can tell of it.</summary>
/// <param name="Run">Which.</param>
/// <param name="Tags">Its tags by this delivery.</param>
internal sealed record Subject(RunId Run, Tagging Tags)
{
    /// <summary>Which attempt, where GitHub counts them.</summary>
    public int? Attempt { get; init; }

    /// <summary>Its operation's name; null where that is its type.</summary>
    public string? Name { get; init; }

    /// <summary>Why it is, as one line.</summary>
    public string? Reason { get; init; }

    /// <summary>Its parent, and what else it follows.</summary>
    public ImmutableArray<string> Parents { get; init; } = [];

    /// <summary>What it is linked with.</summary>
    public ImmutableArray<RunLink> Links { get; init; } = [];

    /// <summary>It starts.</summary>
    public ToolEvent Started(DateTimeOffset? at, string? actor) => Event(EventKind.Started, at, Data(actor));

    /// <summary>
    /// Its start, of a delivery about something later: none where the payload has no time of it. The tags are left out, for they are those of later, and the
    /// attempt that began then may have ended.
    /// </summary>
    public ImmutableArray<ToolEvent> StartedEarlier(DateTimeOffset? at, string? actor) => at is null ? [] : [Event(EventKind.Started, at, Data(actor) with { Tags = null, Links = null })];

    /// <summary>It begins again. GitHub's times are whole seconds, and what is closed and reopened within one began again after that end all the same.</summary>
    public ToolEvent StartedAgain(DateTimeOffset? at, string? actor) => Started(Again(at), actor);

    /// <summary>When something that was reopened began again.</summary>
    public static DateTimeOffset? Again(DateTimeOffset? at) => at?.AddMilliseconds(1);

    /// <summary>It enters a stage.</summary>
    public ToolEvent Enters(string stage, DateTimeOffset? at, string? actor = null) => Event(EventKind.Transitioned, at, Data(actor) with { Stage = stage });

    /// <summary>Something of it changed that neither starts, moves nor ends it.</summary>
    public ToolEvent Annotated(DateTimeOffset? at, string? note = null) => Event(EventKind.Annotated, at, Data(null) with { Name = null, Reason = null, Note = note });

    /// <summary>What its texts name, told at the time that they are of; none where they name nothing.</summary>
    public ImmutableArray<ToolEvent> Names(string? note, DateTimeOffset? at) =>
        note is null ? [] : [Event(EventKind.Annotated, at, new EventData { Note = note })];

    /// <summary>It ends.</summary>
    public ToolEvent Ended(Outcome outcome, DateTimeOffset? at, string? actor = null) => Event(EventKind.Ended, at, Data(actor) with { Outcome = outcome.Text() });

    private ToolEvent Event(EventKind kind, DateTimeOffset? at, EventData data) => new(kind, Run, at, data) { Attempt = Attempt };

    private EventData Data(string? actor) => new()
    {
        Name = Name,
        Actor = actor,
        Reason = Reason,
        Parents = Parents.IsEmpty ? null : Parents,
        Links = Links.IsEmpty ? null : Links,
        Tags = Tags.ToTags(),
    };
}
