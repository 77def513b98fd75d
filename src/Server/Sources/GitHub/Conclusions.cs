using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>How runs, jobs, steps and checks end.</summary>
internal static class Conclusions
{
    /// <summary>The outcome of a conclusion.</summary>
    /// <exception cref="NotUnderstoodException">It is none that is known: taking it for a success would be a guess.</exception>
    public static Outcome OutcomeOf(Payload conclusion) => conclusion.Text switch
    {
        "success" or "neutral" => Outcome.Success,
        // A check that asks for something to be done holds up a merge as a failed one does.
        "failure" or "action_required" => Outcome.Failure,
        "startup_failure" => Outcome.Error,
        // GitHub gives up on what did not report for 14 days.
        "timed_out" or "stale" => Outcome.Timeout,
        "cancelled" => Outcome.Cancellation,
        "skipped" => Outcome.Skip,
        null => throw new NotUnderstoodException("It is completed, and has no conclusion."),
        var other => throw new NotUnderstoodException($"The conclusion {Payload.Cut(other, 100)} is not one that is known."),
    };

    /// <summary>Adds the outcome under OpenTelemetry's name, and where it is bad what GitHub calls it.</summary>
    public static Outcome AddTo(Tagging tags, string key, Payload conclusion)
    {
        var outcome = OutcomeOf(conclusion);
        tags.Add(key, outcome.Text());
        if (outcome.IsFailed())
        {
            tags.Add("error.type", conclusion);
        }
        return outcome;
    }
}
