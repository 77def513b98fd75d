using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli tracers</c>: where the forwarding of finished runs stands, and having something sent again.</summary>
internal static class TracersCommand
{
    /// <summary>What can be done beside listing them.</summary>
    public const string Actions = "list resend";

    private const int Most = 1_000;

    /// <summary>The flags that it knows.</summary>
    public static readonly Flag[] Flags = [new("format", Values: Listing.Formats), new("position"), new("since"), new("reason"), .. Settings.Flags];

    private static readonly Heading[] Headings =
    [
        new("TRACER"), new("BEHIND"), new("LAST SUCCESS", Drops: 2), new("SENT", Drops: 3), new("SET ASIDE", Drops: 4), new("ENDPOINT", Drops: 1, Shrinks: true), new("LAST ERROR", Shrinks: true),
    ];

    private static readonly (string, Func<TracerView, string?>)[] Csv =
    [
        ("name", t => t.Name), ("endpoint", t => t.Endpoint), ("position", t => Number(t.Position)), ("lagEvents", t => Number(t.LagEvents)),
        ("lagSeconds", t => t.LagSeconds.ToString("0.###", CultureInfo.InvariantCulture)), ("lastSuccessAt", t => t.LastSuccessAt is { } at ? Durations.Iso(at) : null),
        ("lastErrorAt", t => t.LastErrorAt is { } at ? Durations.Iso(at) : null), ("lastError", t => t.LastError), ("sent", t => Number(t.Sent)),
        ("rejected", t => Number(t.Rejected)), ("setAside", t => Number(t.SetAside)),
    ];

    public static int Run(string[] words)
    {
        var arguments = Query.Parse("tracers", words, Flags, most: 2);
        if (arguments.Help)
        {
            Talk.Data(Help.Tracers);
            return Query.Done;
        }
        if (Mistake(arguments) is { } mistake)
        {
            throw new CouldNotException($"{mistake}; `vscli tracers --help` has examples");
        }
        using var api = Api.From(arguments);
        return arguments.Words is ["resend", var name] ? Resend(api, name, arguments) : List(api, arguments);
    }

    private static int List(Api api, Arguments arguments)
    {
        var isWell = true;
        using var output = new Output();
        var list = new Listing<TracerView>(output, arguments.Last("format") ?? "table", Headings, Cells, Csv);
        foreach (var item in api.List(Routes.Tracers, Most))
        {
            var tracer = api.Read(() => item.Deserialize(WireJson.Default.TracerView));
            isWell &= tracer.IsWell;
            list.Add(item, tracer);
        }
        list.End();
        if (list.Count == 0)
        {
            Talk.Say($"{api.Address}: no tracer is configured");
        }
        return list.Count > 0 && isWell ? Query.Done : Query.Nothing;
    }

    private static int Resend(Api api, string name, Arguments arguments)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            JsonSerializer.Serialize(writer, new ResendRequest { Position = Position(arguments), Since = Since(arguments), Reason = arguments.Last("reason") }, WireJson.Default.ResendRequest);
        }
        var answer = api.Send(root => new HttpRequestMessage(HttpMethod.Post, $"{root}{Routes.Tracers}/{Uri.EscapeDataString(name)}/resend")
        {
            Content = new ByteArrayContent(body.WrittenMemory.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        }, out _);
        if (answer.SaysThereIsNone)
        {
            Talk.Say($"{api.Address}: there is no tracer {name}");
            return Query.Nothing;
        }
        if (answer.Status != 200)
        {
            throw api.Failed(answer);
        }
        var resent = api.Read(() => JsonSerializer.Deserialize(answer.Body, WireJson.Default.ResendAnswer));
        Talk.Data(string.Create(CultureInfo.InvariantCulture, $"everything after position {resent.Position:N0} is sent to {Printable.Clean(name)} again"));
        return Query.Done;
    }

    private static string? Mistake(Arguments arguments) => arguments.Words switch
    {
        [] or ["list"] => Array.Find(["position", "since", "reason"], f => arguments.Last(f) is not null) is { } misfit ? $"-{misfit} goes with resend alone" : null,
        ["resend"] => "say to which tracer: `vscli tracers resend NAME -since TIME`",
        ["resend", var name] => name.Trim('.').Length == 0 ? $"'{name}' is no tracer's name"
            : arguments.Last("format") is not null ? "-format does not go with resend"
            : arguments.Last("position") is null == arguments.Last("since") is null ? "say from where on: either -position (0 is everything) or -since" : null,
        [var action, ..] => action == "list" ? $"'{arguments.Words[1]}' is too much" : $"'{action}' is nothing that can be done with them{Nearest.Hint(action, Actions)}",
        _ => null,
    };

    private static long? Position(Arguments arguments) => arguments.Last("position") is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? position
        : throw new CouldNotException($"-position={text} is not a number, 0 or more");

    private static DateTimeOffset? Since(Arguments arguments) => arguments.Last("since") is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time
        : throw new CouldNotException($"-since={text} is no time; write it as 2026-03-01T12:00:00Z");

    private static string[] Cells(TracerView tracer) =>
    [
        Printable.Clean(tracer.Name),
        tracer.LagEvents == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{tracer.LagEvents:N0} events, {tracer.LagSeconds:N0} s"),
        tracer.LastSuccessAt is { } at ? Durations.Text(at) : "-",
        Number(tracer.Sent),
        Number(tracer.SetAside),
        Printable.Clean(tracer.Endpoint),
        tracer.IsWell ? "-" : Printable.Clean(tracer.LastError ?? ""),
    ];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
