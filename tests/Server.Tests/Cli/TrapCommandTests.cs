using ValueStream.Cli;
using ValueStream.Cli.Commands;

namespace ValueStream.Server.Tests.Cli;

/// <summary><c>eval "$(vscli trap)"</c> in real shells.</summary>
public sealed class TrapCommandTests
{
    public static TheoryData<string, string, int> Scripts
    {
        get
        {
            (string Script, int ExitCode)[] scripts =
            [
                ("true", 0),
                ("exit 3", 3),
                ("set -e\nfalse\necho unreachable", 1),
                ("set -e\nsh -c 'exit 42'", 42),
                ("echo \"$UNSET_VARIABLE\"", 0),
                ("f() { return 9; }\nf", 9),
                ("(exit 5)", 5),
                ("(eval \"$(vscli trap -type=inner)\"; exit 4)\nexit 6", 6),
            ];
            var data = new TheoryData<string, string, int>();
            foreach (var (script, exitCode) in scripts)
            {
                data.Add("bash", script, exitCode);
                data.Add("dash", script, exitCode);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task The_run_ends_with_the_scripts_status_and_leaves_it_unchanged(string shell, string script, int exitCode)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script(shell, "eval \"$(vscli trap -type=pipeline -tag='service|api')\"\n" + script);
        Assert.Equal(exitCode, ran.ExitCode);
        var events = server.Events.Where(e => e.GetProperty("run").GetProperty("type").GetString() == "pipeline").ToList();
        Assert.Equal(["start", "end"], events.Select(e => e.GetProperty("action").GetString()));
        Assert.Equal(events[0].GetProperty("run").GetRawText(), events[1].GetProperty("run").GetRawText());
        Assert.Equal(exitCode == 0 ? "success" : "failure", events[1].GetProperty("outcome").GetString());
        Assert.Equal(exitCode, events[1].GetProperty("tags").GetProperty("process.exit.code").GetInt32());
        Assert.Empty(vscli.Files("open"));
        Assert.Equal("", script.Contains("trap", StringComparison.Ordinal) ? "" : ran.Error);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("dash")]
    public async Task It_is_safe_under_the_strictest_options_and_gives_children_their_parent(string shell)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script(shell, """
            set -euf
            eval "$(vscli trap -type=pipeline -namespace=team.a -name=release)"
            echo "$TRACEID" "$VS_PARENT_EVENT_ID"
            BUILD="$(vscli event -type=build start)"
            vscli event end -event-id="$BUILD" -exit-code=0
            sh -euc 'vscli event -type=push start >/dev/null'
            echo "$UNSET_VARIABLE"
            """);
        Assert.NotEqual(0, ran.ExitCode);
        var events = server.Events;
        var id = events[0].GetProperty("run").GetProperty("id").GetString();
        Assert.Equal($"{id} vstrace-customhttp-pipeline-team.a-{id}\n", ran.Out);
        Assert.Equal(["start pipeline", "start build", "end build", "start push", "end pipeline"],
            events.Select(e => $"{e.GetProperty("action").GetString()} {e.GetProperty("run").GetProperty("type").GetString()}"));
        Assert.All(
            [events[1], events[3]],
            e => Assert.Equal($"vstrace-customhttp-pipeline-team.a-{id}", e.GetProperty("parents")[0].GetString()));
        Assert.Equal("release", events[1].GetProperty("name").GetString());
        Assert.Equal(("failure", ran.ExitCode),
            (events[4].GetProperty("outcome").GetString(), events[4].GetProperty("tags").GetProperty("process.exit.code").GetInt32()));
    }

    [Theory]
    [InlineData("bash", "set -eu")]
    [InlineData("bash", "set +e")]
    [InlineData("dash", "set -eu")]
    [InlineData("dash", "set +e")]
    public async Task A_trap_that_the_script_has_already_still_runs_with_the_scripts_status(string shell, string options)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script(shell, $$"""
            {{options}}
            trap 'echo "cleaning '\''all'\'' up
            after $?"' EXIT
            trap 'echo usr1' USR1
            eval "$(vscli trap)"
            eval "$(vscli trap)"
            kill -USR1 $$
            exit 7
            """);
        Assert.Equal((7, "usr1\ncleaning 'all' up\nafter 7\n"), (ran.ExitCode, ran.Out));
        Assert.Equal(["start", "start", "end", "end"], server.Events.Select(e => e.GetProperty("action").GetString()));
        Assert.DoesNotContain(vscli.Files(""), f => f.StartsWith("traps", StringComparison.Ordinal));
    }

