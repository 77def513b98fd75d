using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using ValueStream.Core.Spans;
using ValueStream.Core.Events;
using ValueStream.Server.Otlp;
using ValueStream.Server.Sources.Otlp;
using ValueStream.Server.Tests.Api;
using static ValueStream.Server.Tests.Sources.Otlp.Exports;

namespace ValueStream.Server.Tests.Sources.Otlp;

/// <summary>Spans at a server that nobody has configured, which takes them from this machine.</summary>
public abstract class OtlpContract(ApiServer server)
{
    private readonly string _trace = Trace();
    private readonly string _ns = Sent.Unique("otlp");

    private ApiClient Client => server.Client;

    [Fact]
    public async Task A_trace_is_the_same_trace_here_though_its_root_comes_last()
    {
        await TakenAsync(Span(_trace, 3, parent: 2, name: "query", from: 2, to: 3), Span(_trace, 2, parent: 1, name: "checkout", from: 1, to: 5));
        var alone = await RunAsync(3);
        await TakenAsync(Span(_trace, 1, name: "POST /orders", from: 0, to: 6));

        var trace = await TraceAsync(3);

        Assert.Equal(Rendering(2), alone.Text("parent"));
        Assert.Equal((_trace, Hex(1)), (trace.Text("traceId"), trace.Text("root")));
        Assert.Equal(["POST /orders", "checkout", "query"], trace.GetProperty("runs").EnumerateArray().Select(static r => r.Text("name")));
        Assert.Equal([$"{Hex(1)} parent {Hex(2)}", $"{Hex(2)} parent {Hex(3)}"], Edges(trace));
        Assert.Equal(Rendering(1), (await RunAsync(2)).Text("parent"));
        Assert.Null((await RunAsync(1)).Text("parent"));
    }

    [Fact]
    public async Task A_parent_that_has_not_come_is_named_by_its_ids_and_its_children_are_one_trace()
    {
        await TakenAsync(Span(_trace, 2, parent: 1), Span(_trace, 3, parent: 1));

        Assert.Equal($"vstrace-otlp-{_trace}-{Hex(1)}", (await RunAsync(2)).Text("parent"));
        Assert.Equal((2, _trace), ((await TraceAsync(2)).GetProperty("runs").GetArrayLength(), (await RunAsync(3)).Text("traceId")));
    }

    [Fact]
    public async Task The_same_export_again_changes_nothing()
    {
        var span = Span(_trace, 1, attributes: ("a", 1));
        span.Events.Add(Event("note", 1));
        span.Events.Add(Event("note", 1));
        await TakenAsync(span);
        var head = await Client.HeadAsync();

        await TakenAsync(span);

        Assert.Equal(head, await Client.HeadAsync());
        Assert.Equal(1, (await RunAsync(1)).GetProperty("attempt").GetInt32());
    }

    [Fact]
    public async Task A_link_to_a_span_that_comes_later_means_its_run_then()
    {
        var other = Trace();
        var span = Span(_trace, 1);
        span.Links.Add(Link(other, 9));
        await TakenAsync(span);
        Assert.False((await RunAsync(1)).GetProperty("links")[0].GetProperty("resolved").GetBoolean());

        await TakenAsync(Span(other, 9, name: "the other", attributes: ("cicd.pipeline.task.name", "the other")));

        var link = (await RunAsync(1)).GetProperty("links")[0];
        Assert.Equal(("follows", true, $"vstrace-otlp-task-{_ns}-{other}-{Hex(9)}"), (link.Text("kind"), link.GetProperty("resolved").GetBoolean(), link.Text("run")));
    }

    [Fact]
    public async Task Two_services_in_one_request_are_two_namespaces_of_one_trace()
    {
        var request = new ExportTraceServiceRequest { ResourceSpans = { Service(_ns + ".b", [Span(_trace, 2, parent: 1, name: "pay")]), Service(_ns + ".a", [Span(_trace, 1, name: "order")]) } };

        Assert.Equal("{}", (await SendAsync(request)).Text);

        var runs = (await TraceAsync(1)).GetProperty("runs").EnumerateArray().Select(static r => (r.Text("namespace"), r.Text("name")));
        Assert.Equal([(_ns + ".a", "order"), (_ns + ".b", "pay")], runs);
    }

