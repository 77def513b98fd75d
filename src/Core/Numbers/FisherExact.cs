namespace ValueStream.Core.Numbers;

/// <summary>Whether two yes-or-no properties of runs go together, exact at any count. For large counts <see cref="ChiSquare"/> is cheaper.</summary>
public static class FisherExact
{
    /// <summary>
    /// The two-sided p of Fisher's exact test (1935): with the sums of rows and columns given, the first count is
    /// hypergeometric where the properties are independent. As in R's fisher.test, outcomes no more probable than the observed one are summed.
    /// </summary>
    /// <param name="both">Runs with both properties.</param>
    /// <param name="firstOnly">Runs with the first alone.</param>
    /// <param name="secondOnly">Runs with the second alone.</param>
    /// <param name="neither">Runs with none of them.</param>
    /// <returns>0 to 1; 1 when a row or a column is empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count is below 0.</exception>
    public static double P(long both, long firstOnly, long secondOnly, long neither)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(both);
        ArgumentOutOfRangeException.ThrowIfNegative(firstOnly);
        ArgumentOutOfRangeException.ThrowIfNegative(secondOnly);
        ArgumentOutOfRangeException.ThrowIfNegative(neither);
        long first = both + firstOnly, second = both + secondOnly, all = first + secondOnly + neither;
        long lowest = Math.Max(0, first + second - all), highest = Math.Min(first, second);
        var mode = (long)((first + 1.0) * (second + 1.0) / (all + 2.0));
        var logAll = LogFactorial.Choose(all, first);
        return ExactTest.TwoSided(
            k => LogFactorial.Choose(second, k) + LogFactorial.Choose(all - second, first - k) - logAll,
            k => (second - k) / (k + 1.0) * (first - k) / (all - second - first + k + 1.0),
            lowest, Math.Clamp(mode, lowest, highest), highest, both);
    }
}
