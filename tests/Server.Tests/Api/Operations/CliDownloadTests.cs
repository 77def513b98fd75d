using System.Security.Cryptography;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>The server's own vscli, as a machine without one gets it.</summary>
public sealed class CliDownloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task The_two_lines_that_the_server_tells_install_a_vscli_that_reports_to_it()
    {
        using var vscli = new Cli.Vscli("unset");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "linux-x64"));
        File.Copy(Environment.GetEnvironmentVariable("VALUESTREAM_TEST_VSCLI")!, Path.Combine(_folder.Path, "linux-x64/vscli"));
        await using var server = await StartAsync();
        var client = new ApiClient(server.Http);

        var told = await client.ReadAsync("/cli");
        var ran = await vscli.Script("sh", $"""
            set -eu
            {string.Join('\n', told.GetProperty("install").EnumerateArray().Select(static l => l.GetString()))}
            ./vscli event start -type=installed
            """);

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        var binary = await File.ReadAllBytesAsync(Path.Combine(vscli.Home, "vscli"), TestContext.Current.CancellationToken);
        var download = Assert.Single(told.GetProperty("downloads").EnumerateArray());
        Assert.Equal(("linux-x64", binary.Length, Convert.ToHexStringLower(SHA256.HashData(binary))),
            (download.Text("platform"), download.GetProperty("bytes").GetInt32(), download.Text("sha256")));
        await client.CaughtUpAsync();
        Assert.Equal("installed", Assert.Single((await client.ReadAsync("/api/v1/runs")).GetProperty("items").EnumerateArray()).Text("type"));
    }

    [Theory]
    [InlineData("linux-x64", "has no vscli for linux-x64")]
    [InlineData("windows", "say one of linux-x64, linux-arm64")]
    [InlineData("..%2F..%2Fetc", "say one of")]
    public async Task What_is_not_there_is_told_with_what_to_do(string platform, string says)
    {
        await using var server = await StartAsync();

        (await new ApiClient(server.Http).GetAsync($"/cli/{platform}")).IsProblem(404, says);
        Assert.Empty((await new ApiClient(server.Http).ReadAsync("/cli")).GetProperty("downloads").EnumerateArray());
    }

    public void Dispose() => _folder.Dispose();

    private Task<ServerProcess> StartAsync() =>
        ServerProcess.StartAsync(_folder.Database, environment: new Dictionary<string, string> { ["VALUESTREAM_CLI"] = _folder.Path });
}
