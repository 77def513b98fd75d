using System.Globalization;
using System.Text;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>Streams of one event a line.</summary>
public abstract class NdjsonContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("application/ndjson; charset=utf-8")]
    [InlineData("application/jsonl")]
    public async Task Every_line_is_stored_in_order_and_the_answer_counts_them(string contentType)
    {
        var head = await Client.HeadAsync();

        var answer = await PostAsync(Encoding.UTF8.GetBytes($"{Line(1)}\r\n\n{Line(2)}\n  \n{Line(3)}"), contentType: contentType);

        Is(answer, 200, accepted: 3, duplicates: 0, rejected: 0, lastLine: 5);
        Assert.Equal(Routes.Ndjson, answer.ContentType);
        Assert.Equal(head + 3, await Client.HeadAsync());
        var events = (await Client.ReadAsync("/api/v1/events?limit=3")).Each("run");
        Assert.Equal([Rendering(3), Rendering(2), Rendering(1)], events);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("\n\r\n", 2)]
    public async Task Nothing_is_a_stream_too(string body, long lines) =>
        Is(await PostAsync(Encoding.UTF8.GetBytes(body)), 200, 0, 0, 0, lines);

    [Fact]
    public async Task One_bad_line_among_many_is_rejected_by_its_number_and_the_rest_is_stored()
    {
        var head = await Client.HeadAsync();
        var lines = Enumerable.Range(1, 20_000).Select(i => i == 17_123 ? "{\"action\":" : Line(i));

        var answer = await PostAsync(Encoding.UTF8.GetBytes(string.Join('\n', lines)));

        Is(answer, 200, accepted: 19_999, duplicates: 0, rejected: 1, lastLine: 20_000);
        Assert.Equal([17_123], Rejected(answer).Select(static r => r.GetProperty("line").GetInt64()));
        Assert.Equal(head + 19_999, await Client.HeadAsync());
    }

    [Fact]
    public async Task What_is_wrong_with_a_line_is_said_and_touches_no_other()
    {
        byte[][] bad =
        [
            "hello"u8.ToArray(), "7"u8.ToArray(), "[{}]"u8.ToArray(), "{\"action\":\"start\"}"u8.ToArray(), [(byte)'"', 0xC3, 0x28, (byte)'"'],
            Encoding.UTF8.GetBytes(new string('[', 1000)), Encoding.UTF8.GetBytes(Line(0, $$""" "future":"{{new string('x', 300_000)}}" """)),
        ];
        string[] says = ["JSON", "JSON object", "JSON object", "run: ", "UTF-8", "16", "262144"];
        var body = new MemoryStream();
        foreach (var line in bad.SelectMany((b, i) => new[] { Encoding.UTF8.GetBytes(Line(i + 1)), b }))
        {
            body.Write([.. line, (byte)'\n']);
        }

        var answer = await PostAsync(body.ToArray());

        Is(answer, 200, accepted: bad.Length, duplicates: 0, rejected: bad.Length, lastLine: 2 * bad.Length);
        var rejected = Rejected(answer).ToList();
        Assert.Equal(Enumerable.Range(1, bad.Length).Select(static i => 2L * i), rejected.Select(static r => r.GetProperty("line").GetInt64()));
        Assert.All(rejected, static r => Assert.Equal("rejected", r.Text("status")));
        Assert.All(rejected.Zip(says), static r => Assert.Contains(r.Second, r.First.Text("problem"), StringComparison.Ordinal));
        Assert.DoesNotContain("body", rejected[0].Text("problem"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_of_which_nothing_is_taken_is_422() =>
        Is(await PostAsync("<html>\n</html>\n"u8.ToArray()), 422, 0, 0, rejected: 2, lastLine: 2);

    [Fact]
    public async Task An_id_that_stands_twice_is_a_duplicate_with_the_same_content_and_rejected_with_other()
    {
        var (id, head) = (Guid.CreateVersion7(), await Client.HeadAsync());
        string With(int run) => Line(run, $"\"eventId\":\"{id}\"");

        var answer = await PostAsync(Encoding.UTF8.GetBytes($"{With(1)}\n{With(1)}\n{With(2)}\n"));

        Is(answer, 200, accepted: 1, duplicates: 1, rejected: 1, lastLine: 3);
        var conflict = Assert.Single(Rejected(answer));
        Assert.Equal((3, id.ToString()), (conflict.GetProperty("line").GetInt32(), conflict.Text("eventId")));
        Assert.StartsWith("conflict: ", conflict.Text("problem"), StringComparison.Ordinal);
        Assert.Equal(head + 1, await Client.HeadAsync());
    }

    [Fact]
    public async Task A_stream_that_is_sent_again_under_its_key_stores_nothing_twice()
    {
        var head = await Client.HeadAsync();
        // Without a time of their own: what the server set is not compared.
        var body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 3).Select(i =>
            $$"""{"action":"start","run":{"type":"build","namespace":"{{_ns}}","id":"{{i}}"} }""" + "\n")));

        Is(await PostAsync(body, _ns), 200, accepted: 3, duplicates: 0, rejected: 0, lastLine: 3);
        Is(await PostAsync(body, _ns), 200, accepted: 0, duplicates: 3, rejected: 0, lastLine: 3);
        Assert.Equal(head + 3, await Client.HeadAsync());

        Is(await PostAsync(body), 200, accepted: 3, duplicates: 0, rejected: 0, lastLine: 3);
    }

    [Fact]
    public async Task A_stream_that_was_cut_is_sent_again_and_the_rest_is_stored_once()
    {
        var head = await Client.HeadAsync();
        using (var sender = await RawSender.StartAsync(server, _ns))
        {
            await sender.SendAsync(string.Concat(Enumerable.Range(1, 2_000).Select(i => Line(i) + "\n")) + Line(2_001));
            await sender.UntilAsync("200 OK");
            sender.Cut();
        }
        Assert.True(await Client.HeadAsync() >= head + 500, "The answer begins when the first batch is durable.");

        var answer = await PostAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 3_000).Select(i => Line(i) + "\n"))), _ns);

        var last = Last(answer);
        Assert.InRange(last.GetProperty("duplicates").GetInt64(), 500, 2_000);
        Assert.Equal(3_000, last.GetProperty("accepted").GetInt64() + last.GetProperty("duplicates").GetInt64());
        Assert.Equal(head + 3_000, await Client.HeadAsync());
    }

    [Fact]
    public async Task A_sender_that_goes_away_takes_no_neighbour_with_it()
    {
        using var neighbour = await RawSender.StartAsync(server, _ns + "b");
        using var sender = await RawSender.StartAsync(server, _ns + "a");
        for (var i = 0; i < 5; i++)
        {
            await neighbour.SendAsync(string.Concat(Enumerable.Range(1, 300).Select(n => Line((1000 * i) + n) + "\n")));
            await sender.SendAsync(string.Concat(Enumerable.Range(1, 300).Select(n => Line(n) + "\n")));
        }
        sender.Cut();
        await neighbour.SendAsync(Line(9_999));
        await neighbour.EndAsync();

        Assert.Contains("""{"accepted":1501,"duplicates":0,"rejected":0,"lastLine":1501}""", await neighbour.UntilAsync("lastLine"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_sender_is_answered_while_it_still_sends()
    {
        var head = await Client.HeadAsync();
        using var sender = await RawSender.StartAsync(server, _ns);

        await sender.SendAsync($"{Line(1)}\nhello\n{Line(2)[..10]}");
        Assert.Contains("200 OK", await sender.UntilAsync("\"line\":2"), StringComparison.Ordinal);
        Assert.Equal(head + 1, await Client.HeadAsync());

        await sender.SendAsync($"{Line(2)[10..]}\n\nworld\n");
        await sender.UntilAsync("\"line\":5");
        Assert.Equal(head + 2, await Client.HeadAsync());

        await sender.EndAsync();
        Assert.Contains("""{"accepted":2,"duplicates":0,"rejected":2,"lastLine":5}""", await sender.UntilAsync("lastLine"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clocks_ten_years_off_are_stored_and_nothing_happens_after_its_receipt()
    {
        var now = DateTimeOffset.UtcNow;
        string At(DateTimeOffset time) => $$"""{"action":"start","run":{"type":"build","namespace":"{{_ns}}","id":"{{time.Year}}"},"occurredAt":"{{time:O}}"}""";

        Is(await PostAsync(Encoding.UTF8.GetBytes($"{At(now.AddYears(-10))}\n{At(now.AddYears(10))}\n")), 200, 2, 0, 0, 2);
        var answer = await Client.SendAsync(HttpMethod.Post, Routes.Events, Encoding.UTF8.GetBytes(At(now.AddYears(5))), Routes.Ndjson,
            (Routes.SentAtHeader, now.AddYears(10).ToString("O", CultureInfo.InvariantCulture)));
        Is(answer, 200, 1, 0, 0, 1);

        var events = (await Client.ReadAsync("/api/v1/events?limit=3")).GetProperty("items").EnumerateArray().ToList();
        Assert.All(events, static e => Assert.True(e.GetProperty("effectiveAt").GetDateTimeOffset() <= e.GetProperty("recordedAt").GetDateTimeOffset()));
        Assert.Equal(now.AddYears(-10), events[2].GetProperty("effectiveAt").GetDateTimeOffset(), TimeSpan.FromMilliseconds(1));
        Assert.Equal(now.AddYears(-5), events[0].GetProperty("effectiveAt").GetDateTimeOffset(), TimeSpan.FromDays(3));
    }

    [Theory]
    [InlineData(Routes.IdempotencyKeyHeader, "")]
    [InlineData(Routes.IdempotencyKeyHeader, "a\tb")]
    [InlineData(Routes.IdempotencyKeyHeader, "long")]
    [InlineData(Routes.SentAtHeader, "soon")]
    public async Task A_bad_header_is_refused_before_anything_is_read(string name, string value)
    {
        var head = await Client.HeadAsync();

        var answer = await Client.SendAsync(HttpMethod.Post, Routes.Events, Encoding.UTF8.GetBytes(Line(1)), Routes.Ndjson,
            (name, value == "long" ? new string('x', 201) : value));

        answer.IsProblem(400, field: name);
        Assert.Equal(head, await Client.HeadAsync());
    }

    private string Line(int i, string more = "") => Sent.Start(_ns, $"{i}", i % 1000, more: more);

    private string Rendering(int i) => Sent.Rendering(_ns, $"{i}");

    private Task<Answer> PostAsync(byte[] body, string? key = null, string contentType = Routes.Ndjson) =>
        Client.SendAsync(HttpMethod.Post, Routes.Events, body, contentType, key is null ? [] : [(Routes.IdempotencyKeyHeader, key)]);

    private static JsonElement Last(Answer answer) => JsonElement.Parse(answer.Text.TrimEnd().Split('\n')[^1]);

    private static IEnumerable<JsonElement> Rejected(Answer answer) => answer.Text.TrimEnd().Split('\n')[..^1].Select(static l => JsonElement.Parse(l));

    private static void Is(Answer answer, int status, long accepted, long duplicates, long rejected, long lastLine)
    {
        Assert.Equal(status, answer.Status);
        Assert.Equal($$"""{"accepted":{{accepted}},"duplicates":{{duplicates}},"rejected":{{rejected}},"lastLine":{{lastLine}}}""", answer.Text.TrimEnd().Split('\n')[^1]);
        Assert.Equal(rejected, Rejected(answer).Count());
    }
}

[Collection(OnPostgres.Name)]
public sealed class PostgresNdjsonTests(PostgresServer server) : NdjsonContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteNdjsonTests(SqliteServer server) : NdjsonContract(server);
