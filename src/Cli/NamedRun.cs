using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>A run that a command is told to add to or to end.</summary>
/// <param name="Run">Whose event it will be.</param>
/// <param name="Known">What is remembered of it; null when it was not started on this machine.</param>
internal sealed record NamedRun(RunRequest Run, OpenRun? Known)
{
    private const string Prefix = $"vstrace-{SourceNames.CustomHttp}-";

    /// <summary>The flags that name a run.</summary>
    public static readonly Flag[] Flags = [new("event-id"), new("type"), new("namespace")];

    /// <summary>The run that -event-id names, or in which this was called. Null, and said why, when there is none.</summary>
    public static NamedRun? FindOrCurrent(Arguments arguments, OpenRuns openRuns)
    {
        if ((arguments.Text("event-id") ?? Settings.Variable(StartedRun.ParentVariable)) is { } name)
        {
            return Find(name, arguments, openRuns);
        }
        Talk.Say($"nothing was recorded: -event-id is missing; give what `vscli event start` printed, or call this where ${StartedRun.ParentVariable} is set");
        return null;
    }

    /// <summary>The run of a token or a rendering, of the type and namespace that the flags say. Null, and said why, when it cannot be told.</summary>
    public static NamedRun? Find(string name, Arguments arguments, OpenRuns openRuns)
    {
        var known = openRuns.Find(name) ?? openRuns.FindReferenced(name);
        var (type, group) = (arguments.Text("type"), arguments.Text("namespace"));
        if (known is null && name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            if (Split(name, type, group) is { } run)
            {
                return new NamedRun(Of(run.Id, run.Type, run.Namespace), null);
            }
            Talk.Say($"nothing was recorded: {name} was not started here, and where its type ends cannot be told; add -type and -namespace");
            return null;
        }
        if (known is not null && ((type ?? known.Type) != known.Type || (group ?? known.Namespace) != known.Namespace))
        {
            Talk.Say($"{known.Id} was started with -type={known.Type} -namespace={known.Namespace}: this is for another run, with -type={type ?? known.Type} -namespace={group ?? known.Namespace}");
            return new NamedRun(Of(known.Id, type ?? known.Type, group ?? known.Namespace), null);
        }
        return new NamedRun(
            Of(known?.Id ?? name, type ?? known?.Type ?? StartedRun.DefaultType, group ?? known?.Namespace ?? StartedRun.DefaultNamespace), known);
    }

    private static RunRequest Of(string id, string type, string group) => new() { Type = type, Namespace = group, Id = id };

    /// <summary>
    /// The parts of a rendering that ends in a token; null when it does not, or has more dashes than tell its type from its namespace
    /// and neither was given.
    /// </summary>
    public static OpenRun? Split(string rendering, string? type, string? group)
    {
        var rest = rendering.AsSpan(Prefix.Length);
        if (rest.Length <= Token.Length || rest[^(Token.Length + 1)] != '-' || !Token.Is(rest[^Token.Length..]))
        {
            return null;
        }
        var (id, middle) = (rest[^Token.Length..].ToString(), rest[..^(Token.Length + 1)].ToString());
        var parts = middle.Split('-');
        (string Type, string Namespace)? read =
            type is not null && group is not null ? middle == $"{type}-{group}" ? (type, group) : null
            : type is not null ? middle.StartsWith(type + "-", StringComparison.Ordinal) ? (type, middle[(type.Length + 1)..]) : null
            : group is not null ? middle.EndsWith("-" + group, StringComparison.Ordinal) ? (middle[..^(group.Length + 1)], group) : null
            : parts is [var one, var other] ? (one, other) : null;
        return read is { Type.Length: > 0, Namespace.Length: > 0 } ok ? new OpenRun(id, ok.Type, ok.Namespace, null) : null;
    }
}
