namespace ValueStream.Core.Numbers;

/// <summary>Corrects the p of many comparisons for their number.</summary>
public static class BenjaminiHochberg
{
    /// <summary>
    /// The adjusted p: of the i-th smallest of m, the least of p(j)·m/j over j from i to m (Benjamini and Hochberg, 1995). Of those that
    /// are below 0.05 afterwards at most 5 % are expected to be there by chance.
    /// </summary>
    /// <param name="p">Each 0 to 1, in any order.</param>
    /// <returns>The adjusted ones, 0 to 1, in the same order.</returns>
    /// <exception cref="ArgumentOutOfRangeException">One is not within 0 and 1.</exception>
    public static double[] Adjust(IReadOnlyList<double> p)
    {
        foreach (var one in p)
        {
            if (!(one is >= 0 and <= 1))
            {
                throw new ArgumentOutOfRangeException(nameof(p), one, "A probability is from 0 to 1.");
            }
        }
        var adjusted = new double[p.Count];
        var least = 1.0;
        var rank = p.Count;
        foreach (var i in Enumerable.Range(0, p.Count).OrderByDescending(i => p[i]))
        {
            least = Math.Min(least, p[i] * p.Count / rank--);
            adjusted[i] = least;
        }
        return adjusted;
    }
}
