using System.Text.RegularExpressions;
using ValueStream.Cli.Commands;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The published binary's completion in real shells, and the table that it comes from against the help.</summary>
public sealed partial class CompletionCommandTests
{
    /// <summary>Upstream's, which the help of other commands than event and trap does not name.</summary>
    private static readonly string[] Untold = ["secret-key", "event-source-url"];

    /// <summary>Words as they stand before the cursor, parted by bars, and what is offered.</summary>
    public static TheoryData<string, string> Lines => new()
    {
        { "vscli|re", "report" },
        { "vscli|ver", "verify version" },
        { "vscli|event|", "start end" },
        { "vscli|ev|s", "start" },
        { "vscli|event|end|-outcome|", "success failure error timeout cancellation skip" },
        { "vscli|event|end|-e", "-event-source-url -event-id -error -exit-code" },
        { "vscli|event|-error|e", "end" },
        { "vscli|runs|-format|", "table json csv ndjson" },
        { "vscli|runs|--format|n", "ndjson" },
        { "vscli|runs|-outcome|=|s", "success skip" },
        { "vscli|runs|-outcome|=", "success failure error timeout cancellation skip" },
        { "vscli|runs|-outcome=s", "-outcome=success -outcome=skip" },
        { "vscli|runs|-state|r", "running" },
        { "vscli|runs|-min", "-min-duration" },
        { "vscli|runs|--m", "--min-duration --max-duration" },
        { "vscli|runs|-type|", "" },
        { "vscli|report|x|-format|m", "markdown" },
        { "vscli|import|-dry-run|-re", "-rejects" },
        { "vscli|import|-format|", "ndjson csv" },
        { "vscli|import|g", "github gitlab" },
        { "vscli|quarantine|", "list show replay drop" },
        { "vscli|quarantine|replay|-a", "-all" },
        { "vscli|quarantine|list|-source|j", "jenkins jira" },
        { "vscli|completion|", "bash zsh" },
        { "vscli|nonsense|-", "" },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Bash_is_offered_what_fits(string line, string offers)
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());
        var words = line.Split('|');

        var ran = await vscli.Script("bash", $$"""
            set -u
            source <(vscli completion bash)
            COMP_WORDS=({{string.Join(' ', words.Select(w => $"'{w}'"))}})
            COMP_CWORD={{words.Length - 1}}
            _vscli vscli '{{words[^1]}}' '{{words[^2]}}'
            printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"}
            """);

        Assert.Equal((offers, ""), (ran.Out.Trim().ReplaceLineEndings(" "), ran.Error));
    }

    [Fact]
    public async Task Files_are_offered_beside_words()
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());
        await File.WriteAllTextAsync(Path.Combine(vscli.Home, "github runs.csv"), "", TestContext.Current.CancellationToken);

        var ran = await vscli.Script("bash", """
            source <(vscli completion bash)
            COMP_WORDS=(vscli import gith)
            COMP_CWORD=2
            _vscli vscli gith import
            printf '%s\n' "${COMPREPLY[@]}"
            """);

        Assert.Equal(("github\ngithub runs.csv\n", ""), (ran.Out, ran.Error));
    }

    [Fact]
    public async Task The_tab_key_completes_at_a_prompt()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "there is no script, which makes terminals");
        using var vscli = new Vscli(ScriptedServer.Nobody());
        vscli.Variables["TERM"] = "dumb";
        await File.WriteAllTextAsync(Path.Combine(vscli.Home, "rc"), "PS1='> '; bind 'set enable-bracketed-paste off'; source <(vscli completion bash)\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(vscli.Home, "runs-2026"), "", TestContext.Current.CancellationToken);

        var ran = await vscli.Script("bash", """
            (sleep 1; printf 'vscli imp\t runs-2\t -for\t nd\t\n'; sleep 2; printf 'exit\n') | script -qec 'bash --rcfile rc -i' /dev/null
            """);

        // The completed line is run; the file is empty, so nobody need be there.
        Assert.Contains("0 lines: 0 events stored", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Zsh_is_offered_the_same()
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());
        // zsh does not part words at =, and wants of a value only what stands behind it.
        var lines = Lines.Select(l => (Words: l.Data.Item1.Replace("|=|", "=", StringComparison.Ordinal).Replace("|=", "=", StringComparison.Ordinal).Split('|'), Offers: l.Data.Item2)).ToList();

        // The completion system is stood in for: it filters what is offered by what stands before the cursor.
        var ran = await vscli.Script("zsh", $$"""
            compdef() { }
            _files() { }
            compset() { prefix=${prefix#*=} }
            compadd() { shift; for offer; do if [[ $offer == "$prefix"* ]]; then print -rn -- "$offer "; fi; done }
            source <(vscli completion zsh)
            at() { words=("$@") CURRENT=$# prefix=${@[-1]}; _vscli; print }
            {{string.Join('\n', lines.Select(l => "at " + string.Join(' ', l.Words.Select(w => $"'{w}'"))))}}
            """);

        Assert.Equal(("", string.Join('\n', lines.Select(l => l.Offers.Replace("-outcome=", "", StringComparison.Ordinal)))),
            (ran.Error, string.Join('\n', ran.Out.Split('\n')[..^1].Select(l => l.TrimEnd()))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("fish")]
    [InlineData("bash zsh")]
    public async Task A_shell_that_is_not_known_is_2(string words)
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());

        var ran = await vscli.Run(["completion", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Contains("vscli completion --help", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_table_has_the_commands_and_the_flags_that_the_help_has()
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());
        var all = (await vscli.Run("--help")).Out;
        var told = CommandsInHelp().Matches(all).Select(m => m.Groups[1].Value).ToHashSet();
        Assert.NotEmpty(told);
        Assert.Equal(told.Order(), CommandTable.All.Select(c => c.Name).Except(["help", "version"]).Order());

        foreach (var command in CommandTable.All.Where(c => told.Contains(c.Name)))
        {
            var ran = await vscli.Run(command.Name, "--help");
            var help = ran.Out + ran.Error;
            Assert.Equal((0, true), (ran.ExitCode, help.Contains($"vscli {command.Name}", StringComparison.Ordinal)));
            // Flags stand at the beginning of a line or in the first one, in brackets.
            var flags = FlagsInHelp().Matches(help).Select(m => m.Groups[1].Value).ToHashSet();
            Assert.Empty(flags.Except(command.Flags.Select(f => f.Name)));
            Assert.Empty(command.Flags.Select(f => f.Name).Except(flags).Except(Untold));
            foreach (var value in command.Flags.SelectMany(f => f.Values?.Split(' ') ?? []).Concat(command.Words.Split(' ')))
            {
                Assert.Contains(value, help, StringComparison.Ordinal);
            }
        }
    }

    [GeneratedRegex(@"^  vscli ([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex CommandsInHelp();

    [GeneratedRegex(@"(?:^ +|, |\[)--?([a-z][a-z-]*)(?= |\]|$)", RegexOptions.Multiline)]
    private static partial Regex FlagsInHelp();
}
