using System.Security.Claims;
using ValueStream.Store.Queries;

namespace ValueStream.Web;

/// <summary>Who looks. The one place that decides what pages, API and streams may show.</summary>
public static class Viewer
{
    /// <summary>The type of the claims that name the namespaces of a user, as patterns: <c>*</c>, <c>acme</c>, <c>acme.*</c>.</summary>
    public const string NamespaceClaim = "namespace";

    /// <summary>What somebody who has logged in is called; null where nobody has.</summary>
    public static string? Name(ClaimsPrincipal user) => user?.FindFirstValue(ClaimTypes.Name);

    /// <summary>What a user may see: the namespaces of their token. Nothing, where nobody said.</summary>
    public static Visible MaySee(ClaimsPrincipal user)
    {
        ArgumentNullException.ThrowIfNull(user);
        return Visible.Of(user.FindAll(NamespaceClaim).Select(static c => c.Value));
    }
}
