using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;

namespace ValueStream.Store.Tests.Log;

/// <summary>
/// The format of digests and chain, by a second implementation: <see cref="Format"/> is written from <c>docs/log-format.md</c> alone.
/// Product and format may not drift apart, and neither may ever change: logs are out there.
/// </summary>
public sealed class LogFormatTests
{
    private static readonly Vectors Expected = Vectors.Load();

    [Fact]
    public void The_format_as_documented_gives_the_vectors()
    {
        Assert.Equal(3, Expected.Events.Count);
        Assert.Equal(Expected.Genesis, Hex(Format.Genesis(Expected.LogId.ToByteArray(bigEndian: true))));
        foreach (var e in Expected.Events)
        {
            Assert.Equal(e.DataDigest, Hex(Format.DataDigest(e.ToRow())));
            Assert.Equal(e.Envelope, Hex(Format.Envelope(e.ToRow())));
            Assert.Equal(e.Digest, Hex(Format.Digest(e.ToRow())));
        }
        Assert.Equal([1, 2], Expected.Batches.Select(static b => b.Last - b.First + 1));
        var hash = Format.Genesis(Expected.LogId.ToByteArray(bigEndian: true));
        foreach (var b in Expected.Batches)
        {
            hash = Format.Batch(hash, b.First, b.Last, Expected.Of(b).Select(static e => Format.Digest(e.ToRow())));
            Assert.Equal(b.Hash, Hex(hash));
        }
        Assert.Equal(Expected.Head, new VectorHead(Expected.Batches[^1].Last, Hex(hash)));
    }

    [Fact]
    public void The_product_gives_the_vectors()
    {
        Assert.Equal(3, Expected.Events.Count);
        Assert.Equal(Expected.Genesis, Hex(HashChain.Genesis(Expected.LogId)));
        foreach (var e in Expected.Events)
        {
            Assert.Equal(e.DataDigest, Hex(HashChain.DataDigest(Convert.FromHexString(e.Salt), e.Data)));
            Assert.Equal(e.Digest, Hex(HashChain.Digest(e.ToProductRow())));
        }
        var hash = HashChain.Genesis(Expected.LogId);
        foreach (var b in Expected.Batches)
        {
            hash = HashChain.Batch(hash, b.First, b.Last, Expected.Of(b).Select(static e => HashChain.Digest(e.ToProductRow())));
            Assert.Equal(b.Hash, Hex(hash));
        }
        Assert.Equal(Expected.Head.Hash, Hex(hash));
    }

    [Fact]
    public void The_product_writes_data_as_the_vectors_have_it()
    {
        Assert.NotEmpty(Expected.Events);
        Assert.All(Expected.Events, static e => Assert.Equal(e.Data, EventData.FromJson(e.Data).ToJson()));
    }

    [Fact]
    public void A_segment_as_documented_is_the_vector_and_the_product_writes_and_reads_it()
    {
        var genesis = Convert.FromHexString(Expected.Genesis);
        var bytes = Format.Segment(genesis, [.. Expected.Batches.Select(static b => (b.First, b.Last, Convert.FromHexString(b.Hash), Expected.Of(b).Select(static e => e.ToRow())))]);
        Assert.Equal((Expected.Segment.Length, Expected.Segment.Sha256), (bytes.Length, Hex(SHA256.HashData(bytes))));

        var file = SegmentFormat.Write(genesis, [.. Expected.Batches.Select(static b => new LoggedBatch(
            new BatchRow { First = b.First, Last = b.Last, Hash = Convert.FromHexString(b.Hash) }, [.. Expected.Of(b).Select(static e => e.ToProductRow())]))]);

        using var unpacked = new MemoryStream();
        using (var unpacking = new GZipStream(new MemoryStream(file), CompressionMode.Decompress))
        {
            unpacking.CopyTo(unpacked);
        }
        Assert.Equal(Hex(bytes), Hex(unpacked.ToArray()));
        var read = SegmentFormat.Read(file, new SegmentRow
        {
            First = 1, Last = 3, PreviousHash = genesis, Hash = Convert.FromHexString(Expected.Head.Hash), Sha256 = SHA256.HashData(file),
        });
        Assert.Equal(Expected.Events.Select(static e => (e.Digest, e.Data, e.Salt)), read.SelectMany(static b => b.Events).Select(static e => (Hex(e.Digest), e.Data, Hex(e.Salt))));
    }

