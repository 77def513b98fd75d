namespace ValueStream.Store.Queries;

/// <summary>What the caller of a query may see: every namespace, or those that patterns name.</summary>
public sealed class Visible
{
    private readonly string[]? _patterns;

    private Visible(string[]? patterns) => _patterns = patterns;

    /// <summary>Every namespace.</summary>
    public static Visible Everything { get; } = new(null);

    /// <summary>The namespaces that patterns name: <c>default</c> is itself, <c>acme.*</c> everything that begins with <c>acme.</c>.</summary>
    public static Visible Namespaces(params string[] patterns) => new(patterns);

    /// <summary>Whether runs of a namespace may be seen.</summary>
    public bool Includes(string @namespace) => _patterns is null || _patterns.Any(p =>
        p.EndsWith(".*", StringComparison.Ordinal) ? @namespace.StartsWith(p[..^1], StringComparison.Ordinal) : p == @namespace);
}
