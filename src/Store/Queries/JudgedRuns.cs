using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>An attempt that came to success, failure, error or timeout.</summary>
internal sealed record JudgedRun(long Key, int Attempt, DateTimeOffset At, DateTimeOffset EndedAt, Outcome Outcome, long Duration, string? Tags = null)
{
    public bool Failed => Outcome != Outcome.Success;
}

/// <summary>The judged runs of an operation that ended in a window, newest start first; of the excluded and of those with an implausible clock none.</summary>
/// <param name="Window">The window.</param>
/// <param name="Runs">The runs.</param>
/// <param name="IsAll">Whether no run of the window was passed over because only the newest were looked at.</param>
internal sealed record JudgedRuns(Window Window, IReadOnlyList<JudgedRun> Runs, bool IsAll)
{
    private static readonly short[] Judged = [(short)Outcome.Success, (short)Outcome.Failure, (short)Outcome.Error, (short)Outcome.Timeout];

    /// <summary>Reads them; null when the operation is not there or not to be seen.</summary>
    /// <exception cref="BadArgumentException">There is no such window.</exception>
    public static async Task<JudgedRuns?> OfAsync(
        Snapshot snapshot, ShortKey key, DateTimeOffset? from, DateTimeOffset? to, DateTimeOffset now, int newest, Visible visible, CancellationToken cancellationToken, bool tags = false)
    {
        var counted = (await OperationSettings.LoadAsync(snapshot, cancellationToken)).CountedIn(key);
        var keys = await visible.Of(snapshot.Operations).Where(o => counted.Contains(o.Key)).Select(static o => o.Key).ToArrayAsync(cancellationToken);
        if (!keys.Contains(key.Value))
        {
            return null;
        }
        var zone = TimeZoneInfo.FindSystemTimeZoneById(snapshot.Live.Zone);
        var end = Window.EndOf(to, now);
        var window = Window.OfHours(from ?? end.AddDays(-30), end, now, zone, zone);
        // Those that began before its end, for no other can have ended in it: a piece of the index on (operation, at).
        var all = keys is [var one] ? snapshot.Runs.Where(r => r.Operation == one) : snapshot.Runs.Where(r => keys.Contains(r.Operation));
        var begun = all.Where(r => r.At < window.To).OrderByDescending(static r => r.At).Take(newest);
        var ended = begun.Where(r => r.EndedAt >= window.From && r.EndedAt < window.To && r.StartedAt != null && r.Outcome != null && Judged.Contains(r.Outcome.Value));
        var rows = tags
            ? await ended.Join(snapshot.RunTags, static r => new { r.Key, r.Attempt }, static t => new { t.Key, t.Attempt },
                static (r, t) => new { r.Key, r.Attempt, r.At, r.EndedAt, r.Outcome, r.Duration, r.Flags, Tags = (string?)t.Tags }).ToListAsync(cancellationToken)
            : await ended.Select(static r => new { r.Key, r.Attempt, r.At, r.EndedAt, r.Outcome, r.Duration, r.Flags, Tags = (string?)null }).ToListAsync(cancellationToken);
        var oldest = await all.Where(r => r.At < window.To).OrderByDescending(static r => r.At).Skip(newest).Select(static r => r.At).FirstOrDefaultAsync(cancellationToken);
        return new(window,
            [.. rows.Where(static r => !Contribution.IsExcludedBy(r.Flags) && r.Duration <= Attempt.LongestPlausible.Ticks / TimeSpan.TicksPerMicrosecond)
                .Select(static r => new JudgedRun(r.Key, r.Attempt, r.At, r.EndedAt!.Value, (Outcome)r.Outcome!.Value, r.Duration!.Value, r.Tags))
                .OrderByDescending(static r => r.At).ThenBy(static r => r.Key)],
            oldest < window.From);
    }
}