    [Fact]
    public void The_digest_by_which_an_archived_event_is_known_again_never_changes() =>
        Assert.Equal([-448655952663820936L, 382113178494225544L, 5774333697617890061L], Expected.Events.Select(static e => Entry.ContentDigest(e.ToProductRow())));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    /// <summary>The file that the document refers to.</summary>
    private sealed record Vectors(
        Guid LogId, string Genesis, IReadOnlyList<VectorEvent> Events, IReadOnlyList<VectorBatch> Batches, VectorHead Head, VectorSegment Segment)
    {
        public IEnumerable<VectorEvent> Of(VectorBatch batch) => Events.Where(e => e.Position >= batch.First && e.Position <= batch.Last);

        public static Vectors Load()
        {
            using var file = Assembly.GetExecutingAssembly().GetManifestResourceStream("log-format-v1.json")!;
            return JsonSerializer.Deserialize<Vectors>(file, JsonSerializerOptions.Web)!;
        }
    }

    private sealed record VectorEvent(
        long Position, Guid EventId, string Kind, string Source, string Type, string Namespace, string Id, int? Attempt, string Submitter,
        long? OccurredAt, long RecordedAt, long EffectiveAt, string Salt, string Data, string DataDigest, string Envelope, string Digest)
    {
        public FormatRow ToRow() => new(Position, EventId.ToByteArray(bigEndian: true), Kind, Source, Type, Namespace, Id, Attempt, Submitter,
            OccurredAt, RecordedAt, EffectiveAt, Convert.FromHexString(Salt), Data);

        public EventRow ToProductRow() => new()
        {
            Position = Position,
            EventId = EventId,
            Kind = (short)EventKinds.Parse(Kind)!,
            Source = Source,
            Type = Type,
            Namespace = Namespace,
            Id = Id,
            Attempt = Attempt,
            Submitter = Submitter,
            OccurredAt = OccurredAt is { } occurredAt ? Micros.ToTime(occurredAt) : null,
            RecordedAt = Micros.ToTime(RecordedAt),
            EffectiveAt = Micros.ToTime(EffectiveAt),
            Salt = Convert.FromHexString(Salt),
            Data = Data,
            Digest = [],
        };
    }

    private sealed record VectorBatch(long First, long Last, string Hash);

    private sealed record VectorSegment(int Length, string Sha256);

    private sealed record VectorHead(long Position, string Hash);
}

/// <summary>A log that the product has written, checked by the format as documented, on each database.</summary>
public abstract class LogFormatContract
{
    private static readonly string[] Kinds = ["started", "transitioned", "annotated", "linked", "ended", "abandoned", "redacted", "administered"];

    private protected abstract Task<StoreFixture> NewStoreAsync();

    [Fact]
    public async Task A_log_that_the_product_wrote_is_what_the_document_says()
    {
        await using var store = await NewStoreAsync();
        var run = Given.Run("größe 👩‍🚀", "deploy", "acme.web");
        await store.AppendAsync(Given.Start(run, 0, new EventData { Reason = "データ戻し", Tags = Event.NoTags.Add("try", new TagValue("1.50", JsonValueKind.Number)) }));
        await store.AppendAsync(
            Given.Event(EventKind.Annotated, run, 1, new EventData { Note = "line\nline \u202E\u0001" }) with { OccurredAt = null, Submitter = "token:7" },
            Given.Event(EventKind.Linked, run, 2, new EventData { Links = [new RunLink("follows", "vstrace-customhttp-build-default-1")] }) with { Attempt = 1 },
            Given.End(run, 3.1234567) with { Attempt = 2, ClockOffset = TimeSpan.FromSeconds(7) });
        await store.AppendAsync([.. Enumerable.Range(0, 50).Select(static i => Given.Start(Given.Run($"{i}"), i))]);
        await store.AppendAsync(
            Given.Event(EventKind.Transitioned, run, 5, new EventData { Stage = "In Prüfung" }), Given.Event(EventKind.Abandoned, run, 6),
            Given.Event(EventKind.Administered, OperationSetting.IdOf("acme.web", new ShortKey(7)), 7,
                new EventData { OperationSetting = new OperationSetting { Owner = "Plattform", DurationLimit = 0.5 } }));

        var (logId, position, head, events, batches) = await ReadAsync(store.Get<IEngine>());

        Assert.Equal(["started", "annotated", "linked", "ended"], events.Take(4).Select(static e => e.Row.Kind));
        Assert.Equal(["transitioned", "abandoned", "administered"], events.TakeLast(3).Select(static e => e.Row.Kind));
        Assert.Equal([(1, 1), (2, 4), (5, 54), (55, 57)], batches.Select(static b => (b.First, b.Last)));
        Assert.All(events, static (e, i) =>
        {
            Assert.Equal(i + 1, e.Row.Position);
            Assert.Equal(16, e.Row.Salt.Length);
            Assert.Equal(e.Digest, Format.Digest(e.Row));
        });
        var hash = Format.Genesis(logId);
        foreach (var (first, last, stored) in batches)
        {
            hash = Format.Batch(hash, first, last, events.Where(e => e.Row.Position >= first && e.Row.Position <= last).Select(static e => e.Digest));
            Assert.Equal(stored, hash);
        }
        Assert.Equal((57, Convert.ToHexString(hash)), (position, Convert.ToHexString(head)));
    }

