using System.Security.Claims;
using ValueStream.Store.Queries;

namespace ValueStream.Web;

/// <summary>Who looks. The one place that decides what pages, API and streams may show.</summary>
public static class Viewer
{
    /// <summary>What somebody who has logged in is called; null where nobody has.</summary>
    public static string? Name(ClaimsPrincipal user) => user?.FindFirstValue(ClaimTypes.Name);

    /// <summary>What a user may see: the namespaces of their token. Nothing, where nobody said.</summary>
    public static Visible MaySee(ClaimsPrincipal user)
    {
        ArgumentNullException.ThrowIfNull(user);
        return user.Identity is ViewerIdentity viewer ? viewer.MaySee : Visible.Namespaces();
    }
}

/// <summary>A user as the framework knows them, with what they may see, which is asked at every request.</summary>
/// <param name="claims">What is known of them.</param>
/// <param name="scheme">How they showed who they are.</param>
/// <param name="maySee">The namespaces of their token or role.</param>
public sealed class ViewerIdentity(IEnumerable<Claim> claims, string scheme, Visible maySee) : ClaimsIdentity(claims, scheme)
{
    /// <summary>The namespaces of their token or role.</summary>
    public Visible MaySee { get; } = maySee;
}
