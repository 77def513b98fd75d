namespace ValueStream.Core.Numbers;

/// <summary>Quantiles of values that are all at hand; of those that are counted in bins, <see cref="Sketch.Quantile"/>.</summary>
public static class Quantiles
{
    /// <summary>
    /// The value below which a share of the values lies, as SQL's PERCENTILE_CONT and numpy's "linear" define it: with rank r = (n-1)·p, between
    /// the values at floor(r) and ceil(r) in proportion to r's fraction.
    /// </summary>
    /// <param name="sorted">The values, the least first.</param>
    /// <param name="p">0..1: 0.5 is the median.</param>
    /// <param name="zeros">How many values more there are, each 0 and so before the others.</param>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static double Of(IReadOnlyList<double> sorted, double p, int zeros = 0)
    {
        var count = zeros + sorted.Count;
        if (count == 0)
        {
            throw new ArgumentException("Nothing has no quantile.", nameof(sorted));
        }
        var rank = (count - 1) * p;
        var low = (int)rank;
        var fraction = rank - low;
        return At(low) + (fraction > 0 ? fraction * (At(low + 1) - At(low)) : 0);

        double At(int i) => i < zeros ? 0 : sorted[i - zeros];
    }
}
