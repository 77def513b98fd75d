namespace ValueStream.Cli.Commands;

/// <summary><c>vscli flush</c>: sends what could not be sent before.</summary>
internal static class FlushCommand
{
    public static void Run(string[] words, DateTimeOffset now)
    {
        var arguments = Arguments.Parse(words, Settings.Flags);
        if (arguments.Help)
        {
            Talk.Data(Help.Flush);
            return;
        }
        arguments.SayProblems();
        var folder = StateFolder.Find();
        new Sender(Settings.From(arguments), new Spool(folder)).Flush();
        new OpenRuns(folder).Tidy(now);
    }
}
