namespace ValueStream.Core.Numbers;

/// <summary>Reads what <see cref="Sketch.ToBytes"/> wrote, and nothing else: there is one way to write a sketch.</summary>
internal ref struct SketchReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;
    private int _bin = -1;
    private long _total;

    /// <summary>The next bin and its count, above 0; false at the end.</summary>
    /// <exception cref="FormatException">A number is cut off, too long or not written in the shortest way, a count is 0, a bin
    /// does not exist, or all counts together are too many.</exception>
    public bool Next(out int bin, out long count)
    {
        (bin, count) = (0, 0);
        if (_at == _bytes.Length)
        {
            return false;
        }
        var skipped = Number();
        count = Number();
        if (skipped >= Sketch.LastBin - _bin || count == 0 || count > long.MaxValue - _total)
        {
            throw new FormatException("This is not a sketch: a bin that does not exist, one that holds nothing, or more than can be counted.");
        }
        _total += count;
        bin = _bin += (int)skipped + 1;
        return true;
    }

    private long Number()
    {
        var number = 0L;
        for (var shift = 0; shift < 63 && _at < _bytes.Length; shift += 7)
        {
            var next = _bytes[_at++];
            number |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return next == 0 && shift > 0 ? throw new FormatException("This is not a sketch: a number has leading zeros.") : number;
            }
        }
        throw new FormatException("This is not a sketch: a number is cut off or too long.");
    }
}
