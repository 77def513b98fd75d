using Google.Protobuf;
using ValueStream.Core.Events;
using ValueStream.Server.Otlp;
using ValueStream.Server.Sources.Otlp;
using ValueStream.Server.Tests.Api;
using static ValueStream.Server.Tests.Sources.Otlp.Exports;

namespace ValueStream.Server.Tests.Sources.Otlp;

/// <summary>What spans become.</summary>
public sealed class SpanReaderTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public void A_span_is_a_run_with_its_times_ids_and_parent()
    {
        var told = Assert.Single(SpanReader.Read(Exports.Of(Span(Trace, 2, parent: 1, name: "GET /orders", from: 1, to: 3.5))));

        Assert.Equal(new RunId("otlp", "span", "shop", $"{Trace}-{Hex(2)}"), Assert.Single(told.Events.Select(static e => e.Run).Distinct()));
        var run = Run(Span(Trace, 2, parent: 1, name: "GET /orders", from: 1, to: 3.5));
        Assert.Equal(("GET /orders", Outcome.Success), (run.Name, run.Outcome));
        Assert.Equal((Sent.Noon.AddSeconds(1), Sent.Noon.AddSeconds(3.5)), (run.StartedAt, run.EndedAt));
        Assert.Equal($"00-{Trace}-{Hex(1)}-01", run.Traceparent?.ToString());
        Assert.Null(Run(Span(Trace, 1)).Traceparent);
    }

    [Fact]
    public void A_service_without_a_namespace_is_in_the_default_one()
    {
        var request = new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { Span(Trace, 1) } } } } } };

        Assert.Equal("default", Assert.Single(SpanReader.Read(request)).Events[0].Run.Namespace);
    }

    public static TheoryData<string, string, (string, object)[]> Kinds() => new()
    {
        { "pipeline", "deploy-api", [("cicd.pipeline.name", "deploy-api"), ("cicd.pipeline.result", "success")] },
        { "pipeline", "shop/main", [("ci.pipeline.id", "shop/main")] },
        { "task", "lint", [("cicd.pipeline.task.name", "lint")] },
        { "build", "deploy-api / compile", [("cicd.pipeline.name", "deploy-api"), ("cicd.pipeline.task.name", "compile"), ("cicd.pipeline.task.type", "build")] },
        { "deploy", "api to production", [("deployment.name", "api to production")] },
        { "deploy", "work", [("deployment.id", "1234")] },
        { "test", "Orders / are paid once", [("test.suite.name", "Orders"), ("test.case.name", "are paid once")] },
        { "span", "work", [("http.request.method", "GET"), ("deployment.environment.name", "production")] },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Type_and_name_come_from_the_conventions_where_they_know_it(string type, string name, (string, object)[] attributes)
    {
        var told = Assert.Single(SpanReader.Read(Exports.Of(Span(Trace, 1, attributes: attributes))));

        Assert.Equal((type, name), (told.Events[0].Run.Type, told.Events[0].Data.Name));
    }

    [Fact]
    public void A_pipeline_that_the_resource_names_is_the_span_that_serves_it_and_not_all_that_is_below()
    {
        (string, object) pipeline = ("cicd.pipeline.name", "nightly");
        var request = new ExportTraceServiceRequest { ResourceSpans = { Service("shop", [Span(Trace, 1), Span(Trace, 2, parent: 1, name: "npm ci")], pipeline) } };

        Assert.Equal(["pipeline nightly", "span npm ci"], SpanReader.Read(request).Select(static s => $"{s.Events[0].Run.Type} {s.Events[0].Data.Name}"));
    }

    [Theory]
    [InlineData(0, "cicd.pipeline.result", "failure", "failure")]
    [InlineData(2, "cicd.pipeline.result", "cancellation", "cancellation")]
    [InlineData(2, "cicd.pipeline.result", "success", "success")]
    [InlineData(2, "cicd.pipeline.result", "no such word", "failure")]
    [InlineData(0, "cicd.pipeline.task.run.result", "timeout", "timeout")]
    [InlineData(0, "cicd.pipeline.task.run.result", "skip", "skip")]
    [InlineData(0, "ci.pipeline.run.result", "ABORTED", "cancellation")]
    [InlineData(0, "ci.pipeline.run.result", "UNSTABLE", "failure")]
    [InlineData(0, "deployment.status", "failed", "failure")]
    [InlineData(0, "test.case.result.status", "fail", "failure")]
    [InlineData(2, "other", "x", "failure")]
    [InlineData(1, "other", "x", "success")]
    [InlineData(0, "other", "x", "success")]
    public void The_outcome_is_the_result_where_there_is_one_and_else_the_status(int status, string key, string value, string outcome)
    {
        var name = key.StartsWith("cicd.pipeline.task", StringComparison.Ordinal) ? "cicd.pipeline.task.name" : key.Contains("pipeline", StringComparison.Ordinal) ? "cicd.pipeline.name" : "name";
        var span = Span(Trace, 1, attributes: [(key, value), (name, "it")]);
        span.Status = new Status { Code = (Status.Types.StatusCode)status };

        Assert.Equal(outcome, Run(span).Outcome?.Text());
    }

    [Fact]
    public void Attributes_are_tags_the_spans_own_before_those_of_what_it_came_from()
    {
        var span = Span(Trace, 1, attributes: [("count", 3), ("ratio", 0.5), ("ok", true), ("who", "span"), ("list", new object[] { "a", 1 }), ("map", new[] { ("k", (object)"v") }), ("bytes", new byte[] { 1, 2 }),
            ("nan", double.NaN), ("url", "https://ann:secret@example.org/x"), ("nul", "a\0b")]);
        span.TraceState = "vendor=1";
        span.Kind = Server.Otlp.Span.Types.SpanKind.Client;

        var tags = Run(span, ("who", "resource"), ("host.name", "ci-1")).Tags;

        Assert.Equal(("3", "0.5", "true", "span", """["a",1]""", """{"k":"v"}""", "AQI=", "NaN"), (tags["count"].Text, tags["ratio"].Text, tags["ok"].Text, tags["who"].Text, tags["list"].Text, tags["map"].Text, tags["bytes"].Text, tags["nan"].Text));
        Assert.Equal((System.Text.Json.JsonValueKind.Number, System.Text.Json.JsonValueKind.True), (tags["count"].Kind, tags["ok"].Kind));
        Assert.Equal(("https://***@example.org/x", "ab", "ci-1", "shop", "tests", "client", "vendor=1"),
            (tags["url"].Text, tags["nul"].Text, tags["host.name"].Text, tags["service.namespace"].Text, tags["otel.scope.name"].Text, tags["span.kind"].Text, tags["w3c.tracestate"].Text));
    }

    [Theory]
    [InlineData("vcs.repository.ref.name", "vcs.ref.head.name")]
    [InlineData("vcs.repository.ref.revision", "vcs.ref.head.revision")]
    [InlineData("vcs.repository.change.id", "vcs.change.id")]
    [InlineData("deployment.environment", "deployment.environment.name")]
    public void Old_names_become_the_new_ones_which_count_where_both_are_there(string old, string now)
    {
        Assert.Equal("x", Run(Span(Trace, 1), (old, "x")).Tags[now].Text);
        Assert.DoesNotContain(old, Run(Span(Trace, 1, attributes: (old, "x"))).Tags.Keys);
        Assert.Equal("new", Run(Span(Trace, 1, attributes: [(old, "x"), (now, "new")])).Tags[now].Text);
        Assert.Equal("new", Run(Span(Trace, 1, attributes: [(now, "new"), (old, "x")])).Tags[now].Text);
    }

    [Fact]
    public void Tags_keep_their_limits_the_spans_own_first()
    {
        var own = Enumerable.Range(0, 150).Select(static i => ($"own{i}", (object)new string('x', 3000)));
        var resource = Enumerable.Range(0, 150).Select(static i => ($"resource{i}", (object)i));

        var tags = Run(Span(Trace, 1, attributes: [.. own, (new string('k', 129), "too long a key")]), [.. resource]).Tags;

        Assert.Equal((200, 150), (tags.Count, tags.Keys.Count(static k => k.StartsWith("own", StringComparison.Ordinal))));
        Assert.All(tags.Values, static v => Assert.True(v.Text.Length <= 2048));
    }

    [Fact]
    public void An_error_keeps_its_type_which_an_exception_gives_where_nothing_else_does()
    {
        var span = Span(Trace, 1);
        span.Status = new Status { Code = Status.Types.StatusCode.Error, Message = "no space" };
        span.Events.Add(Event("exception", 4, ("exception.type", "IOException"), ("exception.message", "disk full")));

        Assert.Equal(("IOException", "no space"), (Run(span).Tags["error.type"].Text, Run(span).Tags["otel.status_description"].Text));
        span.Attributes.Add(Attributes(("error.type", "500")));
        Assert.Equal("500", Run(span).Tags["error.type"].Text);
    }

    [Fact]
    public void Span_events_are_notes_of_their_own_time()
    {
        var span = Span(Trace, 1);
        span.Events.Add(Event("cache miss", 4, ("key", "https://ann:secret@example.org/x"), ("size", 3)));
        span.Events.Add(Event("retried", 5));

        var notes = Assert.Single(SpanReader.Read(Exports.Of(span))).Events[1..^1];

        Assert.Equal([(EventKind.Annotated, Sent.Noon.AddSeconds(4), "cache miss: key=https://***@example.org/x, size=3"), (EventKind.Annotated, Sent.Noon.AddSeconds(5), "retried")],
            notes.Select(static n => (n.Kind, n.At!.Value, n.Data.Note!)));
    }

    [Fact]
    public void Span_events_that_tell_the_state_of_a_pipelines_run_are_stages_within_it()
    {
        var span = Span(Trace, 1, from: 0, to: 10);
        span.Events.Add(Event("queued", -5, ("cicd.pipeline.run.state", "pending")));
        span.Events.Add(Event("picked up", 4, ("cicd.pipeline.run.state", "executing")));
        span.Events.Add(Event("late", 20, ("cicd.pipeline.run.state", "finalizing")));

        var run = Run(span);

        Assert.Equal((Sent.Noon, false), (run.StartedAt, run.JoinedLate));
        Assert.Equal(["pending 0-4", "executing 4-10", "finalizing 10-10"], run.Stages.Select(static s => $"{s.Name} {(s.From - Sent.Noon).TotalSeconds}-{(s.To!.Value - Sent.Noon).TotalSeconds}"));
    }

    [Fact]
    public void Links_are_links_to_the_spans_runs_whatever_those_will_be()
    {
        const string other = "ffffffffffffffffffffffffffffffff";
        var span = Span(Trace, 1);
        span.Links.Add(Link(other, 7));
        span.Links.Add(new Span.Types.Link { TraceId = ByteString.CopyFrom(1, 2), SpanId = Id(1) });
        span.Links.Add(Link(other, 8));
        span.Links[2].Attributes.Add(Attributes((SpanReader.LinkKind, "contains")));

        var links = Run(span).Links;

        Assert.Equal([new RunLink("follows", $"vstrace-otlp-{other}-{Hex(7)}"), new RunLink("contains", $"vstrace-otlp-{other}-{Hex(8)}")], links);
        Assert.Contains(links[0].Run, Aliases.NamesOf(new RunId("otlp", "task", "elsewhere", $"{other}-{Hex(7)}")));
    }

    [Fact]
    public void What_was_dropped_is_told()
    {
        var span = Span(Trace, 1);
        span.DroppedAttributesCount = 2;
        span.Events.Add(Enumerable.Range(0, 1003).Select(static i => Event($"{i}", 1)));

        var told = Assert.Single(SpanReader.Read(Exports.Of(span)));

        Assert.Equal(1002, told.Events.Length);
        Assert.Equal(("2", "3"), (told.Events[0].Data.Tags!["otel.dropped_attributes_count"].Text, told.Events[0].Data.Tags!["otel.dropped_events_count"].Text));
    }

    private static readonly Dictionary<string, Action<Span>> Spoilt = new()
    {
        ["the trace id is not"] = static s => s.TraceId = ByteString.CopyFrom(1),
        ["trace id is not 16 bytes, or all zero"] = static s => s.TraceId = ByteString.CopyFrom(new byte[16]),
        ["the span id is not"] = static s => s.SpanId = ByteString.Empty,
        ["span id is not 8 bytes, or all zero"] = static s => s.SpanId = ByteString.CopyFrom(new byte[8]),
        ["the parent's span id"] = static s => s.ParentSpanId = ByteString.CopyFrom(1, 2, 3),
        ["its own parent"] = static s => s.ParentSpanId = s.SpanId,
        ["the start is missing"] = static s => s.StartTimeUnixNano = 0,
        ["the end is missing"] = static s => s.EndTimeUnixNano = 0,
        ["the end is missing, or not before the year 2200"] = static s => s.EndTimeUnixNano = ulong.MaxValue,
        ["ends before"] = static s => s.EndTimeUnixNano = s.StartTimeUnixNano - 1,
    };

    public static TheoryData<string> Bad() => [.. Spoilt.Keys];

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_bad_span_is_not_taken_and_those_beside_it_are(string says)
    {
        var bad = Span(Trace, 2);
        Spoilt[says](bad);

        var told = SpanReader.Read(Exports.Of(Span(Trace, 1), bad, Span(Trace, 3))).ToList();

        Assert.Equal([null, told[1].Problem, null], told.Select(static t => t.Problem));
        Assert.Contains(says, told[1].Problem, StringComparison.Ordinal);
        Assert.Empty(told[1].Events);
    }

    [Fact]
    public void A_parent_of_zeros_is_none()
    {
        var span = Span(Trace, 1);
        span.ParentSpanId = ByteString.CopyFrom(new byte[8]);

        Assert.Null(Run(span).Traceparent);
    }

    [Fact]
    public void The_same_span_gives_the_same_events() =>
        Assert.Equal(Told(), Told());

    private static string Told() => string.Join('\n', SpanReader.Read(Exports.Of(Span(Trace, 1, attributes: ("a", 1)))).SelectMany(static s => s.Events).Select(static e => $"{e.Kind} {e.Run} {e.At:O} {e.Data.ToJson()}"));
}
