using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary>
/// <c>vscli run -- cmd</c>: a command as a run. The command comes first: it is started before anything of ours is read, written or sent,
/// and its exit code is the answer whatever becomes of the rest.
/// </summary>
internal static class RunCommand
{
    private const int Usage = 2;
    private const int CannotExecute = 126;
    private const int NotFound = 127;
    private const int NoSuchFile = 2; // ENOENT

    // Words before ours in the program's arguments: its name, and "run".
    private const int Before = 2;

    private static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(10);

    /// <summary>The flags it knows.</summary>
    public static readonly Flag[] Flags = [.. StartedRun.Flags, new("timeout"), new("kill-after"), new("capture-args", IsSwitch: true)];

    public static int Run(string[] words, DateTimeOffset now)
    {
        var (own, at) = Split(words);
        var arguments = Arguments.Parse(words.AsSpan(0, own), Flags);
        if (arguments.Help)
        {
            Talk.Data(Help.Run);
            return 0;
        }
        arguments.SayProblems();
        if (at >= words.Length)
        {
            Talk.Say("there is no command: say `vscli run -- COMMAND`; `vscli run --help` has examples");
            return Usage;
        }
        var timeout = Time(arguments, "timeout");
        var grace = Time(arguments, "kill-after") ?? DefaultGrace;
        // Whom to ask is the one thing that goes before the command: it may want the terminal for itself.
        var reason = StartedRun.Reason(arguments);
        var run = StartedRun.Identify(arguments, now);
        var executable = Path.GetFileName(words[at]);
        var child = Child.Start(at + Before, StartedRun.Variables(arguments, run, executable), out var error);
        if (child is not null)
        {
            Talk.Hold();
        }
        var report = Begin(arguments, run, reason, executable, words[at..], now);
        if (child is null)
        {
            var code = error == NoSuchFile ? NotFound : CannotExecute;
            Talk.Plain($"vscli: {words[at]}: {Why(words[at], error)}");
            report?.End(run, Outcome.Error, code);
            return code;
        }
        var end = child.Wait(timeout > TimeSpan.Zero ? timeout : null, grace);
        report?.End(run, OutcomeOf(end), end.ExitCode);
        Talk.Release();
        return end.TimedOut ? Child.TimedOutCode : end.ExitCode;
    }

    /// <summary>How a command's end is recorded.</summary>
    public static Outcome OutcomeOf(ChildEnd end) => end switch
    {
        { TimedOut: true } => Outcome.Timeout,
        { ExitCode: 0 } => Outcome.Success,
        { Interrupted: true } => Outcome.Cancellation,
        { Signal: var signal } when Child.IsInterruption(signal) => Outcome.Cancellation,
        _ => Outcome.Failure,
    };

    /// <summary>
    /// Where the words that are ours end, and where the command begins. It begins after <c>--</c>, or with the first word that is no
    /// flag and no flag's value: a forgotten <c>--</c> must not keep the command from running. What follows a flag that is not known
    /// may be its value, where a <c>--</c> follows.
    /// </summary>
    public static (int Own, int Command) Split(ReadOnlySpan<string> words)
    {
        var isValue = false;
        for (var i = 0; i < words.Length; i++)
        {
            var word = words[i];
            if (word == "--")
            {
                return (i, i + 1);
            }
            if (word.Length < 2 || word[0] != '-')
            {
                if (isValue && words[i..].Contains("--"))
                {
                    isValue = false;
                    continue;
                }
                return (i, i);
            }
            var name = word.TrimStart('-');
            var flag = Array.Find(Flags, f => f.Name == name);
            isValue = flag.Name is null && !name.Contains('=');
            if (flag is { Name: not null, IsSwitch: false } && i + 1 < words.Length && words[i + 1] != "--")
            {
                i++;
            }
        }
        return (words.Length, words.Length);
    }

    private static RunReport? Begin(Arguments arguments, RunRequest run, string? reason, string executable, string[] command, DateTimeOffset now)
    {
        try
        {
            return new RunReport(
                Settings.From(arguments),
                StateFolder.Find,
                openRuns =>
                {
                    var started = StartedRun.From(arguments, run, reason, executable, openRuns, now);
                    return arguments.Switch("capture-args") is true ? WithArguments(started, command) : started;
                });
        }
        catch (Exception e)
        {
            Talk.Say($"gave up ({e.GetType().Name}: {e.Message}); the command is not affected");
            return null;
        }
    }

    private static StartedRun WithArguments(StartedRun started, string[] command)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(static e => KeyValuePair.Create((string)e.Key, (string?)e.Value ?? ""));
        var tags = new Dictionary<string, TagValue>(started.Event.Tags!)
        {
            ["process.command_args"] = Tags.Limit("the tag process.command_args", Secrets.Mask(command, environment), 2048)!,
        };
        return started with { Event = started.Event with { Tags = tags } };
    }

    private static TimeSpan? Time(Arguments arguments, string flag)
    {
        if (arguments.Text(flag) is not { } text)
        {
            return null;
        }
        var time = Durations.Parse(text);
        if (time is null)
        {
            Talk.Say(string.Create(CultureInfo.InvariantCulture, $"-{flag}={text} is not a time as in 90s, 5m, 1h30m, and was ignored"));
        }
        return time is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static string Why(string command, int error) =>
        error == NoSuchFile && !command.Contains('/') ? "command not found" : Marshal.GetPInvokeErrorMessage(error);
}
