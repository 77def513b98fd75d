namespace ValueStream.Core.Wire;

/// <summary>The sources that take webhooks, and what became of their deliveries.</summary>
/// <param name="Since">When the server that answers started: it counts from then on, its own deliveries only.</param>
/// <param name="Items">The sources.</param>
public sealed record SourceList(DateTimeOffset Since, IReadOnlyList<SourceView> Items);

/// <summary>A source.</summary>
/// <param name="Source">Its name.</param>
/// <param name="Route">Where its webhooks go.</param>
/// <param name="Ways">What lets a delivery in: <c>signed</c>, <c>key</c> (in the address), <c>token</c>, <c>unsigned</c> (anybody), <c>loopback</c> (anybody on this machine); none where it is closed.</param>
/// <param name="LastDelivery">When the last delivery came that was let in; absent when none did.</param>
/// <param name="Accepted">Deliveries whose events are in the log.</param>
/// <param name="Ignored">Deliveries that tell nothing that is recorded.</param>
/// <param name="Quarantined">Deliveries that could not be understood and are kept.</param>
/// <param name="Refused">Deliveries that were not let in.</param>
/// <param name="LastNotTaken">The last that was ignored or quarantined.</param>
/// <param name="LastRefused">The last that was not let in.</param>
public sealed record SourceView(
    string Source, string Route, IReadOnlyList<string> Ways, DateTimeOffset? LastDelivery, long Accepted, long Ignored, long Quarantined, long Refused,
    NotTaken? LastNotTaken, NotTaken? LastRefused);

/// <summary>A delivery that was not taken.</summary>
/// <param name="At">When it came.</param>
/// <param name="Why">Why, as a sentence.</param>
public sealed record NotTaken(DateTimeOffset At, string Why);