    /// <summary>The rows as the document describes the tables: SQL and raw values, nothing of the product's own reading.</summary>
    private static async Task<(byte[] LogId, long Position, byte[] Hash, List<(FormatRow Row, byte[] Digest)> Events, List<(long First, long Last, byte[] Hash)> Batches)>
        ReadAsync(IEngine engine)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var session = await engine.BeginAsync(cancel);
        var (logId, position, hash) = (await session.QueryAsync("SELECT log_id, position, hash FROM log_head",
            static r => (Uuid(r.GetValue(0)), r.GetInt64(1), (byte[])r.GetValue(2)), cancel)).Single();
        var events = await session.QueryAsync("""
            SELECT position, event_id, kind, source, type, namespace, id, attempt, submitter, occurred_at, recorded_at, effective_at, salt, data, digest
            FROM events ORDER BY position
            """, static r => (
                new FormatRow(r.GetInt64(0), Uuid(r.GetValue(1)), Kinds[r.GetInt16(2)], r.GetString(3), r.GetString(4), r.GetString(5), r.GetString(6),
                    r.IsDBNull(7) ? null : r.GetInt32(7), r.GetString(8), r.IsDBNull(9) ? null : r.GetInt64(9), r.GetInt64(10), r.GetInt64(11),
                    (byte[])r.GetValue(12), r.GetString(13)),
                (byte[])r.GetValue(14)), cancel);
        var batches = await session.QueryAsync("SELECT first, last, hash FROM batches ORDER BY last",
            static r => (r.GetInt64(0), r.GetInt64(1), (byte[])r.GetValue(2)), cancel);
        return (logId, position, hash, events, batches);
    }

    private static byte[] Uuid(object value) => value is Guid id ? id.ToByteArray(bigEndian: true) : (byte[])value;
}

public sealed class PostgresLogFormatTests : LogFormatContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteLogFormatTests : LogFormatContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}

/// <summary>An event as the document has it: times are microseconds, ids 16 bytes.</summary>
internal sealed record FormatRow(
    long Position, byte[] EventId, string Kind, string Source, string Type, string Namespace, string Id, int? Attempt, string Submitter,
    long? OccurredAt, long RecordedAt, long EffectiveAt, byte[] Salt, string Data);

/// <summary>The second implementation.</summary>
internal static class Format
{
    public static byte[] Genesis(byte[] logId) => SHA256.HashData(logId);

    public static byte[] DataDigest(FormatRow e) => SHA256.HashData([.. e.Salt, .. Encoding.UTF8.GetBytes(e.Data)]);

    public static byte[] Envelope(FormatRow e) =>
    [
        .. Field(Int64(1)), .. Field(Int64(e.Position)), .. Field(e.EventId), .. Text(e.Kind),
        .. Text(e.Source), .. Text(e.Type), .. Text(e.Namespace), .. Text(e.Id),
        .. Field(Int64(e.Attempt ?? 0)), .. Text(e.Submitter), .. Field(e.OccurredAt is { } occurredAt ? Int64(occurredAt) : []),
        .. Field(Int64(e.RecordedAt)), .. Field(Int64(e.EffectiveAt)), .. Field(DataDigest(e)),
    ];

    public static byte[] Digest(FormatRow e) => SHA256.HashData(Envelope(e));

    public static byte[] Batch(byte[] previous, long first, long last, IEnumerable<byte[]> digests) =>
        SHA256.HashData([.. previous, .. Int64(first), .. Int64(last), .. digests.SelectMany(static d => d)]);

    public static byte[] Segment(byte[] previous, (long First, long Last, byte[] Hash, IEnumerable<FormatRow> Events)[] batches) =>
    [
        .. "valuestream segment\n"u8, .. Int64(1), .. Int64(batches[0].First), .. Int64(batches[^1].Last), .. previous,
        .. batches.SelectMany(static b => (byte[])[.. Int64(b.First), .. Int64(b.Last), .. b.Hash, .. b.Events.SelectMany(static e => (byte[])[.. Envelope(e)[..^36], .. Field(e.Salt), .. Text(e.Data)])]),
    ];

    private static byte[] Field(byte[] bytes)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }

    private static byte[] Text(string text) => Field(Encoding.UTF8.GetBytes(text));

    private static byte[] Int64(long number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }
}
