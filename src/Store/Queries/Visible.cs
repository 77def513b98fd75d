namespace ValueStream.Store.Queries;

/// <summary>What the caller of a query may see: every namespace, or those that patterns name.</summary>
public sealed class Visible
{
    private readonly string[] _names;
    private readonly string[] _prefixes;

    private Visible(bool all, string[] names, string[] prefixes) => (All, _names, _prefixes) = (all, names, prefixes);

    /// <summary>Every namespace.</summary>
    public static Visible Everything { get; } = new(true, [], []);

    /// <summary>Whether it is everything.</summary>
    public bool All { get; }

    /// <summary>The namespaces that patterns name: <c>default</c> is itself, <c>acme.*</c> everything that begins with <c>acme.</c>.</summary>
    public static Visible Namespaces(params string[] patterns) => new(
        false,
        [.. patterns.Where(static p => !p.EndsWith(".*", StringComparison.Ordinal))],
        [.. patterns.Where(static p => p.EndsWith(".*", StringComparison.Ordinal)).Select(static p => p[..^1])]);

    /// <summary>The namespaces that a token's patterns name; <c>*</c> is every one.</summary>
    public static Visible Of(IEnumerable<string> patterns)
    {
        string[] all = [.. patterns];
        return all.Contains(Access.Token.AllNamespaces) ? Everything : Namespaces(all);
    }

    /// <summary>Whether runs of a namespace may be seen.</summary>
    public bool Includes(string @namespace) =>
        All || _names.Contains(@namespace) || _prefixes.Any(p => @namespace.StartsWith(p, StringComparison.Ordinal));

    internal IQueryable<RunRow> Of(IQueryable<RunRow> runs) => All ? runs
        : runs.Where(r => _names.Contains(r.Namespace) || _prefixes.Any(p => r.Namespace.StartsWith(p)));

    internal IQueryable<EventRow> Of(IQueryable<EventRow> events) => All ? events
        : events.Where(e => _names.Contains(e.Namespace) || _prefixes.Any(p => e.Namespace.StartsWith(p)));

    internal IQueryable<OperationRow> Of(IQueryable<OperationRow> operations) => All ? operations
        : operations.Where(o => _names.Contains(o.Namespace) || _prefixes.Any(p => o.Namespace.StartsWith(p)));
}
