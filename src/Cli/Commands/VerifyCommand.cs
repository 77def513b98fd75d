using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary>
/// <c>vscli verify</c>: has the server check its log, also against a head that was kept, and says what came of it. Its exit code is the
/// answer: 0 for "as it was appended" is given only on the server's last word.
/// </summary>
internal static class VerifyCommand
{
    private const int AllIsWell = 0;
    private const int IsFaulty = 1;
    private const int IsUnknown = 2;

    // The server tells after every piece of some thousand events.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The flags that it knows.</summary>
    public static readonly Flag[] Flags = [new("from"), new("head"), new("save-head"), .. Settings.Flags];

    public static int Run(string[] words)
    {
        Arguments arguments;
        long? from;
        try
        {
            arguments = Query.Parse("verify", words, Flags);
            from = From(arguments);
        }
        catch (CouldNotException e)
        {
            return NotChecked(e.Message);
        }
        if (arguments.Help)
        {
            Talk.Data(Help.Verify);
            return 0;
        }
        var settings = Settings.From(arguments);
        if (settings.VerifyLog is not { } address)
        {
            return NotChecked($"{settings.Shown} is upstream's intake, where no log can be checked: name the server by -url or VALUESTREAM_URL");
        }
        HeadView? known = null;
        if (arguments.Last("head") is { } headFile && (known = HeadFile.Read(headFile, out var problem)) is null)
        {
            return NotChecked(problem);
        }
        if (arguments.Last("save-head") is { } saveTo && HeadFile.WhyNot(saveTo, known) is { } why)
        {
            return NotChecked(why);
        }
        var (progress, answer) = Ask(address, settings.Token, new VerifyRequest { From = from, Head = known });
        return progress switch
        {
            { Done: true, Fault: { Problem.Length: > 0 } fault } => Faulty(fault),
            { Done: true, Fault: null, Verified: { } head } when HeadFile.IsHead(head) => Well(arguments, from ?? 1, known, head),
            { Done: true } => NotChecked($"{Settings.WithoutUser(address)}: its last word does not name the head that it checked: it is not of this version"),
            null when answer.Status == 0 => NotChecked($"{Settings.WithoutUser(address)}: {answer.Why}; see that the server runs, and that -url or VALUESTREAM_URL names it"),
            null => NotChecked($"{Settings.WithoutUser(address)}: {answer.Why}"),
            _ => NotChecked($"{Settings.WithoutUser(address)}: {answer.Why}, at position {progress.Position} of {progress.Head}; run it again, and see the server's log"),
        };
    }

    /// <summary>The last thing that the server said, and how its answer ended.</summary>
    private static (VerifyProgress? Progress, Answer Answer) Ask(string address, string? token, VerifyRequest request)
    {
        VerifyProgress? last = null;
        using var bar = ProgressBar.OnTerminal((request.From ?? 1) - 1);
        var body = JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.VerifyRequest);
        var answer = LineStream.PostAsync(address, body, token, Patience, line =>
        {
            last = JsonSerializer.Deserialize(line.Span, WireJson.Default.VerifyProgress) ?? throw new JsonException();
            bar?.Show(last.Position, last.Head);
            return last.Done;
        }).GetAwaiter().GetResult();
        return (last, answer);
    }

    private static int Well(Arguments arguments, long from, HeadView? known, HeadView head)
    {
        var count = head.Position - from + 1;
        if (count < 0)
        {
            return NotChecked(Text($"there is no position {from} yet: the log ends at {head.Position}"));
        }
        var since = from > 1 ? Text($" from position {from} on") : "";
        var kept = known is null ? "" : Text($"; the head in {arguments.Last("head")}, at position {known.Position}, still stands");
        Talk.Data((count == 1 ? $"1 event{since} is as it was appended" : Text($"{count} events{since} are as they were appended"))
            + Text($", up to the head at position {head.Position}, hash {head.Hash}{kept}"));
        if (arguments.Last("save-head") is { } path && HeadFile.Write(path, head) is { } problem)
        {
            Talk.Say($"all is well, but the head was not saved: {problem}");
            return IsUnknown;
        }
        return AllIsWell;
    }

    private static int Faulty(VerifyFault fault)
    {
        // Position 0 is the log as a whole.
        var where = fault.Position > 0 ? Text($" at position {fault.Position}") : "";
        Talk.Data($"The log fails{where}: {Printable.Clean(fault.Problem[..1].ToLowerInvariant() + fault.Problem[1..])}");
        return IsFaulty;
    }

    private static int NotChecked(string why)
    {
        Talk.Say($"not checked: {why}");
        return IsUnknown;
    }

    /// <summary>The value of -from; null where it is not given.</summary>
    /// <exception cref="CouldNotException">It is no position.</exception>
    private static long? From(Arguments arguments) =>
        arguments.Last("from") is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 ? number
        : throw new CouldNotException($"-from={text} is not a position, 1 or more; `vscli verify --help` has examples");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
