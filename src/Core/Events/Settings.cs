using System.Text.Json;

namespace ValueStream.Core.Events;

/// <summary>What an administrator set of a run. Absent is unchanged.</summary>
public sealed record RunSetting
{
    /// <summary>Whether it is left out of the numbers; the event's reason says why.</summary>
    public bool? Excluded { get; init; }
}

/// <summary>
/// What an administrator set of an operation. Absent is unchanged; an empty text and a limit below zero are none. Its event stands under
/// the source <c>valuestream</c>, the type <c>operation</c>, and the operation's namespace and short key.
/// </summary>
public sealed record OperationSetting
{
    /// <summary>The type of the identity under which operations are administered.</summary>
    public const string Type = "operation";

    /// <summary>The name that it is listed by, in place of the one that its runs have.</summary>
    public string? Name { get; init; }

    /// <summary>The short key of the operation that its runs are counted under.</summary>
    public string? MergedInto { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Who answers for it.</summary>
    public string? Owner { get; init; }

    /// <summary>Where it runs or what it changes, for example <c>production</c>.</summary>
    public string? Environment { get; init; }

    /// <summary>Seconds that a run of it should not exceed.</summary>
    public double? DurationLimit { get; init; }

    /// <summary>The share of failed runs, 0..1, that it should not exceed.</summary>
    public double? ErrorRateLimit { get; init; }

    /// <summary>Whether lists leave it out.</summary>
    public bool? Hidden { get; init; }

    /// <summary>Whether its runs should say why they were started.</summary>
    public bool? ReasonRequired { get; init; }

    /// <summary>The identity under which an operation is administered.</summary>
    /// <param name="ns">The operation's namespace.</param>
    /// <param name="operation">Its short key.</param>
    public static RunId IdOf(string ns, ShortKey operation) => new(SourceNames.ValueStream, Type, ns, operation.ToString());

    /// <summary>What holds after a later setting: begin with <c>new()</c> and go by position.</summary>
    /// <returns>Only what is set: nothing in it is empty or below zero.</returns>
    public OperationSetting Then(OperationSetting later) => new()
    {
        Name = Text(Name, later.Name),
        MergedInto = Text(MergedInto, later.MergedInto),
        Description = Text(Description, later.Description),
        Owner = Text(Owner, later.Owner),
        Environment = Text(Environment, later.Environment),
        DurationLimit = Limit(DurationLimit, later.DurationLimit),
        ErrorRateLimit = Limit(ErrorRateLimit, later.ErrorRateLimit),
        Hidden = later.Hidden ?? Hidden,
        ReasonRequired = later.ReasonRequired ?? ReasonRequired,
    };

    /// <summary>As JSON; what is not set is left out.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, LogJson.Context.OperationSetting);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The text is no setting.</exception>
    public static OperationSetting FromJson(string json) =>
        JsonSerializer.Deserialize(json, LogJson.Context.OperationSetting) ?? throw new JsonException("A setting is null.");

    private static string? Text(string? before, string? later) => (later ?? before) is { Length: > 0 } text ? text : null;

    private static double? Limit(double? before, double? later) => (later ?? before) is >= 0 and var limit ? limit : null;
}
