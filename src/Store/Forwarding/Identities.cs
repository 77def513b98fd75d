using ValueStream.Core.Events;
using ValueStream.Core.Spans;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Forwarding;

/// <summary>
/// The ids under which attempts go out: those that are frozen, and for others those that are to be. An attempt takes the trace of its parent as
/// that is frozen, so the parents of what goes out are frozen with it, whether or not they have ended.
/// </summary>
internal sealed class Identities
{
    private readonly IReadOnlyList<RunRow> _rows;
    private readonly IReadOnlyList<int> _parents;
    private readonly Func<RunRow, bool> _isPending;
    private readonly Dictionary<(long, int), int> _places;
    private readonly Dictionary<(long, int), SpanIdentity> _ids;
    private readonly HashSet<(long, int)> _frozen;
    private readonly List<ExportRow> _fresh = [];

    /// <param name="rows">All attempts that matter, with all that they may be below.</param>
    /// <param name="parents">For each the place of its parent, -1 for none.</param>
    /// <param name="isPending">Whether a row names a parent that is not known.</param>
    /// <param name="frozen">What is frozen of them.</param>
    public Identities(IReadOnlyList<RunRow> rows, IReadOnlyList<int> parents, Func<RunRow, bool> isPending, IEnumerable<ExportRow> frozen)
    {
        (_rows, _parents, _isPending) = (rows, parents, isPending);
        _places = rows.Index().ToDictionary(static r => (r.Item.Key, r.Item.Attempt), static r => r.Index);
        _ids = frozen.ToDictionary(static e => (e.Key, e.Attempt), Of);
        _frozen = [.. _ids.Keys];
    }

    /// <summary>What is to be frozen before anything is sent.</summary>
    public IReadOnlyList<ExportRow> Fresh => _fresh;

    /// <summary>The parent of an attempt, as it is known now; null where there is none.</summary>
    public RunRow? ParentOf(RunRow row) => _places.TryGetValue((row.Key, row.Attempt), out var place) && _parents[place] is >= 0 and var parent ? _rows[parent] : null;

    /// <summary>Whether the trace of an attempt may still turn out to be another: it or one above it names a parent that is not known, and is not frozen.</summary>
    public bool IsPending(RunRow row) => Unfrozen(row).Any(_isPending);

    /// <summary>The ids of an attempt that goes out.</summary>
    public SpanIdentity Freeze(RunRow row)
    {
        foreach (var above in Unfrozen(row).Reverse())
        {
            var ids = IdsOf(above);
            _ids[(above.Key, above.Attempt)] = ids;
            if (_frozen.Add((above.Key, above.Attempt)))
            {
                _fresh.Add(new()
                {
                    Key = above.Key,
                    Attempt = above.Attempt,
                    TraceId = Convert.FromHexString(ids.TraceId),
                    SpanId = Convert.FromHexString(ids.SpanId),
                    ParentSpanId = ids.ParentSpanId is { } parent ? Convert.FromHexString(parent) : null,
                });
            }
        }
        return _ids[(row.Key, row.Attempt)];
    }

    /// <summary>The ids of an attempt that something links to. Where its trace may still turn out to be another they are not frozen for that.</summary>
    public SpanIdentity Glance(RunRow row) => IsPending(row) ? new(SpanIds.TraceId(RunViews.Id(row), row.Attempt), SpanIds.SpanId(RunViews.Id(row), row.Attempt), null) : Freeze(row);

    /// <summary>The ids that a row holds.</summary>
    public static SpanIdentity Of(ExportRow row) => new(
        Convert.ToHexStringLower(row.TraceId), Convert.ToHexStringLower(row.SpanId), row.ParentSpanId is { } parent ? Convert.ToHexStringLower(parent) : null);

    /// <summary>An attempt and those above it, up to the first that is frozen.</summary>
    private IEnumerable<RunRow> Unfrozen(RunRow row)
    {
        for (var at = row; at is not null && !_frozen.Contains((at.Key, at.Attempt)); at = ParentOf(at))
        {
            yield return at;
        }
    }

    private SpanIdentity IdsOf(RunRow row)
    {
        var span = SpanIds.SpanId(RunViews.Id(row), row.Attempt);
        var parent = ParentOf(row) is { } above ? _ids[(above.Key, above.Attempt)] : null;
        return Traceparent.Parse(row.Traceparent) switch
        {
            // A parent that was named counts more than the context, where it does not leave the context's trace.
            { } context => new(context.TraceId, span, parent?.TraceId == context.TraceId ? parent.SpanId : context.SpanId),
            null when parent is not null => new(parent.TraceId, span, parent.SpanId),
            null => new(SpanIds.TraceId(RunViews.Id(row), row.Attempt), span, null),
        };
    }
}
