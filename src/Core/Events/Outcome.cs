namespace ValueStream.Core.Events;

/// <summary>How a run ended: OpenTelemetry's values of <c>cicd.pipeline.result</c>.</summary>
public enum Outcome
{
    /// <summary>It did what it was to do.</summary>
    Success,

    /// <summary>The work itself said no: a failing test, a non-zero exit code.</summary>
    Failure,

    /// <summary>The system that ran it broke.</summary>
    Error,

    /// <summary>It was stopped because it took too long.</summary>
    Timeout,

    /// <summary>Somebody stopped it.</summary>
    Cancellation,

    /// <summary>It was decided not to run it.</summary>
    Skip,
}

/// <summary>The outcomes' texts, the same in API, log and database.</summary>
public static class Outcomes
{
    /// <summary>All texts, for messages that list what is allowed.</summary>
    public const string All = "success, failure, error, timeout, cancellation, skip";

    /// <summary>Whether it counts as failed: failure, error and timeout do.</summary>
    public static bool IsFailed(this Outcome outcome) => outcome is Outcome.Failure or Outcome.Error or Outcome.Timeout;

    /// <summary>The text of an outcome, lower case.</summary>
    public static string Text(this Outcome outcome) => outcome switch
    {
        Outcome.Success => "success",
        Outcome.Failure => "failure",
        Outcome.Error => "error",
        Outcome.Timeout => "timeout",
        Outcome.Cancellation => "cancellation",
        Outcome.Skip => "skip",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    /// <summary>The outcome of a text, or null when it is none of <see cref="All"/>.</summary>
    public static Outcome? Parse(string? text) => text switch
    {
        "success" => Outcome.Success,
        "failure" => Outcome.Failure,
        "error" => Outcome.Error,
        "timeout" => Outcome.Timeout,
        "cancellation" => Outcome.Cancellation,
        "skip" => Outcome.Skip,
        _ => null,
    };
}
