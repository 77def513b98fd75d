using ValueStream.Cli.Commands;

namespace ValueStream.Cli;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        var now = DateTimeOffset.UtcNow;
        switch (arguments.Length == 0 ? "" : arguments[0])
        {
            case "event" or "ev":
                return Harmless(() => EventCommand.Run(arguments[1..], now));
            case "trap":
                return Harmless(() => TrapCommand.Run(arguments[1..], now));
            case "run":
                return RunCommand.Run(arguments[1..], now);
            case "annotate":
                return Harmless(() => AnnotateCommand.Run(arguments[1..], now));
            case "link":
                return Harmless(() => LinkCommand.Run(arguments[1..], now));
            case "flush":
                return Harmless(() => FlushCommand.Run(arguments[1..], now));
            case "status":
                return Answering(() => StatusCommand.Run(arguments[1..], now));
            case "verify":
                return Answering(() => VerifyCommand.Run(arguments[1..]));
            case "runs":
                return Answering(() => RunsCommand.Run(arguments[1..], now));
            case "why":
                return Answering(() => WhyCommand.Run(arguments[1..], now));
            case "report":
                return Answering(() => ReportCommand.Run(arguments[1..]));
            case "audit":
                return Answering(() => AuditCommand.Run(arguments[1..], now));
            case "import":
                return Answering(() => ImportCommand.Run(arguments[1..]));
            case "quarantine":
                return Answering(() => QuarantineCommand.Run(arguments[1..]));
            case "tracers":
                return Answering(() => TracersCommand.Run(arguments[1..]));
            case "completion":
                return Answering(() => CompletionCommand.Run(arguments[1..]));
            case "help" when arguments.Length > 1 && Array.Exists(CommandTable.All, c => c.Name == arguments[1]):
                return Main([arguments[1], "--help"]);
            case "help" or "-h" or "-help" or "--help":
                Talk.Data(Help.All);
                return 0;
            case "version" or "-version" or "--version":
                Talk.Data("vscli " + typeof(Program).Assembly.GetName().Version!.ToString(3));
                return 0;
            case "":
                Talk.Plain(Help.All);
                return 2;
            default:
                Talk.Say($"'{arguments[0]}' is not a command; `vscli --help` lists them");
                return 2;
        }
    }

    /// <summary>Commands that stand in other people's scripts: whatever happens, the script goes on.</summary>
    private static int Harmless(Action command)
    {
        try
        {
            command();
        }
        catch (Exception e)
        {
            Talk.Say($"gave up ({e.GetType().Name}: {e.Message}); the script is not affected");
        }
        return 0;
    }

    /// <summary>Commands whose exit code is the answer: what went wrong is never taken for a good one.</summary>
    private static int Answering(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (CouldNotException e)
        {
            if (e.Message.Length > 0)
            {
                Talk.Say(e.Message);
            }
            return 2;
        }
        catch (Exception e)
        {
            Talk.Say($"gave up ({e.GetType().Name}: {e.Message})");
            return 2;
        }
    }
}
