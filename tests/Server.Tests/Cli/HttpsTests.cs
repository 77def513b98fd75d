using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ValueStream.Server.Tests.Cli;

/// <summary>A server on https: its certificate, and a machine without OpenSSL.</summary>
public sealed class HttpsTests : IDisposable
{
    private readonly X509Certificate2 _certificate = Certificate();

    public static TheoryData<string, int, string> Commands => new()
    {
        { "event start", 0, "kept for later" },
        { "run -- sh -c 'exit 7'", 7, "kept for later" },
        { "annotate -event-id=x note", 0, "kept for later" },
        { "flush", 0, "0 sent" },
        { "status", 1, "answers    no: " },
        { "runs", 2, "" },
        { "report 0mg05ob0j3re0", 2, "" },
        { "audit", 2, "" },
        { "verify", 2, "" },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_certificate_that_nobody_vouches_for_is_not_taken_and_changes_no_result(string command, int exitCode, string says)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts) { Certificate = _certificate };
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Script("sh", $"vscli {command}");

        Assert.Equal(exitCode, ran.ExitCode);
        Assert.Contains(says, ran.Out + ran.Error, StringComparison.Ordinal);
        if (command != "flush")
        {
            Assert.Contains("certificate", ran.Out + ran.Error, StringComparison.Ordinal);
        }
        Assert.True(ran.Took < TimeSpan.FromSeconds(4), $"took {ran.Took}");
        Assert.Empty(server.Requests);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Without_OpenSSL_each_command_says_so_and_ends_as_without_a_server(string command, int exitCode, string says)
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts) { Certificate = _certificate };
        using var vscli = new Vscli(server.Url);
        HideOpenSsl(vscli);

        var ran = await vscli.Script("sh", $"vscli {command}");

        Assert.Equal(exitCode, ran.ExitCode);
        Assert.Contains(says, ran.Out + ran.Error, StringComparison.Ordinal);
        if (command != "flush")
        {
            Assert.Contains("https needs the OpenSSL library (libssl), which this machine does not have", ran.Out + ran.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_OpenSSL_all_goes_on_over_http()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        HideOpenSsl(vscli);

        var ran = await vscli.Script("sh", """
            set -eu
            vscli event end -event-id="$(vscli event start)"
            vscli run -- true
            echo '{"type":"build","startedAt":"2026-03-02T12:00:00Z","duration":41.5}' | vscli import - -dry-run
            """);

        Assert.Equal((0, "1 line: 2 events would be sent, 0 lines not taken\n", ""), (ran.ExitCode, ran.Out, ran.Error));
        Assert.Equal(4, server.Events.Count);
    }

    [Fact]
    public async Task A_certificate_that_the_machine_trusts_is_taken()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts) { Certificate = _certificate };
        using var vscli = new Vscli(server.Url);
        var file = Path.Combine(vscli.Home, "ca.pem");
        await File.WriteAllTextAsync(file, _certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        vscli.Variables["SSL_CERT_FILE"] = file;

        var ran = await vscli.Run("run", "--", "true");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.Equal(["start", "end"], server.Events.Select(static e => e.GetProperty("action").GetString()));
    }

    [Fact]
    public async Task A_server_that_hangs_before_its_certificate_costs_two_seconds()
    {
        await using var server = new ScriptedServer(ScriptedServer.Hangs);
        using var vscli = new Vscli(server.Url.Replace("http:", "https:", StringComparison.Ordinal));

        var ran = await vscli.Run("event", "start");

        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("no answer within 2 s; kept for later", ran.Error, StringComparison.Ordinal);
        Assert.True(ran.Took < TimeSpan.FromSeconds(3.5), $"took {ran.Took}");
        Assert.Single(vscli.Files("spool"));
    }

    public void Dispose() => _certificate.Dispose();

    /// <summary>Puts files that are no libraries where the loader looks first.</summary>
    private static void HideOpenSsl(Vscli vscli)
    {
        var folder = Directory.CreateDirectory(Path.Combine(vscli.Home, "lib")).FullName;
        foreach (var version in new[] { "3", "1.1", "1.0.2", "1.0.0", "10" })
        {
            File.WriteAllText(Path.Combine(folder, "libssl.so." + version), "");
        }
        vscli.Variables["LD_LIBRARY_PATH"] = folder;
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
