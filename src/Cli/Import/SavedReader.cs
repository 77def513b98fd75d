using System.Text.Json;

namespace ValueStream.Cli.Import;

/// <summary>A document, or why there is none.</summary>
/// <param name="Number">Which line of the file, or which document.</param>
/// <param name="Json">As it stands there, until the next is read.</param>
/// <param name="Problem">Why it cannot be sent, as a sentence; null when it can.</param>
internal readonly record struct SavedDocument(long Number, ReadOnlyMemory<byte> Json, string? Problem);

/// <summary>
/// The JSON documents of a stream of any length, in bounded memory: one a line, of which a broken one spoils no other, or one after the
/// other however they are laid out, as tools write them that save page after page into one file.
/// </summary>
/// <param name="stream">What to read.</param>
/// <param name="isLines">Whether each line is a document.</param>
internal sealed class SavedReader(Stream stream, bool isLines)
{
    /// <summary>Bytes of the longest document.</summary>
    public const int Longest = 25 << 20;

    private const string TooLong = "It is longer than 25 MB.";
    private const string Rest = " What follows in this file is not read.";

    // Deeper than any tool nests, and no danger to the stack.
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 1000 };

    private byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;
    private bool _isOver;
    private long _number;

    private ReadOnlyMemory<byte> There => _buffer.AsMemory(_start, _end - _start);

    /// <summary>The next document; null at the end.</summary>
    /// <exception cref="InvalidDataException">It is packed, and damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public SavedDocument? Next() => isLines ? NextLine() : NextValue();

    private SavedDocument? NextLine()
    {
        var (searched, isTooLong) = (0, false);
        while (true)
        {
            var there = There;
            var length = there.Span[searched..].IndexOf((byte)'\n') is >= 0 and var at ? searched + at : -1;
            if (length < 0 && !_isOver)
            {
                isTooLong |= there.Length > Longest;
                _start = isTooLong ? _end : _start;
                searched = There.Length;
                Fill();
                continue;
            }
            if (length < 0 && there.IsEmpty && !isTooLong)
            {
                return null;
            }
            _start = length < 0 ? _end : _start + length + 1;
            _number++;
            var line = Trim(length < 0 ? there : there[..length]);
            if (isTooLong || line.Length > Longest)
            {
                return new(_number, default, TooLong);
            }
            if (!line.IsEmpty)
            {
                return new(_number, line, Problem(line.Span));
            }
            searched = 0;
        }
    }

    private SavedDocument? NextValue()
    {
        while (true)
        {
            // By whole buffers: each is read from its start again when it has grown.
            while (!_isOver && _end - _start < _buffer.Length)
            {
                Fill();
            }
            var there = There;
            _start += there.Length - Trim(there, alsoEnd: false).Length;
            there = There;
            if (there.IsEmpty && _isOver)
            {
                return _number > 0 ? null : new(++_number, default, "It is empty.");
            }
            try
            {
                var reader = new Utf8JsonReader(there.Span, _isOver, new JsonReaderState(Deep));
                if (!there.IsEmpty && reader.Read() && reader.TrySkip())
                {
                    var length = (int)reader.BytesConsumed;
                    _start += length;
                    return new(++_number, length > Longest ? default : there[..length], length > Longest ? TooLong : null);
                }
            }
            catch (JsonException e)
            {
                return Last(NotJson(e));
            }
            if (there.Length > Longest)
            {
                return Last(TooLong);
            }
            Fill();
        }
    }

    /// <summary>A document whose end is not known, so that none can follow it.</summary>
    private SavedDocument Last(string problem)
    {
        (_start, _end) = (0, 0);
        // What is left to read is of no use.
        var isAll = _isOver;
        _isOver = true;
        return new(++_number, default, isAll && _number == 1 ? problem : problem + Rest);
    }

    private void Fill()
    {
        if (_start > 0)
        {
            There.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Min(_buffer.Length * 2L, Longest + (64 << 10)));
        }
        var read = stream.Read(_buffer.AsSpan(_end));
        _end += read;
        _isOver = read == 0;
    }

    /// <summary>Without white space around it, and the mark of the byte order before the first.</summary>
    private ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> text, bool alsoEnd = true)
    {
        text = _number <= 1 && text.Span.StartsWith("\uFEFF"u8) ? text["\uFEFF"u8.Length..] : text;
        var start = text.Span.IndexOfAnyExcept(" \t\r\n"u8);
        return start < 0 ? default : alsoEnd ? text[start..(text.Span.LastIndexOfAnyExcept(" \t\r\n"u8) + 1)] : text[start..];
    }

    private static string? Problem(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line, Deep);
            while (reader.Read())
            {
            }
            return null;
        }
        catch (JsonException e)
        {
            return NotJson(e);
        }
    }

    // What is left out names a line and a byte, counted from where this document begins.
    private static string NotJson(JsonException e) => $"It is not JSON that can be read: {e.Message.Split(" LineNumber")[0]}";
}
