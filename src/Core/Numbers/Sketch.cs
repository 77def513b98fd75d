namespace ValueStream.Core.Numbers;

/// <summary>
/// The distribution of durations as plain counters of bins, each 2 % wider than the one below: enough for every quantile within
/// 1 %, small, and exact under addition <em>and</em> subtraction, because nothing is collapsed and no extremes are kept. The
/// mapping is that of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
/// guarantees", VLDB 2019) with gamma 1.0202 and bins that are closed below.
/// </summary>
/// <remarks>
/// Bin 0 holds what is shorter than 1 ms and stands for 0. Bin i > 0 holds from 1 ms · gamma^(i-1) to below 1 ms · gamma^i; the
/// last, <see cref="LastBin"/>, reaches past 10 years of 365.25 days and holds all that is longer as well. Not thread-safe.
/// </remarks>
public sealed class Sketch
{
    private const double Gamma = 1.0202;
    private const double LongestMicros = 10 * 365.25 * 86_400 * 1e6;

    /// <summary>Bin i > 0 begins at <c>Edges[i - 1]</c> microseconds.</summary>
    private static readonly double[] Edges = MakeEdges();

    /// <summary>The counters of the bins from <see cref="_first"/> on: a window that grows to what was added.</summary>
    private long[] _counts = [];
    private int _first;

    /// <summary>The highest bin there is.</summary>
    public static int LastBin => Edges.Length;

    /// <summary>How many durations it holds.</summary>
    public long Count { get; private set; }

    /// <summary>Whether it holds none.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>The bins that hold something, ascending.</summary>
    public IEnumerable<(int Bin, long Count)> Bins
    {
        get
        {
            for (var i = 0; i < _counts.Length; i++)
            {
                if (_counts[i] != 0)
                {
                    yield return (_first + i, _counts[i]);
                }
            }
        }
    }

    /// <summary>The longest duration in seconds, within 1 %: that of the top bin. Null when empty.</summary>
    public double? Max => IsEmpty ? null : SecondsOf(_first + Array.FindLastIndex(_counts, static c => c != 0));

    /// <summary>The mean in seconds, within 1 %: each duration counts as its bin. Null when empty.</summary>
    public double? Mean => IsEmpty ? null : Bins.Sum(static b => b.Count * SecondsOf(b.Bin)) / Count;

    /// <summary>The bin of a duration: the same on every machine, so that one can subtract what another added.</summary>
    /// <param name="micros">Microseconds; a negative duration counts as 0.</param>
    public static int BinOf(long micros)
    {
        var at = Array.BinarySearch(Edges, micros);
        return at >= 0 ? at + 1 : ~at;
    }

    /// <summary>
    /// The duration in seconds that a bin stands for: 2·lo·hi/(lo+hi) of its edges, which no value in it differs from by more
    /// than (gamma-1)/(gamma+1) = 0.99990 % of itself. 0 for bin 0.
    /// </summary>
    /// <param name="bin">From 0 to <see cref="LastBin"/>.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such bin.</exception>
    public static double SecondsOf(int bin) => bin == 0 ? 0 : Edges[bin - 1] * (2 * Gamma / (1 + Gamma)) / 1e6;

    /// <summary>Where a bin begins, in seconds: 0 for bin 0.</summary>
    /// <param name="bin">From 0 to <see cref="LastBin"/>, and the one after it, where the last is taken to end.</param>
    public static double StartOf(int bin) => bin == 0 ? 0 : bin > LastBin ? Edges[^1] * Gamma / 1e6 : Edges[bin - 1] / 1e6;

    /// <summary>Adds a duration, or subtracts it.</summary>
    /// <param name="micros">Microseconds; a negative duration counts as 0.</param>
    /// <param name="count">How many times; negative subtracts.</param>
    /// <exception cref="InvalidOperationException">More would be subtracted than its bin holds; nothing was changed.</exception>
    /// <exception cref="OverflowException">There would be more than <see cref="long.MaxValue"/>.</exception>
    public void Add(long micros, long count = 1) => AddBin(BinOf(micros), count);

    /// <summary>Adds all that another sketch holds, or subtracts it.</summary>
    /// <param name="other">The other; itself is allowed.</param>
    /// <param name="sign">1 adds, -1 subtracts.</param>
    /// <exception cref="InvalidOperationException">More would be subtracted than a bin holds; nothing was changed.</exception>
    public void Add(Sketch other, int sign = 1)
    {
        ThrowUnlessSign(sign);
        for (var i = 0; sign < 0 && i < other._counts.Length; i++)
        {
            ThrowIfBelowZero(other._first + i, -other._counts[i]);
        }
        for (var i = 0; i < other._counts.Length; i++)
        {
            AddBin(other._first + i, sign * other._counts[i]);
        }
    }

