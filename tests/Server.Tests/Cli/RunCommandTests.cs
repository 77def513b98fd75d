using System.Text.Json;
using ValueStream.Cli;
using ValueStream.Core.Events;
using ValueStream.Core.Spans;
using ValueStream.Server.Tests.EndToEnd;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Cli;

/// <summary><c>vscli run -- cmd</c>: the command is as it would be alone, and its run is told.</summary>
public sealed class RunCommandTests
{
    /// <summary>A command, its exit code, how its run ends, and what is said of it.</summary>
    public static TheoryData<string, int, string, string> Commands => new()
    {
        { "true", 0, "success", "" },
        { "sh -c 'exit 1'", 1, "failure", "" },
        { "sh -c 'exit 3'", 3, "failure", "" },
        { "sh -c 'exit 255'", 255, "failure", "" },
        { "sh -c 'kill -KILL $$'", 137, "failure", "" },
        { "sh -c 'kill -SEGV $$'", 139, "failure", "" },
        { "sh -c 'kill -TERM $$'", 143, "cancellation", "" },
        { "sh -c 'kill -INT $$'", 130, "cancellation", "" },
        { "sh -c 'sleep .1; exit 4'", 4, "failure", "" },
        { "nosuch --flag", 127, "error", "vscli: nosuch: command not found\n" },
        { "./nosuch", 127, "error", "vscli: ./nosuch: No such file or directory\n" },
        { "./plain", 126, "error", "vscli: ./plain: Permission denied\n" },
        { "/tmp", 126, "error", "vscli: /tmp: Permission denied\n" },
        { "./bare", 5, "failure", "" },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task The_commands_exit_code_is_the_answer_and_the_runs_outcome(string command, int exitCode, string outcome, string says)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        await File.WriteAllTextAsync(Path.Combine(vscli.Home, "plain"), "exit 5", TestContext.Current.CancellationToken);
        var bare = Path.Combine(vscli.Home, "bare");
        await File.WriteAllTextAsync(bare, "exit 5\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(bare, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var ran = await vscli.Script("bash", $"vscli run -type=build -tag='service|api' -- {command}");

        Assert.Equal((exitCode, "", says), (ran.ExitCode, ran.Out, ran.Error));
        Assert.Equal(["start", "end"], server.Events.Select(Action));
        var (start, end) = (server.Events[0], server.Events[1]);
        Assert.Equal(start.GetProperty("run").GetRawText(), end.GetProperty("run").GetRawText());
        Assert.Equal((outcome, exitCode), (end.GetProperty("outcome").GetString(), ExitCode(end)));
        Assert.Equal(90, start.GetProperty("lease").GetInt32());
        Assert.Equal(Path.GetFileName(command.Split(' ')[0]), start.GetProperty("tags").GetProperty("process.executable.name").GetString());
        Assert.Equal(("build", "api"), (Type(start), start.GetProperty("tags").GetProperty("service").GetString()));
        Assert.DoesNotContain("exit", start.GetRawText(), StringComparison.Ordinal);
        Assert.Empty(vscli.Files("open"));
        Assert.Empty(vscli.Files("spool"));
    }

    [Theory]
    [InlineData("is there", false)]
    [InlineData("nobody", true)]
    [InlineData("hangs", true)]
    [InlineData("is slow", false)]
    [InlineData("500", true)]
    [InlineData("401", true)]
    [InlineData("400", false)]
    [InlineData("cuts off", true)]
    [InlineData("hangs in its answer", true)]
    [InlineData("is no server", true)]
    public async Task Whatever_the_server_does_the_commands_result_is_its_own_within_two_seconds(string behaviour, bool isKept)
    {
        await using var server = new ScriptedServer(behaviour switch
        {
            "hangs" => ScriptedServer.Hangs,
            "is slow" => request =>
            {
                Thread.Sleep(300);
                return ScriptedServer.Accepts(request);
            },
            "500" => ScriptedServer.Status(500),
            "401" => ScriptedServer.Status(401),
            "400" => ScriptedServer.Status(400, """{"detail":"no"}"""),
            "cuts off" => ScriptedServer.Sends("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
            "hangs in its answer" => ScriptedServer.Sends("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{" + ScriptedServer.Silence),
            "is no server" => ScriptedServer.Sends("SSH-2.0-OpenSSH\r\n"),
            _ => ScriptedServer.Accepts,
        });
        foreach (var length in new[] { "0", ".1" })
        {
            using var vscli = new Vscli(behaviour == "nobody" ? ScriptedServer.Nobody() : server.Url);

            var ran = await vscli.Run("run", "--", "sh", "-c", $"echo out; echo err >&2; sleep {length}; exit 7");

            Assert.Equal((7, "out\n"), (ran.ExitCode, ran.Out));
            Assert.StartsWith("err\n", ran.Error, StringComparison.Ordinal);
            Assert.True(ran.Took < TimeSpan.FromSeconds(3.5), $"took {ran.Took}");
            Assert.Equal(isKept ? 2 : 0, vscli.Files("spool").Length);
            // One line at most for what was kept, after the command's own.
            Assert.Equal(behaviour == "400" ? 2 : isKept ? 1 : 0, ran.Error.Split('\n').Length - 2);
        }
    }

    [Fact]
    public async Task A_short_command_costs_one_request_and_a_long_one_is_seen_while_it_lives()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        await vscli.Run("run", "--", "true");
        Assert.Equal(["start", "end"], Assert.Single(server.Requests).Events.Select(Action));

        var go = Path.Combine(vscli.Home, "go");
        var running = vscli.Run("run", "--", "sh", "-c", "while ! [ -e go ]; do sleep .01; done");
        await Until.HoldsAsync("the start is seen", () => Task.FromResult(server.Events.Count == 3));
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        await running;
        Assert.Equal(["start", "end", "start", "end"], server.Events.Select(Action));
    }

    [Fact]
    public async Task Input_and_output_pass_through_byte_for_byte()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Script("bash", """
            set -eu -o pipefail
            head -c 8000000 /dev/urandom >in
            vscli run -- cat <in | vscli run -- cat >out
            cmp in out
            vscli run -- sh -c 'cat >&2' <in 2>err
            cmp in err
            vscli run -- head -c 3 <in >three
            printf 'rest\n' | (vscli run -- true; cat)
            exec 3>three; vscli run -- sh -c 'echo third >&3'; cat three
            """);

        Assert.Equal((0, "rest\nthird\n", ""), (ran.ExitCode, ran.Out, ran.Error));
    }

