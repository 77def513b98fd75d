using System.Reflection;
using ValueStream.Core.Wire;
using ValueStream.Server.Sources;
using ValueStream.Web;

namespace ValueStream.Server.Operations;

/// <summary>What the System page shows that is in no database.</summary>
internal sealed class SystemStatus(Deliveries deliveries, Gate gate, LastVerified verified) : ISystemStatus
{
    public SourceList Sources => deliveries.View(gate);

    public (VerifyProgress Result, DateTimeOffset At)? Verified => verified.Value;

    public string Version { get; } = typeof(SystemStatus).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}

/// <summary>The last check of the whole log that this server made; of one from a later position, only that it failed.</summary>
internal sealed class LastVerified(TimeProvider time)
{
    private volatile Tuple<VerifyProgress, DateTimeOffset>? _last;

    /// <summary>What it said, and when.</summary>
    public (VerifyProgress Result, DateTimeOffset At)? Value => _last is var (result, at) ? (result, at) : null;

    /// <summary>Remembers one.</summary>
    public void Set(VerifyProgress result) => _last = Tuple.Create(result, time.GetUtcNow());
}
