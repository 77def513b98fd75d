using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using ValueStream.Core.Events;

namespace ValueStream.Store.Log;

/// <summary>
/// A piece of the log as a file, byte by byte as <c>docs/log-format.md</c> has it: whole batches, each with its hash, and their events as they are
/// hashed, so that everything the chain says of them can be computed from the file.
/// </summary>
internal static class SegmentFormat
{
    private const long Version = 1;

    // More than any event may have.
    private const int LongestField = 64 << 20;

    private static ReadOnlySpan<byte> Magic => "valuestream segment\n"u8;

    /// <summary>The bytes of a file.</summary>
    /// <param name="previous">The hash of the batch before.</param>
    /// <param name="batches">The batches, at least one, each with all its events.</param>
    public static byte[] Write(ReadOnlySpan<byte> previous, IReadOnlyList<LoggedBatch> batches)
    {
        var file = new MemoryStream();
        using (var packing = new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true))
        {
            packing.Write(Magic);
            WriteNumber(packing, Version);
            WriteNumber(packing, batches[0].Row.First);
            WriteNumber(packing, batches[^1].Row.Last);
            packing.Write(previous);
            foreach (var (batch, events) in batches)
            {
                WriteNumber(packing, batch.First);
                WriteNumber(packing, batch.Last);
                packing.Write(batch.Hash);
                foreach (var e in events)
                {
                    WriteEvent(packing, e);
                }
            }
        }
        return file.ToArray();
    }

    /// <summary>Reads a file and holds all that is in it against the chain.</summary>
    /// <param name="file">Its bytes.</param>
    /// <param name="segment">What it must be.</param>
    /// <exception cref="SegmentException">It is not; with the first position that fails.</exception>
    public static List<LoggedBatch> Read(byte[] file, SegmentRow segment)
    {
        var next = segment.First;
        try
        {
            using var unpacking = new GZipStream(new MemoryStream(file), CompressionMode.Decompress);
            var reader = new Reader(unpacking);
            Must(reader.Bytes(Magic.Length).AsSpan().SequenceEqual(Magic) && reader.Number() == Version, "it is no segment that this version reads");
            Must(reader.Number() == segment.First && reader.Number() == segment.Last, "it holds other positions");
            var hash = reader.Bytes(SHA256.HashSizeInBytes);
            Must(hash.AsSpan().SequenceEqual(segment.PreviousHash), "it does not follow from what is before it");
            var batches = new List<LoggedBatch>();
            for (var at = next; at <= segment.Last;)
            {
                var batch = new BatchRow { First = reader.Number(), Last = reader.Number(), Hash = reader.Bytes(SHA256.HashSizeInBytes) };
                Must(batch.First == at && batch.Last >= at && batch.Last <= segment.Last, "its batches do not follow each other");
                var events = new List<EventRow>();
                for (; at <= batch.Last; at++)
                {
                    events.Add(reader.Event());
                    Must(events[^1].Position == at, "its events do not follow each other");
                }
                Must(HashChain.Batch(hash, batch.First, batch.Last, events.Select(static e => e.Digest)).AsSpan().SequenceEqual(batch.Hash),
                    $"the batch {batch.First} to {batch.Last} is not what was appended");
                batches.Add(new(batch, events));
                (next, hash) = (at, batch.Hash);
            }
            next = segment.First;
            Must(reader.IsAtEnd && hash.AsSpan().SequenceEqual(segment.Hash), "it ends with another hash");
            Must(SHA256.HashData(file).AsSpan().SequenceEqual(segment.Sha256), "it is another file than was archived");
            return batches;
        }
        catch (Exception e) when (e is WrongException or InvalidDataException or EndOfStreamException or ArgumentException or OverflowException)
        {
            throw SegmentException.Damaged(segment, next, e is WrongException ? e.Message : "it cannot be unpacked");
        }
    }

    private static void Must(bool holds, string problem)
    {
        if (!holds)
        {
            throw new WrongException(problem);
        }
    }

    private static void WriteEvent(Stream stream, EventRow e)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(HashChain.LongestEnvelope(e));
        stream.Write(bytes, 0, HashChain.EnvelopeBeforeData(e, bytes));
        ArrayPool<byte>.Shared.Return(bytes);
        WriteField(stream, e.Salt);
        WriteField(stream, Encoding.UTF8.GetBytes(e.Data));
    }

    private static void WriteField(Stream stream, byte[] bytes)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        stream.Write(length);
        stream.Write(bytes);
    }

    private static void WriteNumber(Stream stream, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        stream.Write(bytes);
    }

    private sealed class WrongException(string message) : Exception(message);

    /// <summary>Takes a file apart.</summary>
    private sealed class Reader(Stream stream)
    {
        private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

        public bool IsAtEnd => stream.ReadByte() < 0;

        public byte[] Bytes(int length)
        {
            var bytes = new byte[length];
            stream.ReadExactly(bytes);
            return bytes;
        }

        public long Number() => BinaryPrimitives.ReadInt64BigEndian(Bytes(8));

        public EventRow Event()
        {
            Must(NumberField() == HashChain.Version, "one of its events is of another version");
            var position = NumberField();
            var eventId = new Guid(Field(), bigEndian: true);
            var kind = EventKinds.Parse(Text());
            Must(kind is not null, "one of its events is of a kind that this version does not know");
            var run = new RunId(Text(), Text(), Text(), Text());
            var attempt = NumberField();
            var submitter = Text();
            var e = new EventRow
            {
                Position = position,
                EventId = eventId,
                Kind = (short)kind!,
                Source = run.Source,
                Type = run.Type,
                Namespace = run.Namespace,
                Id = run.Id,
                Run = run.Key.Value,
                Attempt = attempt == 0 ? null : checked((int)attempt),
                Submitter = submitter,
                OccurredAt = Field() is { Length: > 0 } occurredAt ? Micros.ToTime(NumberOf(occurredAt)) : null,
                RecordedAt = Micros.ToTime(NumberField()),
                EffectiveAt = Micros.ToTime(NumberField()),
                Salt = Field(),
                Data = Text(),
                Digest = [],
            };
            e.Digest = HashChain.Digest(e);
            return e;
        }

        private byte[] Field()
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(Bytes(4));
            Must(length is >= 0 and <= LongestField, "one of its events cannot be read");
            return Bytes(length);
        }

        private string Text() => Strict.GetString(Field());

        private long NumberField() => NumberOf(Field());

        private static long NumberOf(byte[] field)
        {
            Must(field.Length == 8, "one of its events cannot be read");
            return BinaryPrimitives.ReadInt64BigEndian(field);
        }
    }
}

