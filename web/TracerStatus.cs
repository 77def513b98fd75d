using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Web;

/// <summary>What pages say of the tracers that finished runs are forwarded to: the host knows which they are.</summary>
public interface ITracerStatus
{
    /// <summary>The tracers, with where each stands.</summary>
    Task<IReadOnlyList<TracerView>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The addresses of an attempt in the tracers that have one for it; none where it has not been forwarded.</summary>
    /// <param name="run">The run.</param>
    /// <param name="attempt">Which attempt.</param>
    /// <param name="namespace">The run's namespace.</param>
    /// <param name="name">The run's name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<IReadOnlyList<TracerLink>> LinksAsync(ShortKey run, int attempt, string @namespace, string name, CancellationToken cancellationToken);
}

/// <summary>The address of a run in a tracer.</summary>
/// <param name="Tracer">The tracer's name.</param>
/// <param name="Address">Where the run is shown.</param>
public sealed record TracerLink(string Tracer, string Address);