    public static TheoryData<string, string, string, int> Kills
    {
        get
        {
            var data = new TheoryData<string, string, string, int>();
            foreach (var (signal, exitCode) in new[] { ("TERM", 143), ("INT", 130), ("HUP", 129) })
            {
                foreach (var shell in new[] { "bash", "dash" })
                {
                    data.Add(shell, signal, $"kill -{signal} $$", exitCode);
                    // As a terminal's Ctrl-C: the command in the foreground dies of it as well.
                    data.Add(shell, signal, $"sh -c 'kill -{signal} $PPID $$'", exitCode);
                    data.Add(shell, signal, $"set -eu; sh -c 'kill -{signal} $PPID $$'", exitCode);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Kills))]
    public async Task A_killed_script_is_a_failure_and_dies_of_the_signal_still(string shell, string signal, string kill, int exitCode)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script(shell, $"""
            eval "$(vscli trap -name={signal})"
            {kill}
            echo survived
            """);
        Assert.Equal((exitCode, ""), (ran.ExitCode, ran.Out));
        var end = server.Events[1];
        Assert.Equal("failure", end.GetProperty("outcome").GetString());
        Assert.Equal(exitCode, end.GetProperty("tags").GetProperty("process.exit.code").GetInt32());
        Assert.Equal(["start", "end"], server.Events.Select(e => e.GetProperty("action").GetString()));
    }

