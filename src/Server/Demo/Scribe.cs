using System.Buffers.Binary;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Demo;

/// <summary>What became of a piece of work.</summary>
/// <param name="Run">Its run.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="EndedAt">When.</param>
internal sealed record Done(RunRequest Run, Outcome Outcome, DateTimeOffset EndedAt)
{
    /// <summary>The run's rendering.</summary>
    public string Rendering { get; } = Scribe.Rendering(Run);
}

/// <summary>Plays work through and writes down the events that its scripts send.</summary>
/// <param name="random">Decides what happens.</param>
/// <param name="now">The regression and the bad host are so many days before it.</param>
internal sealed class Scribe(Random random, DateTimeOffset now)
{
    private readonly List<EventRequest> _events = [];

    /// <summary>What was written, in order of time.</summary>
    public IEnumerable<EventRequest> Events => _events.OrderBy(static e => e.OccurredAt);

    /// <summary>The text by which others refer to a run.</summary>
    public static string Rendering(RunRequest run) => new RunId(SourceNames.CustomHttp, run.Type, run.Namespace ?? "default", run.Id).Rendering;

    /// <summary>A run as vscli names it: 20 characters of [0-9a-v].</summary>
    public RunRequest NewRun(string type, string ns) =>
        new() { Type = type, Namespace = ns, Id = random.GetString("0123456789abcdefghijklmnopqrstuv", 20) };

    /// <summary>Writes one event.</summary>
    public void Write(EventRequest e) => _events.Add(e with { EventId = NewId(e.OccurredAt!.Value) });

    /// <summary>Plays work through that begins at a time.</summary>
    public Done Play(Work work, DateTimeOffset start)
    {
        var run = NewRun(work.Type, work.Namespace);
        Write(new()
        {
            Action = "start", Run = run, Name = work.Name, OccurredAt = start, Actor = work.Actor, Reason = work.Reason, Tags = work.Tags,
            Parents = work.Parent is { } parent ? [parent] : null, Links = work.Links.Count > 0 ? work.Links : null,
        });

        var done = new Dictionary<string, Done>();
        var outcome = Outcome.Success;
        foreach (var job in work.Jobs)
        {
            var before = job.After.Select(name => done.GetValueOrDefault(name)).OfType<Done>().ToList();
            var begin = before.Select(static d => d.EndedAt).Append(start).Max().AddMilliseconds(random.Next(200, work.IsCi ? 9000 : 900));
            if (before.Count < job.After.Count || before.Any(static d => d.Outcome != Outcome.Success))
            {
                if (work.IsCi)
                {
                    done[job.Name] = PlayJob(work, job, run, before, begin, Outcome.Skip);
                }
                continue;
            }
            if (job == work.HangsIn)
            {
                WriteStart(work, job, NewRun(job.Type, work.Namespace), run, before, begin, null);
                return new(run, Outcome.Timeout, DateTimeOffset.MaxValue);
            }
            var result = PlayJob(work, job, run, before, begin, job == work.CancelledIn ? Outcome.Cancellation : Fate(work, job, begin));
            outcome = outcome == Outcome.Success ? result.Outcome : outcome;
            done[job.Name] = result;
        }

        var end = done.Values.Max(static d => d.EndedAt).AddMilliseconds(random.Next(100, 1500));
        Write(new() { Action = "end", Run = run, OccurredAt = end, Outcome = outcome.Text() });
        return new(run, outcome, end);
    }

    private Done PlayJob(Work work, Job job, RunRequest parent, List<Done> before, DateTimeOffset begin, Outcome outcome)
    {
        var run = NewRun(job.Type, work.Namespace);
        var retried = job.IsRetried && outcome == Outcome.Failure;
        WriteStart(work, job, run, parent, before, begin, retried ? 1 : null);
        var end = begin + Duration(job, begin, outcome);
        WriteEnd(job, run, end, outcome, retried ? 1 : null);
        if (!retried)
        {
            return new(run, outcome, end);
        }

        var second = random.NextDouble() < 0.8 ? Outcome.Success : Outcome.Failure;
        begin = end.AddSeconds(random.Next(5, 40));
        WriteStart(work, job, run, parent, before, begin, 2);
        end = begin + Duration(job, begin, second);
        WriteEnd(job, run, end, second, 2);
        return new(run, second, end);
    }

    private void WriteStart(Work work, Job job, RunRequest run, RunRequest parent, List<Done> before, DateTimeOffset at, int? attempt) =>
        Write(new()
        {
            Action = "start", Run = run, Attempt = attempt, Name = job.Name, OccurredAt = at, Actor = work.Actor,
            Parents = [Rendering(parent), .. work.IsCi ? before.Select(static d => d.Rendering) : []],
            Tags = Event.NoTags.SetItems(work.Tags).SetItems(job.Tags),
        });

    private void WriteEnd(Job job, RunRequest run, DateTimeOffset at, Outcome outcome, int? attempt) => Write(new()
    {
        Action = "end", Run = run, Attempt = attempt, OccurredAt = at, Outcome = outcome.Text(),
        Tags = outcome switch
        {
            Outcome.Failure => job.FailureTags,
            Outcome.Error => Company.Tags(("error.type", "docker daemon not responding")),
            Outcome.Timeout => Company.Tags(("error.type", "timeout")),
            _ => null,
        },
    });

    private Outcome Fate(Work work, Job job, DateTimeOffset at)
    {
        var chance = random.NextDouble();
        var age = now - at;
        var onBadHost = work.Host == Company.BadHost && job.UsesDocker && age < TimeSpan.FromDays(34) && age > TimeSpan.FromDays(13);
        return onBadHost && chance < 0.3 ? Outcome.Error
            : chance >= job.FailureRate ? Outcome.Success
            : job.Limit is null ? Outcome.Failure : Outcome.Timeout;
    }

    private TimeSpan Duration(Job job, DateTimeOffset at, Outcome outcome)
    {
        // Log-normal: the median times e to the power of a normal variate (Box and Muller 1958).
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var slower = job.Type == "push" && now - at < TimeSpan.FromDays(7) ? 1.6 : 1;
        var usual = job.Seconds * slower * Math.Exp(0.22 * normal);
        return TimeSpan.FromMilliseconds(Math.Round(1000 * outcome switch
        {
            Outcome.Skip => 0,
            Outcome.Success => usual,
            Outcome.Timeout => job.Limit ?? usual,
            _ => usual * (0.2 + (0.7 * random.NextDouble())),
        }));
    }

    /// <summary>A version 7 UUID (RFC 9562), as vscli makes them, of the event's time and the seeded random.</summary>
    private Guid NewId(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[18];
        random.NextBytes(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes, at.ToUnixTimeMilliseconds());
        bytes = bytes[2..];
        bytes[6] = (byte)(random.Next(16) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new(bytes, bigEndian: true);
    }
}