    [Fact]
    public async Task Words_and_variables_reach_the_command_as_the_bytes_they_are_and_through_no_shell()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Script("bash", """
            export LATIN=$'\xe9'
            vscli run -- printf '%s|' $'\xe9' '' 'a b' '$HOME' '*' -- --help -type=x | od -An -c -w99
            vscli run -- sh -c 'printf %s "$LATIN"' | od -An -c
            """);

        Assert.Equal(" 351   |   |   a       b   |   $   H   O   M   E   |   *   |   -   -   |   -   -   h   e   l   p   |   -   t   y   p   e   =   x   |\n 351\n", ran.Out);
        Assert.All(server.Events, e => Assert.Equal("deploy", Type(e)));
    }

    [Fact]
    public async Task The_command_sees_what_it_would_see_alone_and_whose_child_it_is()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Variables["TRACESTATE"] = "a=b";
        vscli.Variables["BAGGAGE"] = "c=d";
        const string see = "env | grep -v -e ^_= -e ^VS_ -e ^TRACEPARENT= -e ^SHLVL= | sort; grep Sig..n: /proc/self/status; pwd; umask; ulimit -a; ls /proc/self/fd; cut -d\" \" -f5 /proc/$$/stat";

        var ran = await vscli.Script("bash", $"""
            see() ( "$@" sh -c '{see.Replace("'", "'\\''", StringComparison.Ordinal)}' )
            see env >alone
            see vscli run -- >with
            cmp alone with
            (trap '' HUP PIPE; vscli run -- grep SigIgn /proc/self/status)
            (ulimit -n 100; vscli run -- sh -c 'ulimit -n')
            vscli run -type=build -namespace=team.a -- env | grep -e ^TRACEPARENT -e ^VS_PARENT | sort
            TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00 vscli run -- env | grep -e ^TRACE | sort
            """);

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        var starts = server.Events.Where(e => Action(e) == "start").ToList();
        var build = Assert.Single(starts, e => Type(e) == "build").GetProperty("run").GetProperty("id").GetString()!;
        var id = new RunId(SourceNames.CustomHttp, "build", "team.a", build);
        var last = new RunId(SourceNames.CustomHttp, "deploy", "default", starts[^1].GetProperty("run").GetProperty("id").GetString()!);
        Assert.Equal($"""
            SigIgn:	0000000000001001
            100
            TRACEPARENT=00-{SpanIds.TraceId(id, 1)}-{SpanIds.SpanId(id, 1)}-01
            VS_PARENT_EVENT_ID={id.Rendering}
            VS_PARENT_NAME={id.Id} env
            TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-{SpanIds.SpanId(last, 1)}-00
            TRACESTATE=a=b

            """, ran.Out);
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", starts[^1].GetProperty("traceparent").GetString());
    }

    [Fact]
    public async Task What_the_command_records_nests_under_it()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Command("release", "vscli run -type=inner -- build");
        vscli.Command("build", "vscli event -type=step start >/dev/null");

        var ran = await vscli.Run("run", "-type=outer", "-reason=first try", "-actor=ann", "--", "release");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        var starts = server.Events.Where(e => Action(e) == "start").ToDictionary(e => Type(e)!);
        var (outer, inner, step) = (starts["outer"], starts["inner"], starts["step"]);
        Assert.Equal(("release", "ann", "first try"),
            (outer.GetProperty("name").GetString(), outer.GetProperty("actor").GetString(), outer.GetProperty("reason").GetString()));
        Assert.False(outer.TryGetProperty("parents", out _));
        Assert.Equal("vstrace-customhttp-outer-default-" + outer.GetProperty("run").GetProperty("id"), inner.GetProperty("parents")[0].GetString());
        Assert.Equal("vstrace-customhttp-inner-default-" + inner.GetProperty("run").GetProperty("id"), step.GetProperty("parents")[0].GetString());
        Assert.Equal(("build", "build"), (inner.GetProperty("name").GetString(), step.GetProperty("name").GetString()));
        var traces = new[] { inner, step }.Select(e => e.GetProperty("traceparent").GetString()![3..35]).Distinct();
        Assert.Equal(SpanIds.TraceId(new(SourceNames.CustomHttp, "outer", "default", outer.GetProperty("run").GetProperty("id").GetString()!), 1),
            Assert.Single(traces));
    }

    [Fact]
    public async Task The_arguments_are_recorded_only_when_asked_for_and_without_their_secrets()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Variables["DEPLOY_TOKEN"] = "s3cr3t-value";

        await vscli.Run("run", "--", "echo", "--password=hunter2");
        var ran = await vscli.Run("run", "-capture-args", "--", "echo", "--password=hunter2", "to s3cr3t-value", "prod");

        Assert.Equal("--password=hunter2 to s3cr3t-value prod\n", ran.Out);
        var starts = server.Events.Where(static e => e.GetProperty("action").GetString() == "start").ToList();
        Assert.False(starts[0].GetProperty("tags").TryGetProperty("process.command_args", out _));
        var captured = starts[1].GetProperty("tags").GetProperty("process.command_args").GetString()!;
        Assert.Contains("***", captured, StringComparison.Ordinal);
        Assert.EndsWith(" prod", captured, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", server.Requests[^1].Body + server.Requests[^2].Body, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", server.Requests[^1].Body + server.Requests[^2].Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "job")]
    [InlineData("-tag=service|api", "api")]
    [InlineData("-tag=service|api -name=release", "release")]
    [InlineData("-tag=service|api -tag=service|", "job")]
    public async Task What_the_command_records_at_once_has_its_name_although_the_run_is_remembered_beside_it(string flags, string name)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        // Where nothing is remembered, as before it is.
        vscli.Command("job", "VALUESTREAM_SPOOL=$PWD/other vscli event -type=step start >/dev/null");

        await vscli.Run(["run", .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--", "job"]);

        Assert.Equal(name, Assert.Single(server.Events, e => Type(e) == "step").GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("-nope -- echo it", 0, "it\n", "-nope is not known")]
    [InlineData("-nope value -- echo it", 0, "it\n", "-nope is not known")]
    [InlineData("-type -- echo it", 0, "it\n", "-type needs a value")]
    [InlineData("-timeout=soon -- echo it", 0, "it\n", "-timeout=soon is not a time")]
    [InlineData("-tag=none -- echo it", 0, "it\n", "-tag='none' was ignored")]
    [InlineData("-capture-args -- echo it", 0, "it\n", "")]
    [InlineData("-type=x echo it -nope", 0, "it -nope\n", "")]
    [InlineData("echo it -- -nope", 0, "it -- -nope\n", "")]
    [InlineData("-type x --name=y -- echo it", 0, "it\n", "")]
    [InlineData("", 2, "", "there is no command")]
    [InlineData("--", 2, "", "there is no command")]
    [InlineData("-type=x --", 2, "", "there is no command")]
    public async Task A_wrong_flag_is_told_and_the_command_runs_still(string words, int exitCode, string prints, string says)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Run(["run", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((exitCode, prints), (ran.ExitCode, ran.Out));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Equal(exitCode == 0 ? 2 : 0, server.Events.Count);
    }

    /// <summary>A signal, what the command does with it, its exit code and outcome.</summary>
    public static TheoryData<string, string, int, string> Signals => new()
    {
        { "TERM", "-", 143, "cancellation" },
        { "INT", "-", 130, "cancellation" },
        { "HUP", "-", 129, "cancellation" },
        { "QUIT", "-", 131, "failure" },
        { "USR1", "-", 138, "failure" },
        { "TERM", "exit 9", 9, "cancellation" },
        { "INT", "exit 0", 0, "success" },
        { "USR2", "exit 6", 6, "failure" },
        { "WINCH", "exit 5", 5, "failure" },
    };

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Without_a_terminal_signals_are_passed_on(string signal, string trap, int exitCode, string outcome)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Command("wait-for-it", $"trap '{trap}' {signal}; touch ready; while :; do sleep .01; done");

        var ran = await vscli.Script("bash", $"""
            set +m
            setsid vscli run -- wait-for-it & p=$!
            while ! [ -e ready ]; do sleep .01; done
            kill -{signal} $p
            wait $p
            """.Replace("setsid vscli", "setsid env --default-signal vscli", StringComparison.Ordinal));

        Assert.Equal((exitCode, ""), (ran.ExitCode, ran.Out));
        var end = server.Events[^1];
        Assert.Equal(("end", outcome, exitCode), (Action(end), end.GetProperty("outcome").GetString(), ExitCode(end)));
    }

    [Fact]
    public async Task What_was_ignored_stays_ignored()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Script("bash", """
            trap '' HUP
            setsid vscli run -- sh -c 'touch ready; sleep .5; exit 4' & p=$!
            while ! [ -e ready ]; do sleep .01; done
            kill -HUP $p
            wait $p
            """);

        Assert.Equal(4, ran.ExitCode);
        Assert.Equal("failure", server.Events[^1].GetProperty("outcome").GetString());
    }

    [Theory]
    [InlineData("-timeout=.3 -- sleep 20", "timeout", 143)]
    [InlineData("-timeout=300ms -kill-after=.3s -- sh -c \"trap : TERM; while :; do sleep .05; done\"", "timeout", 137)]
    [InlineData("-timeout=.3 -- sh -c \"trap 'exit 0' TERM; while :; do sleep .05; done\"", "timeout", 0)]
    public async Task A_command_that_takes_too_long_is_ended_and_says_so(string words, string outcome, int code)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Script("bash", $"vscli run {words}");

        Assert.Equal((124, "", ""), (ran.ExitCode, ran.Out, ran.Error));
        Assert.True(ran.Took < TimeSpan.FromSeconds(5), $"took {ran.Took}");
        Assert.Equal((outcome, code), (server.Events[^1].GetProperty("outcome").GetString(), ExitCode(server.Events[^1])));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("hangs")]
    public async Task When_vscli_is_killed_the_command_goes_on_and_the_start_goes_with_the_next_call(string behaviour)
    {
        await using var hangs = new ScriptedServer(ScriptedServer.Hangs);
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(behaviour == "hangs" ? hangs.Url : ScriptedServer.Nobody());

        var ran = await vscli.Script("bash", $$"""
            vscli run -type=killed -- sh -c 'touch ready; while ! [ -e go ]; do sleep .01; done; touch done' & p=$!
            while ! [ -e ready ] || [ -z "$(ls state/spool)" ]; do sleep .01; done
            sleep .2
            kill -KILL $p
            wait $p 2>/dev/null
            touch go
            while ! [ -e done ]; do sleep .01; done
            vscli run -url={{server.Url}} -type=next -- true
            """);

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(["end next", "start killed", "start next"], server.Events.Select(e => $"{Action(e)} {Type(e)}").Order(StringComparer.Ordinal));
        Assert.Empty(vscli.Files("spool"));
    }

    [Fact]
    public async Task It_takes_less_than_15_MB_of_memory_and_10_of_disk()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        // Once its start was sent.
        var ran = await vscli.Run("run", "--", "sh", "-c", "sleep .3; grep VmHWM /proc/$PPID/status");

        Assert.InRange(int.Parse(ran.Out.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], System.Globalization.CultureInfo.InvariantCulture), 1_000, 15_000);
        Assert.InRange(new FileInfo(Environment.GetEnvironmentVariable("VALUESTREAM_TEST_VSCLI")!).Length, 1_000_000, 9_999_999);
    }

    [Fact]
    public async Task Two_hundred_at_once_arrive_once_each()
    {
        using var database = await Databases.SqliteAsync();
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        using var vscli = new Vscli(server.Url);

        // One whose time was up while the disk was slow leaves an event unfinished, which is taken for its own a minute later.
        var ran = await vscli.Script("bash", $$"""
            for i in $(seq 200); do vscli run -name=$i -- sh -c 'exit 3' 2>/dev/null & done
            for p in $(jobs -p); do wait $p; [ $? = 3 ] || echo wrong; done
            find '{{vscli.State}}' -name '*.tmp' -exec touch -d '2 minutes ago' {} +
            vscli flush 2>/dev/null
            """);

        Assert.Equal((0, ""), (ran.ExitCode, ran.Out));
        Assert.Empty(vscli.Files("spool"));
        Assert.Empty(vscli.Files("open"));
        // What is sent twice is one event; what is lost would be missing.
        using var head = JsonDocument.Parse(await server.Http.GetStringAsync("/api/v1/log/head", TestContext.Current.CancellationToken));
        Assert.Equal(400, head.RootElement.GetProperty("position").GetInt64());
        Assert.Equal(200, vscli.Files("ended").Length);
    }

    [Fact]
    public async Task Help_is_data_with_examples()
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());

        var ran = await vscli.Run("run", "--help");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.Contains("vscli run -- make deploy", ran.Out, StringComparison.Ordinal);
        Assert.Contains("vscli run", (await vscli.Run("--help")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("90", 90.0)]
    [InlineData("90s", 90.0)]
    [InlineData("5m", 300.0)]
    [InlineData("1h30m", 5400.0)]
    [InlineData("1.5h", 5400.0)]
    [InlineData("250ms", .25)]
    [InlineData("0", 0.0)]
    [InlineData("", null)]
    [InlineData("soon", null)]
    [InlineData("5x", null)]
    [InlineData("m", null)]
    [InlineData("-5", null)]
    [InlineData("5m3", null)]
    [InlineData("9999999h", null)]
    public void A_time_is_read_as_people_write_it(string text, double? seconds) => Assert.Equal(seconds, Durations.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("one whose length makes the padding need a block of its own ...")]
    public void A_hash_of_our_own_is_SHA_256(string text)
    {
        for (var i = 0; i < 130; i++)
        {
            Assert.Equal(Hashes.Of(text, new string('é', i)), Hash.Of(text, new string('é', i)));
        }
    }

    [Fact]
    public void What_else_OpenSSL_would_be_needed_for_is_the_same_without_it()
    {
        for (var i = 0; i < 200; i++)
        {
            var (text, bytes) = (new string('é', i), System.Text.Encoding.UTF8.GetBytes(new string('x', i)));
            Assert.Equal(EventIds.Of("import", text, "7"), Hash.EventId("import", text, "7"));
            Assert.Equal(System.Security.Cryptography.HMACSHA256.HashData(bytes, bytes), Hash.Hmac(bytes, bytes));
        }
    }

    private static string? Action(JsonElement e) => e.GetProperty("action").GetString();

    private static string? Type(JsonElement e) => e.GetProperty("run").GetProperty("type").GetString();

    private static int ExitCode(JsonElement e) => e.GetProperty("tags").GetProperty("process.exit.code").GetInt32();
}
