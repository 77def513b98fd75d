using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;
using ValueStream.Server.Sources.CustomHttp;

namespace ValueStream.Server.Tests.Sources;

/// <summary>What upstream's scripts sent, as it was recorded.</summary>
public sealed class CustomHttpFixtureTests
{
    [Fact]
    public void A_recorded_deploy_is_the_run_that_it_was_with_its_tags_and_outcome()
    {
        using var fixture = JsonDocument.Parse(File.ReadAllText(Path.Combine(Trial.Fixtures("webhooks"), "customhttp", "deploy.json")));
        var expected = fixture.RootElement.GetProperty("expected").GetProperty("finished")[0];
        var sending = new Sending("loopback", DateTimeOffset.UnixEpoch.AddYears(60), null);

        var events = fixture.RootElement.GetProperty("steps").EnumerateArray().Select(s => CustomHttpApi.Read(s.GetProperty("payload"), sending)).ToList();

        Assert.All(events, e => Assert.Equal((expected.GetProperty("id").GetString(), expected.GetProperty("operation").GetString()), (e.Run.Rendering, e.Run.Type)));
        Assert.Equal([EventKind.Started, EventKind.Ended], events.Select(static e => e.Kind));
        Assert.Equal(expected.GetProperty("error").GetBoolean(), events[1].Data.Error);
        Assert.Null(events[0].Data.Parents);
        // What upstream added of its own is the run's identity here, and its outcome.
        Assert.Equal(
            expected.GetProperty("tags").EnumerateObject().Where(static t => t.Name != "error" && !t.Name.StartsWith("vs.", StringComparison.Ordinal)).Select(static t => (t.Name, t.Value.ToString())),
            events[0].Data.Tags!.Select(static t => (t.Key, t.Value.Text)));
    }
}
