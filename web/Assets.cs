using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace ValueStream.Web;

/// <summary>Style sheets, scripts and the icon. They are part of the assembly, so that they are there wherever it was
/// started from, and their addresses carry their hash, so that browsers may keep them for ever.</summary>
internal static class Assets
{
    private static readonly Dictionary<string, Asset> Files = Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Select(static name => (Name: name, Type: ContentType(name))).Where(static file => file.Type is not null)
        .Select(static file => Load(file.Name, file.Type!)).ToDictionary(static a => a.Name, StringComparer.Ordinal);

    /// <summary>The address of a file, which changes with its content.</summary>
    public static string Url(string name) => $"/assets/{name}?v={Files[name].Version}";

    /// <summary>Serves the files; they are the same for everybody.</summary>
    public static void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/assets/{name}", Get).AllowAnonymous().ExcludeFromDescription();

    private static IResult Get(string name, HttpContext context)
    {
        if (!Files.TryGetValue(name, out var asset))
        {
            return Results.NotFound();
        }
        var headers = context.Response.Headers;
        headers.CacheControl = context.Request.Query["v"] == asset.Version ? "public, max-age=31536000, immutable" : "no-cache";
        headers.XContentTypeOptions = "nosniff";
        headers.Vary = "Accept-Encoding";
        if (!context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.OrdinalIgnoreCase))
        {
            return Results.Bytes(asset.Bytes, asset.ContentType, entityTag: new EntityTagHeaderValue($"\"{asset.Version}\""));
        }
        headers.ContentEncoding = "br";
        return Results.Bytes(asset.Compressed.Value, asset.ContentType, entityTag: new EntityTagHeaderValue($"\"{asset.Version}-br\""));
    }

    private static Asset Load(string name, string contentType)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new(name, contentType, bytes, Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 6)), new(() => Compress(bytes)));
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var brotli = new BrotliStream(compressed, CompressionLevel.Optimal))
        {
            brotli.Write(bytes);
        }
        return compressed.ToArray();
    }

    private static string? ContentType(string name) => Path.GetExtension(name) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => null,
    };

    private sealed record Asset(string Name, string ContentType, byte[] Bytes, string Version, Lazy<byte[]> Compressed);
}
