using ValueStream.Core.Wire;

namespace ValueStream.Web;

/// <summary>What the System and Audit pages say that no query tells: the host knows it.</summary>
public interface ISystemStatus
{
    /// <summary>The sources, and what became of their deliveries.</summary>
    SourceList Sources { get; }

    /// <summary>The last check of the whole log that this server made, and when; null where it made none since its start.</summary>
    (VerifyProgress Result, DateTimeOffset At)? Verified { get; }

    /// <summary>The server's version.</summary>
    string Version { get; }
}
