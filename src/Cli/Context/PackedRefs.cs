using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ValueStream.Cli.Context;

/// <summary>
/// Git's file of refs that have no file of their own: lines <c>object name</c>, by name if the first line says so. Large repositories have
/// hundreds of thousands, so it is searched, not read.
/// </summary>
internal static class PackedRefs
{
    private const int Window = 64 << 10;
    private const int LongestLine = 4 << 10;
    private const int LongestUnsorted = 4 << 20;

    /// <summary>What a ref points to; null when it is not there or the file cannot be read.</summary>
    public static string? Find(string path, string name)
    {
        try
        {
            using var file = Native.OpenFile(path);
            return file is null ? null : Find(file, Encoding.UTF8.GetBytes(name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Find(SafeFileHandle file, byte[] name)
    {
        var buffer = new byte[LongestLine];
        long from = 0;
        var to = RandomAccess.GetLength(file);
        var head = Line(Read(file, buffer, 0));
        var longest = LongestUnsorted;
        if (head.StartsWith("# pack-refs"u8) && head.IndexOf(" sorted"u8) >= 0)
        {
            longest = Window + LongestLine;
            while (to - from > Window)
            {
                // The first line with a name that begins after the middle; without one the rest is not what it should be.
                var middle = from + (to - from) / 2;
                var bytes = Read(file, buffer, middle);
                var at = 0;
                do
                {
                    var next = bytes[at..].IndexOf((byte)'\n');
                    at = next < 0 ? bytes.Length : at + next + 1;
                }
                while (at < bytes.Length && NameIn(Line(bytes[at..])).IsEmpty);
                if (at == bytes.Length)
                {
                    return null;
                }
                if (NameIn(Line(bytes[at..])).SequenceCompareTo(name) > 0)
                {
                    to = middle + at;
                }
                else
                {
                    from = middle + at;
                }
            }
        }
        return FindIn(Read(file, new byte[Math.Min(to - from, longest)], from), name);
    }

    private static string? FindIn(ReadOnlySpan<byte> lines, ReadOnlySpan<byte> name)
    {
        while (!lines.IsEmpty)
        {
            var line = Line(lines);
            if (NameIn(line).SequenceEqual(name))
            {
                return Encoding.ASCII.GetString(line[..line.IndexOf((byte)' ')]);
            }
            lines = lines[Math.Min(line.Length + 1, lines.Length)..];
        }
        return null;
    }

    /// <summary>The name in a line; none in comments and in those that begin with ^, which say what the tag before points to.</summary>
    private static ReadOnlySpan<byte> NameIn(ReadOnlySpan<byte> line) =>
        line.IsEmpty || line[0] is (byte)'#' or (byte)'^' || line.IndexOf((byte)' ') is not (var space and > 0)
            ? []
            : line[(space + 1)..].TrimEnd((byte)'\r');

    private static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> lines) => lines.IndexOf((byte)'\n') is var end and >= 0 ? lines[..end] : lines;

    private static ReadOnlySpan<byte> Read(SafeFileHandle file, byte[] buffer, long offset)
    {
        var length = 0;
        while (length < buffer.Length && RandomAccess.Read(file, buffer.AsSpan(length), offset + length) is var read and > 0)
        {
            length += read;
        }
        return buffer.AsSpan(0, length);
    }
}
