using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>An operation and what administrators have set of it.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Setting">What holds.</param>
public sealed record AdministeredOperation(string Namespace, OperationSetting Setting);

/// <summary>
/// Reads what an administrator has to know before setting something. Settings are read from the log: what was set a moment ago counts,
/// though no projection has it yet.
/// </summary>
public sealed class AdministrationQueries
{
    private readonly Snapshot.Source _snapshots;

    private readonly LogReader _reader;

    internal AdministrationQueries(Snapshot.Source snapshots, LogReader reader) => (_snapshots, _reader) = (snapshots, reader);

    /// <summary>An operation; null when it is not there or not to be seen.</summary>
    public async Task<AdministeredOperation?> FindAsync(ShortKey key, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        return await FindAsync(snapshot, key, cancellationToken) is { } operation && visible.Includes(operation.Namespace) ? operation : null;
    }

    /// <summary>Whether the merges of an operation lead to another, or so far that it might as well be.</summary>
    public async Task<bool> LeadsToAsync(ShortKey from, ShortKey to, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        for (var i = 0; i < OperationSettings.MostMerges && from != to; i++)
        {
            if (!ShortKey.TryParse((await FindAsync(snapshot, from, cancellationToken))?.Setting.MergedInto, out from))
            {
                return false;
            }
        }
        return true;
    }

    private async Task<AdministeredOperation?> FindAsync(Snapshot snapshot, ShortKey key, CancellationToken cancellationToken)
    {
        if (await snapshot.Operations.Where(o => o.Key == key.Value).Select(static o => o.Namespace).SingleOrDefaultAsync(cancellationToken) is not { } ns)
        {
            return null;
        }
        var identity = OperationSetting.IdOf(ns, key).Key.Value;
        var events = await _reader.OfAsync(snapshot.Database, [identity], cancellationToken);
        return new(ns, RunFold.SettingOf(events));
    }
}
