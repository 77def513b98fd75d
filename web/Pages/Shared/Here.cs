using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.WebUtilities;

namespace ValueStream.Web.Pages.Shared;

/// <summary>Addresses: what stands in one is what the next person sees.</summary>
internal static class Here
{
    /// <summary>An address with parameters.</summary>
    public static string To(string path, IEnumerable<(string Name, string Value)> parameters)
    {
        var query = new QueryBuilder();
        foreach (var (name, value) in parameters)
        {
            query.Add(name, value);
        }
        return path + query;
    }

    /// <summary>An address with values of one more parameter.</summary>
    public static string To(string address, string name, IEnumerable<string> values) => values.Aggregate(address, (at, v) => QueryHelpers.AddQueryString(at, name, v));

    /// <summary>The address of this same page with parameters set; null takes one away. Where a list begins and how it is rendered are not kept.</summary>
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
