namespace ValueStream.Core.Numbers;

/// <summary>A run that came to success or failure.</summary>
/// <param name="Run">Its short key.</param>
/// <param name="Attempt">Which attempt.</param>
/// <param name="At">When it started.</param>
/// <param name="EndedAt">When it ended.</param>
/// <param name="Failed">Whether it ended as failure, error or timeout; else as success.</param>
/// <param name="Micros">How long it took, microseconds; 0 where nobody knows.</param>
/// <param name="Inputs">What it was run on, such as the revision; null where that is not known.</param>
public sealed record Try(long Run, int Attempt, DateTimeOffset At, DateTimeOffset EndedAt, bool Failed, long Micros, string? Inputs);

/// <summary>All that was tried with the same inputs.</summary>
/// <param name="Inputs">The inputs; null where they are the attempts of one run of which nothing more is known.</param>
/// <param name="Tries">In the order of their starts.</param>
/// <param name="RetryMicros">What was spent on trying again: durations of those that began after one before them had failed and before one succeeded.</param>
/// <param name="LostMicros">What failures cost: durations of those that failed and of those that tried again, a failed retry once.</param>
public sealed record Subject(string? Inputs, IReadOnlyList<Try> Tries, long RetryMicros, long LostMicros)
{
    /// <summary>Whether they came to both success and failure: then it is not the inputs.</summary>
    public bool IsFlaky => Failures > 0 && Failures < Tries.Count;

    /// <summary>Whether it was tried again and failed each time.</summary>
    public bool IsBroken => Tries.Count > 1 && Failures == Tries.Count;

    /// <summary>How many failed.</summary>
    public int Failures => Tries.Count(static t => t.Failed);

    /// <summary>What those that failed took, microseconds.</summary>
    public long FailedMicros => Tries.Where(static t => t.Failed).Sum(static t => t.Micros);
}

/// <summary>
/// Which failures were chance and which the work's: runs of one operation with the same inputs must come to the same end. The same are attempts of one run, and runs that
/// say the same inputs of themselves.
/// </summary>
public static class Retries
{
    /// <summary>The runs by what was tried, those with most time lost first.</summary>
    /// <param name="tries">Runs of one operation.</param>
    public static IReadOnlyList<Subject> Of(IEnumerable<Try> tries)
    {
        var runs = tries.ToLookup(static t => t.Run);
        // Attempts of a run have the inputs that any of them names; one that names others is of those.
        return [.. runs.SelectMany(static r => r.Select(t => (Try: t, Inputs: t.Inputs ?? r.Select(static o => o.Inputs).FirstOrDefault(static i => i is not null))))
            .GroupBy(static t => t.Inputs is { } inputs ? (Inputs: inputs, Run: 0L) : (Inputs: null, t.Try.Run))
            .Select(static g => Of(g.Key.Inputs, [.. g.Select(static t => t.Try).OrderBy(static t => t.At).ThenBy(static t => t.Attempt)]))
            .OrderByDescending(static s => s.LostMicros).ThenBy(static s => s.Tries[0].At)];
    }

    private static Subject Of(string? inputs, List<Try> tries)
    {
        long retries = 0;
        long lost = 0;
        DateTimeOffset? failedAt = null;
        foreach (var one in tries)
        {
            // Once it has succeeded, what runs on the same inputs is no retry until the next failure.
            var isRetry = failedAt <= one.At;
            retries += isRetry ? one.Micros : 0;
            lost += isRetry || one.Failed ? one.Micros : 0;
            failedAt = !one.Failed ? null : failedAt is null || one.EndedAt < failedAt ? one.EndedAt : failedAt;
        }
        return new(inputs, tries, retries, lost);
    }
}
