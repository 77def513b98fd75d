using Npgsql;

namespace ValueStream.Store.Engines;

/// <summary>Tells when a connection's commit did not wait for the standby that it was to wait for.</summary>
internal sealed class Replication
{
    private bool _isMissed;

    /// <summary>Listens to a connection, from before its first commit.</summary>
    public Replication(NpgsqlConnection connection) =>
        connection.Notice += (_, e) => _isMissed |= e.Notice.Routine == "SyncRepWaitForLSN";

    /// <summary>Call after a commit. A cancelled wait (a timeout, an administrator) is a success with a warning for Postgres. Not for
    /// the log: if the primary is lost now, so is the commit.</summary>
    /// <exception cref="NpgsqlException">It did not wait.</exception>
    public void Check()
    {
        if (_isMissed)
        {
            throw new NpgsqlException("The commit is on this server, but no standby has confirmed it.");
        }
    }
}
