using System.Globalization;
using System.Text.Json;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli status</c>: what vscli believes, from where it has it, what waits, and whether the server answers.</summary>
internal static class StatusCommand
{
    private const int Budget = 5_000;
    private const int MostReasons = 5;

    /// <summary>The flags it knows.</summary>
    public static readonly Flag[] Flags = Settings.Flags;

    public static int Run(string[] words, DateTimeOffset now)
    {
        var arguments = Query.Parse("status", words, Flags);
        if (arguments.Help)
        {
            Talk.Data(Help.Status);
            return Query.Done;
        }
        var settings = Settings.From(arguments);
        var folder = StateFolder.Find();
        var spool = new Spool(folder);
        var isWell = true;

        Line("vscli", typeof(StatusCommand).Assembly.GetName().Version!.ToString(3));
        Line("server", $"{settings.Shown} ({settings.Source})");
        Line("token", settings.Token is null ? "none" : "from VALUESTREAM_TOKEN");
        if (settings.SecretSource is { } source)
        {
            Line("secret", $"from {source}; {(settings.CustomHttp is null ? "not used: it signs for an intake, and none is named" : "signs what the intake is sent")}");
        }
        Line("answers", Server(settings, ref isWell));
        if (spool.WasUnreachable(settings.Server))
        {
            Line("", "it did not answer within the last 30 s, and is not asked by events until then; `vscli flush` asks at once");
        }
        Line("state", folder is null ? "no folder can be written: what cannot be sent at once is lost" : $"{folder} ({StateFolder.Source(folder)})");
        isWell &= folder is not null;
        Line("open runs", Text($"{new OpenRuns(folder).Count}"));
        var waiting = spool.Look();
        isWell &= waiting is { Events: 0, Broken: 0, Refused.Count: 0 };
        Line("waiting", waiting.Events == 0 ? "nothing"
            : Text($"{Many(waiting.Events, "event")}, {waiting.Bytes / 1024.0:0.#} kB of {Spool.Limit / 1024} kB, the oldest {Age(now - waiting.Oldest)} old; `vscli flush` sends them"));
        if (waiting.Broken > 0)
        {
            Line("broken", Text($"{Many(waiting.Broken, "file")} without an event, in {spool.Broken}; delete what you need no more"));
        }
        if (waiting.Refused.Count > 0)
        {
            Line("refused", Text($"{Many(waiting.Refused.Count, "event")} that the server can never take, in {spool.Refused}; delete what you need no more:"));
            foreach (var (name, reason) in waiting.Refused.Take(MostReasons))
            {
                Line("", $"{name}: {reason}");
            }
        }
        Line("inside", Settings.Variable(StartedRun.ParentVariable) is { } parent ? $"{parent} (${StartedRun.ParentVariable})" : "no run");
        if (Settings.Variable("TRACEPARENT") is { } context)
        {
            Line("trace", Core.Events.Traceparent.Parse(context) is null ? $"TRACEPARENT is none of W3C's: {context}" : $"{context} ($TRACEPARENT)");
        }
        return isWell ? Query.Done : Query.Nothing;
    }

    private static string Server(Settings settings, ref bool isWell)
    {
        if (settings.Ready is not { } address)
        {
            return "it is upstream's intake, which cannot be asked";
        }
        var began = Environment.TickCount64;
        var answer = Transport.Get(address, settings.Token, began + Budget);
        var took = Text($"after {Environment.TickCount64 - began} ms");
        isWell &= answer.Status == 200;
        return answer.Status switch
        {
            200 => $"yes, {took}{Sentences(answer.Body, "warnings", ", but: ")}",
            503 => $"it takes no events now{Sentences(answer.Body, "problems", ": ")}",
            _ => $"no: {answer.Why}",
        };
    }

    /// <summary>The sentences of a member of /readyz's answer.</summary>
    private static string Sentences(byte[] body, string member, string before)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.TryGetProperty(member, out var sentences) && sentences.GetArrayLength() > 0
                ? before + string.Join(' ', sentences.EnumerateArray().Select(static s => s.GetString())) : "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    private static string Age(TimeSpan age) =>
        age.TotalMinutes < 1 ? Text($"{Math.Max(age.TotalSeconds, 0):0} s") : age.TotalHours < 1 ? Text($"{age.TotalMinutes:0} min")
        : age.TotalDays < 2 ? Text($"{age.TotalHours:0} h") : Text($"{age.TotalDays:0} days");

    private static void Line(string what, string text) => Talk.Data($"{what,-10} {Printable.Clean(text)}");

    private static string Many(int count, string what) => Text($"{count} {what}{(count == 1 ? "" : "s")}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
