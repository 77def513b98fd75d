namespace ValueStream.Server.Tests.Cli;

/// <summary><c>vscli tracers</c>, the published binary, against a server that answers as scripted.</summary>
public sealed class TracersCommandTests
{
    private const string Well = """{"name":"jaeger","endpoint":"http://localhost:4318/v1/traces","protocol":"http/protobuf","position":7,"lagEvents":0,"lagSeconds":0,"lastSuccessAt":"2026-03-01T12:00:00Z","sent":3,"rejected":0,"setAside":0}""";
    private const string Ill = """{"name":"tempo","endpoint":"https://tempo/v1/traces","protocol":"http/json","position":3,"lagEvents":4,"lagSeconds":90.5,"lastErrorAt":"2026-03-01T12:00:00Z","lastError":"503 \u001b[2J","sent":0,"rejected":0,"setAside":1}""";

    [Fact]
    public async Task The_tracers_are_listed_and_one_that_is_ill_is_1()
    {
        await using var scripted = new ScriptedServer(Says(200, $$"""{"items":[{{Well}},{{Ill}}]}"""), Says(200, $$"""{"items":[{{Well}}]}"""), Says(200, """{"items":[]}"""));
        using var vscli = new Vscli(scripted.Url);

        var both = await vscli.Run("tracers");
        Assert.Equal(1, both.ExitCode);
        Assert.Contains("jaeger", both.Out, StringComparison.Ordinal);
        Assert.Contains("4 events, 90 s", both.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", both.Out, StringComparison.Ordinal);
        var well = await vscli.Run("tracers", "list", "-format", "csv");
        Assert.Equal((0, "name,endpoint,position,lagEvents,lagSeconds,lastSuccessAt,lastErrorAt,lastError,sent,rejected,setAside\r\njaeger,http://localhost:4318/v1/traces,7,0,0,2026-03-01T12:00:00Z,,,3,0,0\r\n"), (well.ExitCode, well.Out));
        var none = await vscli.Run("tracers");
        Assert.Equal((1, "", $"vscli: {scripted.Url}: no tracer is configured\n"), (none.ExitCode, none.Out, none.Error));
    }

    [Fact]
    public async Task What_is_to_be_sent_again_is_asked_for()
    {
        await using var scripted = new ScriptedServer(Says(200, """{"position":41,"event":99}"""), Says(404, """{"detail":"There is no tracer 'x'."}"""));
        using var vscli = new Vscli(scripted.Url);

        var done = await vscli.Run("tracers", "resend", "jaeger", "-since", "2026-03-01", "-reason", "it lost its disk");
        Assert.Equal((0, "everything after position 41 is sent to jaeger again\n"), (done.ExitCode, done.Out));
        var none = await vscli.Run("tracers", "resend", "x", "-position=0");
        Assert.Equal((1, $"vscli: {scripted.Url}: there is no tracer x\n"), (none.ExitCode, none.Error));
        Assert.Equal(["/api/v1/tracers/jaeger/resend", "/api/v1/tracers/x/resend"], scripted.Requests.Select(static r => r.Path));
        Assert.Equal(["""{"since":"2026-03-01T00:00:00+00:00","reason":"it lost its disk"}""", """{"position":0}"""], scripted.Requests.Select(static r => r.Body));
    }

    [Theory]
    [InlineData("resend")]
    [InlineData("resend jaeger")]
    [InlineData("resend jaeger -position 1 -since 2026-03-01")]
    [InlineData("resend jaeger -position -1")]
    [InlineData("resend jaeger -since yesterday")]
    [InlineData("resend jaeger -position 1 -format json")]
    [InlineData("list -position 1")]
    [InlineData("drop jaeger")]
    public async Task A_command_line_that_is_wrong_asks_nobody(string words)
    {
        await using var scripted = new ScriptedServer();
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run(["tracers", .. words.Split(' ')]);
        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Empty(scripted.Requests);
    }

    private static Reply Says(int status, string body) =>
        _ => ScriptedServer.Http(status, body).Replace("Content-Type:", "Connection: close\r\nContent-Type:", StringComparison.Ordinal);
}
