namespace ValueStream.Core.Numbers;

/// <summary>Whether two shares differ, such as two error rates.</summary>
public static class Proportions
{
    /// <summary>
    /// The two-sided p of the z test with pooled variance: z = (k1/n1 - k2/n2) / √(q(1-q)(1/n1 + 1/n2)), q = (k1+k2)/(n1+n2)
    /// (Fleiss, Levin, Paik, "Statistical Methods for Rates and Proportions", 2003), without correction for continuity.
    /// </summary>
    /// <param name="hitsBefore">k1, from 0 to <paramref name="ofBefore"/>.</param>
    /// <param name="ofBefore">n1.</param>
    /// <param name="hitsAfter">k2, from 0 to <paramref name="ofAfter"/>.</param>
    /// <param name="ofAfter">n2.</param>
    /// <returns>0 to 1; 1 when a side is empty, or all or none of both are hits.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A share is not within 0 and 1.</exception>
    public static double P(long hitsBefore, long ofBefore, long hitsAfter, long ofAfter)
    {
        ThrowUnlessShare(hitsBefore, ofBefore, nameof(hitsBefore));
        ThrowUnlessShare(hitsAfter, ofAfter, nameof(hitsAfter));
        double n1 = ofBefore, n2 = ofAfter;
        var pooled = (hitsBefore + hitsAfter) / (n1 + n2);
        var variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2);

        // Not a number, or without limit, where a side is empty.
        return variance is > 0 and < double.PositiveInfinity ? Normal.TwoSided((hitsBefore / n1 - hitsAfter / n2) / Math.Sqrt(variance)) : 1;
    }

    private static void ThrowUnlessShare(long hits, long of, string name)
    {
        if (hits < 0 || hits > of)
        {
            throw new ArgumentOutOfRangeException(name, hits, $"A part of {of} is from 0 to {of}.");
        }
    }
}
