using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli quarantine</c>: the deliveries of tools that were not understood.</summary>
internal static class QuarantineCommand
{
    /// <summary>What can be done with them.</summary>
    public const string Actions = "list show replay drop";

    private const int DefaultLimit = 50;

    /// <summary>The flags that it knows.</summary>
    public static readonly Flag[] Flags =
    [
        new("source", Values: "customhttp " + ImportSavedCommand.Tools), new("limit"), new("format", Values: Listing.Formats),
        new("body", IsSwitch: true), new("all", IsSwitch: true), .. Settings.Flags,
    ];

    private static readonly Heading[] Headings =
    [
        new("ID"), new("RECEIVED"), new("SOURCE", Drops: 3), new("BYTES", Drops: 2), new("REPLAYED", Drops: 1), new("REASON", Shrinks: true),
    ];

    private static readonly (string, Func<QuarantineItem, string?>)[] Csv =
    [
        ("id", i => i.Id), ("receivedAt", i => Durations.Iso(i.ReceivedAt)), ("source", i => i.Source), ("reason", i => i.Reason),
        ("bytes", i => i.Bytes.ToString(CultureInfo.InvariantCulture)), ("replayedAt", i => i.ReplayedAt is { } at ? Durations.Iso(at) : null),
    ];

    public static int Run(string[] words)
    {
        var arguments = Query.Parse("quarantine", words, Flags, most: int.MaxValue);
        if (arguments.Help)
        {
            Talk.Data(Help.Quarantine);
            return Query.Done;
        }
        if (Mistake(arguments) is { } mistake)
        {
            throw new CouldNotException($"{mistake}{(mistake.EndsWith('?') ? "" : ";")} `vscli quarantine --help` has examples");
        }
        List<string> ids = [.. arguments.Words.Skip(1)];
        using var api = Api.From(arguments);
        return arguments.Words[0] switch
        {
            "list" => List(api, arguments),
            "show" => Show(api, ids[0], arguments.Switch("body") is true),
            "replay" => new QuarantineReplay(api).Run(arguments.Switch("all") is true ? QuarantineReplay.OldestFirst(api, Path(arguments)) : ids, isAll: ids.Count == 0),
            _ => Drop(api, ids),
        };
    }

    /// <summary>The address of a delivery.</summary>
    public static string PathOf(string id) => $"{Routes.Quarantine}/{Uri.EscapeDataString(id)}";

    /// <summary>That there is no such delivery.</summary>
    public static string None(Api api, string id) => $"{api.Address}: there is no delivery {id} in quarantine";

    private static int List(Api api, Arguments arguments)
    {
        var limit = Query.Limit(arguments, DefaultLimit);
        using var output = new Output();
        var list = new Listing<QuarantineItem>(output, arguments.Last("format") ?? "table", Headings, Cells, Csv);
        foreach (var item in api.List(Path(arguments), limit))
        {
            list.Add(item, api.Read(() => item.Deserialize(WireJson.Default.QuarantineItem)));
        }
        list.End();
        Query.SayMore(api.HasMore, limit);
        if (list.Count == 0)
        {
            Talk.Say($"{api.Address}: nothing{(arguments.Last("source") is { } source ? $" of {source}" : "")} is in quarantine");
        }
        return list.Count > 0 ? Query.Done : Query.Nothing;
    }

    private static int Show(Api api, string id, bool isBody)
    {
        if (api.Find(PathOf(id)) is not { } body)
        {
            Talk.Say(None(api, id));
            return Query.Nothing;
        }
        var entry = api.Read(() => JsonSerializer.Deserialize(body, WireJson.Default.QuarantineEntry));
        using var output = new Output();
        if (isBody)
        {
            QuarantineText.Body(output, entry);
        }
        else
        {
            QuarantineText.Entry(output, entry);
        }
        output.Flush();
        return Query.Done;
    }

    private static int Drop(Api api, List<string> ids)
    {
        var dropped = 0;
        foreach (var id in ids)
        {
            var answer = api.Send(root => new HttpRequestMessage(HttpMethod.Delete, root + PathOf(id)), out _);
            if (answer.Status is 200 or 204)
            {
                dropped++;
                continue;
            }
            if (!answer.SaysThereIsNone)
            {
                throw api.Failed(answer);
            }
            Talk.Say(None(api, id));
        }
        Talk.Data(string.Create(CultureInfo.InvariantCulture, $"{dropped:N0} {(dropped == 1 ? "delivery" : "deliveries")} dropped"));
        return dropped == ids.Count ? Query.Done : Query.Nothing;
    }

    private static string Path(Arguments arguments) =>
        Routes.Quarantine + (arguments.Last("source") is { } source ? "?source=" + Uri.EscapeDataString(source) : "");

    private static string? Mistake(Arguments arguments)
    {
        if (arguments.Words is not [var action, .. var ids])
        {
            return $"say what to do, one of {Actions.Replace(" ", ", ", StringComparison.Ordinal)}";
        }
        if (!Actions.Split(' ').Contains(action))
        {
            return $"'{action}' is nothing that can be done with them{Nearest.Hint(action, Actions)}";
        }
        var isAll = action == "replay" && arguments.Switch("all") is true;
        string[] fits = action switch
        {
            "list" => ["source", "limit", "format"],
            "show" => ["body"],
            "replay" => isAll ? ["all", "source"] : ["all"],
            _ => [],
        };
        return Array.Find(["source", "limit", "format", "body", "all"], f => arguments.Last(f) is not null && !fits.Contains(f)) is { } misfit
                ? $"-{misfit} does not go with {action}" + (misfit == "source" && action == "replay" ? " without -all" : "")
            : action == "list" || isAll ? ids.Count > 0 ? $"'{ids[0]}' is too much" : null
            : ids.Count == 0 ? $"say which: `vscli quarantine {action} ID`" + (action == "replay" ? ", or -all" : "")
            : action == "show" && ids.Count > 1 ? $"'{ids[1]}' is too much"
            // As the last part of an address these name something else.
            : ids.Find(id => id.Trim('.').Length == 0) is { } none ? $"'{none}' is no id"
            : null;
    }

    private static string[] Cells(QuarantineItem item) =>
    [
        Printable.Clean(item.Id),
        Durations.Text(item.ReceivedAt),
        Printable.Clean(item.Source),
        item.Bytes.ToString(CultureInfo.InvariantCulture),
        item.ReplayedAt is { } at ? Durations.Text(at) : "-",
        Printable.Clean(item.Reason),
    ];
}
