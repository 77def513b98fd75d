using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli link</c>: links a run to others.</summary>
internal static class LinkCommand
{
    /// <summary>The flags it knows.</summary>
    public static readonly Flag[] Flags = [.. NamedRun.Flags, new("kind", Values: "references follows contains"), .. Settings.Flags];

    public static void Run(string[] words, DateTimeOffset now)
    {
        var arguments = Arguments.Parse(words, Flags);
        if (arguments.Help)
        {
            Talk.Data(Help.Link);
            return;
        }
        arguments.SayProblems();
        var kind = arguments.Text("kind") ?? LinkKinds.References;
        if (!LinkKinds.IsKnown(kind))
        {
            Talk.Say($"nothing was recorded: -kind={kind} is none of {LinkKinds.All}");
            return;
        }
        if (arguments.Words is not [_, ..] targets)
        {
            Talk.Say("nothing was recorded: name the runs to link to; `vscli link --help` has examples");
            return;
        }
        var folder = StateFolder.Find();
        var openRuns = new OpenRuns(folder);
        if (NamedRun.FindOrCurrent(arguments, openRuns) is not { } run)
        {
            return;
        }
        var linked = new EventRequest
        {
            EventId = Guid.CreateVersion7(now),
            Action = "link",
            Run = run.Run,
            OccurredAt = now,
            Links = targets.ConvertAll(target => new RunLink(kind, openRuns.Find(target) is { } known ? OpenRuns.Rendering(known) : target)),
        };
        new Sender(Settings.From(arguments), new Spool(folder)).Send(linked, mayOverfill: run.Known is not null);
    }
}
