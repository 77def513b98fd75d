using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace ValueStream.Web.Pages.Shared;

/// <summary>Addresses of this same page with something changed: a copied address shows the same to the next person.</summary>
internal static class Here
{
    /// <summary>The address with parameters set; null takes one away. Where a list begins and how it is rendered are not kept.</summary>
    public static string With(HttpRequest request, params ReadOnlySpan<(string Name, string? Value)> changes)
    {
        var query = new QueryBuilder();
        foreach (var (name, values) in request.Query)
        {
            if (name is "cursor" or "fragment" or "format" || Changes(changes, name))
            {
                continue;
            }
            foreach (var value in values)
            {
                query.Add(name, value ?? "");
            }
        }
        foreach (var (name, value) in changes)
        {
            if (value is not null)
            {
                query.Add(name, value);
            }
        }
        return request.Path + query.ToString();
    }

    private static bool Changes(ReadOnlySpan<(string Name, string? Value)> changes, string name)
    {
        foreach (var change in changes)
        {
            if (change.Name == name)
            {
                return true;
            }
        }
        return false;
    }
}
