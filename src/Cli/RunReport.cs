using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>
/// Tells of a run while its command lives, on a thread of its own: the start, a sign of life every 30 s, the end. A command
/// that is over in a moment costs one request for both of its events.
/// </summary>
internal sealed class RunReport
{
    /// <summary>For how many seconds a run may be silent before it counts as abandoned.</summary>
    public const int Lease = 90;

    // Waiting for the command's end, so that start and end go as one. Nobody sees a run come up later by this.
    private const int Moment = 20;
    private const int Interval = 30_000;

    private const int HeartbeatBudget = 1_000;

    // Beyond the time for sending: to write what could not be sent. A file takes a millisecond; where hundreds of runs end at once on a slow disk it
    // takes seconds, and an end that is lost is worse than one that is waited for.
    private const int Afterwards = 5_000;

    private readonly Settings _settings;
    private readonly Func<string?> _findFolder;
    private readonly Func<OpenRuns, StartedRun> _make;
    private readonly int _interval;
    private readonly object _gate = new();
    private readonly Thread _thread;
    private EventRequest? _end;
    private long _deadline;
    private Thread? _heartbeat;

    /// <summary>Begins at once.</summary>
    /// <param name="settings">Where events go.</param>
    /// <param name="findFolder">Finds the state folder.</param>
    /// <param name="make">Makes the run, given what is remembered of others.</param>
    /// <param name="interval">The time between two signs of life, in milliseconds.</param>
    public RunReport(Settings settings, Func<string?> findFolder, Func<OpenRuns, StartedRun> make, int interval = Interval)
    {
        _settings = settings;
        _findFolder = findFolder;
        _make = make;
        _interval = interval;
        _thread = new Thread(Run, 512 * 1024) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The command is over: tells of it, for 2 s at most, counted from now.</summary>
    /// <param name="run">The run.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="exitCode">The command's exit code.</param>
    public void End(RunRequest run, Outcome outcome, int exitCode)
    {
        var now = DateTimeOffset.UtcNow;
        var end = new EventRequest
        {
            EventId = Guid.CreateVersion7(now),
            Action = "end",
            Run = run,
            Outcome = outcome.Text(),
            OccurredAt = now,
            Tags = new Dictionary<string, TagValue>
            {
                ["process.exit.code"] = new(exitCode.ToString(CultureInfo.InvariantCulture), JsonValueKind.Number),
            },
        };
        lock (_gate)
        {
            _deadline = Environment.TickCount64 + Sender.Budget;
            _end = end;
            Monitor.Pulse(_gate);
        }
        if (!_thread.Join(Sender.Budget + Afterwards))
        {
            Talk.Say("there was no time left to record the end of the run");
        }
    }

    private void Run()
    {
        try
        {
            Report();
        }
        catch (Exception e)
        {
            Talk.Say($"gave up ({e.GetType().Name}: {e.Message}); the command is not affected");
        }
    }

    private void Report()
    {
        var folder = _findFolder();
        var openRuns = new OpenRuns(folder);
        var spool = new Spool(folder);
        var sender = new Sender(_settings, spool);
        var started = _make(openRuns);
        openRuns.Save(started.Run);
        var start = Pending.Of(started.Event, Lease);

        Place? place = null;
        for (var patience = Moment; !HasEnded(patience); patience = _interval)
        {
            if (place != Place.Settled)
            {
                // Again while the command lives, or the run would not be seen before its end.
                var isKept = place == Place.Kept;
                place = sender.Send([start], Environment.TickCount64 + Sender.Budget, mayOverfill: isKept).Place;
            }
            else
            {
                Beat(spool, started.Event.Run);
            }
        }

        var end = Pending.Of(_end! with { Name = started.Run.Name });
        var isStartRecorded = place is Place.Settled or Place.Kept;
        var delivery = sender.Send(isStartRecorded ? [end] : [start, end], _deadline, mayOverfill: isStartRecorded);
        if (delivery.Word is { } word)
        {
            Talk.Say(word);
        }
        if (delivery.Place == Place.Lost && !isStartRecorded)
        {
            openRuns.Forget(started.Run.Id);
        }
        else
        {
            openRuns.Close(started.Run.Id);
        }
        openRuns.Tidy(_end.OccurredAt!.Value);
    }

    private bool HasEnded(int patience)
    {
        var until = Environment.TickCount64 + patience;
        lock (_gate)
        {
            while (_end is null && until - Environment.TickCount64 is var left && left > 0)
            {
                Monitor.Wait(_gate, (int)left);
            }
            return _end is not null;
        }
    }

    /// <summary>Renews the lease. Nobody waits for it, keeps it or is told of it; a server that is silent is left alone.</summary>
    private void Beat(Spool spool, RunRequest run)
    {
        if (_settings.Events is not { } address || _heartbeat is { IsAlive: true } || spool.WasUnreachable(_settings.Server))
        {
            return;
        }
        _heartbeat = new Thread(() =>
        {
            try
            {
                var answer = Transport.Post(
                    address, EventJson.Heartbeat(run, Lease), _settings.Token, Environment.TickCount64 + HeartbeatBudget);
                if (answer.Status == 0)
                {
                    spool.MarkUnreachable(_settings.Server, true);
                }
            }
            catch (Exception)
            {
                // It would end vscli, and the lease is not worth a word.
            }
        }, 256 * 1024)
        {
            IsBackground = true,
        };
        _heartbeat.Start();
    }
}
