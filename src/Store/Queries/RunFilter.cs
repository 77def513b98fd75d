using ValueStream.Core.Events;

namespace ValueStream.Store.Queries;

/// <summary>Which runs to list; absent members do not filter.</summary>
public sealed record RunFilter
{
    /// <summary>Ended at or after this time, or running.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Ended before this time, or running and started before it.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Source.</summary>
    public string? Source { get; init; }

    /// <summary>Namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Type.</summary>
    public string? Type { get; init; }

    /// <summary>Name.</summary>
    public string? Name { get; init; }

    /// <summary>A part of the name of their operation, in any case: of the <see cref="RunQueries.MostNamed"/> such operations that ran last.</summary>
    public string? Text { get; init; }

    /// <summary>Operation, by its short key; with the runs that are counted under it because their operations are merged into it.</summary>
    public ShortKey? Operation { get; init; }

    /// <summary>The run's rendering, or an alias: then of every run that has it.</summary>
    public string? Id { get; init; }

    /// <summary><c>running</c>, <c>ended</c>, <c>orphan</c> or <c>abandoned</c>.</summary>
    public string? State { get; init; }

    /// <summary>One of <see cref="Outcomes.All"/>.</summary>
    public string? Outcome { get; init; }

    /// <summary>Actor.</summary>
    public string? Actor { get; init; }

    /// <summary>Only those that should say why and do not, and for which no reason is found either.</summary>
    public bool WithoutReason { get; init; }

    /// <summary>Shortest duration in seconds.</summary>
    public double? MinDuration { get; init; }

    /// <summary>Longest duration in seconds.</summary>
    public double? MaxDuration { get; init; }

    /// <summary>Tags that must all be there: <c>key:value</c> or <c>key=value</c>, by the values' texts. Where key or value have such
    /// characters themselves, every way of reading it is tried.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>How many at most, 1..1,000.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where to go on, from the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>Whether a text can be one of <see cref="Tags"/>.</summary>
    public static bool IsTag(string text) => Readings(text).Any();

    /// <summary>The keys and values that a text can mean.</summary>
    internal static IEnumerable<(string Key, string Value)> Readings(string text) =>
        Enumerable.Range(1, Math.Max(0, text.Length - 1)).Where(i => text[i] is ':' or '=').Take(20).Select(i => (text[..i], text[(i + 1)..]));
}
