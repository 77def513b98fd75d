using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ValueStream.Cli;

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">As a shell has it: 128 and the signal's number where one ended it.</param>
/// <param name="Signal">The signal that ended it; 0 when none did.</param>
/// <param name="TimedOut">Whether it was told to end because its time was up.</param>
/// <param name="Interrupted">Whether vscli got one of the signals by which somebody stops a command.</param>
internal readonly record struct ChildEnd(int ExitCode, int Signal, bool TimedOut, bool Interrupted);

/// <summary>
/// The command of <c>vscli run</c>. It has vscli's process group, terminal, descriptors and folder; vscli only waits, passes signals on
/// that would not reach it otherwise, and stops when it stops, so that a shell sees of vscli what it would see of the command.
/// </summary>
internal sealed unsafe partial class Child
{
    /// <summary>What a caller gets whose command ran out of time, as from timeout(1).</summary>
    public const int TimedOutCode = 124;

    // Linux' numbers, the same on x64 and arm64.
    private const int Hangup = 1, Interrupt = 2, Quit = 3, Kill = 9, User1 = 10, User2 = 12, Terminate = 15, Ended = 17, Continue = 18;
    private const int TerminalStop = 20, TerminalInput = 21, TerminalOutput = 22, WindowChange = 28;
    private const int NoWait = 1, Stopped = 2;

    // A command that was continued beside vscli gets no second signal for it; it has this long to show that it was.
    private const int Settling = 20;

    private readonly int _id;
    private readonly int _signals;
    private bool _interrupted;

    private Child(int id, int signals) => (_id, _signals) = (id, signals);

    /// <summary>Whether a signal ends a command because somebody wants it to.</summary>
    public static bool IsInterruption(int signal) => signal is Hangup or Interrupt or Terminate;

    /// <summary>Starts a command; null, with the system's error number, when it cannot be started.</summary>
    /// <param name="word">Where it begins among vscli's own arguments, the program's name being 0.</param>
    /// <param name="variables">Variables that replace its inherited ones, as <c>NAME=value</c>.</param>
    /// <param name="error">The error number.</param>
    public static Child? Start(int word, string[] variables, out int error)
    {
        // Before it starts, so that no signal finds vscli unprepared.
        ReadOnlySpan<int> numbers =
        [
            Hangup, Interrupt, Quit, User1, User2, Terminate, Ended, Continue, TerminalStop, TerminalInput, TerminalOutput, WindowChange,
        ];
        int signals;
        fixed (int* first = numbers)
        {
            signals = Catch(first, numbers.Length);
        }
        var id = Start(word, variables, variables.Length);
        error = id < 0 ? -id : 0;
        return id < 0 ? null : new Child(id, signals);
    }

    /// <summary>Waits for its end, and is its stand-in meanwhile.</summary>
    /// <param name="timeout">After so long it is told to end; null for never.</param>
    /// <param name="grace">So long after that it is ended.</param>
    public ChildEnd Wait(TimeSpan? timeout, TimeSpan grace)
    {
        var begin = Environment.TickCount64;
        long? term = timeout is { } time ? begin + (long)time.TotalMilliseconds : null;
        long? kill = null;
        var timedOut = false;
        while (true)
        {
            ReadSignals();
            if (Reap() is { } status)
            {
                var signal = status & 0x7f;
                return new ChildEnd(signal == 0 ? status >> 8 & 0xff : 128 + signal, signal, timedOut, _interrupted);
            }
            var now = Environment.TickCount64;
            if (now >= term)
            {
                timedOut = true;
                (term, kill) = (null, now + (long)grace.TotalMilliseconds);
                Signal(Terminate);
                Signal(Continue);
            }
            else if (now >= kill)
            {
                kill = null;
                Signal(Kill);
            }
            else
            {
                Sleep((term ?? kill) - now);
            }
        }
    }

