using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli why</c>: what failed or slow runs share more than the others.</summary>
internal static class WhyCommand
{
    /// <summary>The flags that are sent as they are; the API has them by the same names.</summary>
    private static readonly Flag[] Filters =
    [
        new("source"), new("namespace"), new("type"), new("name"), new("outcome", Values: Outcomes.All.Replace(",", "")), new("actor"),
    ];

    /// <summary>The flags that it knows.</summary>
    public static readonly Flag[] Flags = [new("of", Values: "failed slow these"), new("json", IsSwitch: true), .. Filters, new("tag"), new("from"), new("to"), .. Settings.Flags];

    private static readonly Heading[] Headings =
        [new("SCORE"), new("SHARE"), new("OTHERS"), new("RUNS", Drops: 2), new("P", Drops: 1), new("WHAT", Shrinks: true)];

    public static int Run(string[] words, DateTimeOffset now)
    {
        var arguments = Query.Parse("why", words, Flags, most: 1);
        if (arguments.Help)
        {
            Talk.Data(Help.Why);
            return Query.Done;
        }
        var path = Query.Address(Routes.Correlations,
        [
            ("of", arguments.Last("of") ?? "failed"), ("operation", arguments.Words is [var operation] ? operation : null), .. Filters.Select(f => (f.Name, arguments.Last(f.Name))),
            ("from", Query.Moment(arguments, "from", now)), ("to", Query.Moment(arguments, "to", now)), .. Query.Tags(arguments),
        ]);
        using var api = Api.From(arguments);
        var body = api.Find(path) ?? throw new CouldNotException($"{api.Address}: it does not know this question; vscli is newer than the server");
        using var document = api.Parse(body);
        var view = api.Read(() => document.RootElement.Deserialize(WireJson.Default.CorrelationsView));
        using var output = new Output();
        if (arguments.Switch("json") is true)
        {
            output.Bytes(Listing.Json(document.RootElement));
            output.Text("\n");
        }
        else
        {
            Write(view, output);
        }
        output.Flush();
        Talk.Say(Said(view));
        return view.Items.Count > 0 ? Query.Done : Query.Nothing;
    }

    private static void Write(CorrelationsView view, Output output)
    {
        var table = new Table(output, Output.Columns, Headings);
        foreach (var item in view.Items)
        {
            table.Add(
                item.Score.ToString("+0.00;-0.00", CultureInfo.InvariantCulture), Percent(item.GroupShare), Percent(item.RestShare), Number(item.Support),
                item.P < 0.0001 ? "<0.0001" : item.P.ToString("0.0000", CultureInfo.InvariantCulture),
                string.Join(", ", item.Traits.Select(static t => Printable.Clean((t.Level == "own" ? "" : t.Level + " ") + t.Key + "=" + t.Value))));
        }
        table.End();
    }

    /// <summary>Of how many runs it is.</summary>
    private static string Said(CorrelationsView view)
    {
        var (these, others) = view.Of switch { "failed" => ("failed", "succeeded"), "slow" => ("slow", "other"), _ => ("matching", "other") };
        return view.TooFew is true ? $"too few to compare: {Number(view.Group)} {these} and {Number(view.Rest)} {others} runs; it takes 5 of each"
            : (view.Found == 0 ? "nothing that is more than chance" : $"{Number(view.Found)} of {Number(view.Tried)} tried are more than chance")
                + $": {Number(view.Group)} {these} against {Number(view.Rest)} {others} runs" + (view.More is true ? ", the newest" : "");
    }

    private static string Percent(double share) => (share * 100).ToString("0", CultureInfo.InvariantCulture) + " %";

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
