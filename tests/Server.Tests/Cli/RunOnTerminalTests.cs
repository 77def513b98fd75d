using System.Text.Json;

namespace ValueStream.Server.Tests.Cli;

/// <summary><c>vscli run</c> on a pseudo-terminal: what is typed and what the terminal sends reaches the command as without vscli.</summary>
public sealed class RunOnTerminalTests
{
    private const string WaitUntilReady = "while ! [ -e ready ]; do sleep .02; done";

    [Fact]
    public async Task The_command_has_the_terminal()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Command("job", "test -t 0 && test -t 1 && test -t 2 && : </dev/tty && touch ready && read answer && echo \"got $answer\"");

        var ran = await OnTerminalAsync(vscli, "vscli run -- job", $"{WaitUntilReady}; printf 'typed\\n'");

        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("got typed", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_of_the_windows_size_reaches_it_once()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Command("job", """
            trap 'stty size >>sizes' WINCH
            tty >tty; touch ready
            while ! [ -s sizes ]; do sleep .02; done
            sleep .2
            """);

        // One number only: rows and columns are two changes, and each may be told.
        var ran = await OnTerminalAsync(vscli, "vscli run -- job", $"{WaitUntilReady}; stty -F $(cat tty) cols 77");

        Assert.Equal(0, ran.ExitCode);
        Assert.EndsWith(" 77", Assert.Single(await LinesAsync(vscli, "sizes")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 3", @"\003", 3, "cancellation")]
    [InlineData("exit 0", @"\003", 0, "success")]
    [InlineData("exit 3", @"\034", 3, "failure")]
    public async Task Ctrl_C_reaches_it_exactly_once_and_vscli_waits_for_its_end(string then, string types, int exitCode, string outcome)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Command("job", $"""
            trap 'echo hit >>hits' INT QUIT
            touch ready
            while ! [ -s hits ]; do sleep .02; done
            sleep .3
            {then}
            """);

        var ran = await OnTerminalAsync(vscli, "vscli run -- job", $"{WaitUntilReady}; printf '{types}'");

        Assert.Equal(exitCode, ran.ExitCode);
        Assert.Single(await LinesAsync(vscli, "hits"));
        Assert.Equal(outcome, Assert.Single(server.Events, e => Action(e) == "end").GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Ctrl_C_that_ends_the_command_is_a_cancellation_that_is_told_although_the_terminal_wants_vscli_to_end_as_well()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Command("job", "touch ready; exec sleep 30");

        var ran = await OnTerminalAsync(vscli, "vscli run -- job", $"{WaitUntilReady}; printf '\\003'");

        Assert.Equal(130, ran.ExitCode);
        Assert.Equal(["start", "end"], server.Events.Select(Action));
        Assert.Equal("cancellation", server.Events[1].GetProperty("outcome").GetString());
    }

    [Theory]
    [InlineData("TERM", 1)]
    [InlineData("HUP", 1)]
    [InlineData("INT", 0)]
    public async Task Of_what_is_sent_to_vscli_only_TERM_and_HUP_are_passed_on(string signal, int hits)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Command("job", $"""
            trap 'echo hit >>hits' {signal}
            : >hits; echo $PPID >parent; touch ready
            for i in $(seq 25); do sleep .02; done
            exit 4
            """);

        var ran = await OnTerminalAsync(vscli, "vscli run -- job", $"{WaitUntilReady}; kill -{signal} $(cat parent)");

        Assert.Equal(4, ran.ExitCode);
        Assert.Equal(hits, (await LinesAsync(vscli, "hits")).Length);
        Assert.Equal("cancellation", server.Events[^1].GetProperty("outcome").GetString());
    }

    [Theory]
    [InlineData("printf '\\032'", "")]
    [InlineData("touch stop", "while ! [ -e stop ]; do sleep .02; done; kill -STOP $$")]
    [InlineData("touch stop", "while ! [ -e stop ]; do sleep .02; done; kill -TSTP $$")]
    public async Task It_stops_and_goes_on_with_the_command_under_a_shell_with_job_control(string stop, string stopsItself)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Command("job", $$"""
            trap 'echo on >>continued' CONT
            echo $$ $PPID >pids; touch ready
            {{stopsItself}}
            while ! [ -e go ]; do sleep .02; done
            exit 4
            """, "bash");

        // Bash on the terminal: the job, then what is typed after it stopped, twice over in the background and in the foreground.
        var ran = await OnTerminalAsync(vscli, "bash --norc --noprofile -i", $$"""
            printf 'vscli run -- job\n'; {{WaitUntilReady}}; sleep .1
            {{stop}}
            states() { for p in $(cat pids); do cut -d' ' -f3 /proc/$p/stat | tr -d '\n'; done; }
            for i in $(seq 200); do [ "$(states)" = TT ] && break; sleep .02; done
            states >stopped
            printf 'jobs | cut -c1-15 >jobs; touch prompted\n'; while ! [ -e prompted ]; do sleep .02; done
            printf 'fg\n'
            for i in $(seq 200); do case $(states) in *T*) sleep .02 ;; *) break ;; esac; done
            states >running; sleep .1; touch go
            printf 'echo $? >code; exit\n'; while ! [ -e code ]; do sleep .02; done
            """);

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(["TT"], await LinesAsync(vscli, "stopped"));
        Assert.Equal("[1]+  Stopped", Assert.Single(await LinesAsync(vscli, "jobs")).Trim());
        Assert.DoesNotContain('T', Assert.Single(await LinesAsync(vscli, "running")));
        Assert.Equal(["on"], await LinesAsync(vscli, "continued"));
        Assert.Equal(["4"], await LinesAsync(vscli, "code"));
        Assert.Equal("failure", server.Events[^1].GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task In_the_background_it_goes_on_with_the_command_and_is_continued_once()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Command("job", """
            trap 'echo on >>continued' CONT
            touch ready
            while ! [ -e go ]; do sleep .02; done
            exit 4
            """, "bash");

        await OnTerminalAsync(vscli, "bash --norc --noprofile -i", $$"""
            printf 'vscli run -- job\n'; {{WaitUntilReady}}; sleep .1
            printf '\032'; printf 'touch prompted\n'; while ! [ -e prompted ]; do sleep .02; done
            printf 'bg\n'; while ! [ -e continued ]; do sleep .02; done
            sleep .2; touch go
            printf 'wait %%1; echo $? >code; exit\n'; while ! [ -e code ]; do sleep .02; done
            """);

        Assert.Equal(["on"], await LinesAsync(vscli, "continued"));
        Assert.Equal(["4"], await LinesAsync(vscli, "code"));
    }

    [Fact]
    public async Task What_vscli_has_to_say_waits_until_the_command_has_left_the_terminal()
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());

        var ran = await OnTerminalAsync(vscli, "vscli run -- sh -c 'sleep .3; echo last'", "sleep 1");

        Assert.Matches(@"^last\r\nvscli: http://\S+: connection refused; kept for later\r\n$|^last\r\nvscli: \S+ it did not answer", ran.Out);
    }

