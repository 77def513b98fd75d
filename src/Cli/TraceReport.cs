using System.Globalization;
using System.Text;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>A trace as a report: its tree of runs, how each ended, its part of the whole, the critical path, what failed first. Pure.</summary>
internal sealed class TraceReport
{
    /// <summary>The formats of a report.</summary>
    public const string Formats = "text markdown json csv";

    // A comment of a pull request holds 65,536 characters; so many rows with usual names fit.
    private const int MostRows = 200;
    private const int LongestName = 80;

    private readonly TraceView _trace;
    private readonly string _address;
    private readonly RunView _root;
    private readonly DateTimeOffset? _start;
    private readonly int[] _depths;
    private readonly string[] _branches;
    private readonly Dictionary<string, double> _critical = [];

    /// <param name="trace">The trace; it has at least one run.</param>
    /// <param name="address">The server's, to which the links lead.</param>
    public TraceReport(TraceView trace, string address)
    {
        (_trace, _address) = (trace, address);
        _root = trace.Runs.FirstOrDefault(r => r.SpanId == trace.Root) ?? trace.Runs[0];
        _start = trace.Runs.Min(r => r.StartedAt);
        foreach (var piece in trace.CriticalPath)
        {
            _critical[piece.Run] = _critical.GetValueOrDefault(piece.Run) + (piece.To - piece.From).TotalSeconds;
        }
        (_depths, _branches) = Tree();
    }

    /// <summary>The runs that failed, the first to end first.</summary>
    private IEnumerable<RunView> Failed => _trace.Runs.Zip(_depths)
        .Where(r => Outcomes.Parse(r.First.Outcome)?.IsFailed() is true)
        // A parent may end in the same moment as the child that it failed of.
        .OrderBy(r => r.First.EndedAt ?? DateTimeOffset.MaxValue).ThenByDescending(r => r.Second).Select(r => r.First);

    /// <summary>For people in a terminal.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="columns">The terminal's columns; null when it is none.</param>
    public void Text(Output output, int? columns)
    {
        void Say(string line) => output.Line(columns is { } width ? Printable.Cut(line, width) : line);
        var result = $": {Result(_root)}{(_trace.Duration > 0 ? " after " + Durations.Text(_trace.Duration) : "")}";
        Say(Named(_root, columns - result.Length) + result);
        foreach (var (what, value) in Facts())
        {
            Say($"{what} {Printable.Clean(value)}");
        }
        if (Failed.FirstOrDefault() is { } failed)
        {
            Say($"failed first: {Named(failed, columns / 2)}, {Result(failed)} at {Offset(failed.EndedAt)}{(Reason(failed) is { } reason ? ": " + reason : "")}");
        }
        output.Line("");
        var table = new Table(output, columns, new Heading("RUN", Shrinks: true), new Heading("TYPE", Shrinks: true), new("OUTCOME"), new("START"), new("DURATION"), new("SHARE"), new("CRITICAL"));
        for (var i = 0; i < _trace.Runs.Count; i++)
        {
            var run = _trace.Runs[i];
            table.Add(_branches[i] + Name(run), Printable.Clean(run.Type), Result(run), Offset(run.StartedAt), Length(run), Share(run), Critical(run));
        }
        table.End();
        output.Line("");
        Say("CRITICAL: time on the chain of runs and waits that decided when the whole ended.");
        foreach (var note in Notes())
        {
            Say(note);
        }
        Say($"{_address}/runs/{Printable.Clean(_root.Key)}");
    }

