using ValueStream.Core.Numbers;
using static ValueStream.Core.Tests.Numbers.Reference;

namespace ValueStream.Core.Tests.Numbers;

public sealed class SignificanceTests
{
    [Fact]
    public void The_normal_tails_are_those_of_scipy() => Each(static r => r.Normal, static row => Same(row.P, Normal.TwoSided(row.Z), 1e-11));

    [Fact]
    public void The_logarithm_of_a_factorial_is_that_of_scipy() =>
        Each(static r => r.LogFactorial, static row => Same(row.Value, LogFactorial.Of(row.N), 1e-14));

    [Fact]
    public void Mann_and_Whitneys_test_with_ties_is_that_of_scipy() => Each(static r => r.RankSum, static row =>
    {
        Same(row.P, RankSum.P(InBins(row.Before), InBins(row.After)));
        Same(row.P, RankSum.P(InBins(row.After), InBins(row.Before)));
    });

    [Fact]
    public void Two_proportions_compare_as_in_statsmodels() => Each(static r => r.Proportions, static row =>
        Same(row.P, Proportions.P((long)row.Case[0], (long)row.Case[1], (long)row.Case[2], (long)row.Case[3])));

    [Fact]
    public void Two_rates_compare_as_in_scipy() => Each(static r => r.PoissonRates, static row =>
    {
        Same(row.P, PoissonRates.P((long)row.Case[0], row.Case[1], (long)row.Case[2], row.Case[3]), 1e-8);
        Same(row.P, PoissonRates.P((long)row.Case[2], row.Case[3], (long)row.Case[0], row.Case[1]), 1e-8);
    });

    [Fact]
    public void Two_by_two_compare_as_in_scipy() => Each(static r => r.TwoByTwo, static row =>
    {
        var (a, b, c, d) = (row.Case[0], row.Case[1], row.Case[2], row.Case[3]);
        Same(row.Fisher, FisherExact.P(a, b, c, d), 1e-9);
        Same(row.Fisher, FisherExact.P(a, c, b, d), 1e-9);
        Same(row.Fisher, FisherExact.P(b, a, d, c), 1e-9);
        Same(row.ChiSquare, ChiSquare.P(a, b, c, d));
        Assert.Equal(row.Applies, ChiSquare.Applies(a, b, c, d));
    });

    [Fact]
    public void Many_are_adjusted_as_in_statsmodels() => Each(static r => r.BenjaminiHochberg, static row =>
        Assert.Equal(row.Adjusted, BenjaminiHochberg.Adjust(row.P), static (expected, actual) => Math.Abs(expected - actual) <= 1e-12 * expected));

    [Fact]
    public void Adjusting_keeps_the_number_and_the_order()
    {
        Assert.Empty(BenjaminiHochberg.Adjust([]));
        Assert.Equal([0.9, 0.03, 0.3], BenjaminiHochberg.Adjust([0.9, 0.01, 0.2]), (a, b) => Math.Abs(a - b) < 1e-15);
    }

    [Fact]
    public void Nothing_to_compare_is_no_difference()
    {
        var some = SketchTests.Of(1_000_000, 2_000_000);

        Assert.Equal(1, RankSum.P(new Sketch(), new Sketch()));
        Assert.Equal(1, RankSum.P(some, new Sketch()));
        Assert.Equal(1, RankSum.P(new Sketch(), some));
        Assert.Equal(1, RankSum.P(SketchTests.Of(5_000_000, 5_000_000), SketchTests.Of(5_000_000)));
        Assert.Equal(1, Proportions.P(0, 0, 0, 0));
        Assert.Equal(1, Proportions.P(3, 9, 0, 0));
        Assert.Equal(1, Proportions.P(0, 9, 0, 7));
        Assert.Equal(1, Proportions.P(9, 9, 7, 7));
        Assert.Equal(1, PoissonRates.P(0, 30, 0, 30));
        Assert.Equal(1, FisherExact.P(0, 0, 0, 0));
        Assert.Equal(1, ChiSquare.P(0, 0, 0, 0));
        Assert.False(ChiSquare.Applies(0, 0, 0, 0));
    }

    [Fact]
    public void Millions_of_runs_are_compared_to_six_digits() => Each(static r => r.Millions, static row =>
        Same(row.P, PoissonRates.P((long)row.Rates[0], row.Rates[1], (long)row.Rates[2], row.Rates[3]), 1e-6));

    [Fact]
    public void What_cannot_be_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Proportions.P(2, 1, 0, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Proportions.P(0, 5, -1, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => PoissonRates.P(-1, 1, 5, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PoissonRates.P(5, 0, 5, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PoissonRates.P(5, 1, 5, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => PoissonRates.P(5, 1, 5, double.PositiveInfinity));
        Assert.Throws<ArgumentOutOfRangeException>(() => FisherExact.P(1, 1, -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => BenjaminiHochberg.Adjust([0.1, 1.1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => BenjaminiHochberg.Adjust([double.NaN]));
    }

    /// <summary>A sketch of so many durations in these bins.</summary>
    private static Sketch InBins(long[][] bins)
    {
        var sketch = new Sketch();
        foreach (var bin in bins)
        {
            sketch.Add((long)(Sketch.SecondsOf((int)bin[0]) * 1_000_000), bin[1]);
        }
        Assert.Equal(bins.Select(static b => ((int)b[0], b[1])), sketch.Bins);
        return sketch;
    }
}
