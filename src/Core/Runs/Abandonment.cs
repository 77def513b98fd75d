using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Core.Runs;

/// <summary>When a run that has not ended is taken to have died. Times are the server's times of recording: what a sender's clock says does not count.</summary>
public static class Abandonment
{
    /// <summary>A run is never abandoned sooner after its start.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(15);

    /// <summary>How long an open child of a script's run may be silent after its parent's end.</summary>
    public static readonly TimeSpan AfterParent = TimeSpan.FromMinutes(5);

    /// <summary>How long a run may be silent that nothing else is known of.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromHours(24);

    /// <summary>How long a run of a CI system may be silent: those stop what takes longer themselves.</summary>
    public static readonly TimeSpan CiSilence = TimeSpan.FromDays(35);

    /// <summary>The types of work items, which are open for as long as people leave them open; so is everything of <see cref="SourceNames.Jira"/>.</summary>
    public static readonly ImmutableArray<string> WorkItems = ["issue", "pull_request", "merge_request", "sprint"];

    /// <summary>
    /// When an open attempt is to be abandoned; null for never. One that was revived is asked about in the same way: what revived it is its
    /// last sign of life.
    /// </summary>
    /// <param name="source">The run's source, one of <see cref="SourceNames"/>.</param>
    /// <param name="type">The run's type.</param>
    /// <param name="startRecordedAt"><see cref="Attempt.StartRecordedAt"/>.</param>
    /// <param name="lastSignRecordedAt"><see cref="Attempt.LastSignRecordedAt"/>.</param>
    /// <param name="leaseExpiresAt">Until when the run has said that it lives, where it said so.</param>
    /// <param name="parentEndRecordedAt"><see cref="Attempt.EndRecordedAt"/> of its parent, where the parent is a script's run that has ended.</param>
    /// <param name="isImported"><see cref="Attempt.IsImported"/>.</param>
    public static DateTimeOffset? DueAt(
        string source, string type, DateTimeOffset startRecordedAt, DateTimeOffset lastSignRecordedAt,
        DateTimeOffset? leaseExpiresAt = null, DateTimeOffset? parentEndRecordedAt = null, bool isImported = false)
    {
        if (isImported || source == SourceNames.Jira || WorkItems.Contains(type))
        {
            return null;
        }
        var due = lastSignRecordedAt + (source is SourceNames.GitHub or SourceNames.GitLab or SourceNames.Jenkins or SourceNames.CdEvents ? CiSilence : Silence);
        if (source == SourceNames.CustomHttp)
        {
            // A lease is the better sign: while it is renewed nothing else counts, and when it has run out nobody renews it any more. One that
            // ran out before the last event says nothing of the time after it.
            if (leaseExpiresAt > lastSignRecordedAt)
            {
                due = leaseExpiresAt.Value;
            }
            else if (parentEndRecordedAt is { } parentEnd)
            {
                due = Min(due, Max(parentEnd, lastSignRecordedAt) + AfterParent);
            }
        }
        return Max(due, startRecordedAt + Grace);
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
