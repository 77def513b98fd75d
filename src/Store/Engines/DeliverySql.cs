namespace ValueStream.Store.Engines;

/// <summary>The <c>deliveries</c> table in SQL.</summary>
internal static class DeliverySql
{
    public static readonly Bulk<DeliveryRow> Insert = new("deliveries",
        Column<DeliveryRow>.Bytes("sha256", static d => d.Sha256),
        Column<DeliveryRow>.Time("received_at", static d => d.ReceivedAt),
        Column<DeliveryRow>.Bytes("body", static d => d.Body));

    /// <summary>The same body may come again; then it is kept from the last time on.</summary>
    public const string OnConflict = "ON CONFLICT (sha256) DO UPDATE SET received_at = excluded.received_at";
}
