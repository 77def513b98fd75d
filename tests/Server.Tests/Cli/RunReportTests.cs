using System.Runtime.Versioning;
using System.Text.Json;
using ValueStream.Cli;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Cli;

/// <summary>What is told of a run while its command lives.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class RunReportTests : IDisposable
{
    private static readonly RunRequest Run = new() { Type = "build", Namespace = "team", Id = "dc2h9v8coghv7cf9n7s0" };

    private readonly string _folder = Directory.CreateTempSubdirectory("run-report-tests").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    [InlineData(500)]
    public async Task A_sign_of_life_comes_again_and_again_and_is_never_kept(int status)
    {
        await using var server = new ScriptedServer(
            request => request.Body.Contains("eventId", StringComparison.Ordinal) ? ScriptedServer.Accepts(request) : ScriptedServer.Http(status, "{}"));
        var report = Report(server.Url, interval: 100);

        await Until.HoldsAsync("two signs of life", () => Task.FromResult(server.Events.Count(e => Action(e) == "heartbeat") >= 2));
        report.End(Run, Outcome.Success, 0);

        Assert.Equal("""{"action":"heartbeat","run":{"type":"build","namespace":"team","id":"dc2h9v8coghv7cf9n7s0"},"lease":90}""", server.Requests[1].Body);
        Assert.Equal(["start", "end"], server.Events.Select(Action).Where(a => a != "heartbeat"));
        Assert.False(new Spool(_folder).HasEvents);
    }

    [Fact]
    public async Task After_a_sign_of_life_that_was_not_answered_the_server_is_left_alone()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts, ScriptedServer.Hangs);
        var report = Report(server.Url, interval: 100);

        await Until.HoldsAsync("it is left alone", () => Task.FromResult(new Spool(_folder).WasUnreachable(server.Url + Routes.Events)));
        var count = server.Requests.Count;
        await Task.Delay(400, TestContext.Current.CancellationToken);
        report.End(Run, Outcome.Success, 0);

        Assert.Equal(count, server.Requests.Count);
        Assert.Single(Directory.GetFiles(Path.Combine(_folder, "spool")));
    }

    [Fact]
    public async Task A_start_that_was_not_taken_is_sent_again_while_the_command_lives()
    {
        await using var server = new ScriptedServer(ScriptedServer.Status(500), ScriptedServer.Accepts);
        var report = Report(server.Url, interval: 100);

        await Until.HoldsAsync("the start is sent again", () => Task.FromResult(server.Requests.Count >= 2));
        report.End(Run, Outcome.Failure, 3);

        var starts = server.Events.Where(e => Action(e) == "start").Select(e => e.GetProperty("eventId").GetString()).ToList();
        Assert.Equal(2, starts.Count);
        Assert.Single(starts.Distinct());
        Assert.False(new Spool(_folder).HasEvents);
    }

    [Theory]
    [InlineData("hangs", true)]
    [InlineData("answers at once", false)]
    public async Task What_a_server_takes_its_time_for_is_on_disk_meanwhile(string behaviour, bool isHeld)
    {
        await using var server = new ScriptedServer(behaviour == "hangs" ? ScriptedServer.Hangs : ScriptedServer.Accepts);
        var report = Report(server.Url, interval: 10_000);

        await Until.HoldsAsync("the start is sent", () => Task.FromResult(server.Requests.Count == 1));
        await Until.HoldsAsync(isHeld ? "the start is on disk" : "the start is on disk no more", () => Task.FromResult(new Spool(_folder).HasEvents == isHeld));
        report.End(Run, Outcome.Success, 0);
        Assert.Equal(isHeld ? 2 : 0, new Spool(_folder).Count);
    }

    private RunReport Report(string url, int interval) => new(
        new Settings(url + Routes.Events, null, null, "the test"),
        () => _folder,
        _ => new StartedRun(
            new EventRequest { EventId = Guid.CreateVersion7(), Action = "start", Run = Run, OccurredAt = DateTimeOffset.UtcNow },
            new OpenRun(Run.Id, Run.Type, Run.Namespace!, "make")),
        interval);

    private static string? Action(JsonElement e) => e.GetProperty("action").GetString();
}