    [Fact]
    public async Task A_bad_span_among_good_ones_is_counted_and_the_others_are_taken()
    {
        var bad = Span(_trace, 2);
        bad.EndTimeUnixNano = bad.StartTimeUnixNano - 1;

        var answer = await SendAsync(Request(Span(_trace, 1), bad, Span(_trace, 3)));

        Assert.Equal((200, "1"), (answer.Status, answer.Json.GetProperty("partialSuccess").Text("rejectedSpans")));
        Assert.Equal("1 of 3 spans were not taken: it ends before it starts (1).", answer.Json.GetProperty("partialSuccess").Text("errorMessage"));
        Assert.Equal(2, (await TraceAsync(1)).GetProperty("runs").GetArrayLength());

        var protobuf = await SendProtobufAsync(Request(Span(_trace, 1), bad, Span(_trace, 3)).ToByteArray());
        Assert.Equal((200, 1), (protobuf.Status, ExportTraceServiceResponse.Parser.ParseFrom(protobuf.Body).PartialSuccess.RejectedSpans));
    }

    [Fact]
    public async Task A_script_that_is_called_in_a_span_and_a_span_that_begins_in_a_script_are_of_the_trace()
    {
        var script = new RunId("customhttp", "build", _ns, "s1");
        var scriptSpan = SpanIds.SpanId(script, 1);
        var inScript = Span(_trace, 7, name: "docker build", from: 3, to: 4);
        inScript.ParentSpanId = ByteString.CopyFrom(Convert.FromHexString(scriptSpan));

        await TakenAsync(inScript, Span(_trace, 1, name: "CI", from: 0, to: 9));
        await Client.RecordAsync(Sent.Start(_ns, "s1", 2, more: $"\"traceparent\":\"00-{_trace}-{Hex(1)}-01\""), Sent.End(_ns, "s1", 5));

        var trace = await TraceAsync(7);
        Assert.Equal(["CI", "build", "docker build"], trace.GetProperty("runs").EnumerateArray().Select(static r => r.Text("name")));
        Assert.Equal([$"{Hex(1)} parent {scriptSpan}", $"{scriptSpan} parent {Hex(7)}"], Edges(trace));
        Assert.Equal(script.Rendering, (await RunAsync(7)).Text("parent"));
        Assert.Equal(Rendering(1), trace.GetProperty("runs")[1].Text("parent"));
    }

    [Fact]
    public async Task Span_ids_that_other_traces_have_as_well_join_nothing()
    {
        var other = Trace();
        await TakenAsync(Span(other, 1, name: "another's"), Span(_trace, 1, name: "ours"), Span(_trace, 2, parent: 1));

        Assert.Equal(2, (await TraceAsync(2)).GetProperty("runs").GetArrayLength());
        Assert.Equal(Rendering(1), (await RunAsync(2)).Text("parent"));
    }

