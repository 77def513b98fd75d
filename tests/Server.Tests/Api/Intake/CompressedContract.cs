using System.IO.Compression;
using System.Text;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>Bodies with a Content-Encoding, on every intake. The limits hold for what they unpack to.</summary>
public abstract class CompressedContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Theory]
    [InlineData(Routes.Events, "application/json", "gzip")]
    [InlineData(Routes.Events, "application/json", "br")]
    [InlineData(Routes.Events, Routes.Ndjson, "gzip")]
    [InlineData(Routes.Events, Routes.Ndjson, "br")]
    [InlineData(Routes.CustomHttp, "application/json", "gzip")]
    [InlineData(Routes.CustomHttp, "text/plain", "br")]
    public async Task A_compressed_body_is_taken_as_if_it_were_not(string route, string contentType, string encoding)
    {
        var head = await Client.HeadAsync();

        var answer = await SendAsync(route, contentType, encoding, Pack(encoding, Event(route)));

        Assert.Equal(200, answer.Status);
        Assert.Equal(head + 1, await Client.HeadAsync());
    }

    [Theory]
    [InlineData(Routes.Events, "gzip")]
    [InlineData(Routes.Events, "br")]
    [InlineData(Routes.CustomHttp, "gzip")]
    public async Task A_small_body_that_unpacks_to_more_than_25_MB_is_refused(string route, string encoding)
    {
        var body = Pack(encoding, new byte[(25 << 20) + 1]);
        Assert.True(body.Length < 1_000_000);

        (await SendAsync(route, "application/json", encoding, body)).IsProblem(413, "25 MB");
    }

    [Fact]
    public async Task A_line_that_unpacks_to_more_than_a_line_may_have_is_rejected_alone()
    {
        var body = Pack("gzip", [.. Event(Routes.Events), (byte)'\n', .. new byte[40 << 20], (byte)'\n', .. Event(Routes.Events)]);

        var answer = await SendAsync(Routes.Events, Routes.Ndjson, "gzip", body);

        Assert.Contains("262144", answer.Text, StringComparison.Ordinal);
        Assert.EndsWith("""{"accepted":2,"duplicates":0,"rejected":1,"lastLine":3}""", answer.Text.TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Routes.Events, "application/json", "zstd")]
    [InlineData(Routes.Events, Routes.Ndjson, "deflate")]
    [InlineData(Routes.CustomHttp, "application/json", "gzip, gzip")]
    public async Task An_unknown_encoding_is_refused_with_those_that_are_known(string route, string contentType, string encoding) =>
        (await SendAsync(route, contentType, encoding, Event(route))).IsProblem(415, "gzip or br", "Content-Encoding");

    [Theory]
    [InlineData(Routes.Events, "application/json", "gzip")]
    [InlineData(Routes.Events, "application/json", "br")]
    [InlineData(Routes.Events, Routes.Ndjson, "gzip")]
    [InlineData(Routes.Events, Routes.Ndjson, "br")]
    [InlineData(Routes.CustomHttp, "application/json", "gzip")]
    public async Task A_body_that_cannot_be_unpacked_is_refused(string route, string contentType, string encoding)
    {
        var head = await Client.HeadAsync();
        var whole = Pack(encoding, Event(route));

        (await SendAsync(route, contentType, encoding, Encoding.UTF8.GetBytes("this is no archive"))).IsProblem(400, "Content-Encoding");
        (await SendAsync(route, contentType, encoding, whole[..^5])).IsProblem(400);
        Assert.Equal(head, await Client.HeadAsync());
    }

    private byte[] Event(string route) => Encoding.UTF8.GetBytes(route == Routes.Events ? Sent.Start(_ns, "1")
        : $$"""{"id":"1","action":"start","namespace":"{{_ns}}"}""");

    private Task<Answer> SendAsync(string route, string contentType, string encoding, byte[] body) =>
        Client.SendAsync(HttpMethod.Post, route, body, contentType, ("Content-Encoding", encoding));

    private static byte[] Pack(string encoding, byte[] body)
    {
        var packed = new MemoryStream();
        using (Stream to = encoding == "br" ? new BrotliStream(packed, CompressionLevel.Fastest) : new GZipStream(packed, CompressionLevel.Fastest))
        {
            to.Write(body);
        }
        return packed.ToArray();
    }
}

[Collection(OnPostgres.Name)]
public sealed class PostgresCompressedTests(PostgresServer server) : CompressedContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteCompressedTests(SqliteServer server) : CompressedContract(server);
