using ValueStream.Core.Events;
using ValueStream.Core.Wire;

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

    /// <summary>Operation, by its short key.</summary>
    public ShortKey? Operation { get; init; }

    /// <summary>The run's rendering.</summary>
    public string? Id { get; init; }

    /// <summary><c>running</c>, <c>ended</c> or <c>orphan</c>.</summary>
    public string? State { get; init; }

    /// <summary>One of <see cref="Outcomes.All"/>.</summary>
    public string? Outcome { get; init; }

    /// <summary>Actor.</summary>
    public string? Actor { get; init; }

    /// <summary>Shortest duration in seconds.</summary>
    public double? MinDuration { get; init; }

    /// <summary>Longest duration in seconds.</summary>
    public double? MaxDuration { get; init; }

    /// <summary>Tags that must all be there, by the values' texts.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>How many at most, 1..200.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where to go on, from the page before.</summary>
    public string? Cursor { get; init; }
}

/// <summary>Reads runs.</summary>
public sealed class RunQueries
{
    /// <summary>The runs that match, newest start first.</summary>
    public Task<ListView<RunView>> ListAsync(RunFilter filter, Visible visible, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>One attempt of a run, the newest where none is named; null when it is not there or not to be seen.</summary>
    public Task<RunView?> FindAsync(ShortKey key, int? attempt, Visible visible, CancellationToken cancellationToken) => throw new NotImplementedException();
}
