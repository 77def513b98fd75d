namespace ValueStream.Cli.Import;

/// <summary>The lines of a stream of any length, in constant memory. A mark of the byte order before the first and a CR at a line's end are left out.</summary>
/// <param name="stream">What to read.</param>
internal sealed class LineReader(Stream stream)
{
    /// <summary>Bytes of the longest line, which is the longest that the server takes.</summary>
    public const int Longest = 256 << 10;

    private readonly byte[] _buffer = new byte[Longest + "\r\n".Length];
    private int _start;
    private int _end;
    private bool _isOver;

    /// <summary>The last line's number, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>How many bytes the lines so far take.</summary>
    public long Position { get; private set; }

    /// <summary>Whether the last line was longer than <see cref="Longest"/>: then there is nothing of it.</summary>
    public bool WasTooLong { get; private set; }

    /// <summary>The next line, until the next call; null at the end.</summary>
    public ReadOnlyMemory<byte>? Next()
    {
        WasTooLong = false;
        while (true)
        {
            var there = _buffer.AsMemory(_start, _end - _start);
            var length = there.Span.IndexOf((byte)'\n');
            if (length >= 0 || _isOver && (there.Length > 0 || WasTooLong))
            {
                var line = length < 0 ? there : there[..length];
                var taken = length < 0 ? there.Length : length + 1;
                _start += taken;
                Position += taken;
                Number++;
                line = line.Span.EndsWith("\r"u8) ? line[..^1] : line;
                line = Number == 1 && line.Span.StartsWith("\uFEFF"u8) ? line["\uFEFF"u8.Length..] : line;
                WasTooLong |= line.Length > Longest;
                return WasTooLong ? ReadOnlyMemory<byte>.Empty : line;
            }
            if (_isOver)
            {
                return null;
            }
            if (there.Length == _buffer.Length)
            {
                WasTooLong = true;
                Position += there.Length;
                _start = _end;
                there = default;
            }
            there.CopyTo(_buffer);
            (_start, _end) = (0, there.Length);
            var read = stream.Read(_buffer.AsSpan(_end));
            _end += read;
            _isOver = read == 0;
        }
    }
}
