namespace ValueStream.Server.Tests.Api;

/// <summary>Events as senders write them, of which only what matters is said.</summary>
internal static class Sent
{
    private static int _count;

    /// <summary>A moment that is past on every machine.</summary>
    public static readonly DateTimeOffset Noon = new(2024, 3, 4, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A word that no other test has.</summary>
    public static string Unique(string beginning = "n") => $"{beginning}{Environment.ProcessId}x{Interlocked.Increment(ref _count)}";

    /// <summary>A time some seconds after noon, as it stands in JSON.</summary>
    public static string At(double seconds) => Noon.AddSeconds(seconds).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", System.Globalization.CultureInfo.InvariantCulture);

    public static string Start(string ns, string id, double seconds = 0, string type = "build", string more = "") => Event("start", ns, id, seconds, type, more);

    public static string End(string ns, string id, double seconds, string type = "build", string more = "") => Event("end", ns, id, seconds, type, more);

    /// <summary>The rendering of such an event's run.</summary>
    public static string Rendering(string ns, string id, string type = "build") => $"vstrace-customhttp-{type}-{ns}-{id}";

    /// <param name="action">What happened.</param>
    /// <param name="ns">The run's namespace, best one that no other test has.</param>
    /// <param name="id">The run's id.</param>
    /// <param name="seconds">When, after <see cref="Noon"/>.</param>
    /// <param name="type">The run's type.</param>
    /// <param name="more">More members, without a comma before them.</param>
    public static string Event(string action, string ns, string id, double seconds, string type = "build", string more = "") =>
        $$"""{"action":"{{action}}","run":{"type":"{{type}}","namespace":"{{ns}}","id":"{{id}}"},"occurredAt":"{{At(seconds)}}"{{(more.Length > 0 ? "," + more : "")}}}""";
}
