using ValueStream.Store.Engines;

namespace ValueStream.Store.Projections;

/// <summary>What one transaction changes of the inventory's rows: each operation with the first and the last of its runs.</summary>
internal sealed class Operations
{
    private static readonly Bulk<OperationRow> Rows = new("operations_",
        Column<OperationRow>.Long("key", static r => r.Key), Column<OperationRow>.Text("namespace", static r => r.Namespace),
        Column<OperationRow>.Text("type", static r => r.Type), Column<OperationRow>.Text("name", static r => r.Name),
        Column<OperationRow>.Time("first_at", static r => r.FirstAt), Column<OperationRow>.Time("last_at", static r => r.LastAt));

    private const string Widen = """
        ON CONFLICT (key) DO UPDATE SET
          first_at = CASE WHEN excluded.first_at < o.first_at THEN excluded.first_at ELSE o.first_at END,
          last_at = CASE WHEN excluded.last_at > o.last_at THEN excluded.last_at ELSE o.last_at END
        """;

    private readonly Dictionary<long, OperationRow> _seen = [];
    private readonly HashSet<long> _left = [];

    /// <summary>An attempt has another row than before.</summary>
    /// <param name="row">The row; null when it is gone.</param>
    /// <param name="before">What it contributed before; null when it was not there.</param>
    public void Change(RunRow? row, Contribution? before)
    {
        if (before is not null && (before.Operation, before.At) != (row?.Operation, row?.At))
        {
            _left.Add(before.Operation);
        }
        if (row is null || before is not null && (before.Operation, before.At) == (row.Operation, row.At))
        {
            return;
        }
        if (!_seen.TryGetValue(row.Operation, out var operation))
        {
            _seen.Add(row.Operation, operation = new OperationRow
            {
                Key = row.Operation,
                Namespace = row.Namespace,
                Type = row.Type,
                Name = row.Name,
                FirstAt = row.At,
                LastAt = row.At,
            });
        }
        operation.FirstAt = row.At < operation.FirstAt ? row.At : operation.FirstAt;
        operation.LastAt = row.At > operation.LastAt ? row.At : operation.LastAt;
    }

    /// <summary>Writes what was collected; the runs' rows are written already.</summary>
    public async Task WriteAsync(Session session, string slot, CancellationToken cancellationToken)
    {
        await session.InsertAsync(Rows, [.. _seen.Values.OrderBy(static o => o.Key)], Widen.Replace("o.", $"operations_{slot}.", StringComparison.Ordinal), slot, cancellationToken);
        foreach (var operation in _left)
        {
            // Perhaps it was the first or the last that left.
            await session.ExecuteAsync($"""
                UPDATE operations_{slot} SET first_at = coalesce((SELECT min(at) FROM runs_{slot} WHERE operation = @operation), 0),
                  last_at = coalesce((SELECT max(at) FROM runs_{slot} WHERE operation = @operation), 0) WHERE key = @operation
                """, cancellationToken, ("operation", operation));
            await session.ExecuteAsync(
                $"DELETE FROM operations_{slot} WHERE key = @operation AND NOT EXISTS (SELECT 1 FROM runs_{slot} WHERE operation = @operation)", cancellationToken,
                ("operation", operation));
        }
    }
}
