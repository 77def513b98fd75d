using System.Buffers;
using System.Buffers.Binary;
using ValueStream.Core.Events;

namespace ValueStream.Core.Numbers;

/// <summary>What a <see cref="Tally"/> counts. The numbers are stored.</summary>
public enum Counted : byte
{
    /// <summary>Attempts that started in the period.</summary>
    Started = 0,

    /// <summary>Ended with <see cref="Outcome.Success"/>.</summary>
    Success = 1,

    /// <summary>Ended with <see cref="Outcome.Failure"/>.</summary>
    Failure = 2,

    /// <summary>Ended with <see cref="Outcome.Error"/>.</summary>
    Error = 3,

    /// <summary>Ended with <see cref="Outcome.Timeout"/>.</summary>
    Timeout = 4,

    /// <summary>Ended with <see cref="Outcome.Cancellation"/>.</summary>
    Cancellation = 5,

    /// <summary>Ended with <see cref="Outcome.Skip"/>.</summary>
    Skip = 6,

    /// <summary>Given up by the server: nobody knows how they ended.</summary>
    Abandoned = 7,

    /// <summary>Left out of every number by an administrator.</summary>
    Excluded = 8,

    /// <summary>Counted by outcome, but longer than five years: left out of durations.</summary>
    Implausible = 9,

    /// <summary>Counted by outcome, but without a known start: left out of durations.</summary>
    WithoutStart = 10,
}

/// <summary>What an operation was run by, on and from. The numbers are stored.</summary>
public enum Fact : byte
{
    /// <summary>Who ran it: the actor, else tag <c>user.name</c>.</summary>
    Person = 0,

    /// <summary>Where it ran: tag <c>host.name</c>.</summary>
    Host = 1,

    /// <summary>Which script or image it ran from: a digest.</summary>
    Digest = 2,
}

/// <summary>One thing that a run adds to a <see cref="Tally"/>, and that can be taken away again.</summary>
/// <param name="Part">Which of the three.</param>
/// <param name="What">A <see cref="Counted"/>, an <see cref="Outcome"/> or a <see cref="Fact"/>.</param>
/// <param name="Value">Nothing, microseconds, or the id of a tag.</param>
public readonly record struct Share(SharePart Part, byte What, long Value)
{
    /// <summary>One more of something.</summary>
    public static Share Of(Counted what) => new(SharePart.Count, (byte)what, 0);

    /// <summary>A duration of a run that ended.</summary>
    public static Share Of(Outcome outcome, long micros) => new(SharePart.Duration, (byte)outcome, micros);

    /// <summary>One run by a person, on a host, from a digest.</summary>
    public static Share Of(Fact fact, long tag) => new(SharePart.Fact, (byte)fact, tag);
}

/// <summary>The kinds of <see cref="Share"/>.</summary>
public enum SharePart : byte
{
    /// <summary>A count.</summary>
    Count,

    /// <summary>A duration.</summary>
    Duration,

    /// <summary>A person, host or digest.</summary>
    Fact,
}

/// <summary>
/// What the runs of one operation add up to over a period: counts, time, two duration sketches, and who ran it, where and from what.
/// Everything in it is a sum, so that what a run added can be subtracted, and tallies of periods add up to that of a longer one.
/// </summary>
public sealed class Tally
{
    private const int Counters = (int)Counted.WithoutStart + 1;

    private readonly long[] _counts = new long[Counters];
    private static readonly Dictionary<(Fact Fact, long Tag), long> NoFacts = [];

    // Most tallies have none: those of hours and of tags.
    private SortedDictionary<(Fact Fact, long Tag), long>? _facts;

    /// <summary>How many of something.</summary>
    public long this[Counted what] => _counts[(int)what];

    /// <summary>Durations of successful runs.</summary>
    public Sketch Successful { get; } = new();

    /// <summary>Durations of runs that ended as failure, error or timeout.</summary>
    public Sketch Failed { get; } = new();

    /// <summary>Microseconds that successful runs took together.</summary>
    public long SuccessfulTime { get; private set; }

    /// <summary>Microseconds that failed runs took together.</summary>
    public long FailedTime { get; private set; }

    /// <summary>Microseconds that cancelled and skipped runs took together.</summary>
    public long OtherTime { get; private set; }