    /// <summary>Adds what <see cref="ToBytes"/> wrote of another sketch, or subtracts it, without building that sketch.</summary>
    /// <param name="bytes">The other's bytes.</param>
    /// <param name="sign">1 adds, -1 subtracts.</param>
    /// <exception cref="FormatException">No sketch is written like this; nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">More would be subtracted than a bin holds; nothing was changed.</exception>
    public void AddBytes(ReadOnlySpan<byte> bytes, int sign = 1)
    {
        ThrowUnlessSign(sign);
        var check = new SketchReader(bytes);
        while (check.Next(out var bin, out var count))
        {
            if (sign < 0)
            {
                ThrowIfBelowZero(bin, -count);
            }
        }
        var reader = new SketchReader(bytes);
        while (reader.Next(out var bin, out var count))
        {
            AddBin(bin, sign * count);
        }
    }

    /// <summary>
    /// The value below which a share of the durations lies, in seconds, as SQL's PERCENTILE_CONT and numpy's "linear" define it:
    /// with rank r = (n-1)·p, between the durations at floor(r) and ceil(r) in proportion to r's fraction. Both are taken from
    /// their bins, each within 1 %, and so is every value between them: the answer is within 1 % of the exact one (of durations
    /// from 1 ms to 10 years; below that within 1 ms).
    /// </summary>
    /// <param name="p">From 0 to 1: 0.5 is the median.</param>
    /// <returns>Seconds; null when empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is not within 0 and 1.</exception>
    public double? Quantile(double p)
    {
        if (!(p is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "A quantile's p is from 0 to 1.");
        }
        if (IsEmpty)
        {
            return null;
        }
        var rank = (Count - 1) * p;
        var (left, fraction) = ((long)rank, rank - Math.Floor(rank));
        var counts = _counts.AsSpan();
        var at = 0;
        while (left >= counts[at])
        {
            left -= counts[at++];
        }
        var low = SecondsOf(_first + at);
        if (fraction == 0)
        {
            return low;
        }
        if (left + 1 == counts[at])
        {
            // It was its bin's last: the next is in the next bin that holds something, and there is one, else r had no fraction.
            at += 1 + counts[(at + 1)..].IndexOfAnyExcept(0);
        }
        return low + fraction * (SecondsOf(_first + at) - low);
    }

    /// <summary>
    /// For each bin that holds something, ascending, two LEB128 numbers: how many bins were skipped since the one before, and the
    /// count. Two equal sketches have equal bytes. One duration takes two or three bytes, an empty sketch none.
    /// </summary>
    public byte[] ToBytes()
    {
        var bytes = Varint.Buffer();
        var last = -1;
        foreach (var (bin, count) in Bins)
        {
            Varint.Write(bytes, bin - last - 1);
            Varint.Write(bytes, count);
            last = bin;
        }
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>The sketch that <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="FormatException">No sketch is written like this.</exception>
    public static Sketch FromBytes(ReadOnlySpan<byte> bytes)
    {
        var sketch = new Sketch();
        sketch.AddBytes(bytes);
        return sketch;
    }

    /// <summary>All bins that may hold something: from the first to before the end.</summary>
    internal (int First, int End) Window => (_first, _first + _counts.Length);

    /// <summary>How many durations a bin holds.</summary>
    internal long At(int bin) => bin >= _first && bin < _first + _counts.Length ? _counts[bin - _first] : 0;

    private void AddBin(int bin, long count)
    {
        if (count == 0)
        {
            return;
        }
        if (count < 0)
        {
            ThrowIfBelowZero(bin, count);
        }
        else if (bin < _first || bin >= _first + _counts.Length)
        {
            Cover(bin);
        }
        // Checked, and before the counter: a sum that cannot be is refused before anything changes.
        Count = checked(Count + count);
        _counts[bin - _first] += count;
    }

    /// <summary>Makes the window reach a bin, with room for its neighbours: a quarter more on the side where it grows, at least 4.</summary>
    private void Cover(int bin)
    {
        var room = Math.Max(4, _counts.Length / 4);
        var first = _counts.Length == 0 || bin < _first ? Math.Max(0, bin - room) : _first;
        var end = _counts.Length == 0 || bin >= _first + _counts.Length ? Math.Min(LastBin, bin + room) + 1 : _first + _counts.Length;
        var counts = new long[end - first];
        _counts.CopyTo(counts, _counts.Length == 0 ? 0 : _first - first);
        (_counts, _first) = (counts, first);
    }

    private void ThrowIfBelowZero(int bin, long change)
    {
        if (At(bin) + change < 0)
        {
            throw new InvalidOperationException($"Bin {bin} holds {At(bin)} durations; its counter cannot change by {change}.");
        }
    }

    private static void ThrowUnlessSign(int sign)
    {
        if (sign is not (1 or -1))
        {
            throw new ArgumentOutOfRangeException(nameof(sign), sign, "The sign is 1 or -1.");
        }
    }

    /// <summary>By multiplication alone, which IEEE 754 defines to the last bit; logarithms differ between processors.</summary>
    private static double[] MakeEdges()
    {
        var edges = new List<double>();
        for (var edge = 1000.0; edge <= LongestMicros; edge *= Gamma)
        {
            edges.Add(edge);
        }
        return [.. edges];
    }
}
