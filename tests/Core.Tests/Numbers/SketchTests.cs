using ValueStream.Core.Numbers;

namespace ValueStream.Core.Tests.Numbers;

public sealed class SketchTests
{
    private const long Second = 1_000_000;
    private const long TenYears = 315_576_000 * Second;

    [Fact]
    public void A_new_one_is_empty_and_has_no_quantile()
    {
        var sketch = new Sketch();

        Assert.True(sketch.IsEmpty);
        Assert.Equal(0, sketch.Count);
        Assert.Null(sketch.Quantile(0.5));
        Assert.Null(sketch.Max);
        Assert.Null(sketch.Mean);
        Assert.Empty(sketch.Bins);
        Assert.Empty(sketch.ToBytes());
        Assert.True(Sketch.FromBytes([]).IsEmpty);
    }

    [Fact]
    public void Below_a_millisecond_everything_is_zero()
    {
        var sketch = Of(0, 999, -5);

        Assert.Equal([(0, 3L)], sketch.Bins);
        Assert.Equal(0, sketch.Quantile(1));
        Assert.Equal(0, sketch.Max);
        Assert.Equal(1, Sketch.BinOf(1000));
    }

    [Fact]
    public void Above_ten_years_everything_is_the_last_bin()
    {
        Assert.Equal(Sketch.LastBin, Sketch.BinOf(TenYears));
        Assert.Equal(Sketch.LastBin, Sketch.BinOf(3 * TenYears));
        Assert.Equal(Sketch.LastBin, Sketch.BinOf(long.MaxValue));
        Assert.InRange(Of(TenYears).Max!.Value, 0.99 * 315_576_000, 1.01 * 315_576_000);
    }

    [Fact]
    public void Every_bin_stands_for_all_its_durations_within_one_percent()
    {
        for (var bin = 1; bin <= Sketch.LastBin; bin++)
        {
            // The first and the last whole microsecond of the bin are its worst cases.
            var (first, last) = (FirstOf(bin), bin == Sketch.LastBin ? TenYears : FirstOf(bin + 1) - 1);
            Assert.InRange(Sketch.SecondsOf(bin) * Second / first, 0.99, 1.01);
            Assert.InRange(Sketch.SecondsOf(bin) * Second / last, 0.99, 1.01);
        }
    }

    [Fact]
    public void A_quantile_lies_between_the_two_durations_at_its_rank()
    {
        var sketch = Of(10 * Second, 20 * Second, 40 * Second);

        Assert.InRange(sketch.Quantile(0)!.Value, 9.9, 10.1);
        Assert.InRange(sketch.Quantile(0.25)!.Value, 14.85, 15.15);
        Assert.InRange(sketch.Quantile(0.5)!.Value, 19.8, 20.2);
        Assert.InRange(sketch.Quantile(0.75)!.Value, 29.7, 30.3);
        Assert.InRange(sketch.Quantile(1)!.Value, 39.6, 40.4);
        Assert.Equal(sketch.Max, sketch.Quantile(1));
    }

    [Fact]
    public void Quantiles_and_mean_are_within_one_percent_of_those_of_numpy() => Reference.Each(static r => r.Quantiles, static row =>
    {
        var sketch = Of(row.Micros);

        Assert.InRange(sketch.Mean!.Value, row.Mean * 0.99, row.Mean * 1.01);
        Assert.InRange(sketch.Max!.Value, row.Quantiles[^1][1] * 0.99, row.Quantiles[^1][1] * 1.01);
        Assert.All(row.Quantiles, q => Assert.InRange(sketch.Quantile(q[0])!.Value, q[1] * 0.99, q[1] * 1.01));
    });

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_quantile_is_from_0_to_1(double p) => Assert.Throws<ArgumentOutOfRangeException>(() => Of(1).Quantile(p));

    [Fact]
    public void What_was_added_can_be_subtracted()
    {
        var sketch = Of(Second, 2 * Second, 2 * Second);

        sketch.Add(2 * Second, -2);
        Assert.Equal([(Sketch.BinOf(Second), 1L)], sketch.Bins);

        sketch.Add(Second, -1);
        Assert.True(sketch.IsEmpty);
        Assert.Null(sketch.Max);
        Assert.Empty(sketch.ToBytes());
    }

