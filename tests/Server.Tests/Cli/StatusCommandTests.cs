using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Cli;

/// <summary><c>vscli status</c>, and <c>-require-reason</c>: what vscli tells and asks a person.</summary>
public sealed class StatusCommandTests
{
    private const string Ready = """{"ready":true,"problems":[],"warnings":[]}""";

    [Fact]
    public async Task All_is_well_where_the_server_answers_and_nothing_waits()
    {
        await using var server = new ScriptedServer(ScriptedServer.Status(200, Ready));
        using var vscli = new Vscli(server.Url);
        vscli.Variables["VALUESTREAM_TOKEN"] = "a-very-secret-token";

        var ran = await vscli.Run("status");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.Contains($"server     {server.Url}/api/v1/events (VALUESTREAM_URL)", ran.Out, StringComparison.Ordinal);
        Assert.Contains("answers    yes, after ", ran.Out, StringComparison.Ordinal);
        Assert.Contains($"state      {vscli.State} (VALUESTREAM_SPOOL)", ran.Out, StringComparison.Ordinal);
        Assert.Contains("waiting    nothing", ran.Out, StringComparison.Ordinal);
        Assert.Contains("inside     no run", ran.Out, StringComparison.Ordinal);
        Assert.Contains("token      from VALUESTREAM_TOKEN", ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", ran.Out, StringComparison.Ordinal);
        Assert.Equal(("/readyz", "Bearer a-very-secret-token", ""), (server.Requests[0].Path, server.Requests[0].Headers["Authorization"], server.Requests[0].Body));
    }

    [Fact]
    public async Task What_waits_and_what_was_refused_and_why_is_told()
    {
        await using var server = new ScriptedServer(
            ScriptedServer.Status(400, """{"detail":"The type is \u001b[31mmissing."}"""), ScriptedServer.Status(500), ScriptedServer.Status(503, """{"ready":false,"problems":["The queue of events is full."]}"""));
        using var vscli = new Vscli(server.Url);
        await vscli.Run("event", "start");
        await vscli.Run("event", "start");
        vscli.Variables["VS_PARENT_EVENT_ID"] = "vstrace-customhttp-pipeline-default-x";
        vscli.Variables["TRACEPARENT"] = "nonsense";

        var ran = await vscli.Run("status");

        Assert.Equal((1, ""), (ran.ExitCode, ran.Error));
        Assert.Contains("answers    it takes no events now: The queue of events is full.", ran.Out, StringComparison.Ordinal);
        Assert.Matches(@"waiting    1 event, 0\.\d kB of 10240 kB, the oldest \d+ s old", ran.Out);
        Assert.Contains("refused    1 event that the server can never take", ran.Out, StringComparison.Ordinal);
        Assert.Contains("The type is \uFFFD[31mmissing.", ran.Out, StringComparison.Ordinal);
        Assert.Contains("inside     vstrace-customhttp-pipeline-default-x ($VS_PARENT_EVENT_ID)", ran.Out, StringComparison.Ordinal);
        Assert.Contains("TRACEPARENT is none of W3C's: nonsense", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up_after_5_s()
    {
        await using var server = new ScriptedServer(ScriptedServer.Hangs);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Run("status");

        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("answers    no: no answer within 5 s", ran.Out, StringComparison.Ordinal);
        Assert.True(ran.Took < TimeSpan.FromSeconds(15), $"took {ran.Took}");
    }

    [Theory]
    [InlineData("-colour=blue", "-colour is not known")]
    [InlineData("now", "'now' is not a flag")]
    public async Task A_command_line_that_is_wrong_is_told(string argument, string says)
    {
        using var vscli = new Vscli("http://127.0.0.1:9");

        var ran = await vscli.Run("status", argument);

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_terminal_a_required_reason_is_missed_and_nothing_waits_for_it()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Detached("event", "start", "-require-reason");

        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("a reason is required", ran.Error, StringComparison.Ordinal);
        Assert.False(Assert.Single(server.Events).TryGetProperty("reason", out _));

        Assert.Equal("", (await vscli.Detached("event", "start", "-require-reason", "-reason=given")).Error);
        Assert.Equal("given", server.Events[1].Text("reason"));
    }

    [Fact]
    public async Task On_a_terminal_the_reason_is_asked_for_past_all_redirections()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.OnTerminal("""ID="$(vscli event start -require-reason </dev/null 2>err)"; echo "id $ID" """, "sleep 2; echo 'hotfix für 12'");

        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("Why?", ran.Out, StringComparison.Ordinal);
        Assert.Matches("id [0-9a-v]{20}", ran.Out);
        Assert.Equal("hotfix für 12", Assert.Single(server.Events).Text("reason"));
    }
}
