using ValueStream.Cli.Commands;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The help of vscli and of each command.</summary>
public sealed class HelpTests
{
    public static TheoryData<string> Commands => [.. CommandTable.All.Select(static c => c.Name).Except(["help", "version"])];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Each_command_has_help_with_an_example_that_fits_a_terminal_of_80_columns(string command)
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());

        var asked = await vscli.Run(command, "--help");

        // What trap prints is evaluated.
        var (help, other) = command == "trap" ? (asked.Error, asked.Out) : (asked.Out, asked.Error);
        Assert.Equal((0, ""), (asked.ExitCode, other));
        Assert.Contains($"\n  vscli {command}", command is "event" or "trap" or "completion" ? help.Replace("$(", "\n  ").Replace("<(", "\n  ") : help, StringComparison.Ordinal);
        Assert.All(help.Split('\n'), static line => Assert.InRange(line.Length, 0, 80));
        Assert.Equal(asked with { Took = default }, await vscli.Run("help", command) with { Took = default });
        Assert.Equal(asked with { Took = default }, await vscli.Run(command, "-h") with { Took = default });
    }

    [Theory]
    [InlineData("help")]
    [InlineData("--help")]
    [InlineData("-help")]
    [InlineData("-h")]
    public async Task All_commands_are_listed_and_fit_a_terminal_of_80_columns(string asks)
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());

        var told = await vscli.Run(asks);

        Assert.Equal((0, ""), (told.ExitCode, told.Error));
        Assert.All(told.Out.Split('\n'), static line => Assert.InRange(line.Length, 0, 80));
        Assert.All(Commands, c => Assert.Contains($"  vscli {c.Data} ", told.Out, StringComparison.Ordinal));
    }
}