    /// <summary>For the summary of a CI job, or a pull request: names stand as code, so that nothing in them is taken for Markdown, HTML or a mention.</summary>
    public string Markdown()
    {
        var text = new StringBuilder();
        text.Append("### ").Append(Sign(_root)).Append(' ').Append(Code(Short(Named(_root)))).Append(": ").Append(Word(_root));
        text.Append(_trace.Duration > 0 ? " after " + Durations.Text(_trace.Duration) : "").Append("\n\n");
        foreach (var (what, value) in Facts())
        {
            text.Append(what).Append(' ').Append(Code(value)).Append("  \n");
        }
        var failed = Failed.Take(11).ToList();
        for (var i = 0; i < Math.Min(failed.Count, 10); i++)
        {
            var run = failed[i];
            text.Append(i == 0 ? "\n**Failed first:** " : i == 1 ? "\n- then " : "- then ").Append(Link(run)).Append(", ").Append(Word(run)).Append(" at ").Append(Offset(run.EndedAt));
            text.Append(Reason(run) is { } reason ? ": " + Code(Printable.Cut(reason, 500)) : "").Append('\n');
        }
        text.Append(failed.Count > 10 ? "- and more\n" : "");
        text.Append("\n| run | type | outcome | start | duration | share | critical |\n| --- | --- | --- | ---: | ---: | ---: | ---: |\n");
        for (var i = 0; i < Math.Min(_trace.Runs.Count, MostRows); i++)
        {
            var run = _trace.Runs[i];
            text.Append("| ").Append(string.Concat(Enumerable.Repeat("&nbsp;&nbsp;&nbsp;", Math.Min(_depths[i], 20)))).Append(Link(run));
            text.Append(" | ").Append(Code(Short(Printable.Clean(run.Type)))).Append(" | ").Append(Sign(run)).Append(' ').Append(Word(run));
            foreach (var cell in new[] { Offset(run.StartedAt), Length(run), Share(run), Critical(run) })
            {
                text.Append(" | ").Append(cell);
            }
            text.Append(" |\n");
        }
        text.Append(_trace.Runs.Count > MostRows ? string.Create(CultureInfo.InvariantCulture, $"\nand {_trace.Runs.Count - MostRows:N0} more runs.\n") : "");
        text.Append("\n_critical_: the time on the critical path, the chain of runs and waits that decided when the whole ended.\n");
        foreach (var note in Notes())
        {
            text.Append('\n').Append(note).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>One line a run.</summary>
    public string Table()
    {
        var text = new StringBuilder(Csv.Line(
            ["key", "id", "attempt", "parent", "depth", "type", "name", "state", "outcome", "startedAt", "endedAt", "duration", "share", "critical", "failedFirst", "actor", "reason"]));
        var first = Failed.FirstOrDefault();
        for (var i = 0; i < _trace.Runs.Count; i++)
        {
            var run = _trace.Runs[i];
            text.Append(Csv.Line(
            [
                run.Key, run.Id, Number(run.Attempt), run.Parent, Number(_depths[i]), run.Type, run.Name, run.State, run.Outcome,
                run.StartedAt is { } start ? Durations.Iso(start) : null, run.EndedAt is { } end ? Durations.Iso(end) : null, Number(run.Duration),
                run.Duration is { } duration && _trace.Duration > 0 ? Number(Math.Round(duration / _trace.Duration, 4)) : null,
                _critical.TryGetValue(run.SpanId, out var critical) ? Number(critical) : null, ReferenceEquals(run, first) ? "true" : null, run.Actor, run.Reason,
            ]));
        }
        return text.ToString();
    }

    /// <summary>
    /// A text that Markdown shows as it is, in a table too, and in which GitHub and GitLab look for no mentions, issues or links: marked as
    /// code by its HTML element, for within backticks no sign can be written otherwise.
    /// </summary>
    public static string Code(string? text)
    {
        var code = new StringBuilder("<code>");
        foreach (var rune in Printable.Clean(text).EnumerateRunes())
        {
            _ = rune.IsAscii && !Rune.IsLetterOrDigit(rune) && rune.Value is not (' ' or '-' or ',' or '/' or '(' or ')' or '+')
                ? code.Append(CultureInfo.InvariantCulture, $"&#{rune.Value};")
                : code.Append(rune);
        }
        return code.Append("</code>").ToString();
    }

    private (int[] Depths, string[] Branches) Tree()
    {
        var runs = _trace.Runs;
        var places = runs.Select((r, i) => (r.SpanId, i)).ToDictionary(p => p.SpanId, p => p.i);
        var parents = new int[runs.Count];
        Array.Fill(parents, -1);
        foreach (var edge in _trace.Edges)
        {
            // Depth first: a parent stands before its children. An edge that says otherwise could lead in circles.
            if (edge.Kind == "parent" && places.TryGetValue(edge.From, out var from) && places.TryGetValue(edge.To, out var to) && from < to)
            {
                parents[to] = from;
            }
        }
        var depths = new int[runs.Count];
        var branches = new string[runs.Count];
        // Whether a sibling stands below, seen from the end.
        var last = new bool[runs.Count];
        var seen = new HashSet<int>();
        for (var i = runs.Count - 1; i >= 0; i--)
        {
            last[i] = seen.Add(parents[i]);
        }
        var indents = new string[runs.Count];
        for (var i = 0; i < runs.Count; i++)
        {
            var parent = parents[i];
            var isTop = parent < 0;
            depths[i] = isTop ? 0 : depths[parent] + 1;
            // Deeper than a terminal is wide nobody counts any more.
            var above = isTop || depths[i] > 30 ? "" : indents[parent];
            branches[i] = isTop ? "" : above + (last[i] ? "└─ " : "├─ ");
            indents[i] = isTop ? "" : above + (last[i] ? "   " : "│  ");
        }
        return (depths, branches);
    }

    private IEnumerable<(string What, string Value)> Facts()
    {
        if (_start is { } start)
        {
            yield return ("started", Durations.Text(start));
        }
        if (_root.Actor is { Length: > 0 } actor)
        {
            yield return ("by", actor);
        }
        if (_root.Reason is { Length: > 0 } reason)
        {
            yield return ("because", reason);
        }
    }

    private IEnumerable<string> Notes()
    {
        if (_trace.Truncated)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"The trace has more runs than these {_trace.Runs.Count:N0}.");
        }
        if (_trace.Refused.Count > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"The parents of {_trace.Refused.Count} of them would have closed a circle and were refused.");
        }
    }

    private string Link(RunView run) => run.Hidden is true ? Code(Name(run))
        : $"<a href=\"{Attribute($"{_address}/runs/{run.Key}")}\">{Code(Short(Name(run)))}</a>";

    private static string Attribute(string address) => string.Concat(Printable.Clean(address).Select(c => c is '"' or '<' or '>' or '&' or '|' or '\\' or '`' or '*' or '_'
        ? string.Create(CultureInfo.InvariantCulture, $"&#{(int)c};") : c.ToString()));

    private static string Short(string text) => Printable.Cut(text, LongestName);

    /// <summary>What a run's sender said of it; the root's is told at the top.</summary>
    private string? Reason(RunView run) => run.Reason is { Length: > 0 } reason && !ReferenceEquals(run, _root) ? Printable.Clean(reason) : null;

    private static string Name(RunView run) => run.Hidden is true ? "(hidden)"
        : Printable.Clean(run.Name) + (run.Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $" #{run.Attempt}") : "");

    /// <summary>A run's name and type, the name cut to what columns there are.</summary>
    private static string Named(RunView run, int? columns = null)
    {
        var type = run.Name == run.Type || run.Hidden is true ? "" : $" ({Printable.Clean(run.Type)})";
        return (columns is { } room ? Printable.Cut(Name(run), Math.Max(room - Printable.Width(type), 1)) : Name(run)) + type;
    }

    private static string Result(RunView run) => Printable.Clean(run.Outcome ?? run.State);

    /// <summary>How it ended, in Markdown.</summary>
    private static string Word(RunView run) => Result(run) is var word && word.All(char.IsAsciiLetter) ? word : Code(word);

    private string Offset(DateTimeOffset? time) => time is { } at && _start is { } start ? "+" + Durations.Text((at - start).TotalSeconds) : "-";

    private static string Length(RunView run) => run.Duration is { } duration ? Durations.Text(duration) : "-";

    private string Share(RunView run) =>
        run.Duration is { } duration && _trace.Duration > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Round(duration / _trace.Duration * 100)}%") : "-";

    private string Critical(RunView run) => _critical.TryGetValue(run.SpanId, out var seconds) ? Durations.Text(seconds) : "";

    private static string Sign(RunView run) => run.Outcome switch
    {
        "success" => "✅",
        "failure" or "error" => "❌",
        "timeout" => "⌛",
        "cancellation" => "🚫",
        "skip" => "⏩",
        _ => run.State == "running" ? "⏳" : "❔",
    };

    private static string? Number(double? number) => number?.ToString(CultureInfo.InvariantCulture);
}
