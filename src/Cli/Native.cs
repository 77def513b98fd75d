using System.Runtime.InteropServices;

namespace ValueStream.Cli;

/// <summary>The few questions to the kernel that .NET has no words for.</summary>
internal static unsafe partial class Native
{
    private const int AtFdCwd = -100;
    private const int NoFollow = 0x100;
    private const uint UidMask = 0x8;
    private const int Interrupted = 4;
    private const int BrokenPipe = 32;
    private const nuint WindowSize = 0x5413;

    /// <summary>The id of the parent process.</summary>
    [LibraryImport("libc", EntryPoint = "getppid")]
    public static partial int ParentProcess();

    /// <summary>The user as whom files are made.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint User();

    /// <summary>Whether this process may make files in a folder.</summary>
    public static bool CanWriteTo(string folder) => Access(folder, 3) == 0;

    /// <summary>Whether a path is this user's own, and no link.</summary>
    public static bool IsOwn(string path)
    {
        // struct statx is the same on every architecture: the owner is at byte 20.
        var status = stackalloc byte[256];
        return Statx(AtFdCwd, path, NoFollow, UidMask, status) == 0
            && *(uint*)(status + 20) == User()
            && new FileInfo(path).LinkTarget is null;
    }

    /// <summary>The columns of a terminal; null when the descriptor is none.</summary>
    public static int? Columns(int descriptor)
    {
        // struct winsize: rows, columns, and both in pixels.
        var size = stackalloc ushort[4];
        return Control(descriptor, WindowSize, size) == 0 ? size[1] : null;
    }

    /// <summary>
    /// Writes to a descriptor, from where it stands. Console's streams would set up the terminal and a thread for signals first,
    /// a FileStream would write at an offset of its own. False when it is closed or full, which few have somebody to tell.
    /// </summary>
    public static bool Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                var wrote = Write(descriptor, start + done, bytes.Length - done);
                if (wrote < 0 && Marshal.GetLastSystemError() == Interrupted)
                {
                    continue;
                }
                if (wrote <= 0)
                {
                    return false;
                }
                done += wrote;
            }
        }
        return true;
    }

    /// <summary>Whether a write failed because whoever read has gone.</summary>
    public static bool IsNobodyReading => Marshal.GetLastSystemError() == BrokenPipe;

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, ushort* answer);

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* status);
}
