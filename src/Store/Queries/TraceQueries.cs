using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Queries;

/// <summary>Reads traces.</summary>
public sealed class TraceQueries
{
    /// <summary>The trace that one attempt of a run belongs to, the newest attempt where none is named; null when it is not there or not to be seen.</summary>
    public Task<TraceView?> OfAsync(ShortKey key, int? attempt, Visible visible, CancellationToken cancellationToken) => throw new NotImplementedException();
}
