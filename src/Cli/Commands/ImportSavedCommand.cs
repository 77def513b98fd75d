using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using ValueStream.Cli.Import;
using ValueStream.Core.Events;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli import TOOL -from DIR|FILE|-</c>: what was saved of a tool's webhooks or API, which the server reads as it reads webhooks.</summary>
internal static class ImportSavedCommand
{
    /// <summary>The tools, parted by blanks.</summary>
    public const string Tools = $"{SourceNames.GitHub} {SourceNames.GitLab} {SourceNames.Jenkins} {SourceNames.Jira}";

    // The server maps a page of many items, and stores them all, before it answers.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Whether a word names a tool.</summary>
    public static bool IsTool(string word) => Tools.Split(' ').Contains(word);

    public static int Run(Arguments arguments, string from)
    {
        var source = Tool(arguments.Words);
        if (arguments.Last("format") is not null)
        {
            throw new CouldNotException("-format is of files of past runs; what was saved of a tool is JSON, or a document a line where the name ends with .ndjson or .jsonl");
        }
        var isDry = arguments.Switch("dry-run") is true;
        using var api = Api.From(arguments, Patience);
        var files = SavedFile.Find(from, except: arguments.Last("rejects"));
        using var bar = ProgressBar.OnTerminal(0, ImportCommand.Bytes);
        Action<string> tell = bar is null ? Talk.Say : bar.Say;
        using var rejects = Rejects.To(arguments.Last("rejects"), tell);
        var importer = new SavedImporter(api.Send, source, isDry, rejects, tell);
        var (all, done, where) = (files.Sum(f => f.Length), 0L, "");
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => SayStopped());
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => SayStopped());
        try
        {
            foreach (var file in files)
            {
                Read(file);
            }
        }
        catch (CouldNotException e)
        {
            bar?.Remove();
            rejects.End("was", "were");
            throw new CouldNotException($"{api.Address}: could not go on at {where}{After(importer.Counts, isDry)}: {e.Message.TrimEnd('.')}. {Again(from)}");
        }
        bar?.Remove();
        rejects.End("was", "were");
        using var output = new Output();
        output.Line(Summary(importer.Counts, isDry));
        output.Flush();
        return importer.Counts is { NotTaken: 0, NotUnderstood: 0 } ? Query.Done : Query.Nothing;

        void Read(SavedFile file)
        {
            where = SavedImporter.Where(file, null);
            var number = 0L;
            try
            {
                using var stream = file.Open();
                using var unpacked = file.IsPacked ? new GZipStream(stream, CompressionMode.Decompress) : null;
                var reader = new SavedReader(unpacked ?? (Stream)stream, file.IsLines);
                while (reader.Next() is { } document)
                {
                    number = document.Number;
                    where = SavedImporter.Where(file, number);
                    importer.Add(file, document);
                    bar?.Show(done + (stream.CanSeek ? stream.Position : 0), all);
                }
                done += file.Length;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                importer.Add(file, new SavedDocument(number + 1, default, e is InvalidDataException ? "It is damaged, or not packed by gzip." : e.Message));
            }
        }

        void SayStopped()
        {
            // The signal then does what it would have done.
            bar?.Remove();
            Talk.Say($"stopped at {(where.Length > 0 ? where : from)}{After(importer.Counts, isDry)}. {Again(from)}");
        }
    }

    /// <summary>The tool that is named.</summary>
    /// <exception cref="CouldNotException">It is none.</exception>
    private static string Tool(List<string> words) => words is not [var word]
        ? throw new CouldNotException($"say of which tool, one of {Tools.Replace(" ", ", ", StringComparison.Ordinal)}: `vscli import github -from DIR`; `vscli import --help` has examples")
        : IsTool(word) ? word
        : throw new CouldNotException($"'{word}' is no tool that is known{Nearest.Hint(word, Tools)}");

    private static string Again(string from) =>
        from == SavedFile.Stdin ? "Send the same lines again: what is stored is not stored twice" : "Run the same command again: what is stored is not stored twice";

    private static string After(SavedCounts counts, bool isDry) =>
        counts.Documents == 0 ? "" : $", after {Many(counts.Documents, "document")} with {Events(counts, isDry)}";

    /// <summary>What came of it, in one line.</summary>
    private static string Summary(SavedCounts counts, bool isDry) => $"{Many(counts.Documents, "document")}: {Events(counts, isDry)}"
        + Text($", {counts.Ignored:N0} ignored, {counts.NotUnderstood:N0} not understood, {Many(counts.NotTaken, "document")} not taken");

    private static string Events(SavedCounts counts, bool isDry) =>
        $"{Many(counts.Stored, "event")} {(isDry ? "that would be stored" : "stored")}, {Text($"{counts.There:N0}")} there already";

    private static string Many(long count, string what) => Text($"{count:N0} {what}{(count == 1 ? "" : "s")}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
