using System.Diagnostics;

namespace ValueStream.Testing;

/// <summary>Postgres's own programs on this machine. It refuses to run as root, so they run as user postgres then.</summary>
internal static class PostgresBinaries
{
    public static bool AsRoot => Environment.UserName == "root";

    /// <summary>The folder of the newest version; null where there is none.</summary>
    public static string? Find() =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(static d => Path.Combine(d, "bin"))
                .Where(static d => File.Exists(Path.Combine(d, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
            : null;

    /// <summary>A new folder that belongs to the user that Postgres runs as.</summary>
    public static string NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("valuestream-postgres-").FullName;
        Own(folder);
        return folder;
    }

    /// <summary>Gives a folder to the user that Postgres runs as.</summary>
    public static void Own(string folder)
    {
        if (AsRoot)
        {
            Run("chown", "postgres", folder);
        }
    }

    /// <summary>A program and its arguments, as the user that Postgres runs as.</summary>
    public static (string Program, string[] Arguments) AsPostgres(string path, params string[] arguments) =>
        AsRoot ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments]) : (path, arguments);

    /// <summary>Runs one of Postgres's programs to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static void RunPostgres(string program, params string[] arguments)
    {
        var (path, all) = AsPostgres(Path.Combine(Find()!, program), arguments);
        Run(path, all);
    }

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static void Run(string program, params string[] arguments)
    {
        // The output goes nowhere: pg_ctl's child keeps the pipe, so reading it to its end would wait for the server.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "\"$0\" \"$@\" >/dev/null 2>&1 </dev/null", program, .. arguments])
        {
            WorkingDirectory = "/",
        })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        }
    }
}
