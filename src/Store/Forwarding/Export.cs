using System.IO.Enumeration;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Forwarding;

/// <summary>The ids under which tracers know an attempt of a run. They are frozen before it is first sent.</summary>
/// <param name="TraceId">32 hexadecimal digits, lower case.</param>
/// <param name="SpanId">16 hexadecimal digits, lower case.</param>
/// <param name="ParentSpanId">16 hexadecimal digits, lower case; null for the root of a trace.</param>
public sealed record SpanIdentity(string TraceId, string SpanId, string? ParentSpanId);

/// <summary>A link of an exported run to another, by the ids under which tracers know that one.</summary>
/// <param name="Kind">One of <c>LinkKinds</c>; <c>parent</c> where the parent became known after the run was first sent, or is in another trace.</param>
/// <param name="Run">The other run's rendering.</param>
/// <param name="TraceId">Its trace id.</param>
/// <param name="SpanId">Its span id.</param>
public sealed record ExportedLink(string Kind, string Run, string TraceId, string SpanId);

/// <summary>A note that was made of a run.</summary>
/// <param name="At">When, effective time.</param>
/// <param name="Text">What it says.</param>
public sealed record ExportedNote(DateTimeOffset At, string Text);

/// <summary>A finished attempt of a run, as it is to be told to tracers.</summary>
/// <param name="Position">The event of the log because of which it is told.</param>
/// <param name="Run">The attempt.</param>
/// <param name="Ids">Its frozen ids.</param>
/// <param name="IsEntry">Whether no run that is known is its parent: it is the root of a trace, or was started by something outside.</param>
/// <param name="Links">Its links to runs that are known.</param>
/// <param name="Notes">The notes made of it.</param>
public sealed record ExportedRun(
    long Position, RunView Run, SpanIdentity Ids, bool IsEntry, IReadOnlyList<ExportedLink> Links, IReadOnlyList<ExportedNote> Notes);

/// <summary>What a piece of the log means to a tracer.</summary>
/// <param name="From">It begins after this position.</param>
/// <param name="To">It ends with this position.</param>
/// <param name="Items">The runs to be told, in the order of their positions.</param>
/// <param name="IsFull">Whether there was more to read.</param>
/// <param name="IsHeld">Whether it ends before a run that waits for its parent to become known.</param>
public sealed record ExportBatch(long From, long To, IReadOnlyList<ExportedRun> Items, bool IsFull, bool IsHeld);

/// <summary>Which runs a tracer is told of.</summary>
/// <param name="Namespaces">Patterns in which <c>*</c> stands for any characters; none means every namespace.</param>
/// <param name="Operations">The same for the names of operations.</param>
/// <param name="IncludeImported">Whether it is told of imported history.</param>
public sealed record ExportFilter(IReadOnlyList<string> Namespaces, IReadOnlyList<string> Operations, bool IncludeImported)
{
    /// <summary>Everything but imported history.</summary>
    public static ExportFilter Observed { get; } = new([], [], false);

    /// <summary>Whether it is told of a run.</summary>
    public bool Includes(string @namespace, string operation, bool isImported) =>
        (IncludeImported || !isImported) && Fits(Namespaces, @namespace) && Fits(Operations, operation);

    private static bool Fits(IReadOnlyList<string> patterns, string text) =>
        patterns.Count == 0 || patterns.Any(p => FileSystemName.MatchesSimpleExpression(p, text, ignoreCase: false));
}
