namespace ValueStream.Store.Queries;

/// <summary>By what operations are ordered. Equal ones: the busiest first; those without come last.</summary>
public enum OperationOrder
{
    /// <summary>Finished runs.</summary>
    Runs,

    /// <summary>Name.</summary>
    Name,

    /// <summary>Median duration.</summary>
    P50,

    /// <summary>95th percentile of the durations.</summary>
    P95,

    /// <summary>Relative change of the median: what is a change before what is noise.</summary>
    Change,

    /// <summary>Error rate.</summary>
    ErrorRate,

    /// <summary>Time per week.</summary>
    Time,

    /// <summary>Time per week in runs that failed: what is worth fixing first.</summary>
    FailedTime,

    /// <summary>How many people ran it.</summary>
    People,

    /// <summary>On how many hosts it ran.</summary>
    Hosts,

    /// <summary>When its last run started.</summary>
    Last,

    /// <summary>Who answers for it.</summary>
    Owner,
}

/// <summary>Which operations to list; absent members do not filter.</summary>
public sealed record OperationFilter
{
    /// <summary>Namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Type.</summary>
    public string? Type { get; init; }

    /// <summary>A part of the name, in any case.</summary>
    public string? Name { get; init; }

    /// <summary>Whether those are listed, too, that an administrator has hidden.</summary>
    public bool Hidden { get; init; }

    /// <summary>The window's first day; 28 days where absent.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The window ends with the day before which this is; today where absent.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>What they are put together by, in the order of its values: one of <see cref="Groups"/>, or a tag of the last run of each, as <c>tag:service</c>; not at all where absent.</summary>
    public string? GroupBy { get; init; }

    /// <summary>By what they are ordered.</summary>
    public OperationOrder Order { get; init; }

    /// <summary>Whether the largest, or what comes last in the alphabet, is first.</summary>
    public bool Descending { get; init; } = true;

    /// <summary>What orders are called, in addresses: <c>p95</c> is the smallest first, <c>-p95</c> the largest.</summary>
    public static IReadOnlyDictionary<string, OperationOrder> Orders { get; } = new Dictionary<string, OperationOrder>(StringComparer.Ordinal)
    {
        ["runs"] = OperationOrder.Runs,
        ["name"] = OperationOrder.Name,
        ["p50"] = OperationOrder.P50,
        ["p95"] = OperationOrder.P95,
        ["change"] = OperationOrder.Change,
        ["errors"] = OperationOrder.ErrorRate,
        ["time"] = OperationOrder.Time,
        ["failed"] = OperationOrder.FailedTime,
        ["people"] = OperationOrder.People,
        ["hosts"] = OperationOrder.Hosts,
        ["last"] = OperationOrder.Last,
        ["owner"] = OperationOrder.Owner,
    };

    /// <summary>What operations have themselves to be put together by.</summary>
    public static IReadOnlyList<string> Groups { get; } = ["namespace", "type", "owner", "environment"];

    /// <summary>What comes before the key of a tag that operations are put together by.</summary>
    public const string OfTag = "tag:";

    /// <summary>Whether operations can be put together by a text.</summary>
    public static bool IsGroup(string text) => Groups.Contains(text) || (text.Length > OfTag.Length && text.StartsWith(OfTag, StringComparison.Ordinal));

    /// <summary>The same filter in an order that an address names; null where there is no such order.</summary>
    public OperationFilter? In(string sort) =>
        Orders.TryGetValue(sort.TrimStart('-'), out var order) ? this with { Order = order, Descending = sort.StartsWith('-') } : null;

    /// <summary>Whether the last run of each and the names of its people are looked up, which costs looks into an index for each.</summary>
    public bool Details { get; init; } = true;

    /// <summary>So many are passed over.</summary>
    public int Skip { get; init; }

    /// <summary>How many are listed at most, 1..<see cref="OperationQueries.MostListed"/>.</summary>
    public int Limit { get; init; } = OperationQueries.MostListed;
}
