using System.Security.Claims;
using ValueStream.Store.Queries;

namespace ValueStream.Web.Pages.Shared;

/// <summary>Who looks at a page. The one place that decides what a page may show.</summary>
internal static class Viewer
{
    /// <summary>What a user may see. Everything, until there are roles.</summary>
    public static Visible MaySee(ClaimsPrincipal user)
    {
        ArgumentNullException.ThrowIfNull(user);
        return Visible.Everything;
    }
}
