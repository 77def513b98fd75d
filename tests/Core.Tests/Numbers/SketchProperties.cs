using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ValueStream.Core.Numbers;
using static ValueStream.Core.Tests.Numbers.SketchTests;

namespace ValueStream.Core.Tests.Numbers;

/// <summary>What holds of every sketch. Durations come from all magnitudes, and often more than once.</summary>
[Properties(MaxTest = 300, Arbitrary = [typeof(SketchProperties)])]
public sealed class SketchProperties
{
    [Property]
    public void Adding_and_then_subtracting_gives_back_the_same_bytes(Durations kept, Durations gone)
    {
        var sketch = Of(kept.Micros);
        var before = sketch.ToBytes();

        sketch.Add(Of(gone.Micros));
        sketch.AddBytes(Of(gone.Micros).ToBytes(), -1);
        Assert.Equal(before, sketch.ToBytes());

        sketch.AddBytes(Of(gone.Micros).ToBytes());
        sketch.Add(Of(gone.Micros), -1);
        Assert.Equal(before, sketch.ToBytes());

        Assert.All(gone.Micros, m => sketch.Add(m));
        Assert.All(gone.Micros, m => sketch.Add(m, -1));
        Assert.Equal(before, sketch.ToBytes());
        Assert.Equal(kept.Micros.Length, sketch.Count);
    }

    [Property]
    public void The_order_of_merging_does_not_matter(Durations[] parts, int seed)
    {
        var sketches = parts.Select(static p => Of(p.Micros)).ToList();
        var (objects, bytes) = (new Sketch(), new Sketch());
        sketches.ForEach(s => objects.Add(s));
        foreach (var sketch in Shuffle.By(seed, sketches))
        {
            bytes.AddBytes(sketch.ToBytes());
        }

        var atOnce = Of(parts.SelectMany(static p => p.Micros));
        Assert.Equal(atOnce.ToBytes(), objects.ToBytes());
        Assert.Equal(atOnce.ToBytes(), bytes.ToBytes());
        Assert.Equal(atOnce.Quantile(0.5), bytes.Quantile(0.5));
    }

    [Property]
    public void Bytes_make_the_same_sketch_again(Durations durations)
    {
        var sketch = Of(durations.Micros);
        var again = Sketch.FromBytes(sketch.ToBytes());

        Assert.Equal(sketch.Bins, again.Bins);
        Assert.Equal(sketch.Count, again.Count);
        Assert.Equal(sketch.ToBytes(), again.ToBytes());
        Assert.Equal((sketch.Max, sketch.Mean, sketch.Quantile(0.9)), (again.Max, again.Mean, again.Quantile(0.9)));
    }

    [Property]
    public void Bytes_are_a_sketchs_own_or_refused(byte[] bytes)
    {
        try
        {
            Assert.Equal(bytes, Sketch.FromBytes(bytes).ToBytes());
        }
        catch (FormatException)
        {
            // Garbage may be refused; what is not refused must be what a sketch writes.
        }
    }

    [Property]
    public void The_counters_are_those_of_a_dictionary(Durations durations)
    {
        var expected = durations.Micros.GroupBy(Sketch.BinOf).OrderBy(static g => g.Key).Select(static g => (g.Key, (long)g.Count()));

        Assert.Equal(expected, Of(durations.Micros).Bins);
    }

    [Property]
    public void Quantiles_are_within_one_percent_of_the_exact_ones_or_a_millisecond(Durations durations, byte share)
    {
        if (durations.Micros is [])
        {
            return;
        }
        var sorted = durations.Micros.Select(static m => m / 1e6).Order().ToArray();
        var p = share / 255.0;
        var rank = (sorted.Length - 1) * p;
        var low = sorted[(int)Math.Floor(rank)];
        var exact = low + (rank - Math.Floor(rank)) * (sorted[(int)Math.Ceiling(rank)] - low);

        Assert.InRange(Of(durations.Micros).Quantile(p)!.Value, exact * 0.99 - 0.001, exact * 1.01);
    }

    public static Arbitrary<Durations> AnyDurations()
    {
        var magnitude =
            from digits in Gen.Choose(0, 13)
            from first in Gen.Choose(100, 999)
            select (long)(first / 100.0 * Math.Pow(10, digits));
        return Gen.Frequency((5, magnitude), (1, Gen.Elements(0L, 999, 1000, 1_000_000, 1_000_001))).ArrayOf().Select(static m => new Durations(m)).ToArbitrary();
    }
}

/// <summary>Some durations in microseconds.</summary>
public sealed record Durations(long[] Micros)
{
    public override string ToString() => string.Join(' ', Micros);
}
