using Microsoft.AspNetCore.Http;

namespace ValueStream.Web.Pages.Shared;

/// <summary>How a script gets what a page lists.</summary>
/// <param name="Path">The API's address, from its slash on.</param>
/// <param name="Vscli">The arguments of vscli; null where it has no such command.</param>
internal sealed record CopyAs(string Path, IReadOnlyList<string>? Vscli)
{
    /// <summary>A call with curl. Where the server asks for a token, that of the environment is sent.</summary>
    public string Curl(HttpRequest request) =>
        $"curl -H \"Authorization: Bearer $VALUESTREAM_TOKEN\" {Quoted($"{request.Scheme}://{request.Host}{Path}")}";

    /// <summary>The command.</summary>
    public string? Command => Vscli is null ? null : "vscli " + string.Join(' ', Vscli.Select(Quoted));

    /// <summary>A word as a POSIX shell takes it.</summary>
    private static string Quoted(string word) =>
        word.Length > 0 && word.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '=' or ',' or '@') ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
