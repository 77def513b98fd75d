using System.Text.Json;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Cli;

/// <summary><c>vscli annotate</c> and <c>vscli link</c>, the published binary.</summary>
public sealed class AddingCommandsTests
{
    [Fact]
    public async Task A_script_adds_to_the_run_in_which_it_is_and_to_runs_by_their_tokens()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Script("sh", """
            set -eu
            eval "$(vscli trap -type=pipeline)"
            BUILD="$(vscli event -type=build -namespace=acme start)"
            vscli annotate -tag='image.size|512' built "and pushed"
            vscli annotate -event-id="$BUILD" -reason='customer request' -actor=ann -note=late
            vscli link vstrace-github-issue-acme.shop-12
            vscli link -event-id="$BUILD" -kind=follows "$TRACEID" elsewhere
            vscli event end -event-id="$BUILD"
            vscli annotate -event-id="$BUILD" -tag='after|the end'
            """);

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        var (pipeline, build) = (server.Events[0].GetProperty("run").GetRawText(), server.Events[1].GetProperty("run").GetRawText());
        var added = server.Events.Where(static e => e.Text("action") is "annotate" or "link").ToList();
        Assert.Equal([pipeline, build, pipeline, build, build], added.Select(static e => e.GetProperty("run").GetRawText()));
        Assert.Equal(("built and pushed", """{"image.size":"512"}"""), (added[0].Text("note"), added[0].GetProperty("tags").GetRawText()));
        // Whoever annotates did not do the run.
        Assert.False(added[0].TryGetProperty("actor", out _));
        Assert.Equal(("customer request", "ann", "late"), (added[1].Text("reason"), added[1].Text("actor"), added[1].Text("note")));
        Assert.Equal("""[{"kind":"references","run":"vstrace-github-issue-acme.shop-12"}]""", added[2].GetProperty("links").GetRawText());
        Assert.Equal(
            $$"""[{"kind":"follows","run":"vstrace-customhttp-pipeline-default-{{JsonElement.Parse(pipeline).Text("id")}}"},{"kind":"follows","run":"elsewhere"}]""",
            added[3].GetProperty("links").GetRawText());
    }

    [Theory]
    [InlineData("vstrace-customhttp-build-acme-d3kq0g8abcdefghijklm", "", "build acme d3kq0g8abcdefghijklm")]
    [InlineData("vstrace-customhttp-unit-test-acme-d3kq0g8abcdefghijklm", "-type=unit-test", "unit-test acme d3kq0g8abcdefghijklm")]
    [InlineData("vstrace-customhttp-unit-test-acme-d3kq0g8abcdefghijklm", "-namespace=test-acme", "unit test-acme d3kq0g8abcdefghijklm")]
    [InlineData("d3kq0g8abcdefghijklm", "-type=build", "build default d3kq0g8abcdefghijklm")]
    [InlineData("nightly 7", "-type=build -namespace=acme", "build acme nightly 7")]
    [InlineData("nightly 7", "", "deploy default nightly 7")]
    public async Task A_run_of_another_machine_is_named_by_its_rendering_or_its_parts(string id, string flags, string run)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Run(["annotate", "-event-id", id, "-note=n", .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((0, "", ""), (ran.ExitCode, ran.Out, ran.Error));
        var named = Assert.Single(server.Events).GetProperty("run");
        Assert.Equal(run, $"{named.Text("type")} {named.Text("namespace")} {named.Text("id")}");
    }

    [Theory]
    [InlineData("annotate -note=n", "-event-id is missing")]
    [InlineData("annotate -event-id=x", "give a -tag, a -note, a -reason or an -actor")]
    [InlineData("annotate -event-id=vstrace-customhttp-unit-test-acme-d3kq0g8abcdefghijklm -note=n", "add -type and -namespace")]
    [InlineData("annotate -event-id=vstrace-customhttp-unit-test-acme-d3kq0g8abcdefghijklm -note=n -type=build", "add -type and -namespace")]
    [InlineData("link x", "-event-id is missing")]
    [InlineData("link -event-id=x", "name the runs to link to")]
    [InlineData("link -event-id=x -kind=parent y", "none of")]
    public async Task What_cannot_be_recorded_is_told_and_fails_nothing(string command, string says)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Run(command.Split(' '));

        Assert.Equal((0, ""), (ran.ExitCode, ran.Out));
        Assert.StartsWith("vscli: nothing was recorded: ", ran.Error, StringComparison.Ordinal);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("annotate -note=n -flag-nobody-knows=1")]
    [InlineData("link y -colour blue")]
    public async Task A_flag_that_is_not_known_is_told_and_the_rest_is_recorded(string command)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Run([.. command.Split(' '), "-event-id=x"]);

        Assert.Equal((0, ""), (ran.ExitCode, ran.Out));
        Assert.Contains("is not known and was ignored", ran.Error, StringComparison.Ordinal);
        Assert.Single(server.Events);
    }

    [Fact]
    public async Task What_cannot_be_sent_waits_as_any_event_does()
    {
        await using var server = new ScriptedServer(ScriptedServer.Status(500), ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Run("annotate", "-event-id=x", "-note=later");
        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("kept for later", ran.Error, StringComparison.Ordinal);
        await vscli.Run("flush");

        Assert.Equal(["later", "later"], server.Events.Select(static e => e.Text("note")));
        Assert.Equal(server.Events[0].Text("eventId"), server.Events[1].Text("eventId"));
        Assert.Empty(vscli.Files("spool"));
    }

    [Theory]
    [InlineData(409, true)]
    [InlineData(415, true)]
    [InlineData(401, false)]
    [InlineData(403, false)]
    [InlineData(404, false)]
    [InlineData(429, false)]
    [InlineData(503, false)]
    public async Task What_a_server_can_never_take_is_set_aside_with_the_reason_and_the_rest_waits(int status, bool isRefused)
    {
        await using var server = new ScriptedServer(ScriptedServer.Status(status, """{"detail":"why not"}"""));
        using var vscli = new Vscli(server.Url);

        Assert.Equal(0, (await vscli.Run("annotate", "-event-id=x", "-note=n")).ExitCode);

        Assert.Equal(isRefused ? (0, 2) : (1, 0), (vscli.Files("spool").Length, vscli.Files("spool/refused").Length));
    }
}