    [Theory]
    [InlineData("trap '' INT TERM HUP", "kill -TERM $$; kill -INT $$; kill -HUP $$", "")]
    [InlineData("trap 'echo mine' INT TERM", "kill -TERM $$; kill -INT $$", "mine\nmine\n")]
    [InlineData("", "sh -c 'trap : INT; kill -INT $PPID $$'", "")]
    public async Task Signals_that_the_script_or_its_command_took_for_itself_end_nothing(string before, string kill, string prints)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script("bash", $"""
            set -eu
            {before}
            eval "$(vscli trap)"
            {kill}
            echo survived
            """);
        Assert.Equal((0, prints + "survived\n"), (ran.ExitCode, ran.Out));
        Assert.Equal("success", server.Events[1].GetProperty("outcome").GetString());
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("dash")]
    public async Task A_subshell_may_have_a_run_of_its_own_and_leaves_the_scripts_alone(string shell)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script(shell, """
            trap 'echo "cleaning up"' EXIT
            eval "$(vscli trap -type=outer)"
            (eval "$(vscli trap -type=inner)"; sh -c 'kill -TERM $PPID'; exit 4) || echo "inner $?"
            (exit 5) || echo "other $?"
            exit 6
            """);
        Assert.Equal((6, "inner 143\nother 5\ncleaning up\n"), (ran.ExitCode, ran.Out));
        Assert.Equal(["start outer ", "start inner ", "end inner 143", "end outer 6"], server.Events.Select(e =>
            $"{e.GetProperty("action").GetString()} {e.GetProperty("run").GetProperty("type").GetString()} "
            + (e.GetProperty("tags").TryGetProperty("process.exit.code", out var code) ? code.GetRawText() : "")));
    }

    [Fact]
    public async Task Nothing_in_a_flag_is_run_by_the_shell()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        const string evil = "x'; touch pwned; '$(touch pwned)`touch pwned`\n touch pwned";
        vscli.Variables["EVIL"] = evil;
        var ran = await vscli.Script("bash", """
            set -eu
            eval "$(vscli trap -type="$EVIL" -namespace="$EVIL" -name="$EVIL" -tag="a|$EVIL" -parent-event-id="$EVIL")"
            ls
            """);
        Assert.Equal(0, ran.ExitCode);
        Assert.DoesNotContain("pwned", ran.Out, StringComparison.Ordinal);
        Assert.All(server.Events, e => Assert.Equal(evil, e.GetProperty("run").GetProperty("type").GetString()));
        Assert.Equal(2, server.Events.Count);
    }

    [Theory]
    [InlineData("bash", "")]
    [InlineData("dash", "")]
    [InlineData("dash", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    public async Task What_the_script_calls_is_in_its_trace_below_its_run(string shell, string incoming)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        if (incoming.Length > 0)
        {
            vscli.Variables["TRACEPARENT"] = incoming;
        }
        var ran = await vscli.Script(shell, """
            set -eu
            eval "$(vscli trap -type=pipeline)"
            sh -c 'echo "$TRACEPARENT"'
            vscli run -type=build -- sh -c 'echo "$TRACEPARENT"'
            """);
        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        var start = server.Events[0].GetProperty("run");
        var hash = Core.Spans.SpanIds.SpanId(new Core.Events.RunId("customhttp", "pipeline", "default", start.GetProperty("id").GetString()!), 1);
        var lines = ran.Out.TrimEnd('\n').Split('\n').Select(static l => l.Split('-')).ToList();
        Assert.Equal(hash, lines[0][2]);
        Assert.Equal(lines[0][1], lines[1][1]);
        Assert.NotEqual(lines[0][2], lines[1][2]);
        Assert.Equal(incoming.Length > 0 ? incoming.Split('-')[1] : Core.Spans.SpanIds.TraceId(new("customhttp", "pipeline", "default", start.GetProperty("id").GetString()!), 1), lines[0][1]);
        Assert.Equal(string.Join('-', lines[0]), server.Events[1].GetProperty("traceparent").GetString());
    }

    [Theory]
    [InlineData("bash", "-nope", "-nope is not known")]
    [InlineData("dash", "-nope=1 -tag=none what", "-nope is not known")]
    [InlineData("bash", "--help", "eval")]
    [InlineData("dash", "-help", "eval")]
    public async Task Wrong_flags_print_code_that_does_no_harm(string shell, string flags, string says)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script(shell, $"set -eu\neval \"$(vscli trap {flags})\"\necho done");
        Assert.Equal((0, "done\n"), (ran.ExitCode, ran.Out));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("dash")]
    public async Task Without_a_server_and_the_folder_asked_for_the_script_is_as_it_was(string shell)
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());
        vscli.Variables["VALUESTREAM_SPOOL"] = "/proc/vscli";
        var ran = await vscli.Script(shell, """
            set -eu
            eval "$(vscli trap -url=http://127.0.0.1:1)"
            exit 3
            """);
        Assert.Equal((3, ""), (ran.ExitCode, ran.Out));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("dash")]
    public async Task A_folder_that_went_away_does_not_stop_the_script(string shell)
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());
        var run = new OpenRun("dc2h9v8coghv7cf9n7s0", "deploy", "default", null);
        var ran = await vscli.Script(shell, $"set -eu\n{TrapCommand.Code(run, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", ["echo", "it's"], "/proc/gone")}\nexit 3");
        Assert.Equal((3, ""), (ran.ExitCode, ran.Out));
    }

    [Fact]
    public async Task Two_runs_of_one_script_both_end_with_the_signal()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        var ran = await vscli.Script("bash", "eval \"$(vscli trap)\"\neval \"$(vscli trap)\"\nkill -TERM $$");
        Assert.Equal(143, ran.ExitCode);
        Assert.Equal([143, 143], server.Events.Skip(2).Select(e => e.GetProperty("tags").GetProperty("process.exit.code").GetInt32()));
    }
}
