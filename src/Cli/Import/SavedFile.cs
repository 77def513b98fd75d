using System.IO.Enumeration;
using Microsoft.Win32.SafeHandles;

namespace ValueStream.Cli.Import;

/// <summary>A file of documents that were saved of a tool.</summary>
/// <param name="Path">Where it is; <c>-</c> is stdin.</param>
/// <param name="Name">Its name, without what says that it is packed.</param>
/// <param name="IsLines">Whether each line is a document.</param>
/// <param name="IsPacked">Whether it is packed by gzip.</param>
/// <param name="Length">Its size in bytes; 0 where that is not known.</param>
internal sealed record SavedFile(string Path, string Name, bool IsLines, bool IsPacked, long Length)
{
    /// <summary>What stdin is called.</summary>
    public const string Stdin = "-";

    /// <summary>What is read of a folder.</summary>
    public const string Kinds = "*.json, *.ndjson, *.jsonl, or one of these with .gz";

    private const string Packed = ".gz";

    /// <summary>The files that a path means: itself, or all below it whose names say that they are such, in ordinal order of their paths.</summary>
    /// <param name="from">The path; <c>-</c> is stdin.</param>
    /// <param name="except">A file that is none of them, whatever it is called.</param>
    /// <exception cref="CouldNotException">There is no such file.</exception>
    public static List<SavedFile> Find(string from, string? except)
    {
        try
        {
            if (from == Stdin)
            {
                return [new(from, from, IsLines: true, IsPacked: false, 0)];
            }
            var left = except is null ? null : System.IO.Path.GetFullPath(except);
            if (!Directory.Exists(from))
            {
                return !File.Exists(from) ? throw new CouldNotException($"there is no file and no folder {from}")
                    : System.IO.Path.GetFullPath(from) == left ? throw new CouldNotException($"{from} is to be read, and cannot be the file of -rejects")
                    : [Of(from)];
            }
            // Links to folders are not followed: one that leads back up would never end.
            var paths = new FileSystemEnumerable<string>(from, static (ref entry) => entry.ToSpecifiedFullPath(),
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false })
            {
                ShouldIncludePredicate = static (ref entry) => !entry.IsDirectory && HasKind(entry.FileName),
                ShouldRecursePredicate = static (ref entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
            };
            List<SavedFile> files = [.. paths.Where(p => left is null || System.IO.Path.GetFullPath(p) != left).Order(StringComparer.Ordinal).Select(Of)];
            return files.Count > 0 ? files : throw new CouldNotException($"there is nothing to import in {from}: no {Kinds}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CouldNotException(e.Message.TrimEnd('.'));
        }
    }

    /// <summary>Opens it as it is, packed or not. Its lock keeps -rejects from overwriting the very file that is read.</summary>
    public FileStream Open() => Path == Stdin ? new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0)
        : new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);

    private static SavedFile Of(string path)
    {
        var isPacked = path.EndsWith(Packed, StringComparison.OrdinalIgnoreCase);
        var name = System.IO.Path.GetFileName(isPacked ? path[..^Packed.Length] : path);
        return new(path, name, IsOfLines(name), isPacked, new FileInfo(path).Length);
    }

    private static bool HasKind(ReadOnlySpan<char> name)
    {
        name = name.EndsWith(Packed, StringComparison.OrdinalIgnoreCase) ? name[..^Packed.Length] : name;
        return name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || IsOfLines(name);
    }

    private static bool IsOfLines(ReadOnlySpan<char> name) =>
        name.EndsWith(".ndjson", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase);
}
