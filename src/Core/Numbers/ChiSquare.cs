namespace ValueStream.Core.Numbers;

/// <summary>Whether two yes-or-no properties of runs go together, for counts that are large enough; else <see cref="FisherExact"/>.</summary>
public static class ChiSquare
{
    /// <summary>Whether the approximation is good: independence would let at least 5 runs be expected in each of the four fields (Cochran, 1954).</summary>
    /// <inheritdoc cref="P" path="/param"/>
    public static bool Applies(long both, long firstOnly, long secondOnly, long neither)
    {
        double first = both + firstOnly, second = both + secondOnly, all = first + secondOnly + neither;
        return Math.Min(first, all - first) * Math.Min(second, all - second) >= 5 * all && all > 0;
    }

    /// <summary>The p of Pearson's chi-square with one degree of freedom, without Yates' correction. Its root is the z of two
    /// proportions, so this is the same number as <see cref="Proportions.P"/>.</summary>
    /// <param name="both">Runs with both properties.</param>
    /// <param name="firstOnly">Runs with the first alone.</param>
    /// <param name="secondOnly">Runs with the second alone.</param>
    /// <param name="neither">Runs with none of them.</param>
    /// <returns>0 to 1; 1 when a row or a column is empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count is below 0.</exception>
    public static double P(long both, long firstOnly, long secondOnly, long neither) =>
        Proportions.P(both, both + firstOnly, secondOnly, secondOnly + neither);
}
