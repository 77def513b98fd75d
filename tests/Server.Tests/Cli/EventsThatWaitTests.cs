using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Cli;

/// <summary>What vscli could not send at once, the published binary: it waits, in order and within bounds, and goes later, once.</summary>
public sealed class EventsThatWaitTests
{
    [Fact]
    public async Task What_waits_goes_with_the_next_successful_call()
    {
        await using var server = new ScriptedServer(ScriptedServer.Status(503), ScriptedServer.Status(503), ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var first = await vscli.Run("event", "start");
        await vscli.Run("event", "end", "-event-id", first.Token);
        Assert.Equal(2, vscli.Files("spool").Length);
        var waiting = server.Requests[0].Events[0].GetRawText();
        await vscli.Run("event", "start");
        Assert.Equal(3, server.Requests[2].Events.Count);
        Assert.Contains(waiting, server.Requests[2].Events.Select(e => e.GetRawText()));
        Assert.Empty(vscli.Files("spool"));
    }

    [Fact]
    public async Task A_rejected_event_is_put_aside_with_the_reason_and_does_not_stop_the_others()
    {
        await using var server = new ScriptedServer(ScriptedServer.Status(503), ScriptedServer.Status(503), ScriptedServer.Rejects("bad"));
        using var vscli = new Vscli(server.Url);
        await vscli.Run("event", "-type=bad", "start");
        await vscli.Run("event", "-type=good", "start");
        var ran = await vscli.Run("event", "-type=bad", "start");
        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("the server refused the event: no such type", ran.Error, StringComparison.Ordinal);
        Assert.Contains("refused a kept event: no such type", ran.Error, StringComparison.Ordinal);
        Assert.Empty(vscli.Files("spool"));
        Assert.Equal(4, vscli.Files("spool/refused").Length);
    }

    [Fact]
    public async Task A_request_refused_as_a_whole_is_taken_apart_to_find_the_event_at_fault()
    {
        await using var server = new ScriptedServer(
            ScriptedServer.Status(503), ScriptedServer.Status(503),
            ScriptedServer.Status(400, """{"detail":"unreadable"}"""),
            ScriptedServer.Accepts, ScriptedServer.Status(400, """{"detail":"unreadable","errors":{"name":["bad"]}}"""));
        using var vscli = new Vscli(server.Url);
        await vscli.Run("event", "start");
        await vscli.Run("event", "start");
        var ran = await vscli.Run("flush");
        Assert.EndsWith("vscli: 1 sent, 1 refused, 0 left\n", ran.Error, StringComparison.Ordinal);
        Assert.Contains("unreadable {\"name\":[\"bad\"]}", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_file_in_the_spool_is_put_aside_and_the_rest_is_sent()
    {
        await using var server = new ScriptedServer(ScriptedServer.Status(503), ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        await vscli.Run("event", "start");
        await File.WriteAllTextAsync(Path.Combine(vscli.State, "spool", "0.json"), "{", TestContext.Current.CancellationToken);
        var ran = await vscli.Run("flush");
        Assert.EndsWith("1 sent, 0 refused, 0 left\n", ran.Error, StringComparison.Ordinal);
        Assert.Equal(["0.json"], vscli.Files("spool/broken"));
    }

    [Fact]
    public async Task Twenty_at_once_lose_nothing()
    {
        await using var server = new ScriptedServer(
            [.. Enumerable.Repeat(ScriptedServer.Status(503), 10), ScriptedServer.Accepts]);
        using var vscli = new Vscli(server.Url);
        var ran = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => vscli.Run("event", "start")));
        var tokens = ran.Select(r => r.Token).ToHashSet();
        await vscli.Run("flush");
        var stored = server.Requests.Skip(10).SelectMany(r => r.Events).Select(e => e.GetProperty("run").Text("id")!).ToHashSet();
        Assert.Equal(20, tokens.Count);
        Assert.Superset(tokens, stored);
        Assert.Empty(vscli.Files("spool"));
    }

    [Fact]
    public async Task A_full_spool_takes_no_more_starts_but_the_ends_of_those_it_took()
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());
        var kept = await vscli.Run("event", "start");
        await using (var file = File.Create(Path.Combine(vscli.State, "spool", "ffffffff-ffff-7fff-bfff-ffffffffffff.json")))
        {
            file.SetLength(10 << 20);
        }
        var refused = await vscli.Run("event", "start");
        Assert.Contains("the spool is full", refused.Error, StringComparison.Ordinal);
        Assert.Matches("^[0-9a-v]{20}\n$", refused.Out);
        await vscli.Run("event", "end", "-event-id", refused.Token);
        Assert.Equal(2, vscli.Files("spool").Length);
        await vscli.Run("event", "end", "-event-id", kept.Token);
        Assert.Equal(3, vscli.Files("spool").Length);
    }
}
