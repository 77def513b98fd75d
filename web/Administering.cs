using System.Security.Claims;

namespace ValueStream.Web;

/// <summary>Whether those who see the pages may set something, as the host says.</summary>
/// <param name="Refusal">Why a user may not, as a sentence; null where they may.</param>
public sealed record Administering(Func<ClaimsPrincipal, string?> Refusal);