    [Fact]
    public void What_is_not_there_cannot_be_subtracted_and_then_nothing_changes()
    {
        var sketch = Of(Second, 2 * Second);
        var before = sketch.ToBytes();
        var more = Of(Second, 3 * Second);

        Assert.Throws<InvalidOperationException>(() => sketch.Add(Second, -2));
        Assert.Throws<InvalidOperationException>(() => sketch.Add(Second, long.MinValue));
        Assert.Throws<InvalidOperationException>(() => sketch.Add(99 * Second, -1));
        Assert.Throws<OverflowException>(() => sketch.Add(Second, long.MaxValue));
        Assert.Throws<InvalidOperationException>(() => sketch.Add(more, -1));
        Assert.Throws<InvalidOperationException>(() => sketch.AddBytes(more.ToBytes(), -1));
        Assert.Throws<InvalidOperationException>(() => new Sketch().Add(Second, -1));
        Assert.Equal(before, sketch.ToBytes());
        Assert.Equal(2, sketch.Count);
    }

    [Fact]
    public void It_can_be_added_to_itself_and_subtracted_from_itself()
    {
        var sketch = Of(Second, 2 * Second);

        sketch.Add(sketch);
        Assert.Equal(4, sketch.Count);
        sketch.Add(sketch, -1);
        Assert.True(sketch.IsEmpty);
    }

    [Fact]
    public void A_sign_is_one_up_or_down()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sketch().Add(new Sketch(), 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sketch().AddBytes([], 0));
    }

    [Fact]
    public void The_bytes_of_a_sketch_never_change_meaning()
    {
        Assert.Equal("0001", Convert.ToHexString(Of(0).ToBytes()));
        Assert.Equal("0101", Convert.ToHexString(Of(1000).ToBytes()));
        Assert.Equal("DA0201", Convert.ToHexString(Of(Second).ToBytes()));
        Assert.Equal("00028A01AC02", Convert.ToHexString(Merge(Of(0, 1), Times(16_000, 300)).ToBytes()));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("80")]
    [InlineData("0000")]
    [InlineData("000100")]
    [InlineData("800001")]
    [InlineData("0081")]
    [InlineData("FF7F01")]
    [InlineData("FFFFFFFFFFFFFFFFFFFF01")]
    [InlineData("00FFFFFFFFFFFFFFFFFF7F")]
    [InlineData("00FFFFFFFFFFFFFFFF7F0001")]
    [InlineData("AD0A01")]
    [InlineData("AC0A010001")]
    public void Other_bytes_are_refused_and_then_nothing_changes(string hex)
    {
        var sketch = Of(Second);
        var bytes = Convert.FromHexString(hex);

        Assert.Throws<FormatException>(() => Sketch.FromBytes(bytes));
        Assert.Throws<FormatException>(() => sketch.AddBytes(bytes));
        Assert.Equal(Of(Second).ToBytes(), sketch.ToBytes());
    }

    [Fact]
    public void The_last_bin_is_written_like_the_others() => Assert.Equal("AC0A01", Convert.ToHexString(Of(TenYears).ToBytes()));

    [Fact]
    public void One_duration_takes_three_bytes_at_most()
    {
        for (var bin = 1; bin <= Sketch.LastBin; bin++)
        {
            Assert.InRange(Of(FirstOf(bin)).ToBytes().Length, 2, 3);
        }
    }

    internal static Sketch Of(params IEnumerable<long> micros)
    {
        var sketch = new Sketch();
        foreach (var one in micros)
        {
            sketch.Add(one);
        }
        return sketch;
    }

    private static Sketch Times(long micros, long count)
    {
        var sketch = new Sketch();
        sketch.Add(micros, count);
        return sketch;
    }

    private static Sketch Merge(params Sketch[] sketches)
    {
        var sum = new Sketch();
        foreach (var sketch in sketches)
        {
            sum.Add(sketch);
        }
        return sum;
    }

    private static long FirstOf(int bin)
    {
        var (low, high) = (0L, long.MaxValue);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            (low, high) = Sketch.BinOf(middle) >= bin ? (low, middle) : (middle + 1, high);
        }
        return low;
    }
}
