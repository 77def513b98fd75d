namespace ValueStream.Cli.Commands;

/// <summary>A command, as completion knows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Flags">The very flags that it is parsed by.</param>
/// <param name="Words">What it may be followed by beside flags, parted by blanks, where that is a fixed list.</param>
/// <param name="TakesFile">Whether it takes the name of a file.</param>
internal readonly record struct Command(string Name, Flag[] Flags, string Words = "", bool TakesFile = false);

/// <summary>All commands. A test holds it to the help texts.</summary>
internal static class CommandTable
{
    /// <summary>The commands, in the order of the help.</summary>
    public static readonly Command[] All =
    [
        new("event", EventCommand.Flags, "start end"),
        new("trap", StartedRun.Flags),
        new("run", RunCommand.Flags, TakesFile: true),
        new("annotate", AnnotateCommand.Flags),
        new("link", LinkCommand.Flags),
        new("flush", Settings.Flags),
        new("status", StatusCommand.Flags),
        new("verify", VerifyCommand.Flags),
        new("runs", RunsCommand.Flags),
        new("why", WhyCommand.Flags),
        new("report", ReportCommand.Flags),
        new("audit", AuditCommand.Flags),
        new("import", ImportCommand.Flags, ImportSavedCommand.Tools, TakesFile: true),
        new("quarantine", QuarantineCommand.Flags, QuarantineCommand.Actions),
        new("tracers", TracersCommand.Flags, TracersCommand.Actions),
        new("completion", [], CompletionCommand.Shells),
        new("help", []),
        new("version", []),
    ];
}
