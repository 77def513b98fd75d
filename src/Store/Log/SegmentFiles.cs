using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ValueStream.Store.Log;

/// <summary>
/// The archive's folder. A file's name is made of numbers and of its own SHA-256, never of a text from anywhere, so it leads nowhere else; and a file never
/// changes under its name.
/// </summary>
/// <param name="folder">The folder; it is made with the first file.</param>
internal sealed class SegmentFiles(string folder)
{
    /// <summary>The folder.</summary>
    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>A segment's name.</summary>
    public static string NameOf(SegmentRow segment) => NameOf(segment.First, segment.Last, segment.Sha256);

    /// <summary>The name of a file with these positions and this SHA-256.</summary>
    public static string NameOf(long first, long last, byte[] sha256) =>
        string.Create(CultureInfo.InvariantCulture, $"{first:D19}-{last:D19}-{Convert.ToHexStringLower(sha256)}.vsl.gz");

    /// <summary>Whether a segment's file is there; nothing is said of what is in it.</summary>
    public bool Exists(SegmentRow segment) => File.Exists(PathOf(NameOf(segment)));

    /// <summary>The bytes of a segment's file.</summary>
    /// <exception cref="SegmentException">It is missing or cannot be read.</exception>
    public async Task<byte[]> ReadAsync(SegmentRow segment, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(PathOf(NameOf(segment)), cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw SegmentException.Missing(segment);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SegmentException.Unreadable(segment, e.Message);
        }
    }

    /// <summary>Whether a segment's file is the one that was archived, byte for byte.</summary>
    /// <exception cref="SegmentException">It is not.</exception>
    public async Task CheckAsync(SegmentRow segment, CancellationToken cancellationToken)
    {
        if (!SHA256.HashData(await ReadAsync(segment, cancellationToken)).AsSpan().SequenceEqual(segment.Sha256))
        {
            throw SegmentException.Damaged(segment, segment.First, "it is another file than was archived");
        }
    }

    /// <summary>Writes a file so that it is there whole or not at all, and there for good when this returns.</summary>
    public async Task WriteAsync(SegmentRow segment, byte[] bytes, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder);
        var path = PathOf(NameOf(segment));
        var temporary = $"{path}.{Guid.NewGuid():n}.tmp";
        try
        {
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                await file.WriteAsync(bytes, cancellationToken);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        Keep(Folder);
        Keep(Path.GetDirectoryName(Folder) ?? Folder);
    }

    /// <summary>Deletes a file, and what a killed server left of writing it. None is fine.</summary>
    public void Delete(string name)
    {
        if (!Directory.Exists(Folder))
        {
            return;
        }
        foreach (var path in Directory.EnumerateFiles(Folder, $"{name}*"))
        {
            File.Delete(path);
        }
        Keep(Folder);
    }

    private string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Has a folder's names on the disk, without which a file may be gone after a power cut though its bytes are there. NTFS keeps them by itself.</summary>
    private static void Keep(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        var descriptor = Open(Encoding.UTF8.GetBytes($"{folder}\0"), 0);
        var failed = descriptor < 0 || Sync(descriptor) != 0;
        if (descriptor >= 0)
        {
            _ = Close(descriptor);
        }
        if (failed)
        {
            throw new IOException($"The folder {folder} could not be written to the disk.");
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
