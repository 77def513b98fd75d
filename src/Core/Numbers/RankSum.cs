namespace ValueStream.Core.Numbers;

/// <summary>
/// Whether durations of two samples differ: the test of Mann and Whitney (1947), also known as Wilcoxon's rank-sum test. It asks
/// whether one of the two tends to be longer, whatever the shape of the distributions, and a few very long runs cannot decide it.
/// </summary>
public static class RankSum
{
    /// <summary>
    /// The two-sided p. All durations of a bin are tied and have the mean of their ranks; U is compared with the normal
    /// distribution, its variance n1·n2/12·((N+1) - Σ(t³-t)/(N(N-1))) corrected for ties of t, |U - n1·n2/2| less 1/2 for
    /// continuity (Lehmann, "Nonparametrics", 1975). The approximation is good from about 5 on each side.
    /// </summary>
    /// <returns>0 to 1; 1 when a side is empty or all durations are in one bin.</returns>
    public static double P(Sketch before, Sketch after)
    {
        double n1 = before.Count, n2 = after.Count;
        var all = n1 + n2;
        double below = 0, ranks = 0, ties = 0;
        var end = Math.Max(before.Window.End, after.Window.End);
        for (var bin = Math.Min(before.Window.First, after.Window.First); bin < end; bin++)
        {
            var first = before.At(bin);
            if (first + after.At(bin) is var count and > 0)
            {
                double tied = count;
                ranks += first * (below + (tied + 1) / 2);
                ties += tied * (tied * tied - 1);
                below += tied;
            }
        }
        var distance = Math.Abs(ranks - n1 * (n1 + 1) / 2 - n1 * n2 / 2) - 0.5;
        var variance = n1 * n2 / 12 * (all + 1 - ties / (all * (all - 1)));

        // Also where the variance is not a number, which is so below two durations.
        return distance > 0 && variance > 0 ? Normal.TwoSided(distance / Math.Sqrt(variance)) : 1;
    }
}