    /// <summary>How many runs there were of each person, host and digest, by the ids of their tags.</summary>
    public IReadOnlyDictionary<(Fact Fact, long Tag), long> Facts => _facts ?? (IReadOnlyDictionary<(Fact, long), long>)NoFacts;

    /// <summary>Success, failure, error, timeout and cancellation: those that were carried out to some end.</summary>
    public long Finished => this[Counted.Success] + Wrong + this[Counted.Cancellation];

    /// <summary>Failure, error and timeout.</summary>
    public long Wrong => this[Counted.Failure] + this[Counted.Error] + this[Counted.Timeout];

    /// <summary>Wrong / (success + wrong), 0..1; null when there was neither.</summary>
    public double? ErrorRate => Wrong + this[Counted.Success] is > 0 and var judged ? (double)Wrong / judged : null;

    /// <summary>The error rate if what was abandoned had failed, 0..1; null when there was nothing of it.</summary>
    public double? ErrorRateIfAbandonedFailed =>
        Wrong + this[Counted.Success] + this[Counted.Abandoned] is > 0 and var judged ? (double)(Wrong + this[Counted.Abandoned]) / judged : null;

    /// <summary>Mean duration of successful runs in seconds; null when there was none.</summary>
    public double? SuccessfulMean => Successful.IsEmpty ? null : SuccessfulTime / 1e6 / Successful.Count;

    /// <summary>Mean duration of failed runs in seconds; null when there was none.</summary>
    public double? FailedMean => Failed.IsEmpty ? null : FailedTime / 1e6 / Failed.Count;

    /// <summary>Whether nothing is left in it.</summary>
    public bool IsEmpty => !_counts.AsSpan().ContainsAnyExcept(0) && _facts is not { Count: > 0 } && Successful.IsEmpty && Failed.IsEmpty && OtherTime == 0;

    /// <summary>Adds what a run adds, or with sign -1 takes it away.</summary>
    /// <exception cref="InvalidOperationException">What is taken away was never added.</exception>
    public void Add(Share share, int sign = 1)
    {
        switch (share.Part)
        {
            case SharePart.Count:
                _counts[share.What] = NotBelowZero(_counts[share.What] + sign);
                break;
            case SharePart.Duration when (Outcome)share.What is Outcome.Success:
                Successful.Add(share.Value, sign);
                SuccessfulTime = NotBelowZero(SuccessfulTime + sign * share.Value);
                break;
            case SharePart.Duration when ((Outcome)share.What).IsFailed():
                Failed.Add(share.Value, sign);
                FailedTime = NotBelowZero(FailedTime + sign * share.Value);
                break;
            case SharePart.Duration:
                OtherTime = NotBelowZero(OtherTime + sign * share.Value);
                break;
            default:
                Note(((Fact)share.What, share.Value), sign);
                break;
        }
    }

    /// <summary>Adds another tally, or with sign -1 takes away one that is a part of this.</summary>
    /// <param name="other">The other one.</param>
    /// <param name="sign">1 or -1.</param>
    /// <param name="facts">Whether people, hosts and digests are wanted: of many operations they are most of the work.</param>
    /// <exception cref="InvalidOperationException">What is taken away was never added.</exception>
    public void Add(Tally other, int sign = 1, bool facts = true)
    {
        for (var i = 0; i < Counters; i++)
        {
            _counts[i] = NotBelowZero(_counts[i] + sign * other._counts[i]);
        }
        SuccessfulTime = NotBelowZero(SuccessfulTime + sign * other.SuccessfulTime);
        FailedTime = NotBelowZero(FailedTime + sign * other.FailedTime);
        OtherTime = NotBelowZero(OtherTime + sign * other.OtherTime);
        Successful.Add(other.Successful, sign);
        Failed.Add(other.Failed, sign);
        foreach (var (fact, count) in facts ? other.Facts : NoFacts)
        {
            Note(fact, sign * count);
        }
    }