    private void Sleep(long? milliseconds)
    {
        if (_signals < 0)
        {
            Thread.Sleep(10);
            return;
        }
        _ = Native.Poll(_signals, Native.PollIn, milliseconds ?? -1);
    }

    private void ReadSignals()
    {
        Span<byte> bytes = stackalloc byte[64];
        int count;
        while (_signals >= 0 && (count = Native.Read(_signals, bytes)) > 0)
        {
            for (var i = 0; i < count; i++)
            {
                Take(bytes[i]);
            }
        }
    }

    private void Take(int signal)
    {
        _interrupted |= IsInterruption(signal);
        switch (signal)
        {
            case Hangup or Terminate or User1 or User2:
                Signal(signal);
                break;
            case Interrupt or Quit:
                // In the foreground the terminal has sent it to the command as well.
                if (ForegroundGroup() != Group(0))
                {
                    Signal(signal);
                }
                break;
            case TerminalStop or Continue or WindowChange:
                // So have the terminal and its shell, to the whole group, in the background as well.
                if (ForegroundGroup() is null)
                {
                    Signal(signal);
                }
                break;
        }
    }

    /// <summary>The wait status of the command if it has ended. A child that vscli was born with is let go as well.</summary>
    private int? Reap()
    {
        int status, id;
        while ((id = WaitProcess(-1, &status, NoWait | Stopped)) > 0)
        {
            var stopped = (status & 0xff) == 0x7f;
            if (id == _id && !stopped)
            {
                return status;
            }
            if (id == _id)
            {
                StopAlong(status >> 8 & 0xff);
            }
        }
        return null;
    }

    /// <summary>
    /// A shell waits for vscli, so vscli stops as the command did, by Ctrl-Z or by itself, and sees that the command goes on when it
    /// goes on itself.
    /// </summary>
    private void StopAlong(int signal)
    {
        if (!HasJobControl())
        {
            return;
        }
        Stop(signal);
        Thread.Sleep(Settling);
        if (Stat(_id) is ['T', ..])
        {
            Signal(Continue);
        }
    }

    /// <summary>Whether somebody would continue us: on a terminal, a shell above us in the session that gave our process group its own.</summary>
    private static bool HasJobControl()
    {
        if (ForegroundGroup() is null)
        {
            return false;
        }
        var process = Environment.ProcessId;
        while (process > 1 && Group(process) == Group(0))
        {
            // After the state stands the parent.
            process = Stat(process).Split(' ') is [_, var parent, ..]
                && int.TryParse(parent, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
        }
        return process > 0 && Session(process) == Session(0);
    }

    /// <summary>What the kernel tells of a process from its state on; empty when there is none.</summary>
    private static string Stat(int process)
    {
        try
        {
            var text = Encoding.Latin1.GetString(File.ReadAllBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat")));
            return text[(text.LastIndexOf(')') + 2)..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "";
        }
    }

    private void Signal(int signal) => _ = SendSignal(_id, signal);

    /// <summary>The process group in the foreground of our terminal; null where we have none.</summary>
    private static int? ForegroundGroup()
    {
        // O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC
        var terminal = Native.Open("/dev/tty", 0x2 | 0x100 | 0x800 | 0x80000);
        if (terminal < 0)
        {
            return null;
        }
        var group = Native.ForegroundGroup(terminal);
        _ = Native.Close(terminal);
        return group;
    }

    [LibraryImport("child", EntryPoint = "vs_catch")]
    private static partial int Catch(int* signals, int count);

    [LibraryImport("child", EntryPoint = "vs_start", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Start(int word, string[] variables, int count);

    [LibraryImport("child", EntryPoint = "vs_stop")]
    private static partial void Stop(int signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid")]
    private static partial int WaitProcess(int process, int* status, int options);

    [LibraryImport("libc", EntryPoint = "getpgid")]
    private static partial int Group(int process);

    [LibraryImport("libc", EntryPoint = "getsid")]
    private static partial int Session(int process);
}
