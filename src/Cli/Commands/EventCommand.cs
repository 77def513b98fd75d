using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli event start|end</c>: upstream's command, its flags letter by letter, and ours beside them.</summary>
internal static class EventCommand
{
    /// <summary>The flags that it knows.</summary>
    public static readonly Flag[] Flags =
        [.. StartedRun.Flags, new("event-id"), new("error", IsSwitch: true), new("outcome", Values: Outcomes.All.Replace(",", "")), new("exit-code")];

    public static void Run(string[] words, DateTimeOffset now)
    {
        var arguments = Arguments.Parse(words, Flags);
        if (arguments.Help)
        {
            Talk.Data(Help.Event);
            return;
        }
        arguments.SayProblems();
        // The value of a flag that is not known may stand among the words.
        switch (arguments.Words.Find(w => w is "start" or "end"))
        {
            case "start":
                Start(arguments, now);
                break;
            case "end":
                End(arguments, now);
                break;
            default:
                Talk.Say("nothing was recorded: say `vscli event start` or `vscli event end`; `vscli event --help` has examples");
                break;
        }
    }

    private static void Start(Arguments arguments, DateTimeOffset now)
    {
        var folder = StateFolder.Find();
        var openRuns = new OpenRuns(folder);
        var started = StartedRun.From(arguments, openRuns, now);
        started.Begin(Settings.From(arguments), openRuns, new Spool(folder), () => Talk.Data(started.Run.Id));
        openRuns.Tidy(now);
    }

    private static void End(Arguments arguments, DateTimeOffset now)
    {
        if (arguments.Text("event-id") is not { } id)
        {
            Talk.Say("nothing was ended: -event-id is missing or empty; give what `vscli event start` printed");
            return;
        }
        var folder = StateFolder.Find();
        var openRuns = new OpenRuns(folder);
        if (NamedRun.Find(id, arguments, openRuns) is not { } run)
        {
            return;
        }
        var known = run.Known;
        var tags = Tags.From(arguments);
        var ended = new EventRequest
        {
            EventId = Guid.CreateVersion7(now),
            Action = "end",
            Run = run.Run,
            Name = Tags.Limit("the name", arguments.Text("name"), 200) ?? known?.Name,
            Outcome = OutcomeOf(arguments, tags),
            OccurredAt = now,
            Actor = arguments.Text("actor"),
            Reason = Tags.Limit("the reason", arguments.Text("reason"), 4000),
            Tags = tags.Count > 0 ? tags : null,
        };
        if (new Sender(Settings.From(arguments), new Spool(folder)).Send(ended, mayOverfill: known is not null) && known is not null)
        {
            openRuns.Close(known.Id);
        }
    }

    /// <summary>
    /// The outcome that the flags state, the most explicit first; null when none does, which means success. What cannot be
    /// read is recorded as a failure: nobody misspells what need not be said.
    /// </summary>
    private static string? OutcomeOf(Arguments arguments, Dictionary<string, TagValue> tags)
    {
        string? stated = null;
        if (arguments.Last("exit-code") is { } text)
        {
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var code))
            {
                stated = (code == 0 ? Outcome.Success : Outcome.Failure).Text();
                tags["process.exit.code"] = new TagValue(code.ToString(CultureInfo.InvariantCulture), JsonValueKind.Number);
            }
            else
            {
                stated = Failure($"-exit-code={text} is not a number");
            }
        }
        if (arguments.Switch("error") is { } error)
        {
            stated = (error ? Outcome.Failure : Outcome.Success).Text();
        }
        if (arguments.Last("outcome") is { } outcome)
        {
            stated = Outcomes.Parse(outcome)?.Text() ?? Failure($"-outcome={outcome} is none of {Outcomes.All}");
        }
        return stated;
    }

    private static string Failure(string why)
    {
        Talk.Say($"{why}: recorded as failure");
        return Outcome.Failure.Text();
    }
}
