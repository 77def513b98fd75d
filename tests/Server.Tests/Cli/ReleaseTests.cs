using System.Security.Cryptography;
using System.Xml.Linq;
using ValueStream.Server.Tests.Api;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Cli;

/// <summary>What <c>eng/release.sh</c> made, which <c>VALUESTREAM_TEST_RELEASE</c> names: each part of it is installed and used.</summary>
public sealed class ReleaseTests
{
    private static string Release => Vscli.Named("VALUESTREAM_TEST_RELEASE", "what eng/release.sh made");

    [Fact]
    public async Task Every_file_has_its_checksum_and_a_changed_one_is_found()
    {
        using var vscli = new Vscli("unset");
        var listed = (await File.ReadAllLinesAsync(Path.Combine(Release, "SHA256SUMS"), TestContext.Current.CancellationToken)).Select(static l => l[66..]);
        var there = Directory.GetFiles(Release, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Release, f)).Where(static f => f != "SHA256SUMS");

        Assert.Equal(there.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        var checkedThem = await vscli.Script("sh", $"cd '{Release}' && sha256sum --check --strict SHA256SUMS");
        Assert.Equal((0, ""), (checkedThem.ExitCode, checkedThem.Error));
    }

    [Theory]
    [InlineData("linux-x64", "")]
    [InlineData("linux-arm64", "qemu-aarch64 -L /usr/aarch64-linux-gnu")]
    public async Task The_binary_of_each_platform_records_a_run(string platform, string emulator)
    {
        var binary = Path.Combine(Release, platform, "vscli");
        Vscli.SkipUnless(File.Exists(binary), $"the release has no {platform}: its compiler was missing");
        Vscli.SkipUnless(emulator.Length == 0 || File.Exists("/usr/bin/" + emulator.Split(' ')[0]), $"there is no {emulator}");
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.Script("sh", $"""
            set -eu
            TOKEN="$({emulator} '{binary}' event -type=released start)"
            {emulator} '{binary}' event end -event-id="$TOKEN" -exit-code=3
            {emulator} '{binary}' run -type=released -- sh -c 'exit 7'
            """);

        Assert.Equal((7, ""), (ran.ExitCode, ran.Error));
        Assert.Equal("start, end failure, start, end failure",
            string.Join(", ", server.Events.Select(static e => e.GetProperty("action").GetString() + (e.TryGetProperty("outcome", out var outcome) ? " " + outcome : ""))));
        Assert.True(new FileInfo(binary).Length < 10_000_000);
    }

    [Fact]
    public async Task The_tool_is_installed_by_dotnet_and_is_the_native_binary()
    {
        await using var server = new ScriptedServer(ScriptedServer.Accepts);
        using var vscli = new Vscli(server.Url);
        vscli.Variables["DOTNET_NOLOGO"] = "1";
        vscli.Variables["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";

        var ran = await vscli.Script("sh", $"""
            set -eu
            dotnet tool install vscli --tool-path tools --source '{Release}' >/dev/null
            tools/vscli run -type=tool -- sh -c 'exit 7'
            """);

        Assert.Equal((7, ""), (ran.ExitCode, ran.Error));
        Assert.Equal(["start", "end"], server.Events.Select(static e => e.GetProperty("action").GetString()));
    }

    [Fact]
    public void The_tool_names_the_package_of_each_platform_that_was_built_and_no_other()
    {
        var tool = Assert.Single(Directory.GetFiles(Release, "vscli.?.?.?.nupkg"));
        using var package = System.IO.Compression.ZipFile.OpenRead(tool);
        using var settings = package.GetEntry("tools/any/any/DotnetToolSettings.xml")!.Open();
        var named = XDocument.Load(settings).Descendants("RuntimeIdentifierPackage").Select(static p => (string?)p.Attribute("RuntimeIdentifier")).Order();

        Assert.Equal(Directory.GetDirectories(Release).Select(Path.GetFileName).Order(), named);
        Assert.All(named, n => Assert.Single(Directory.GetFiles(Release, $"vscli.{n}.*.nupkg")));
    }

    [Fact]
    public async Task A_server_that_is_given_the_folder_offers_each_platform()
    {
        var platforms = Directory.GetDirectories(Release).Select(static f => Path.GetFileName(f)!).Order(StringComparer.Ordinal).ToList();
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Database, environment: new Dictionary<string, string> { ["VALUESTREAM_CLI"] = Release });
        var client = new ApiClient(server.Http);

        var offered = (await client.ReadAsync("/cli")).GetProperty("downloads").EnumerateArray().ToDictionary(static d => d.GetProperty("platform").GetString()!);

        Assert.Equal(platforms, offered.Keys.Order(StringComparer.Ordinal));
        foreach (var platform in platforms)
        {
            var sent = await server.Http.GetByteArrayAsync($"/cli/{platform}", TestContext.Current.CancellationToken);
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(Release, platform, "vscli"), TestContext.Current.CancellationToken), sent);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(sent)), offered[platform].GetProperty("sha256").GetString());
        }
    }
}
