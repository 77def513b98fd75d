namespace ValueStream.Web;

/// <summary>Whether those who see the pages may set something, as the host says.</summary>
/// <param name="Refusal">Why they may not, as a sentence; null where they may.</param>
public sealed record Administering(string? Refusal);
