using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Server.Access;
using ValueStream.Server.Operations;

namespace ValueStream.Server.Api;

/// <summary><c>/cli</c>: the server's own vscli, so that a machine gets the one that belongs to it in two lines.</summary>
internal static class CliApi
{
    /// <summary>The setting that names the folder with one folder for each platform; <c>cli</c> beside the server where absent.</summary>
    public const string FolderSetting = "VALUESTREAM_CLI";

    private static readonly string[] Platforms = ["linux-x64", "linux-arm64"];

    /// <summary>Maps the routes.</summary>
    public static void MapCli(this IEndpointRouteBuilder app)
    {
        app.MapGet("/cli", List).RequireAuthorization(AccessControl.Anything).WithName("ListCli").WithTags("vscli").WithSummary("The platforms for which this server has vscli, with how to install it");
        app.MapGet("/cli/{platform}", Download).RequireAuthorization(AccessControl.Anything).WithName("GetCli").WithTags("vscli").WithSummary("vscli for a platform: linux-x64 or linux-arm64")
            .Produces(200, contentType: "application/octet-stream").ProducesProblem(404);
    }

    private static async Task<Ok<CliView>> List(HttpRequest request, IConfiguration configuration, CancellationToken cancellationToken)
    {
        var server = $"{request.Scheme}://{request.Host}";
        var downloads = new List<CliDownload>();
        foreach (var platform in Platforms)
        {
            if (File(configuration, platform) is { Exists: true } file)
            {
                await using var content = file.OpenRead();
                downloads.Add(new CliDownload(platform, $"{server}/cli/{platform}", file.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken))));
            }
        }
        return TypedResults.Ok(new CliView(downloads,
            [.. downloads.Take(1).SelectMany(d => new[] { $"curl -fsSLo vscli {d.Url} && chmod +x vscli", $"export VALUESTREAM_URL={server}" })]));
    }

    private static Results<PhysicalFileHttpResult, ProblemHttpResult> Download(string platform, IConfiguration configuration) =>
        !Platforms.Contains(platform) ? Problems.NotFound($"'{platform}' is no platform of vscli; say one of {string.Join(", ", Platforms)}.")
        : File(configuration, platform) is { Exists: true } file
            ? TypedResults.PhysicalFile(file.FullName, "application/octet-stream", "vscli", file.LastWriteTimeUtc, enableRangeProcessing: true)
        : Problems.NotFound($"This server has no vscli for {platform}. Publish it (see the README) into {Path.Combine("cli", platform)} beside the server, or into the folder that {FolderSetting} names.");

    private static FileInfo File(IConfiguration configuration, string platform) =>
        new(Path.GetFullPath(Path.Combine(configuration[FolderSetting] is { Length: > 0 } folder ? folder : Path.Combine(AppContext.BaseDirectory, "cli"), platform, "vscli")));
}

/// <summary>What a server has of vscli.</summary>
/// <param name="Downloads">The platforms.</param>
/// <param name="Install">The lines that install the first of them; with a token, curl needs <c>-H "Authorization: Bearer ..."</c>.</param>
internal sealed record CliView(IReadOnlyList<CliDownload> Downloads, IReadOnlyList<string> Install);

/// <summary>A binary to download.</summary>
/// <param name="Platform">As .NET names it.</param>
/// <param name="Url">Where from.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of its bytes, hexadecimal.</param>
internal sealed record CliDownload(string Platform, string Url, long Bytes, string Sha256);
