namespace ValueStream.Web;

/// <summary>What every page says above its content, for example that this is a demo.</summary>
/// <param name="Text">One sentence, or null for nothing.</param>
public sealed record SiteNotice(string? Text);