    /// <summary>Adds a tally that <see cref="ToBytes"/> wrote.</summary>
    /// <param name="bytes">The stored form.</param>
    /// <param name="facts">Whether people, hosts and digests are wanted.</param>
    /// <exception cref="FormatException">The bytes are no tally.</exception>
    public void AddBytes(ReadOnlySpan<byte> bytes, bool facts = true)
    {
        var present = Varint.Read(ref bytes);
        for (var i = 0; present != 0; i++, present >>= 1)
        {
            if ((present & 1) != 0)
            {
                _counts[i < Counters ? i : throw new FormatException("It counts what this version does not know.")] += Varint.Read(ref bytes);
            }
        }
        SuccessfulTime += Varint.Read(ref bytes);
        FailedTime += Varint.Read(ref bytes);
        OtherTime += Varint.Read(ref bytes);
        Successful.AddBytes(Varint.ReadBlock(ref bytes));
        Failed.AddBytes(Varint.ReadBlock(ref bytes));
        while (facts && bytes.Length > 0)
        {
            if (bytes.Length < 10)
            {
                throw new FormatException("A fact is cut off.");
            }
            var (fact, tag) = ((Fact)bytes[0], BinaryPrimitives.ReadInt64BigEndian(bytes[1..]));
            bytes = bytes[9..];
            Note((fact, tag), Varint.Read(ref bytes));
        }
    }

    /// <summary>A compact form: one run takes some 15 bytes. Equal tallies have equal bytes.</summary>
    public byte[] ToBytes()
    {
        var (successful, failed) = (Successful.ToBytes(), Failed.ToBytes());
        var bytes = Varint.Buffer();
        long present = 0;
        for (var i = 0; i < Counters; i++)
        {
            present |= _counts[i] == 0 ? 0 : 1L << i;
        }
        Varint.Write(bytes, present);
        foreach (var count in _counts)
        {
            if (count != 0)
            {
                Varint.Write(bytes, count);
            }
        }
        Varint.Write(bytes, SuccessfulTime);
        Varint.Write(bytes, FailedTime);
        Varint.Write(bytes, OtherTime);
        Varint.WriteBlock(bytes, successful);
        Varint.WriteBlock(bytes, failed);
        Span<byte> fixedPart = stackalloc byte[9];
        foreach (var ((fact, tag), count) in Facts)
        {
            fixedPart[0] = (byte)fact;
            BinaryPrimitives.WriteInt64BigEndian(fixedPart[1..], tag);
            bytes.Write(fixedPart);
            Varint.Write(bytes, count);
        }
        return bytes.WrittenSpan.ToArray();
    }

    private void Note((Fact, long) fact, long more)
    {
        _facts ??= [];
        var count = NotBelowZero(_facts.GetValueOrDefault(fact) + more);
        if (count == 0)
        {
            _facts.Remove(fact);
        }
        else
        {
            _facts[fact] = count;
        }
    }

    private static long NotBelowZero(long value) => value >= 0 ? value : throw new InvalidOperationException("More is taken away than was added.");
}

/// <summary>Numbers of seven bits a byte, the lowest first; the high bit says that more follow.</summary>
internal static class Varint
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    /// <summary>This thread's buffer, empty. What is written to it stands until it is asked for again.</summary>
    public static ArrayBufferWriter<byte> Buffer()
    {
        var buffer = _buffer ??= new(1024);
        buffer.ResetWrittenCount();
        return buffer;
    }

    public static void Write(ArrayBufferWriter<byte> to, long value)
    {
        var bytes = to.GetSpan(10);
        var length = 0;
        for (var left = (ulong)value; ; left >>= 7)
        {
            if (left < 0x80)
            {
                bytes[length++] = (byte)left;
                to.Advance(length);
                return;
            }
            bytes[length++] = (byte)(left | 0x80);
        }
    }

    public static void WriteBlock(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> block)
    {
        Write(to, block.Length);
        to.Write(block);
    }

    /// <exception cref="FormatException">The number is cut off or longer than 64 bits.</exception>
    public static long Read(ref ReadOnlySpan<byte> from)
    {
        ulong value = 0;
        for (var i = 0; i < from.Length && i < 10; i++)
        {
            value |= (ulong)(from[i] & 0x7f) << (7 * i);
            if (from[i] < 0x80)
            {
                from = from[(i + 1)..];
                return (long)value;
            }
        }
        throw new FormatException("A number is cut off.");
    }

    /// <exception cref="FormatException">The block is cut off.</exception>
    public static ReadOnlySpan<byte> ReadBlock(ref ReadOnlySpan<byte> from)
    {
        var length = Read(ref from);
        if (length < 0 || length > from.Length)
        {
            throw new FormatException("A block is cut off.");
        }
        var block = from[..(int)length];
        from = from[(int)length..];
        return block;
    }
}