    [Fact]
    public async Task A_root_whose_branch_names_an_issue_is_below_it()
    {
        await Client.RecordAsync(Sent.Start(_ns, "i1", 0, "feature"));

        await TakenAsync(Span(_trace, 1, attributes: [("cicd.pipeline.name", "ci"), ("vcs.repository.ref.name", Sent.Rendering(_ns, "i1", "feature") + "-fix")]), Span(_trace, 2, parent: 1));

        var rendering = $"vstrace-otlp-pipeline-{_ns}-{_trace}-{Hex(1)}";
        var runs = (await TraceAsync(2)).GetProperty("runs").EnumerateArray().ToList();
        Assert.Equal(["feature", "pipeline", "span"], runs.Select(static r => r.Text("type")));
        Assert.Equal((Sent.Rendering(_ns, "i1", "feature"), rendering), (runs[1].Text("parent"), runs[2].Text("parent")));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/x-protobuf")]
    public async Task The_answer_has_the_content_type_of_the_request_and_is_empty_where_all_is_well(string contentType)
    {
        var request = Request(Span(_trace, 1));
        var body = contentType.Contains("json", StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(Json(request)) : request.ToByteArray();

        var answer = await Client.SendAsync(HttpMethod.Post, "/v1/traces", body, contentType);

        Assert.Equal((200, contentType.Split(';')[0], contentType.Contains("json", StringComparison.Ordinal) ? "{}" : ""), (answer.Status, answer.ContentType, answer.Text));
        Assert.Equal("ended", (await RunAsync(1)).Text("state"));
    }

    [Theory]
    [InlineData("application/json", "{}", "{}")]
    [InlineData("application/json", """{"resourceSpans":[]}""", "{}")]
    [InlineData("application/x-protobuf", "", "")]
    public async Task An_empty_export_is_well(string contentType, string body, string says)
    {
        var answer = await Client.SendAsync(HttpMethod.Post, "/v1/traces", Encoding.UTF8.GetBytes(body), contentType);

        Assert.Equal((200, contentType, says), (answer.Status, answer.ContentType, answer.Text));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/x-protobuf")]
    public async Task What_is_compressed_is_unpacked(string contentType)
    {
        var request = Request(Span(_trace, 1));
        var packed = new MemoryStream();
        using (var to = new GZipStream(packed, CompressionLevel.Fastest))
        {
            to.Write(contentType == "application/json" ? Encoding.UTF8.GetBytes(Json(request)) : request.ToByteArray());
        }

        Assert.Equal(200, (await Client.SendAsync(HttpMethod.Post, "/v1/traces", packed.ToArray(), contentType, ("Content-Encoding", "gzip"))).Status);
        Assert.Equal("work", (await RunAsync(1)).Text("name"));
        IsStatus(await Client.SendAsync(HttpMethod.Post, "/v1/traces", packed.ToArray()[..^5], contentType, ("Content-Encoding", "gzip")), 400, 3, "Content-Encoding");
        IsStatus(await Client.SendAsync(HttpMethod.Post, "/v1/traces", packed.ToArray(), contentType, ("Content-Encoding", "zstd")), 415, 3, "gzip");
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/x-protobuf")]
    public async Task More_than_16_MB_is_too_much_packed_or_not(string contentType)
    {
        var body = new byte[(16 << 20) + 1];
        var packed = new MemoryStream();
        using (var to = new GZipStream(packed, CompressionLevel.Fastest))
        {
            to.Write(body);
        }

        IsStatus(await Client.SendAsync(HttpMethod.Post, "/v1/traces", body, contentType), 413, 8, "16 MB");
        IsStatus(await Client.SendAsync(HttpMethod.Post, "/v1/traces", packed.ToArray(), contentType, ("Content-Encoding", "gzip")), 413, 8, "16 MB");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/grpc")]
    [InlineData(null)]
    public async Task Another_content_type_is_refused_with_those_that_are_known(string? contentType)
    {
        var answer = await Client.SendAsync(HttpMethod.Post, "/v1/traces", "{}"u8.ToArray(), contentType);

        IsStatus(answer, 415, 3, contentType is null ? "application/x-protobuf" : "");
    }

    [Theory]
    [InlineData("application/json", "this is no JSON")]
    [InlineData("application/x-protobuf", "this is no protobuf")]
    public async Task What_cannot_be_understood_is_told_so_by_the_rules_and_kept_all_the_same(string contentType, string body)
    {
        body += _trace;
        var answer = await Client.SendAsync(HttpMethod.Post, "/v1/traces", Encoding.UTF8.GetBytes(body), contentType);

        IsStatus(answer, 400, 3, "quarantine");
        var kept = (await Client.ReadAsync("/api/v1/quarantine?source=otlp&limit=1")).GetProperty("items")[0];
        Assert.Contains(kept.Text("id")!, answer.Text, StringComparison.Ordinal);
        var entry = await Client.ReadAsync($"/api/v1/quarantine/{kept.Text("id")}");
        Assert.Equal((body, contentType), (entry.Text("body"), entry.GetProperty("headers").Text("Content-Type")));
        (await Client.PostAsync($"/api/v1/quarantine/{kept.Text("id")}/replay", "")).IsProblem(422);
    }

    [Fact]
    public async Task Another_method_is_answered_by_the_rules_too() => IsStatus(await Client.GetAsync("/v1/traces"), 405, 12, "POST");

    [Fact]
    public async Task Exports_are_counted_and_the_source_is_listed_with_its_address()
    {
        await TakenAsync(Span(_trace, 1));

        var source = Assert.Single((await Client.ReadAsync("/api/v1/sources")).GetProperty("items").EnumerateArray(), static s => s.Text("source") == "otlp");
        Assert.Equal("/v1/traces", source.Text("route"));
        Assert.True(source.GetProperty("accepted").GetInt64() > 0);
    }

    [Fact]
    public async Task Ten_thousand_spans_in_one_request_are_all_there()
    {
        var request = Request(Enumerable.Range(1, 10_000).Select(i => Span(_trace, i, parent: i == 1 ? 0 : i / 2, name: "many", from: i / 1000.0, to: 20)));

        Assert.Equal(("", 200), await SendProtobufAsync(request.ToByteArray()) is var answer ? (Encoding.UTF8.GetString(answer.Body), answer.Status) : default);

        await Client.CaughtUpAsync();
        Assert.Equal((10_000, false), await TraceAsync(1) is var trace ? (trace.GetProperty("runs").GetArrayLength(), trace.GetProperty("truncated").GetBoolean()) : default);
    }

    internal static void IsStatus(Answer answer, int status, int code, string says)
    {
        Assert.True(answer.Status == status && answer.ContentType is "application/json" or "application/x-protobuf", $"{answer.Status} {answer.ContentType}: {answer.Text}");
        if (answer.ContentType == "application/json")
        {
            Assert.Equal(code, answer.Json.GetProperty("code").GetInt32());
            Assert.Contains(says, answer.Json.Text("message"), StringComparison.Ordinal);
        }
        else
        {
            var told = RpcStatus.Parser.ParseFrom(Encoding.UTF8.GetBytes(answer.Text));
            Assert.Equal(code, told.Code);
            Assert.Contains(says, told.Message, StringComparison.Ordinal);
        }
    }

    private ExportTraceServiceRequest Request(params IEnumerable<Span> spans) => new() { ResourceSpans = { Service(_ns, spans) } };

    private async Task TakenAsync(params IEnumerable<Span> spans)
    {
        var answer = await SendAsync(Request(spans));
        Assert.Equal((200, "{}"), (answer.Status, answer.Text));
        await Client.CaughtUpAsync();
    }

    private Task<Answer> SendAsync(ExportTraceServiceRequest request) => Client.SendAsync(HttpMethod.Post, "/v1/traces", Encoding.UTF8.GetBytes(Json(request)), OtlpFormat.Json);

    private async Task<(int Status, byte[] Body)> SendProtobufAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new(OtlpFormat.Protobuf);
        using var response = await server.Process.Http.PostAsync("/v1/traces", content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    private async Task<JsonElement> RunAsync(int id)
    {
        await Client.CaughtUpAsync();
        var found = (await Client.ReadAsync($"/api/v1/runs?id=vstrace-otlp-{_trace}-{Hex(id)}")).GetProperty("items");
        return Assert.Single(found.EnumerateArray());
    }

    private async Task<JsonElement> TraceAsync(int id) => await Client.ReadAsync($"/api/v1/runs/{(await RunAsync(id)).Text("key")}/trace");

    private string Rendering(int id) => $"vstrace-otlp-span-{_ns}-{_trace}-{Hex(id)}";

    private static IEnumerable<string> Edges(JsonElement trace) =>
        trace.GetProperty("edges").EnumerateArray().Select(static e => $"{e.Text("from")} {e.Text("kind")} {e.Text("to")}").Order(StringComparer.Ordinal);
}

[Collection(OnPostgres.Name)]
public sealed class PostgresOtlpTests(PostgresServer server) : OtlpContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteOtlpTests(SqliteServer server) : OtlpContract(server);
