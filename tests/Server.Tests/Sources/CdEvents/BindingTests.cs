using System.Text;
using System.Text.Json.Nodes;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.CdEvents.Occurrences;

namespace ValueStream.Server.Tests.Sources.CdEvents;

/// <summary>CloudEvents' HTTP binding.</summary>
public sealed class BindingTests
{
    [Fact]
    public void Binary_and_structured_mode_tell_the_same()
    {
        var json = Json("taskrun.finished", content: """{"taskName": "lint", "outcome": "failure"}""");

        Assert.Equal(Told(Binary(json)), Told(Structured(json)));
        Assert.Equal(Told(Binary(json)), Told(Trial.Webhook(CloudEvent(json).ToJsonString())));
        Assert.Equal(Source.DeliveryId(Binary(json)), Source.DeliveryId(Structured(json)));
    }

    [Fact]
    public void Data_may_be_base64()
    {
        var json = Json("build.started");
        var cloudEvent = CloudEvent(json);
        cloudEvent.Remove("data");
        cloudEvent["data_base64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(json));

        Assert.Equal(Told(Binary(json)), Told(Trial.Webhook(cloudEvent.ToJsonString(), ("Content-Type", "application/cloudevents+json"))));
    }

    [Fact]
    public void Attributes_stand_in_for_what_the_data_leaves_out()
    {
        var json = JsonNode.Parse(Json("build.started", "b 1"))!;
        json["context"] = new JsonObject { ["specversion"] = "0.6.0-draft" };
        json["subject"]!.AsObject().Remove("id");

        var told = Source.Read(Trial.Webhook(json.ToJsonString(), ("Content-Type", "application/json"), ("ce-id", "1"), ("ce-source", "/a"), ("ce-type", "dev.cdevents.build.started.0.4.0"),
            ("ce-subject", "b%201"), ("ce-time", "2026-03-02T12:00:00Z")));

        Assert.Equal(("a", "b 1", new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero)), (told.Events[0].Run.Namespace, told.Events[0].Run.Id, told.Events[0].At));
    }

    [Fact]
    public void A_batch_is_its_events()
    {
        var batch = new JsonArray(CloudEvent(Json("build.started", "1")), CloudEvent(Json("build.started", "2")));

        var parts = Source.Split(Trial.Webhook($" {batch.ToJsonString()}", ("Content-Type", "application/cloudevents-batch+json"))).ToList();

        Assert.Equal(["1", "2"], parts.Select(static p => Source.Read(p).Events[0].Run.Id));
        Assert.Equal(2, parts.Select(Source.DeliveryId).Distinct().Count());
    }

    [Theory]
    [InlineData("{}", "no id")]
    [InlineData("""{"context": {"id": "1"} }""", "no source")]
    [InlineData("""{"context": {"id": "1", "source": "/a"} }""", "no type")]
    [InlineData("""{"context": {"id": "1", "source": "/a", "type": "com.example.thing"}, "subject": {"id": "1"} }""", "no type of CDEvents")]
    [InlineData("""{"context": {"id": "1", "source": "/a", "type": "dev.cdevents.build"}, "subject": {"id": "1"} }""", "no type of CDEvents")]
    [InlineData("""{"context": {"id": "1", "source": "/a", "type": "dev.cdevents.build.started.0.3.0"}, "subject": {} }""", "subject has no id")]
    [InlineData("""{"specversion": "1.0", "id": "1"}""", "no CloudEvent")]
    [InlineData("""{"specversion": "1.0", "id": "1", "source": "/a", "type": "x", "data": "not JSON"}""", "JSON")]
    [InlineData("[1]", "no id")]
    [InlineData("1", "no id")]
    public void What_is_no_event_is_not_understood(string json, string says) =>
        Assert.Contains(says, Assert.Throws<NotUnderstoodException>(() => Source.Read(Trial.Webhook(json))).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_file_of_the_specification_is_accepted_in_both_bindings()
    {
        var files = Directory.GetFiles(Trial.Fixtures("cdevents"), "*.json");
        Assert.NotEmpty(files);
        foreach (var json in files.Select(File.ReadAllText))
        {
            var told = Source.Read(Binary(json));
            Assert.NotEmpty(told.Events);
            Assert.All(told.Events, e => Trial.AssertFits(e, json));
            Assert.Equal(Told(Binary(json)), Told(Structured(json)));
        }
    }

    [Theory]
    [InlineData("pipelinerun.finished", """{"pipelineName": "release", "outcome": "failure", "errors": "x", "uri": "https://x.example"}""")]
    [InlineData("taskrun.started", """{"taskName": "lint", "pipelineRun": {"id": "9", "source": "/x"} }""")]
    [InlineData("service.deployed", """{"environment": {"id": "e"}, "artifactId": "pkg:x"}""")]
    [InlineData("testoutput.published", """{"testCaseRun": {"id": "9", "source": "/x"}, "list": [1, {"a": "b"}]}""")]
    public void Whatever_comes_is_taken_or_not_understood(string what, string content) => Trial.TakesWhateverComes(Source,
        Json(what, content: content, context: $"\"chainId\": \"4c8cb7dd-3448-41de-8768-eec704e2829b\", {Links(("PATH", "a"), ("COMPOSITION", "b"))}", more: """ "customData": {"a": {"b": 1} } """),
        [("Content-Type", "application/json")], times: 300, seed: content.Length);

    private static string Told(Webhook webhook) => string.Join('\n', Source.Read(webhook).Events.Select(static e => $"{e.Kind} {e.Run} {e.At:O} {e.Data.ToJson()}"));
}
