using ValueStream.Core.Events;
using ValueStream.Core.Runs;

namespace ValueStream.Core.Tests;

/// <summary>Events and runs with only what matters in a test; times are seconds after <see cref="Zero"/>.</summary>
internal static class Build
{
    public static readonly DateTimeOffset Zero = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    private static int _made;

    public static DateTimeOffset At(double seconds) => Zero.AddSeconds(seconds);

    public static Guid Id(int n) => new(n, 0, 0, new byte[8]);

    public static Started Start(double at, string name = "deploy") => new() { EventId = NextId(), EffectiveAt = At(at), Name = name };

    public static Ended End(double at, Outcome outcome = Outcome.Success, string name = "deploy") =>
        new() { EventId = NextId(), EffectiveAt = At(at), Outcome = outcome, Name = name };

    public static Transitioned Enter(double at, string stage, string name = "deploy") =>
        new() { EventId = NextId(), EffectiveAt = At(at), Stage = stage, Name = name };

    public static Abandoned Abandon(double at) => new() { EventId = NextId(), EffectiveAt = At(at) };

    public static Administered Exclude(long position, bool excluded = true, string? reason = null) =>
        new() { EventId = NextId(), EffectiveAt = At(0), Position = position, Run = new() { Excluded = excluded }, Reason = reason };

    public static Annotated Annotate(double at) => new() { EventId = NextId(), EffectiveAt = At(at) };

    public static Linked Link(double at, params RunLink[] links) => new() { EventId = NextId(), EffectiveAt = At(at), Links = [.. links] };

    public static T Tag<T>(this T e, string key, string value) where T : Event => e with { Tags = e.Tags.SetItem(key, value) };

    public static RunId Run(string id, string ns = "default", string type = "job") => new(SourceNames.CustomHttp, type, ns, id);

    public static TraceRun Loaded(RunId id, double from, double? to = null, RunId? parent = null, int attempt = 1) =>
        new(id, attempt, At(from), to is { } end ? At(end) : null, parent?.Rendering, [], null);

    public static TraceRun Loaded(string id, double from, double? to = null, string? parent = null, int attempt = 1) =>
        Loaded(Run(id), from, to, parent is null ? null : Run(parent), attempt);

    public static TraceRun Links(this TraceRun run, string kind, params string[] ids) =>
        run with { Links = [.. run.Links, .. ids.Select(id => new RunLink(kind, Run(id).Rendering))] };

    public static TraceRun Passed(this TraceRun run, params (string Name, double From, double? To)[] stages) =>
        run with { Stages = [.. stages.Select(static s => new Stage(s.Name, At(s.From), s.To is { } to ? At(to) : null))] };

    // Later events have greater ids, so that ties are the same in every run of the tests.
    private static Guid NextId() => Id(Interlocked.Increment(ref _made));
}
