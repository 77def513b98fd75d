using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli report</c>: the trace of a run, to be read or pasted.</summary>
internal static class ReportCommand
{
    // How long the read models may be behind what was just recorded.
    private const int Patience = 2000;
    private const int Pause = 50;

    /// <summary>The flags that it knows.</summary>
    public static readonly Flag[] Flags = [new("format", Values: TraceReport.Formats), .. Settings.Flags];

    public static int Run(string[] words)
    {
        var arguments = Query.Parse("report", words, Flags, most: 1);
        if (arguments.Help)
        {
            Talk.Data(Help.Report);
            return Query.Done;
        }
        var run = arguments.Words is [var word] ? word : Settings.Variable(StartedRun.ParentVariable)
            ?? throw new CouldNotException($"say which run: `vscli report RUN`, or set {StartedRun.ParentVariable}; `vscli report --help` has examples");
        using var api = Api.From(arguments);
        CatchUp(api);
        if (new Spool(StateFolder.Find()).HasEvents)
        {
            Talk.Say("some events of this machine have not been sent yet; `vscli flush` sends them");
        }
        if (RunReference.KeyOf(run, api) is not { } key || api.Find($"{Routes.Runs}/{key}/trace") is not { } body)
        {
            Talk.Say($"{api.Address}: there is no run {run}");
            return Query.Nothing;
        }
        var trace = api.Read(() => JsonSerializer.Deserialize(body, WireJson.Default.TraceView) is { Runs.Count: > 0 } read ? read : null);
        using var output = new Output();
        switch (arguments.Last("format") ?? "text")
        {
            case "markdown":
                output.Text(new TraceReport(trace, api.Address).Markdown());
                break;
            case "csv":
                output.Text(new TraceReport(trace, api.Address).Table());
                break;
            case "json":
                using (var json = api.Parse(body))
                {
                    output.Bytes(Listing.Json(json.RootElement));
                    output.Text("\n");
                }
                break;
            default:
                new TraceReport(trace, api.Address).Text(output, Output.Columns);
                break;
        }
        output.Flush();
        return Query.Done;
    }

    /// <summary>
    /// A report often follows the end of its run at once: waits until what was in the log when it was asked for can be read, or a
    /// little while. Where this cannot be told the report is of what there is.
    /// </summary>
    private static void CatchUp(Api api)
    {
        if (Position(api, Routes.Head) is not { } head)
        {
            return;
        }
        for (var began = Environment.TickCount64; Position(api, Routes.Projections) < head && Environment.TickCount64 - began < Patience;)
        {
            Thread.Sleep(Pause);
        }
    }

    private static long? Position(Api api, string path) =>
        api.Glance(path) is not { } body ? null
        : path == Routes.Head
            ? api.Read(() => JsonSerializer.Deserialize(body, WireJson.Default.HeadView)).Position
            : api.Read(() => JsonSerializer.Deserialize(body, WireJson.Default.ListViewProjectionView)).Items?.Min(p => (long?)p.Position);
}

/// <summary>How the query commands name a run.</summary>
internal static class RunReference
{
    /// <summary>The key of a run that is named by its key, its rendering, or a token of this machine; null when the server knows none.</summary>
    /// <exception cref="CouldNotException">It is a token of another machine, or the server does not answer.</exception>
    public static string? KeyOf(string text, Api api)
    {
        if (ShortKey.TryParse(text, out _))
        {
            return text;
        }
        if (Token.Is(text))
        {
            text = new OpenRuns(StateFolder.Find()).Find(text) is { } known ? OpenRuns.Rendering(known)
                : throw new CouldNotException($"{text} was not started here: name the run by its key, or as vstrace-customhttp-TYPE-NAMESPACE-{text}");
        }
        foreach (var item in api.List($"{Routes.Runs}?id={Uri.EscapeDataString(text)}", 1))
        {
            return api.Read(() => item.Deserialize(WireJson.Default.RunView)).Key;
        }
        return null;
    }
}
