using System.Text;

namespace ValueStream.Cli.Context;

/// <summary>Files that are expected to be small, whatever they are.</summary>
internal static class SmallFile
{
    /// <summary>The text of a file, of its first bytes if it has more; null when it cannot be read or is no file.</summary>
    public static string? Text(string path, int limit) => Bytes(path, limit) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>The first bytes of a file; null when it cannot be read or is no file.</summary>
    public static byte[]? Bytes(string path, int limit)
    {
        try
        {
            using var file = Native.OpenFile(path);
            if (file is null)
            {
                return null;
            }
            var bytes = new byte[Math.Min(RandomAccess.GetLength(file), limit)];
            var length = 0;
            while (length < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(length), length) is var read and > 0)
            {
                length += read;
            }
            return length == bytes.Length ? bytes : bytes[..length];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
