using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>What a long stream takes of a server that has nothing else to do: it is these tests' own.</summary>
public abstract class StreamMemoryContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    [Theory]
    [InlineData(null)]
    [InlineData("gzip")]
    public async Task Memory_does_not_grow_with_the_stream(string? encoding)
    {
        // As much as fills whatever a stream may fill: what a collection leaves behind differs from one to the next.
        await PostAsync(1, 1_000, encoding);
        var before = Peak();

        await PostAsync(1_001, 3_000, encoding);

        // Kept whole it would be 200 MB more than of the first stream, in characters 400. The projector works on it meanwhile.
        Assert.InRange(Peak(), 0, before + 60_000);
    }

    /// <summary>The most memory that the server ever had, in kB; the kernel keeps it to some hundred kB.</summary>
    private long Peak() => long.Parse(File.ReadLines($"/proc/{server.Process.Id}/status").Single(static l => l.StartsWith("VmHWM", StringComparison.Ordinal))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    /// <summary>Sends lines of 100 kB: 3,000 of them are 300 MB.</summary>
    private async Task PostAsync(int first, int count, string? encoding)
    {
        using var content = new StreamOf(i => Sent.Start(_ns, $"{first + i}", more: $$""" "future":"{{new string('x', 100_000)}}" """), count, encoding);
        using var response = await server.Process.Http.PostAsync(Routes.Events, content, TestContext.Current.CancellationToken);
        Assert.Equal($$"""{"accepted":{{count}},"duplicates":0,"rejected":0,"lastLine":{{count}}}""",
            (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).TrimEnd());
    }

    /// <summary>A body that is made while it is sent.</summary>
    private sealed class StreamOf : HttpContent
    {
        private readonly Func<int, string> _line;
        private readonly int _count;

        public StreamOf(Func<int, string> line, int count, string? encoding)
        {
            (_line, _count) = (line, count);
            Headers.ContentType = new MediaTypeHeaderValue(Routes.Ndjson);
            if (encoding is not null)
            {
                Headers.ContentEncoding.Add(encoding);
            }
        }

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await using var to = Headers.ContentEncoding.Count > 0 ? new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true) : null;
            for (var i = 0; i < _count; i++)
            {
                await (to ?? stream).WriteAsync(Encoding.UTF8.GetBytes(_line(i) + "\n"));
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

public sealed class PostgresStreamMemoryTests(PostgresServer server) : StreamMemoryContract(server), IClassFixture<PostgresServer>;

public sealed class SqliteStreamMemoryTests(SqliteServer server) : StreamMemoryContract(server), IClassFixture<SqliteServer>;
