using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>What a webhook tells of one run.</summary>
/// <param name="run">The run.</param>
internal sealed class Story(RunId run)
{
    private readonly List<ToolEvent> _events = [];

    /// <summary>The attempt, where the tool never makes a second one: whatever comes late can then not open one.</summary>
    public int? Attempt { get; init; }

    /// <summary>About when it was, where nothing says exactly when, for what is imported.</summary>
    public DateTimeOffset? AboutWhen { get; init; }

    /// <summary>The operation's name.</summary>
    public string? Name { get; init; }

    /// <summary>The runs that it is part of.</summary>
    public ImmutableArray<string>? Parents { get; init; }

    /// <summary>It started.</summary>
    public Story Starts(DateTimeOffset? at, EventData data) => Add(EventKind.Started, at, data);

    /// <summary>It had started at a time, if that is known and makes sense.</summary>
    /// <param name="at">When.</param>
    /// <param name="before">What happened after it.</param>
    /// <param name="actor">Who started it.</param>
    public Story HadStarted(DateTimeOffset? at, DateTimeOffset? before, string? actor = null) =>
        at is null || at > before ? this : Add(EventKind.Started, at, new EventData { Actor = actor });

    /// <summary>It came into a stage.</summary>
    public Story Enters(string stage, DateTimeOffset? at, EventData data) => Add(EventKind.Transitioned, at, data with { Stage = stage });

    /// <summary>It had come into a stage at a time, if that is known and makes sense.</summary>
    public Story HadEntered(string stage, DateTimeOffset? at, DateTimeOffset? before) => at is null || at > before ? this : Enters(stage, at, new EventData());

    /// <summary>Nothing happened to it but what the data say.</summary>
    public Story Says(DateTimeOffset? at, EventData data) => Add(EventKind.Annotated, at, data);

    /// <summary>Names other runs, where it does.</summary>
    public Story Notes(DateTimeOffset? at, string? note) => note is null ? this : Says(at, new EventData { Note = note });

    /// <summary>It ended.</summary>
    public Story Ends(DateTimeOffset? at, Outcome outcome, EventData data) => Add(EventKind.Ended, at, data with { Outcome = outcome.Text() });

    /// <summary>All of it.</summary>
    public Told Told() => Sources.Told.Of(_events);

    private Story Add(EventKind kind, DateTimeOffset? at, EventData data)
    {
        _events.Add(new ToolEvent(kind, run, at, data with { Name = Name, Parents = Parents }) { Attempt = Attempt, AboutWhen = AboutWhen });
        return this;
    }
}
