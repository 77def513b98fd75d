using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ValueStream.Cli;

/// <summary>
/// A TCP connection straight from the kernel, every wait of it with a deadline. .NET's sockets would start a thread and an event loop, a good
/// part of a whole call.
/// </summary>
internal sealed unsafe partial class PlainSocket : IDisposable
{
    // Linux' numbers, the same on x64 and arm64.
    private const int Inet = 2, Inet6 = 10;
    private const int StreamWithoutWaiting = 1 | 0x800 | 0x80000; // SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
    private const int Tcp = 6, NoDelay = 1;
    private const int SocketLevel = 1, SocketError = 4;
    private const int NoSignal = 0x4000;
    private const int Interrupted = 4, TryAgain = 11, InProgress = 115, TimedOut = 110;
    private const short ToRead = 1, ToWrite = 4;

    private readonly int _descriptor;
    private readonly long _deadline;
    private readonly long _slowAt;
    private Action? _whenSlow;

    private PlainSocket(int descriptor, long deadline, Action? whenSlow)
    {
        (_descriptor, _deadline, _whenSlow) = (descriptor, deadline, whenSlow);
        _slowAt = Environment.TickCount64 + Transport.Slow;
    }

    /// <summary>The system's number of what went wrong last.</summary>
    public int Error { get; private set; }

    /// <summary>Whether it went wrong because the deadline was reached.</summary>
    public bool IsLate { get; private set; }

    /// <summary>Connects; where that fails, <see cref="Error"/> or <see cref="IsLate"/> says why.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="port">The port.</param>
    /// <param name="deadline">Of all that follows, by <see cref="Environment.TickCount64"/>.</param>
    /// <param name="whenSlow">Called where it takes longer than <see cref="Transport.Slow"/>, once, while it goes on.</param>
    public static PlainSocket Connect(IPAddress address, int port, long deadline, Action? whenSlow)
    {
        var isInet6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        var socket = new PlainSocket(Socket(isInet6 ? Inet6 : Inet, StreamWithoutWaiting, Tcp), deadline, whenSlow);
        if (socket._descriptor < 0)
        {
            socket.Error = Marshal.GetLastSystemError();
            return socket;
        }
        var on = 1;
        _ = SetOption(socket._descriptor, Tcp, NoDelay, &on, sizeof(int));

        // struct sockaddr_in: family, port, address; sockaddr_in6: family, port, flow, address, scope.
        var name = stackalloc byte[28];
        new Span<byte>(name, 28).Clear();
        *(ushort*)name = (ushort)(isInet6 ? Inet6 : Inet);
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(name + 2, 2), (ushort)port);
        address.TryWriteBytes(new Span<byte>(name + (isInet6 ? 8 : 4), 16), out _);
        if (isInet6)
        {
            *(uint*)(name + 24) = (uint)address.ScopeId;
        }
        if (Connect(socket._descriptor, name, isInet6 ? 28 : 16) < 0)
        {
            socket.Error = Marshal.GetLastSystemError();
            if (socket.Error is InProgress or Interrupted)
            {
                socket.Error = 0;
                int error = 0, size = sizeof(int);
                if (socket.Await(ToWrite))
                {
                    _ = GetOption(socket._descriptor, SocketLevel, SocketError, &error, &size);
                    socket.Error = error;
                }
            }
        }
        return socket;
    }

    /// <summary>Sends all of it; false where that fails.</summary>
    public bool Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                var count = Send(_descriptor, start + done, bytes.Length - done, NoSignal);
                if (count < 0 && !MayGoOn(ToWrite))
                {
                    return false;
                }
                done += Math.Max(count, 0);
            }
        }
        return true;
    }

    /// <summary>Receives what there is, waiting for the first of it: 0 at the end, -1 where it fails.</summary>
    public int Receive(Span<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            // Of a server that never stops, no more than there is time for.
            while (!(IsLate = Environment.TickCount64 >= _deadline))
            {
                var count = Receive(_descriptor, start, bytes.Length, 0);
                if (count >= 0)
                {
                    return (int)count;
                }
                if (!MayGoOn(ToRead))
                {
                    break;
                }
            }
            return -1;
        }
    }

    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = Native.Close(_descriptor);
        }
    }

    private bool MayGoOn(short events)
    {
        var error = Marshal.GetLastSystemError();
        if (error == Interrupted || error == TryAgain && Await(events))
        {
            return true;
        }
        Error = IsLate ? TimedOut : error;
        return false;
    }

    private bool Await(short events)
    {
        while (_deadline - Environment.TickCount64 is var left && left > 0)
        {
            var first = _whenSlow is null ? left : Math.Clamp(_slowAt - Environment.TickCount64, 0, left);
            if (Native.Poll(_descriptor, events, first))
            {
                return true;
            }
            if (_whenSlow is { } whenSlow && Environment.TickCount64 >= _slowAt)
            {
                _whenSlow = null;
                whenSlow();
            }
        }
        IsLate = true;
        return false;
    }

    [LibraryImport("libc", EntryPoint = "socket")]
    private static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect")]
    private static partial int Connect(int descriptor, byte* name, int size);

    [LibraryImport("libc", EntryPoint = "send")]
    private static partial nint Send(int descriptor, byte* bytes, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "recv")]
    private static partial nint Receive(int descriptor, byte* bytes, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetOption(int descriptor, int level, int name, void* value, int size);

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static partial int GetOption(int descriptor, int level, int name, void* value, int* size);
}
