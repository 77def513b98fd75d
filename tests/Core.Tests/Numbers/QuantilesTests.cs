using ValueStream.Core.Numbers;

namespace ValueStream.Core.Tests.Numbers;

public sealed class QuantilesTests
{
    // numpy.quantile([1, 2, 4, 8, 16], p), its default method "linear".
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.1, 1.4)]
    [InlineData(0.5, 4)]
    [InlineData(0.9, 12.8)]
    [InlineData(1, 16)]
    public void They_lie_between_two_values_in_proportion_as_numpy_has_it(double p, double expected) => Assert.Equal(expected, Quantiles.Of([1, 2, 4, 8, 16], p), 12);

    // numpy.quantile([0, 0, 0, 3, 5], p).
    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.6, 1.2)]
    [InlineData(0.75, 3)]
    [InlineData(1, 5)]
    public void Zeros_need_not_be_written_out(double p, double expected) => Assert.Equal(expected, Quantiles.Of([3, 5], p, zeros: 3), 12);

    [Fact]
    public void Of_one_value_each_is_that_value() => Assert.Equal([7, 7, 7], new[] { 0, 0.5, 1 }.Select(static p => Quantiles.Of([7], p)));

    [Fact]
    public void Nothing_has_none() => Assert.Throws<ArgumentException>(static () => Quantiles.Of([], 0.5));
}
