using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using ValueStream.Cli.Import;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli import FILE|-</c>: past runs, of a file of any length. With <c>-from</c> it is <see cref="ImportSavedCommand"/>.</summary>
internal static class ImportCommand
{
    /// <summary>The flags that it knows.</summary>
    public static readonly Flag[] Flags =
        [new("from"), new("format", Values: "ndjson csv"), new("dry-run", IsSwitch: true), new("rejects"), .. Settings.Flags];

    private const string Again = "run the same command again: what is stored is not stored twice";

    public static int Run(string[] words)
    {
        var arguments = Query.Parse("import", words, Flags, most: 1);
        if (arguments.Help)
        {
            Talk.Data(Help.Import);
            return Query.Done;
        }
        if (arguments.Last("from") is { } from)
        {
            return ImportSavedCommand.Run(arguments, from);
        }
        if (arguments.Words is not [var path])
        {
            throw new CouldNotException("say which file: `vscli import FILE`, or - for stdin; `vscli import --help` has examples");
        }
        if (ImportSavedCommand.IsTool(path) && !Path.Exists(path))
        {
            throw new CouldNotException($"there is no file {path}; what was saved of {path} is read by `vscli import {path} -from DIR`");
        }
        var isCsv = arguments.Last("format") is { } format ? format == "csv" : path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase);
        var isDry = arguments.Switch("dry-run") is true;
        using var api = isDry ? null : Api.From(arguments);
        using var stream = Open(path);
        var lines = new LineReader(stream);
        using var bar = ProgressBar.OnTerminal(0, Bytes);
        Action<string> tell = bar is null ? Talk.Say : bar.Say;
        using var rejects = Rejects.To(arguments.Last("rejects"), tell);
        var importer = new Importer(api is null ? Takes : Post, rejects.Add, tell);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => SayStopped());
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => SayStopped());
        try
        {
            foreach (var line in isCsv ? ImportFile.Csv(lines) : ImportFile.Ndjson(lines))
            {
                importer.Add(line);
                bar?.Show(lines.Position, stream.CanSeek ? stream.Length : 0);
            }
            importer.Send();
        }
        catch (InvalidDataException e)
        {
            throw new CouldNotException($"{path}: {e.Message}");
        }
        catch (Exception e) when (e is CouldNotException or IOException)
        {
            bar?.Remove();
            rejects.End();
            var where = importer.Counts.Lines == 0 ? "" : Text($" at line {lines.Number:N0}, after {Many(importer.Counts.Stored, "event")} stored and {importer.Counts.There:N0} there already");
            throw new CouldNotException($"{(e is IOException ? path : api?.Address ?? path)}: could not go on{where}: {e.Message.TrimEnd('.')}. "
                + (path == "-" ? "Send the same lines again: what is stored is not stored twice" : char.ToUpperInvariant(Again[0]) + Again[1..]));
        }
        bar?.Remove();
        rejects.End();
        using var output = new Output();
        output.Line(Summary(importer.Counts, isDry));
        output.Flush();
        return importer.Counts.NotTaken == 0 ? Query.Done : Query.Nothing;

        Answer Post(byte[] body, out TimeSpan? retryAfter) => api.Send(root => Importer.Request(root + Routes.Events, body), out retryAfter);

        void SayStopped()
        {
            // The signal then does what it would have done.
            bar?.Remove();
            Talk.Say(Text($"stopped at line {lines.Number:N0}; {Again}"));
        }
    }

    /// <summary>A size, for people.</summary>
    public static string Bytes(double bytes) =>
        bytes < 1e6 ? Text($"{bytes / 1e3:0} kB") : bytes < 1e9 ? Text($"{bytes / 1e6:0.0} MB") : Text($"{bytes / 1e9:0.00} GB");

    /// <summary>What came of it, in one line.</summary>
    private static string Summary(ImportCounts counts, bool isDry) => $"{Many(counts.Lines, "line")}: "
        + (isDry ? $"{Many(counts.Events, "event")} would be sent" : $"{Many(counts.Stored, "event")} stored, {Text($"{counts.There:N0}")} there already")
        + $", {Many(counts.NotTaken, "line")} not taken";

    private static string Many(long count, string what) => Text($"{count:N0} {what}{(count == 1 ? "" : "s")}");

    private static FileStream Open(string path)
    {
        try
        {
            return path == "-" ? new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0)
                : Directory.Exists(path) ? throw new CouldNotException($"{path} is a folder")
                // Its lock keeps -rejects from overwriting the very file that is read.
                : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CouldNotException(e.Message.TrimEnd('.'));
        }
    }

    /// <summary>Stands for a server that takes everything.</summary>
    private static Answer Takes(byte[] body, out TimeSpan? retryAfter)
    {
        retryAfter = null;
        var count = body.AsSpan().Count((byte)'\n');
        return new(200, System.Text.Encoding.UTF8.GetBytes(Text($$"""{"accepted":{{count}},"duplicates":0,"rejected":0,"lastLine":{{count}}}""")));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
