using System.Diagnostics;

namespace ValueStream.Server.Tests.Cli;

/// <summary>What a process did.</summary>
internal sealed record Ran(int ExitCode, string Out, string Error, TimeSpan Took)
{
    /// <summary>The one token that <c>start</c> prints.</summary>
    public string Token => Out.TrimEnd('\n');
}

/// <summary>A home of its own for the published vscli, which <c>VALUESTREAM_TEST_VSCLI</c> names.</summary>
internal sealed class Vscli : IDisposable
{
    private static readonly string[] Cleared =
        ["VALUESTREAM_TOKEN", "VS_CUSTOM_HTTP_EVENT_SOURCE_URL", "VS_CUSTOM_HTTP_EVENT_SOURCE_SECRET", "VS_PARENT_EVENT_ID",
        "TRACEID", "TRACEPARENT", "XDG_STATE_HOME", "http_proxy", "https_proxy", "BASH_ENV", "ENV",
        "GIT_DIR", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "JENKINS_HOME", "BUILDKITE", "CIRCLECI"];

    private readonly string _binary;

    public Vscli(string server)
    {
        _binary = Named("VALUESTREAM_TEST_VSCLI", "a published vscli");
        Home = Directory.CreateTempSubdirectory("vscli-tests").FullName;
        Variables = new() { ["VALUESTREAM_URL"] = server, ["HOME"] = Home, ["VALUESTREAM_SPOOL"] = State };
    }

    /// <summary>The file or folder that a variable names; where none does, the test is skipped, or fails in CI.</summary>
    /// <param name="variable">The variable.</param>
    /// <param name="what">What it should name.</param>
    public static string Named(string variable, string what)
    {
        var named = Environment.GetEnvironmentVariable(variable) ?? "";
        SkipUnless(named.Length > 0, $"{variable} does not name {what}");
        Assert.True(Path.Exists(named), $"{variable} names {named}, which is not there (write it from the root)");
        return Path.GetFullPath(named);
    }

    /// <summary>Skips the test where something is missing on this machine; in CI it fails instead.</summary>
    public static void SkipUnless(bool isThere, string why)
    {
        if (!isThere)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", why);
            Assert.Fail(why);
        }
    }

    public string Home { get; }

    public string State => Path.Combine(Home, "state");

    public Dictionary<string, string> Variables { get; }

    /// <summary>The names of the files in a folder of the state folder, in order.</summary>
    public string[] Files(string folder)
    {
        var path = Path.Combine(State, folder);
        return Directory.Exists(path) ? [.. Directory.GetFiles(path).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)] : [];
    }

    /// <summary>A stand-in for a program, first on the path of what runs here.</summary>
    /// <param name="name">The program's name.</param>
    /// <param name="script">What it does.</param>
    /// <param name="shell">
    /// In which shell; bash for what is stopped from its terminal. A Ctrl-Z that meets dash between vfork and the child's exec stops the
    /// child, while dash waits for that exec and is not stopped: with or without vscli, the shell above then waits for ever.
    /// </param>
    public void Command(string name, string script, string shell = "sh")
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(Home, "bin")).FullName, name);
        File.WriteAllText(path, $"#!/bin/{shell}\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public Task<Ran> Run(params string[] arguments) => Start(_binary, arguments);

    /// <summary>Runs it where no terminal can be reached, whatever the tests have.</summary>
    public Task<Ran> Detached(params string[] arguments) => Start("/usr/bin/setsid", ["--wait", _binary, .. arguments]);

    /// <summary>Runs a command of bash on a terminal of its own, with what a person would type there.</summary>
    /// <param name="command">The command.</param>
    /// <param name="types">Commands of bash whose output is typed.</param>
    public async Task<Ran> OnTerminal(string command, string types)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "there is no script, which makes terminals");
        Variables["TERM"] = "xterm";
        await File.WriteAllTextAsync(Path.Combine(Home, "terminal.sh"), command);
        return await Script("bash", $"({types}) | script -qec 'bash terminal.sh' /dev/null");
    }

    /// <summary>Runs a script in a shell, with vscli on its path.</summary>
    public async Task<Ran> Script(string shell, string script)
    {
        Assert.SkipUnless(File.Exists("/bin/" + shell), $"there is no {shell}");
        var path = Path.Combine(Home, "deploy.sh");
        await File.WriteAllTextAsync(path, script);
        // Whoever runs the tests may ignore signals (nohup does), and a shell cannot trap what was ignored when it began.
        return await Start("/usr/bin/env", ["--default-signal", "/bin/" + shell, path]);
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);

    private async Task<Ran> Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Home,
        };
        foreach (var name in Cleared)
        {
            start.Environment.Remove(name);
        }
        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }
        start.Environment["PATH"] = $"{Path.Combine(Home, "bin")}:{Path.GetDirectoryName(_binary)}:{Environment.GetEnvironmentVariable("PATH")}";
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new Ran(process.ExitCode, await output, await error, watch.Elapsed);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