    [Fact]
    public async Task In_the_background_of_a_terminal_it_is_passed_on_what_the_terminal_does_not_send()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Command("job", "touch ready; exec sleep 30");

        await OnTerminalAsync(vscli, "bash --norc --noprofile -i", $$"""
            printf 'vscli run -- job & p=$!\n'; {{WaitUntilReady}}
            printf 'kill -INT $p; wait $p; echo $? >code; exit\n'; while ! [ -e code ]; do sleep .02; done
            """);

        Assert.Equal(["130"], await LinesAsync(vscli, "code"));
        Assert.Equal("cancellation", server.Events[^1].GetProperty("outcome").GetString());
    }

    private static string? Action(JsonElement e) => e.GetProperty("action").GetString();

    private static Task<string[]> LinesAsync(Vscli vscli, string name) =>
        File.ReadAllLinesAsync(Path.Combine(vscli.Home, name), TestContext.Current.CancellationToken);

    /// <summary>Runs a command on a terminal, on which a script types.</summary>
    private static Task<Ran> OnTerminalAsync(Vscli vscli, string command, string types)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "there is no script, which makes terminals");
        vscli.Variables["TERM"] = "xterm";
        return vscli.Script("bash", $"""
            export SHELL=/bin/bash
            (
            {types}
            ) | script -qec "{command}" /dev/null
            """);
    }
}
