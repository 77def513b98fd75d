using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>What pipelines and jobs have in common.</summary>
internal static class RunStates
{
    /// <summary>A status in OpenTelemetry's words for the state of a run.</summary>
    public static string? Of(string status) => status switch
    {
        "created" or "waiting_for_resource" or "preparing" or "pending" or "scheduled" or "manual" => "pending",
        "running" => "executing",
        "canceling" => "finalizing",
        _ => IsEnd(status) ? "finalizing" : null,
    };

    /// <summary>Whether a status is the last.</summary>
    public static bool IsEnd(string status) => status is "success" or "failed" or "canceled" or "skipped";

    /// <summary>What a ref is, by the member <c>tag</c>.</summary>
    public static string? TypeOf(Payload tag) => tag.Boolean switch { true => "tag", false => "branch", null => null };

    /// <summary>How what is in such a state ended.</summary>
    public static Outcome OutcomeOf(string status) => status switch
    {
        "success" => Outcome.Success,
        "failed" => Outcome.Failure,
        "canceled" => Outcome.Cancellation,
        _ => Outcome.Skip,
    };
}
