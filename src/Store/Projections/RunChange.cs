using ValueStream.Core.Events;

namespace ValueStream.Store.Projections;

/// <summary>
/// What became of an attempt that the live projection has just read, for whoever counts as things happen: that it started, that it ended, or both, each once.
/// Imported history is not told.
/// </summary>
/// <param name="Source">Its source.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Type">Its type.</param>
/// <param name="Name">Its name.</param>
/// <param name="HasStarted">Whether its start was read.</param>
/// <param name="Outcome">Its outcome, where its end was read.</param>
/// <param name="Duration">How long it took, where its end was read and its start is known.</param>
/// <param name="Queued">How long it was queued before that, where its end was read and it says so by a stage of that name.</param>
public sealed record RunChange(string Source, string Namespace, string Type, string Name, bool HasStarted, Outcome? Outcome, TimeSpan? Duration, TimeSpan? Queued)
{
    /// <summary>The stage in which a run waits for something to run on.</summary>
    private const string QueuedStage = "queued";

    /// <summary>What differs from what was known; null where neither start nor end is new.</summary>
    internal static RunChange? Of(Known? before, RunRow row, IReadOnlyList<Core.Runs.Stage> stages)
    {
        var hasStarted = row.StartedAt is not null && before?.Contribution.StartedAt is null;
        var hasEnded = row.EndedAt is not null && before?.Contribution.EndedAt is null;
        if (row.IsImported || !(hasStarted || hasEnded))
        {
            return null;
        }
        return new(row.Source, row.Namespace, row.Type, row.Name, hasStarted, hasEnded ? (Outcome?)row.Outcome : null,
            hasEnded && row.Duration is { } micros ? TimeSpan.FromMicroseconds(micros) : null,
            hasEnded && stages.Where(static s => s.Name == QueuedStage && s.To is not null).Select(static s => s.To!.Value - s.From).ToList() is { Count: > 0 } waits
                ? new TimeSpan(waits.Sum(static w => w.Ticks)) : null);
    }
}
