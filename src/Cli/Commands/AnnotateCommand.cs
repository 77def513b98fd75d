using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli annotate</c>: adds tags, a note, a reason or an actor to a run.</summary>
internal static class AnnotateCommand
{
    /// <summary>The flags it knows.</summary>
    public static readonly Flag[] Flags = [.. NamedRun.Flags, new("tag"), new("note"), new("reason"), new("actor"), .. Settings.Flags];

    public static void Run(string[] words, DateTimeOffset now)
    {
        var arguments = Arguments.Parse(words, Flags);
        if (arguments.Help)
        {
            Talk.Data(Help.Annotate);
            return;
        }
        arguments.SayProblems();
        var folder = StateFolder.Find();
        if (NamedRun.FindOrCurrent(arguments, new OpenRuns(folder)) is not { } run)
        {
            return;
        }
        var tags = Tags.From(arguments);
        var annotated = new EventRequest
        {
            EventId = Guid.CreateVersion7(now),
            Action = "annotate",
            Run = run.Run,
            OccurredAt = now,
            Actor = Tags.Limit("the actor", arguments.Text("actor"), 200),
            Reason = Tags.Limit("the reason", arguments.Text("reason"), 4000),
            Note = Tags.Limit("the note", arguments.Text("note") ?? (arguments.Words.Count > 0 ? string.Join(' ', arguments.Words) : null), 4000),
            Tags = tags.Count > 0 ? tags : null,
        };
        if (annotated is { Actor: null, Reason: null, Note: null, Tags: null })
        {
            Talk.Say("nothing was recorded: give a -tag, a -note, a -reason or an -actor; `vscli annotate --help` has examples");
            return;
        }
        new Sender(Settings.From(arguments), new Spool(folder)).Send(annotated, mayOverfill: run.Known is not null);
    }
}
