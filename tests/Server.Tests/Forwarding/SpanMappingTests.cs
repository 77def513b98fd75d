using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Forwarding;
using ValueStream.Server.Otlp;
using ValueStream.Store.Forwarding;

namespace ValueStream.Server.Tests.Forwarding;

/// <summary>From a run to its span: pure.</summary>
public sealed class SpanMappingTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    private static readonly SpanIdentity Ids = new("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", null);

    [Fact]
    public void The_root_is_a_pipeline_run_of_kind_server_named_by_action_and_pipeline()
    {
        var span = SpanMapping.Span(Told(Run("deploy", "failure")));
        Assert.Equal(("RUN deploy-api", Span.Types.SpanKind.Server), (span.Name, span.Kind));
        Assert.Equal((1772452800000000000UL, 1772452801500000000UL), (span.StartTimeUnixNano, span.EndTimeUnixNano));
        Assert.Equal(("deploy-api", "42", "failure", "failure", "RUN"),
            (Text(span, "cicd.pipeline.name"), Text(span, "cicd.pipeline.run.id"), Text(span, "cicd.pipeline.result"), Text(span, "error.type"), Text(span, "cicd.pipeline.action.name")));
        Assert.Equal((Status.Types.StatusCode.Error, ""), (span.Status.Code, span.Status.Message));
        Assert.Equal("BUILD deploy-api", SpanMapping.Span(Told(Run("build", "success"))).Name);
    }

    [Fact]
    public void What_is_below_it_is_a_task_run_of_kind_internal_named_by_the_task()
    {
        var span = SpanMapping.Span(Told(Run("test", "timeout")) with { IsEntry = false, Ids = Ids with { ParentSpanId = "00f067aa0ba902b7" } });
        Assert.Equal(("deploy-api", Span.Types.SpanKind.Internal, "00f067aa0ba902b7"), (span.Name, span.Kind, Convert.ToHexStringLower(span.ParentSpanId.Span)));
        Assert.Equal(("deploy-api", "42", "timeout", "timeout", "test"),
            (Text(span, "cicd.pipeline.task.name"), Text(span, "cicd.pipeline.task.run.id"), Text(span, "cicd.pipeline.task.run.result"), Text(span, "error.type"), Text(span, "cicd.pipeline.task.type")));
        Assert.Null(Text(span, "cicd.pipeline.result"));
    }

    [Theory]
    [InlineData("success", null)]
    [InlineData("cancellation", null)]
    [InlineData("skip", null)]
    [InlineData("failure", "failure")]
    [InlineData("error", "error")]
    [InlineData("timeout", "timeout")]
    public void Only_what_failed_has_an_error(string outcome, string? error)
    {
        var span = SpanMapping.Span(Told(Run("deploy", outcome)));
        Assert.Equal((error, error is not null, outcome), (Text(span, "error.type"), span.Status is not null, Text(span, "cicd.pipeline.result")));
    }

    [Fact]
    public void The_senders_word_for_an_error_counts_and_on_a_success_it_is_left_out()
    {
        Assert.Equal("OOMKilled", Text(SpanMapping.Span(Told(Run("deploy", "failure", ("error.type", "OOMKilled")))), "error.type"));
        Assert.Null(Text(SpanMapping.Span(Told(Run("deploy", "success", ("error.type", "OOMKilled")))), "error.type"));
    }

    [Fact]
    public void Tags_are_attributes_of_their_kinds_and_names_of_before_are_brought_up_to_date()
    {
        var run = Run("deploy", "success", ("deployment.environment", "prod"), ("service", "api"), ("cicd.pipeline.name", "release")) with { };
        run = run with
        {
            Tags = ((ImmutableSortedDictionary<string, TagValue>)run.Tags)
                .Add("count", new("12", JsonValueKind.Number)).Add("share", new("0.5", JsonValueKind.Number)).Add("dry", new("true", JsonValueKind.True)),
        };
        var span = SpanMapping.Span(Told(run));
        Assert.Equal(("prod", null, "release", "alice"),
            (Text(span, "deployment.environment.name"), Text(span, "deployment.environment"), Text(span, "cicd.pipeline.name"), Text(span, "user.name")));
        Assert.Equal((12, 0.5, true), (Value(span, "count")!.IntValue, Value(span, "share")!.DoubleValue, Value(span, "dry")!.BoolValue));
        Assert.Equal(span.Attributes.Select(static a => a.Key).Distinct(), span.Attributes.Select(static a => a.Key));
    }

    [Fact]
    public void Stages_and_notes_are_events_in_order_of_time_and_no_more_than_128()
    {
        var run = Run("deploy", "success") with { Stages = [new("plan", Noon, Noon.AddSeconds(1)), new("apply", Noon.AddSeconds(1), null)] };
        var span = SpanMapping.Span(Told(run) with { Notes = [new(Noon.AddMilliseconds(500), "looks good")] });
        Assert.Equal([("stage", "plan"), ("note", "looks good"), ("stage", "apply")], span.Events.Select(static e => (e.Name, e.Attributes.Single().Value.StringValue)));

        var many = SpanMapping.Span(Told(run) with { Notes = [.. Enumerable.Range(0, 200).Select(static i => new ExportedNote(Noon, "x"))] });
        Assert.Equal((128, 74U), (many.Events.Count, many.DroppedEventsCount));
    }

    [Fact]
    public void Spans_of_one_service_stand_under_one_resource()
    {
        ExportedRun[] runs = [Told(Run("deploy", "success", ("service", "api"))), Told(Run("deploy", "success")), Told(Run("deploy", "failure", ("service", "api")))];
        var request = SpanMapping.Request(runs, "1.2.3");
        Assert.Equal([("api", "default", 2), ("valuestream", "default", 1)],
            request.ResourceSpans.Select(static r => (r.Resource.Attributes[0].Value.StringValue, r.Resource.Attributes[1].Value.StringValue, r.ScopeSpans.Single().Spans.Count)));
    }

    [Fact]
    public void Json_has_ids_in_hexadecimal_enumerations_as_numbers_and_long_numbers_as_texts()
    {
        var told = Told(Run("deploy", "failure")) with { Ids = Ids with { ParentSpanId = "00f067aa0ba902b7" }, Links = [new("follows", "vstrace-x", "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b8")] };
        var buffer = new ArrayBufferWriter<byte>();
        SpanJson.Write(SpanMapping.Request([told], "1"), buffer);
        using var json = JsonDocument.Parse(buffer.WrittenMemory);
        var span = json.RootElement.GetProperty("resourceSpans")[0].GetProperty("scopeSpans")[0].GetProperty("spans")[0];
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"),
            (span.GetProperty("traceId").GetString(), span.GetProperty("spanId").GetString(), span.GetProperty("parentSpanId").GetString()));
        Assert.Equal((2, "1772452800000000000", 2), (span.GetProperty("kind").GetInt32(), span.GetProperty("startTimeUnixNano").GetString(), span.GetProperty("status").GetProperty("code").GetInt32()));
        Assert.Equal("00f067aa0ba902b8", span.GetProperty("links")[0].GetProperty("spanId").GetString());
        var attempt = span.GetProperty("attributes").EnumerateArray().Single(static a => a.GetProperty("key").GetString() == "valuestream.attempt");
        Assert.Equal("1", attempt.GetProperty("value").GetProperty("intValue").GetString());
    }

    private static ExportedRun Told(RunView run) => new(1, run, Ids, true, [], []);

    private static RunView Run(string type, string outcome, params (string Key, string Value)[] tags) => new()
    {
        Key = "0000000000000",
        Id = "42",
        Attempt = 1,
        Source = SourceNames.CustomHttp,
        Namespace = "default",
        Type = type,
        Name = "deploy-api",
        Operation = "0000000000001",
        SpanId = Ids.SpanId,
        State = "ended",
        Outcome = outcome,
        StartedAt = Noon,
        EndedAt = Noon.AddSeconds(1.5),
        Actor = "alice",
        Submitter = "loopback",
        Links = [],
        Tags = tags.Aggregate(Event.NoTags, static (all, t) => all.Add(t.Key, t.Value)),
        Flags = [],
    };

    private static AnyValue? Value(Span span, string key) => span.Attributes.FirstOrDefault(a => a.Key == key)?.Value;

    private static string? Text(Span span, string key) => Value(span, key)?.StringValue;
}