/// <summary>A batch with its events, oldest first.</summary>
internal readonly record struct LoggedBatch(BatchRow Row, List<EventRow> Events);

/// <summary>A file of the archive is missing or is not what was archived.</summary>
public sealed class SegmentException : Exception
{
    private SegmentException(string file, long position, string message) : base(message) => (File, Position) = (file, position);

    /// <summary>The file's name.</summary>
    public string File { get; }

    /// <summary>The first position that cannot be read for it.</summary>
    public long Position { get; }

    internal static SegmentException Missing(SegmentRow segment) => new(SegmentFiles.NameOf(segment), segment.First,
        $"{Named(segment)} is missing. {Remedy}");

    internal static SegmentException Damaged(SegmentRow segment, long position, string problem) => new(SegmentFiles.NameOf(segment), position,
        $"{Named(segment)} is damaged from position {position} on: {problem}. {Remedy}");

    internal static SegmentException Unreadable(SegmentRow segment, string problem) => new(SegmentFiles.NameOf(segment), segment.First,
        $"{Named(segment)} cannot be read: {problem} {Remedy}");

    private static string Named(SegmentRow segment) => $"The archive's file {SegmentFiles.NameOf(segment)} (positions {segment.First} to {segment.Last})";

    private const string Remedy = "Put it back from a backup, into the folder of Log__ArchiveDirectory.";
}
