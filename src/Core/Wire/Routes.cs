namespace ValueStream.Core.Wire;

/// <summary>The addresses that both the server and vscli know.</summary>
public static class Routes
{
    /// <summary>Takes events, answers queries over them.</summary>
    public const string Events = "/api/v1/events";

    /// <summary>Upstream's intake for custom events.</summary>
    public const string CustomHttp = "/customhttp";

    /// <summary>The sender's clock when it sent, so that the server can correct the times of the events.</summary>
    public const string SentAtHeader = "X-Sent-At";
}
