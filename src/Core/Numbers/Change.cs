namespace ValueStream.Core.Numbers;

/// <summary>How a number differs from that of the interval before, and what is to be thought of it.</summary>
/// <param name="Absolute">After minus before, in the number's own unit; null where one of them is not there.</param>
/// <param name="Relative">That, divided by before: 0.1 is 10 % more; null also where before is 0.</param>
/// <param name="P">Two-sided, corrected for all that was judged with it; null where there were too few.</param>
/// <param name="Verdict">Whether to believe in it.</param>
public sealed record Change(double? Absolute, double? Relative, double? P, Verdict Verdict)
{
    /// <summary>From this many runs on in both intervals a number is compared at all.</summary>
    public const int FewestRuns = 5;

    /// <summary>A corrected p below this is not put down to chance.</summary>
    public const double Significant = 0.05;

    /// <summary>From this relative difference on, up or down, it matters. Any difference from 0 does.</summary>
    public const double Material = 0.1;

    /// <summary>So that a difference of 10 % counts as such when it was divided by days before.</summary>
    private const double Rounding = 1e-9;

    /// <summary>
    /// Judges together all that is listed together: <see cref="Verdict.TooFew"/> with less than <see cref="FewestRuns"/> on a side;
    /// <see cref="Verdict.Change"/> when p is below <see cref="Significant"/> after <see cref="BenjaminiHochberg"/> and the
    /// difference is at least <see cref="Material"/>; else <see cref="Verdict.Noise"/>. Comparisons with too few runs were not
    /// tried and do not count among the tried: how many runs there are says nothing of the difference.
    /// </summary>
    /// <returns>One for each, in the same order.</returns>
    public static IReadOnlyList<Change> Judge(IReadOnlyList<Comparison> listed)
    {
        var adjusted = BenjaminiHochberg.Adjust([.. listed.Where(IsEnough).Select(static c => c.P)]);
        var next = 0;
        return [.. listed.Select(c => IsEnough(c) ? JudgeOne(c, adjusted[next++]) : Of(c, null, Verdict.TooFew))];
    }

    private static bool IsEnough(Comparison c) => c is { Before: not null, After: not null, SampleBefore: >= FewestRuns, SampleAfter: >= FewestRuns };

    private static Change JudgeOne(Comparison c, double p)
    {
        var matters = c.After != c.Before && Math.Abs((c.After - c.Before)!.Value) >= (Material - Rounding) * Math.Abs(c.Before!.Value);
        return Of(c, p, matters && p < Significant ? Verdict.Change : Verdict.Noise);
    }

    private static Change Of(Comparison c, double? p, Verdict verdict)
    {
        var absolute = c.After - c.Before;
        return new(absolute, c.Before == 0 ? null : absolute / c.Before, p, verdict);
    }
}
