using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ValueStream.Cli;

/// <summary>What a path leads to, links followed.</summary>
internal enum PathKind
{
    /// <summary>Nothing, or what is neither a file nor a folder: a pipe, a device.</summary>
    None,

    /// <summary>A file with bytes in it.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,
}

/// <summary>The few questions to the kernel that .NET has no words for.</summary>
internal static unsafe partial class Native
{
    private const int AtFdCwd = -100;
    private const int NoFollow = 0x100;
    private const uint UidMask = 0x8;
    private const uint TypeMask = 0x1;

    // O_RDONLY, O_NOCTTY, O_NONBLOCK and O_CLOEXEC: these have the same values on x64 and arm64.
    private const int ReadWithoutWaiting = 0x100 | 0x800 | 0x80000;
    private const int Interrupted = 4;
    /// <summary>That a descriptor can be read.</summary>
    public const short PollIn = 1;

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

    /// <summary>What is at a path.</summary>
    public static PathKind KindOf(string path)
    {
        // The mode is at byte 28 of struct statx; its upper four bits are the type.
        var status = stackalloc byte[256];
        return Statx(AtFdCwd, path, 0, TypeMask, status) != 0 ? PathKind.None : (*(ushort*)(status + 28) & 0xF000) switch
        {
            0x8000 => PathKind.File,
            0x4000 => PathKind.Folder,
            _ => PathKind.None,
        };
    }

    /// <summary>Opens a file for reading; null when it cannot be read or is none. A pipe that nobody writes to is not waited for.</summary>
    public static SafeFileHandle? OpenFile(string path)
    {
        if (KindOf(path) != PathKind.File)
        {
            return null;
        }
        var descriptor = Open(path, ReadWithoutWaiting);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Whether another process has a lock on a file, as .NET takes one for <see cref="FileShare.None"/>.</summary>
    public static bool IsLocked(string path)
    {
        // O_CLOEXEC; LOCK_SH | LOCK_NB.
        var descriptor = Open(path, 0x80000);
        if (descriptor < 0)
        {
            return false;
        }
        var locked = Lock(descriptor, 1 | 4) != 0;
        _ = Close(descriptor);
        return locked;
    }

    /// <summary>The columns of a terminal; null when the descriptor is none.</summary>
    public static int? Columns(int descriptor)
    {
        // struct winsize: rows, columns, and both in pixels.
        var size = stackalloc ushort[4];
        return Control(descriptor, WindowSize, size) == 0 ? size[1] : null;
    }

    /// <summary>Whether this process is in the foreground of a terminal: in its background, reading from it would stop it.</summary>
    public static bool IsInForeground(int terminal) => ForegroundGroup(terminal) == ProcessGroup();

    /// <summary>Reads what is there, at most as much as fits; less than 1 at the end or an error.</summary>
    public static int Read(int descriptor, Span<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return (int)Read(descriptor, start, bytes.Length);
        }
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

    /// <summary>Opens a file; -1 where that fails.</summary>
    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    /// <summary>Closes a descriptor.</summary>
    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    /// <summary>Waits until something can be done with a descriptor; false when the time is up, or a signal came in between.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="events">What to wait for: 1 is to read, 4 to write.</param>
    /// <param name="milliseconds">How long; -1 for ever.</param>
    public static bool Poll(int descriptor, short events, long milliseconds)
    {
        var entry = new PollEntry { Descriptor = descriptor, Events = events };
        return Poll(&entry, 1, (int)Math.Min(milliseconds, int.MaxValue)) > 0;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "flock")]
    private static partial int Lock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, byte* bytes, nint count);

    /// <summary>The process group in the foreground of a terminal; -1 where it is not ours.</summary>
    [LibraryImport("libc", EntryPoint = "tcgetpgrp")]
    public static partial int ForegroundGroup(int terminal);

    [LibraryImport("libc", EntryPoint = "getpgrp")]
    private static partial int ProcessGroup();

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, ushort* answer);

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* status);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
