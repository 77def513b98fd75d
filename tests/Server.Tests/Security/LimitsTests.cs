using System.IO.Compression;
using System.Text;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Security;

/// <summary>Every limit at its edge: as much as it says is taken, one more is refused.</summary>
[Collection(OnSqlite.Name)]
public sealed class LimitsTests(SqliteServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Theory]
    [InlineData("run.id", 200)]
    [InlineData("run.type", 100)]
    [InlineData("run.namespace", 100)]
    [InlineData("name", 200)]
    [InlineData("actor", 200)]
    [InlineData("reason", 4000)]
    [InlineData("note", 4000)]
    [InlineData("stage", 200)]
    [InlineData("tags.key", 128)]
    [InlineData("tags.k", 2048)]
    public async Task A_text_may_have_so_many_characters_and_not_one_more(string field, int most)
    {
        Assert.Equal(200, (await Client.PostAsync(Routes.Events, With(field, Long(most)))).Status);
        (await Client.PostAsync(Routes.Events, With(field, Long(most + 1)))).IsProblem(400, $"{most}");
    }

    [Fact]
    public async Task An_event_may_have_200_tags_and_not_one_more()
    {
        Assert.Equal(200, (await Client.PostAsync(Routes.Events, Tags(200))).Status);
        (await Client.PostAsync(Routes.Events, Tags(201))).IsProblem(400, "200", "tags");

        string Tags(int count) => Event($$""" "tags":{ {{string.Join(',', Enumerable.Range(0, count).Select(static i => $"\"k{i}\":{i}"))}} } """);
    }

    [Theory]
    [InlineData("run.type", "AZaz09_.-", true)]
    [InlineData("run.namespace", "AZaz09_.-", true)]
    [InlineData("run.type", "a/b", false)]
    [InlineData("run.type", "a:b", false)]
    [InlineData("run.type", "a b", false)]
    [InlineData("run.type", "é", false)]
    [InlineData("run.namespace", "a/b", false)]
    [InlineData("run.namespace", "a*", false)]
    [InlineData("run.namespace", "a\\nb", false)]
    public async Task A_type_and_a_namespace_have_letters_digits_and_three_signs(string field, string value, bool isTaken)
    {
        var answer = await Client.PostAsync(Routes.Events, With(field, value));

        if (isTaken)
        {
            Assert.Equal(200, answer.Status);
            return;
        }
        answer.IsProblem(400, "", field);
    }

    [Fact]
    public async Task JSON_may_be_16_deep_and_not_one_more()
    {
        Assert.Equal(200, (await Client.PostAsync(Routes.Events, Nested(16))).Status);
        (await Client.PostAsync(Routes.Events, Nested(17))).IsProblem(400, "16", "$");

        // The event and its tags are two of them.
        string Nested(int deep) => Event($$""" "tags":{"k":{{new string('[', deep - 2)}}{{new string(']', deep - 2)}}} """);
    }

    [Fact]
    public async Task An_event_may_have_a_megabyte_and_not_a_byte_more()
    {
        Assert.Equal(200, (await Client.PostAsync(Routes.Events, Event(Padding(), 1 << 20))).Status);
        (await Client.PostAsync(Routes.Events, Event(Padding(), (1 << 20) + 1))).IsProblem(400, "1048576");
    }

    [Fact]
    public async Task A_line_may_have_256_kB_and_not_a_byte_more()
    {
        var answer = await Client.SendAsync(HttpMethod.Post, Routes.Events,
            Encoding.UTF8.GetBytes($"{Event(Padding(), 256 << 10)}\n{Event(Padding(), (256 << 10) + 1)}\n"), Routes.Ndjson);

        Assert.Contains("262144", answer.Text, StringComparison.Ordinal);
        Assert.EndsWith("""{"accepted":1,"duplicates":0,"rejected":1,"lastLine":2}""", answer.Text.TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/github", 25, "25 MB")]
    [InlineData("/cdevents", 25, "25 MB")]
    [InlineData(Routes.Traces, 16, "16 MB")]
    public async Task A_request_may_have_so_many_megabytes_unpacked_and_not_a_byte_more(string route, int megabytes, string says)
    {
        foreach (var isPacked in new[] { false, true })
        {
            var whole = await SendAsync(megabytes << 20, isPacked);
            Assert.True(whole.Status is 200 or 202, $"{whole.Status} {whole.Text}");

            var more = await SendAsync((megabytes << 20) + 1, isPacked);
            Assert.Equal(413, more.Status);
            Assert.Contains(says, more.Text, StringComparison.Ordinal);
        }

        Task<Answer> SendAsync(int bytes, bool isPacked)
        {
            var body = Encoding.UTF8.GetBytes($$"""{"ignored":"{{new string('x', bytes - 14)}}"}""");
            Assert.Equal(bytes, body.Length);
            (string, string)[] encoding = isPacked ? [("Content-Encoding", "gzip")] : [];
            return Client.SendAsync(HttpMethod.Post, route, isPacked ? Packed(body) : body, "application/json", encoding);
        }
    }

    [Fact]
    public async Task A_million_members_are_refused_soon()
    {
        var members = $$"""{"action":"start","run":{"type":"a","id":"1"},"tags":{ {{string.Join(',', Enumerable.Range(0, 80_000).Select(static i => $"\"k{i}\":0"))}} } }""";
        var before = System.Diagnostics.Stopwatch.GetTimestamp();

        (await Client.PostAsync(Routes.Events, members)).IsProblem(400, "80000 tags; 200", "tags");
        Assert.Equal(202, (await Client.PostAsync("/github", $$"""{ {{string.Join(',', Enumerable.Range(0, 1_000_000).Select(static i => $"\"k{i}\":0"))}} }""", ("X-GitHub-Event", "push"))).Status);
        Assert.Equal(202, (await Client.PostAsync("/gitlab", new string('[', 1_000_000))).Status);

        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(before) < TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData("POST /api/v1/events HTTP/1.1\nHost: {host}\nContent-Type: application/json\nContent-Length: 1000\n\n{")]
    [InlineData("POST /github HTTP/1.1\nHost: {host}\nContent-Type: application/json\nContent-Length: 1000\n\n{")]
    public async Task A_body_that_does_not_come_is_not_waited_for(string request) =>
        Assert.StartsWith("HTTP/1.1 408", await RawHttp.SendAsync(server.Process.Url, request), StringComparison.Ordinal);

    [Fact]
    public async Task Headers_of_any_size_are_not_read()
    {
        Assert.StartsWith("HTTP/1.1 431", await RawHttp.SendAsync(server.Process.Url, $"GET /healthz HTTP/1.1\nHost: {{host}}\nX: {new string('x', 40_000)}\n\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 414", await RawHttp.SendAsync(server.Process.Url, $"GET /healthz?{new string('x', 10_000)} HTTP/1.1\nHost: {{host}}\n\n"), StringComparison.Ordinal);
    }

    private static string Long(int length) => new('x', length);

    private static string Padding() => """ "future":"*" """;

    /// <summary>An event with more members, and of so many bytes where it has a star to put them in place of.</summary>
    private string Event(string more, int bytes = 0)
    {
        var e = $$"""{"action":"start","run":{"type":"build","namespace":"{{_ns}}","id":"1"},{{more}}}""";
        return bytes == 0 ? e : e.Replace("*", Long(bytes - e.Length + 1), StringComparison.Ordinal);
    }

    private string With(string field, string value)
    {
        var (type, ns, id) = field switch { "run.type" => (value, _ns, "1"), "run.namespace" => ("build", value, "1"), "run.id" => ("build", _ns, value), _ => ("build", _ns, "1") };
        var more = field switch
        {
            "tags.key" => $$""","tags":{"{{value}}":1}""",
            "tags.k" => $$""","tags":{"k":"{{value}}"}""",
            "stage" or "name" or "actor" or "reason" or "note" => $",\"{field}\":\"{value}\"",
            _ => "",
        };
        var action = field switch { "stage" => "transition", "note" => "annotate", _ => "start" };
        return $$"""{"action":"{{action}}","run":{"type":"{{type}}","namespace":"{{ns}}","id":"{{id}}"}{{more}}}""";
    }

    private static byte[] Packed(byte[] body)
    {
        var packed = new MemoryStream();
        using (var to = new GZipStream(packed, CompressionLevel.Fastest))
        {
            to.Write(body);
        }
        return packed.ToArray();
    }
}
