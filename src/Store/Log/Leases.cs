using System.Data.Common;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Log;

/// <summary>Signs of life of runs that renew a lease while they work: one that has run out tells of a run that died without its end.</summary>
public sealed class Leases
{
    private static readonly Bulk<LeaseRow> Insert = new("leases",
        Column<LeaseRow>.Long("run", static l => l.Run), Column<LeaseRow>.Time("expires_at", static l => l.ExpiresAt));

    private readonly IEngine _engine;
    private readonly TimeProvider _time;

    internal Leases(IEngine engine, TimeProvider time) => (_engine, _time) = (engine, time);

    /// <summary>Renews leases from now on. A crash may take back the last seconds of it: the next renewal repairs that.</summary>
    /// <param name="leases">The runs and for how long each has said that it lives; of one that stands there twice the last counts.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="LogUnavailableException">The database does not answer.</exception>
    public async Task RenewAsync(IReadOnlyList<(ShortKey Run, TimeSpan Lease)> leases, CancellationToken cancellationToken)
    {
        var now = Micros.Truncate(_time.GetUtcNow());
        // In one order, so that two renewals do not wait for each other.
        var rows = leases.Reverse().DistinctBy(static l => l.Run).OrderBy(static l => l.Run.Value)
            .Select(l => new LeaseRow { Run = l.Run.Value, ExpiresAt = now + l.Lease }).ToList();
        try
        {
            await using var session = await _engine.BeginAsync(cancellationToken, derived: true);
            await session.InsertAsync(Insert, rows, "ON CONFLICT (run) DO UPDATE SET expires_at = excluded.expires_at", "", cancellationToken);
            await session.CommitAsync(cancellationToken);
        }
        catch (DbException e)
        {
            throw new LogUnavailableException("The database does not take leases now. Send them again in a moment.", e);
        }
    }
}
