using ValueStream.Core.Events;

namespace ValueStream.Core.Wire;

/// <summary>What is to be set of an operation. Absent is unchanged; an empty text and a number below zero take back what was set.</summary>
public sealed record OperationSettingRequest
{
    /// <summary>The name that it is listed by, up to 200 characters.</summary>
    public string? Name { get; init; }

    /// <summary>The key of the operation that its runs are counted under.</summary>
    public string? MergedInto { get; init; }

    /// <summary>What it is for, up to 4,000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>Who answers for it, up to 200 characters.</summary>
    public string? Owner { get; init; }

    /// <summary>Where it runs or what it changes, up to 200 characters.</summary>
    public string? Environment { get; init; }

    /// <summary>Seconds that a run of it should not exceed, up to five years.</summary>
    public double? DurationLimit { get; init; }

    /// <summary>The error rate that it should not exceed, 0..1.</summary>
    public double? ErrorRateLimit { get; init; }

    /// <summary>Whether lists leave it out.</summary>
    public bool? Hidden { get; init; }

    /// <summary>Whether its runs should say why they were started.</summary>
    public bool? ReasonRequired { get; init; }

    /// <summary>Why it is set; it stays in the log.</summary>
    public string? Reason { get; init; }

    /// <summary>Who asks for it.</summary>
    public string? Actor { get; init; }
}

/// <summary>What was set of an operation.</summary>
/// <param name="Position">The position of the <c>administered</c> event.</param>
/// <param name="Key">The operation's key.</param>
/// <param name="Setting">What holds from then on; what is not set is absent.</param>
public sealed record OperationSettingAnswer(long Position, string Key, OperationSetting Setting);

/// <summary>Whether a run counts.</summary>
public sealed record ExclusionRequest
{
    /// <summary>True leaves it out of every number, false takes it in again.</summary>
    public required bool Excluded { get; init; }

    /// <summary>Why; needed where it is left out, stands beside the run and stays in the log.</summary>
    public string? Reason { get; init; }

    /// <summary>Which attempt; all of them, later ones too, where absent.</summary>
    public int? Attempt { get; init; }

    /// <summary>Who asks for it.</summary>
    public string? Actor { get; init; }
}

/// <summary>Whether a run counts from now on.</summary>
/// <param name="Position">The position of the <c>administered</c> event.</param>
/// <param name="Key">The run's key.</param>
/// <param name="Attempt">Which attempt; absent where all are meant.</param>
/// <param name="Excluded">Whether it is left out.</param>
public sealed record ExclusionAnswer(long Position, string Key, int? Attempt, bool Excluded);
