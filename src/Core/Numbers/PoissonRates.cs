namespace ValueStream.Core.Numbers;

/// <summary>Whether two rates differ, such as runs per day in two intervals, when what is counted comes independently.</summary>
public static class PoissonRates
{
    /// <summary>
    /// The two-sided p of the conditional exact test (Przyborowski and Wilenski, 1940): were the rates equal, the first count would
    /// be binomial out of both together, with the first exposure's share. Exact at any count, and never too eager: that counts for
    /// more here than the little power that approximations have over it. As in R's poisson.test, outcomes no more probable than
    /// the observed one are summed.
    /// </summary>
    /// <param name="countBefore">From 0.</param>
    /// <param name="exposureBefore">The days, or whatever it was counted over; above 0.</param>
    /// <param name="countAfter">From 0.</param>
    /// <param name="exposureAfter">In the unit of <paramref name="exposureBefore"/>; above 0.</param>
    /// <returns>0 to 1; 1 when nothing was counted at all.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count is below 0, or an exposure is not above 0 or not finite.</exception>
    public static double P(long countBefore, double exposureBefore, long countAfter, double exposureAfter)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(countBefore);
        ArgumentOutOfRangeException.ThrowIfNegative(countAfter);
        ThrowUnlessExposure(exposureBefore, nameof(exposureBefore));
        ThrowUnlessExposure(exposureAfter, nameof(exposureAfter));
        var all = countBefore + countAfter;
        var share = exposureBefore / (exposureBefore + exposureAfter);
        var (odds, logShare, logRest) = (share / (1 - share), Math.Log(share), Math.Log(1 - share));
        return ExactTest.TwoSided(
            k => LogFactorial.Choose(all, k) + k * logShare + (all - k) * logRest,
            k => (all - k) / (k + 1.0) * odds,
            0, Math.Min(all, (long)((all + 1) * share)), all, countBefore);
    }

    private static void ThrowUnlessExposure(double exposure, string name)
    {
        if (!(exposure is > 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(name, exposure, "What a rate is counted over is above 0.");
        }
    }
}
