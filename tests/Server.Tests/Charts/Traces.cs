using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Charts;

/// <summary>Builds traces; times are seconds after <see cref="Zero"/>.</summary>
internal sealed class Traces
{
    public static readonly DateTimeOffset Zero = new(2026, 10, 14, 14, 0, 0, TimeSpan.Zero);

    private readonly List<RunView> _runs = [];
    private readonly List<EdgeView> _edges = [];
    private readonly List<PathView> _path = [];

    public static DateTimeOffset At(double seconds) => Zero.AddSeconds(seconds);

    public Traces Run(string id, double? from, double? to, string? parent = null, string? name = null, string? outcome = "success", string type = "step")
    {
        _runs.Add(new()
        {
            Key = new RunId("customhttp", "step", "default", id).Key.ToString(),
            Id = id,
            Attempt = 1,
            Source = "customhttp",
            Namespace = "default",
            Type = type,
            Name = name ?? id,
            Operation = $"{type} {name ?? id}",
            SpanId = id,
            State = from is null ? "orphan" : to is null ? "running" : "ended",
            Outcome = to is null ? null : outcome,
            StartedAt = from is { } start ? At(start) : null,
            EndedAt = to is { } end ? At(end) : null,
            Duration = to - from,
            Submitter = "",
            Links = [],
            Stages = [],
            Tags = new Dictionary<string, TagValue>(),
            Flags = [],
        });
        return parent is null ? this : Edge(parent, id, "parent");
    }

    public Traces Edge(string from, string to, string kind)
    {
        _edges.Add(new(from, to, kind));
        return this;
    }

    public Traces Path(string kind, string run, double from, double to, string? stage = null)
    {
        _path.Add(new(kind, run, At(from), At(to), stage));
        return this;
    }

    public TraceView Build() => new()
    {
        TraceId = "0af7651916cd43dd8448eb211c80319c",
        Root = _runs[0].SpanId,
        Duration = 0,
        Runs = _runs,
        Edges = _edges,
        CriticalPath = _path,
        Refused = [],
        Truncated = false,
    };
}
