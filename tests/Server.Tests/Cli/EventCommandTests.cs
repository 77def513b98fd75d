using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The published binary against servers that behave and misbehave.</summary>
public sealed class EventCommandTests
{
    [Fact]
    public async Task The_seeds_lines_work_letter_by_letter()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script("bash", """
            TRACEID="$(vscli event -tag='source|gcloud' -tag='service|api' -type=pipeline start)"
            BUILD="$(vscli event -type=build -tag='type|docker' start -parent-event-id=vstrace-customhttp-pipeline-default-${TRACEID})"
            vscli event -type=build end -event-id=${BUILD}
            vscli event -type=pipeline end -event-id=${TRACEID}
            echo ${TRACEID} ${BUILD}
            """);
        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        var ids = ran.Out.Trim().Split(' ');
        Assert.All(ids, id => Assert.Matches("^[0-9a-v]{20}$", id));

        var events = server.Events;
        Assert.Equal(
            ["start pipeline", "start build", "end build", "end pipeline"],
            events.Select(e => $"{Text(e, "action")} {Text(e, "run", "type")}"));
        Assert.Equal([ids[0], ids[1], ids[1], ids[0]], events.Select(e => Text(e, "run", "id")));
        Assert.All(events, e => Assert.Equal("default", Text(e, "run", "namespace")));
        Assert.Equal("gcloud", Text(events[0], "tags", "source"));
        Assert.Equal("linux", Text(events[0], "tags", "os.type"));
        Assert.NotEqual("", Text(events[0], "tags", "host.name"));
        Assert.Equal(Text(events[0], "tags", "user.name"), Text(events[0], "actor"));
        Assert.False(events[0].TryGetProperty("name", out _));
        Assert.Equal("api", Text(events[1], "name"));
        Assert.Equal($"vstrace-customhttp-pipeline-default-{ids[0]}", Text(events[1], "parents", 0));
        Assert.All(events, e => Assert.Equal(7, Guid.Parse(Text(e, "eventId")).Version));
        Assert.All(server.Requests, r => Assert.Equal("/api/v1/events", r.Path));
        Assert.All(server.Requests, r => Assert.True(
            DateTimeOffset.Parse(r.Headers["X-Sent-At"], null) >= r.Events[0].GetProperty("occurredAt").GetDateTimeOffset().AddTicks(-10)));
        Assert.Empty(vscli.Files("open"));
    }

    /// <summary>Servers that take no event: each call still prints its id, exits 0, says why, and keeps the event.</summary>
    public static TheoryData<string, string> Misbehaviours => new()
    {
        { "refuses", "connection refused" },
        { "hangs", "no answer within 2 s" },
        { "500", "it answered 500" },
        { "401", "VALUESTREAM_TOKEN" },
        { "404", "VALUESTREAM_URL" },
        { "closes at once", "closed without an answer" },
        { "closes in the answer's head", "cut off" },
        { "closes in the answer's body", "cut off" },
        { "closes in a chunk", "cut off" },
        { "speaks no HTTP", "not HTTP" },
        { "sends broken chunks", "chunks cannot be read" },
        { "answers another product's page", "not ValueStream's" },
        { "answers for other events", "not ValueStream's" },
    };

    [Theory]
    [MemberData(nameof(Misbehaviours))]
    public async Task A_server_that_takes_nothing_costs_nothing_but_the_event_waits(string behaviour, string says)
    {
        await using var server = new ScriptedServer(behaviour switch
        {
            "hangs" => ScriptedServer.Hangs,
            "500" => ScriptedServer.Status(500, "boom"),
            "401" => ScriptedServer.Status(401),
            "404" => ScriptedServer.Status(404),
            "closes in the answer's head" => ScriptedServer.Sends("HTTP/1.1 200 OK\r\nContent-Le"),
            "closes in the answer's body" => ScriptedServer.Sends(
                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"items\":[{\"index\":0,\"status\":\"accepted\"}"),
            "closes in a chunk" => ScriptedServer.Sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"items\":"),
            "speaks no HTTP" => ScriptedServer.Sends("220 mail.acme ESMTP\r\n\r\n"),
            "sends broken chunks" => ScriptedServer.Sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            "answers another product's page" => ScriptedServer.Status(200, "<html>"),
            "answers for other events" => ScriptedServer.Status(200, """{"items":[{"index":5,"status":"accepted"}]}"""),
            _ => ScriptedServer.Sends(""),
        });
        using var vscli = new Vscli(behaviour == "refuses" ? ScriptedServer.Nobody() : server.Url);
        var ran = await vscli.Run("event", "-type=build", "start");
        Assert.Equal(0, ran.ExitCode);
        Assert.Matches("^[0-9a-v]{20}\n$", ran.Out);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Contains("kept for later", ran.Error, StringComparison.Ordinal);
        Assert.True(ran.Took < TimeSpan.FromSeconds(4), $"took {ran.Took}");
        Assert.Single(vscli.Files("spool"));

        vscli.Variables["VALUESTREAM_URL"] = await Recover(vscli, ran.Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_seeds_eight_calls_against_a_dead_or_hanging_server_take_under_5_seconds_and_arrive_later(bool hangs)
    {
        await using var server = new ScriptedServer(ScriptedServer.Hangs);
        using var vscli = new Vscli(hangs ? server.Url : ScriptedServer.Nobody());
        var ran = await vscli.Script("bash", """
            set -eu
            TRACEID="$(vscli event -tag='source|gcloud' -tag='service|api' -type=pipeline start)"
            for step in build push deploy; do
              STEP="$(vscli event -type=$step start -parent-event-id=vstrace-customhttp-pipeline-default-${TRACEID})"
              vscli event -type=$step end -event-id=${STEP}
            done
            vscli event -type=pipeline end -event-id=${TRACEID}
            """);
        Assert.Equal(0, ran.ExitCode);
        Assert.True(ran.Took < TimeSpan.FromSeconds(5), $"took {ran.Took}");
        Assert.Equal(8, vscli.Files("spool").Length);
        var ended = DateTimeOffset.UtcNow;

        await using var back = new ScriptedServer(ScriptedServer.Accepts);
        vscli.Variables["VALUESTREAM_URL"] = back.Url;
        var flushed = await vscli.Run("flush");
        Assert.Equal((0, "", "vscli: 8 sent, 0 refused, 0 left\n"), (flushed.ExitCode, flushed.Out, flushed.Error));
        Assert.Equal(
            ["start pipeline", "start build", "end build", "start push", "end push", "start deploy", "end deploy", "end pipeline"],
            Assert.Single(back.Requests).Events.Select(e => $"{Text(e, "action")} {Text(e, "run", "type")}"));
        Assert.All(back.Events, e => Assert.True(e.GetProperty("occurredAt").GetDateTimeOffset() <= ended));
        Assert.Empty(vscli.Files("spool"));
    }

    [Fact]
    public async Task Fifty_calls_of_every_kind_against_a_hanging_server_take_under_10_seconds_and_arrive_later()
    {
        await using var server = new ScriptedServer(ScriptedServer.Hangs);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script("sh", """
            set -eu
            for i in 1 2 3 4 5 6 7 8 9 10; do
              STEP="$(vscli event -type=step start)"
              vscli annotate -event-id="$STEP" note
              vscli link -event-id="$STEP" vstrace-github-issue-acme.shop-12
              vscli run -type=part -parent-event-id="$STEP" -- true
              vscli event end -event-id="$STEP"
            done
            """);
        Assert.Equal(0, ran.ExitCode);
        Assert.True(ran.Took < TimeSpan.FromSeconds(10), $"took {ran.Took}");
        Assert.Equal(60, vscli.Files("spool").Length);

        await using var back = new ScriptedServer(ScriptedServer.Accepts);
        vscli.Variables["VALUESTREAM_URL"] = back.Url;
        Assert.Equal("vscli: 60 sent, 0 refused, 0 left\n", (await vscli.Run("flush")).Error);
    }

    [Fact]
    public async Task After_a_failed_contact_the_server_is_left_alone_for_30_seconds_but_not_by_flush()
    {
        await using var server = new ScriptedServer(ScriptedServer.Sends(""), ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        await vscli.Run("event", "start");
        var second = await vscli.Run("event", "start");
        Assert.Contains("within the last 30 s", second.Error, StringComparison.Ordinal);
        Assert.Single(server.Requests);
        await vscli.Run("flush");
        Assert.Equal(2, server.Requests[1].Events.Count);
        var third = await vscli.Run("event", "start");
        Assert.Equal(("", 3), (third.Error, server.Requests.Count));
    }

    [Fact]
    public async Task Answers_in_chunks_and_duplicates_are_as_good()
    {
        await using var server = new ScriptedServer(ScriptedServer.AcceptsInChunks);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Run("event", "start");
        Assert.Equal(("", 0), (ran.Error, vscli.Files("spool").Length));
    }

    [Theory]
    [InlineData("/customhttp", true)]
    [InlineData("/vs/customhttp", true)]
    [InlineData("/behind/a/proxy", false)]
    public async Task Upstreams_address_gets_upstreams_body_where_there_is_no_api_beside_it(string path, bool hasApiBeside)
    {
        Reply[] script = hasApiBeside
            ? [ScriptedServer.Status(404), ScriptedServer.Status(200, "success")]
            : [ScriptedServer.Status(200, "success")];
        await using var server = new ScriptedServer([.. script, .. script]);
        using var vscli = new Vscli(server.Url);
        vscli.Variables.Remove("VALUESTREAM_URL");
        vscli.Variables["VS_CUSTOM_HTTP_EVENT_SOURCE_URL"] = server.Url + path;
        vscli.Variables["VS_CUSTOM_HTTP_EVENT_SOURCE_SECRET"] = "secret";
        var started = await vscli.Run("ev", "-secret-key=x", "-tag=a|b", "-type=build", "start", "-parent-event-id=p");
        var ended = await vscli.Run("ev", "end", "-error", "-event-id", started.Token);
        Assert.Equal("", started.Error + ended.Error);
        var sent = server.Requests.Where(r => r.Path == path).Select(r => JsonDocument.Parse(r.Body).RootElement).ToList();
        Assert.Equal(2, sent.Count);
        Assert.Equal(hasApiBeside ? 4 : 2, server.Requests.Count);
        if (hasApiBeside)
        {
            Assert.Equal(path.Replace("/customhttp", "/api/v1/events", StringComparison.Ordinal), server.Requests[0].Path);
        }
        Assert.Equal((started.Token, "start", "p", false, "default", "build", "b"),
            (Text(sent[0], "id"), Text(sent[0], "action"), Text(sent[0], "parentId"), sent[0].GetProperty("error").GetBoolean(),
            Text(sent[0], "namespace"), Text(sent[0], "type"), Text(sent[0], "metadata", "a")));
        Assert.Equal((started.Token, "end", true, "build"),
            (Text(sent[1], "id"), Text(sent[1], "action"), sent[1].GetProperty("error").GetBoolean(), Text(sent[1], "type")));
    }

    [Fact]
    public async Task The_token_goes_along_and_flags_come_before_the_environment()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(ScriptedServer.Nobody());
        vscli.Variables["VALUESTREAM_TOKEN"] = "vst_abc\n";
        var ran = await vscli.Run("event", "start", "-url", server.Url + "/");
        Assert.Equal("", ran.Error);
        Assert.Equal("Bearer vst_abc", Assert.Single(server.Requests).Headers["Authorization"]);
    }

    [Theory]
    [InlineData("", "variable", "variable")]
    [InlineData("-secret-key=flag", "variable", "flag")]
    [InlineData("-secret-key=flag", "", "flag")]
    [InlineData("", "", null)]
    public async Task Upstreams_intake_gets_a_signature_where_there_is_a_secret_and_never_the_secret(string flag, string variable, string? key)
    {
        await using var server = new ScriptedServer(ScriptedServer.Status(200, "success"));
        using var vscli = new Vscli(server.Url);
        vscli.Variables.Remove("VALUESTREAM_URL");
        vscli.Variables["VS_CUSTOM_HTTP_EVENT_SOURCE_URL"] = server.Url + "/behind/a/proxy";
        vscli.Variables["VS_CUSTOM_HTTP_EVENT_SOURCE_SECRET"] = variable;

        var started = await vscli.Run([.. flag.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } flags ? ["event", .. flags] : new[] { "event" }, "-type=build", "start"]);

        Assert.Equal("", started.Error);
        var sent = Assert.Single(server.Requests);
        Assert.Equal(
            key is null ? null : Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(sent.Body))),
            sent.Headers.GetValueOrDefault("X-VS-Signature"));
        Assert.DoesNotContain(sent.Headers, h => h.Value.Contains(key ?? "-", StringComparison.Ordinal) && h.Key == "Authorization");
        Assert.Equal("build", JsonDocument.Parse(sent.Body).RootElement.GetProperty("type").GetString());
    }

    [Fact]
    public async Task An_address_and_a_secret_of_the_originals_are_enough_where_the_API_wants_a_token()
    {
        await using var server = new ScriptedServer(
            request => request.Path == "/customhttp" ? ScriptedServer.Http(200, "success") : ScriptedServer.Http(401, ""));
        using var vscli = new Vscli(server.Url);
        vscli.Variables.Remove("VALUESTREAM_URL");
        vscli.Variables["VS_CUSTOM_HTTP_EVENT_SOURCE_URL"] = server.Url + "/customhttp";

        var without = await vscli.Run("event", "start");
        vscli.Variables["VS_CUSTOM_HTTP_EVENT_SOURCE_SECRET"] = "secret";
        var with = await vscli.Run("event", "start");

        Assert.Contains("401", without.Error, StringComparison.Ordinal);
        Assert.Equal("", with.Error);
        Assert.Equal(["/api/v1/events", "/api/v1/events", "/customhttp", "/customhttp"], server.Requests.Select(static r => r.Path));
        Assert.Empty(vscli.Files("spool"));
        Assert.Contains("from VS_CUSTOM_HTTP_EVENT_SOURCE_SECRET; signs what the intake is sent", (await vscli.Run("status")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("event start")]
    [InlineData("run -- true")]
    [InlineData("status")]
    [InlineData("flush")]
    [InlineData("runs")]
    [InlineData("verify")]
    [InlineData("import -")]
    public async Task A_password_in_the_address_is_never_told(string command)
    {
        var nobody = ScriptedServer.Nobody();
        using var vscli = new Vscli(nobody.Replace("//", "//me:p4ssw0rd@", StringComparison.Ordinal));
        await vscli.Run("event", "start");

        var ran = await vscli.Script("sh", $"echo '{{\"type\":\"t\",\"startedAt\":\"2026-03-02T12:00:00Z\"}}' | vscli {command}");

        Assert.DoesNotContain("p4ssw0rd", ran.Out + ran.Error, StringComparison.Ordinal);
        Assert.Contains(nobody["http://".Length..], ran.Out + ran.Error, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string?, string?> Ends => new()
    {
        { "", "", null, null },
        { "-error", "", "failure", null },
        { "-error=false", "", "success", null },
        { "-exit-code=0", "", "success", "0" },
        { "-exit-code 3", "", "failure", "3" },
        { "-exit-code=1 -outcome=timeout", "", "timeout", "1" },
        { "-outcome=skip", "", "skip", null },
        { "-outcome=fialure", "is none of success, failure", "failure", null },
        { "-exit-code=", "is not a number", "failure", null },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task An_end_says_how_it_ended(string flags, string says, string? outcome, string? exitCode)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Run(["event", "end", "-event-id=x", .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal((0, ""), (ran.ExitCode, ran.Out));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        var sent = Assert.Single(server.Events);
        Assert.Equal("deploy", Text(sent, "run", "type"));
        Assert.Equal(outcome, sent.TryGetProperty("outcome", out var o) ? o.GetString() : null);
        Assert.Equal(exitCode, sent.TryGetProperty("tags", out var tags) ? tags.GetProperty("process.exit.code").GetRawText() : null);
    }

    [Fact]
    public async Task An_end_needs_no_type_and_a_type_that_differs_is_told()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var first = await vscli.Run("event", "-type=build", "-namespace=team.a", "-name=api", "start");
        var other = await vscli.Run("event", "-type=deploy", "end", "-event-id", first.Token);
        Assert.Contains("was started with -type=build -namespace=team.a", other.Error, StringComparison.Ordinal);
        Assert.Equal([first.Token], vscli.Files("open"));
        var end = await vscli.Run("event", "end", "-event-id", first.Token, "-tag=size|3", "-reason=done");
        Assert.Equal("", end.Error);
        var sent = server.Events[2];
        Assert.Equal(
            ("build", "team.a", "api", "3", "done"),
            (Text(sent, "run", "type"), Text(sent, "run", "namespace"), Text(sent, "name"), Text(sent, "tags", "size"), Text(sent, "reason")));
        Assert.Empty(vscli.Files("open"));
    }

    [Fact]
    public async Task A_bare_token_serves_as_parent_even_after_its_run_ended_and_the_name_is_inherited()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var root = await vscli.Run("event", "-type=pipeline", "-name=release", "start");
        var build = await vscli.Run("event", "-type=build", "start", "-parent-event-id", root.Token);
        await vscli.Run("event", "end", "-event-id", build.Token);
        await vscli.Run(
            "event", "-type=deploy", "start", "-parent-event-id", root.Token, "-parent-event-id", build.Token, "-parent-event-id=ABC-1");
        Assert.Equal(
            [$"vstrace-customhttp-pipeline-default-{root.Token}", $"vstrace-customhttp-build-default-{build.Token}", "ABC-1"],
            server.Events[3].GetProperty("parents").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal(("release", "release"), (Text(server.Events[1], "name"), Text(server.Events[3], "name")));
    }

    [Fact]
    public async Task The_environment_gives_parent_and_trace_context_and_an_empty_flag_no_parent()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Variables["VS_PARENT_EVENT_ID"] = "vstrace-customhttp-pipeline-default-1";
        vscli.Variables["TRACEPARENT"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await vscli.Run("event", "start");
        vscli.Variables["TRACEPARENT"] = "";
        await vscli.Run("event", "start", "-parent-event-id=");
        vscli.Variables["TRACEPARENT"] = "nonsense";
        await vscli.Run("event", "start", "-parent-event-id=other");
        var sent = server.Events;
        Assert.Equal("vstrace-customhttp-pipeline-default-1", Text(sent[0], "parents", 0));
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Text(sent[0], "traceparent"));
        Assert.False(sent[1].TryGetProperty("parents", out _) || sent[1].TryGetProperty("traceparent", out _));
        Assert.Equal("other", Text(sent[2], "parents", 0));
        Assert.False(sent[2].TryGetProperty("traceparent", out _));
    }

    [Fact]
    public async Task A_script_gives_its_name_where_nothing_else_does()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        await vscli.Script("bash", "X=$(vscli event start)\nvscli event start >/dev/null\nvscli event -name=mine start > /dev/null");
        await vscli.Run("event", "start");
        Assert.Equal(
            ["deploy.sh", "deploy.sh", "mine", null],
            server.Events.Select(e => e.TryGetProperty("name", out var n) ? n.GetString() : null));
    }

    public static TheoryData<string[], bool, string> Mistakes => new()
    {
        { ["event", "-nope=1", "start"], true, "-nope is not known" },
        { ["event", "-nope", "value", "start"], true, "-nope is not known" },
        { ["event", "-tag=none", "start"], true, "a tag is written key|value" },
        { ["event", "start", "-type"], true, "-type needs a value" },
        { ["event", "start", $"-reason={new string('x', 5000)}"], true, "the reason was cut to 4000 characters" },
        { ["event", "start", "-url=://"], true, "kept for later" },
        { ["event", "start", "-url=http://no host/"], true, "kept for later" },
        { ["event", "start", "-url=ftp://127.0.0.1/"], true, "kept for later" },
        { ["event", "start", "-url=http://does-not-exist.invalid"], true, "kept for later" },
        { ["event"], false, "nothing was recorded" },
        { ["event", "strat"], false, "nothing was recorded" },
        { ["event", "end"], false, "-event-id is missing or empty" },
        { ["event", "end", "-event-id="], false, "-event-id is missing or empty" },
        { ["flush", "-nope"], false, "0 sent" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_mistake_is_told_on_stderr_and_never_fails_the_script(string[] arguments, bool prints, string says)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Run(arguments);
        Assert.Equal(0, ran.ExitCode);
        Assert.Matches(prints ? "^[0-9a-v]{20}\n$" : "^$", ran.Out);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Equal(prints ? 1 : 0, server.Events.Count + vscli.Files("spool").Length);
    }

    [Fact]
    public async Task Without_a_home_and_where_nothing_can_be_written_it_goes_on()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Variables["VALUESTREAM_SPOOL"] = "/proc/vscli";
        vscli.Variables["HOME"] = "";
        vscli.Variables["XDG_STATE_HOME"] = Path.Combine(vscli.Home, "xdg");
        var ran = await vscli.Run("event", "start");
        Assert.Equal(0, ran.ExitCode);
        Assert.Equal($"vscli: /proc/vscli is not writable; using {vscli.Home}/xdg/vscli\n", ran.Error);
        Assert.Equal(ran.Token, Text(Assert.Single(server.Events), "run", "id"));
    }

    [Fact]
    public async Task Closed_and_full_channels_are_no_failure()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script("bash", """
            set -e
            vscli event start >&-
            vscli event start >/dev/full
            vscli event -nope start 2>&- >/dev/null
            { vscli event start; vscli event start; } > ids
            grep -c . ids
            """);
        Assert.Equal((0, "2\n"), (ran.ExitCode, ran.Out));
        Assert.Equal(5, server.Events.Count);
    }

    [Theory]
    [InlineData("--help", 0, "vscli event start|end")]
    [InlineData("--version", 0, "vscli 0.")]
    [InlineData("frobnicate", 2, "")]
    [InlineData("", 2, "")]
    public async Task The_top_level_tells_help_and_version_and_refuses_the_unknown(string argument, int exitCode, string prints)
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());
        var ran = await vscli.Run(argument.Length == 0 ? [] : [argument]);
        Assert.Equal(exitCode, ran.ExitCode);
        Assert.Contains(prints, ran.Out, StringComparison.Ordinal);
        Assert.Equal(exitCode == 0, ran.Error.Length == 0);
    }

    private static async Task<string> Recover(Vscli vscli, string token)
    {
        await using var back = new ScriptedServer(ScriptedServer.Accepts);
        vscli.Variables["VALUESTREAM_URL"] = back.Url;
        await vscli.Run("flush");
        Assert.Equal(token, Text(Assert.Single(back.Events), "run", "id"));
        Assert.Empty(vscli.Files("spool"));
        return back.Url;
    }

    private static string Text(JsonElement element, params object[] path)
    {
        foreach (var step in path)
        {
            element = step is int index ? element[index] : element.GetProperty((string)step);
        }
        return element.ToString();
    }
}
