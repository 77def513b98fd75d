namespace ValueStream.Store.Engines;

/// <summary>The <c>quarantine</c> table in SQL.</summary>
internal static class QuarantineSql
{
    public static readonly Bulk<QuarantineRow> Insert = new("quarantine",
        Column<QuarantineRow>.Uuid("id", static q => q.Id),
        Column<QuarantineRow>.Time("received_at", static q => q.ReceivedAt),
        Column<QuarantineRow>.Text("source", static q => q.Source),
        Column<QuarantineRow>.Text("reason", static q => q.Reason),
        Column<QuarantineRow>.Text("headers", static q => q.Headers),
        Column<QuarantineRow>.Bytes("body", static q => q.Body),
        Column<QuarantineRow>.Int("length", static q => q.Length));
}
