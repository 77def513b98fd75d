using ValueStream.Core.Events;
using ValueStream.Store.Log;

namespace ValueStream.Store.Tests.Queries;

/// <summary>Runs of which only what matters is said. Seconds count from 11 o'clock, the hour before the server's noon.</summary>
internal sealed class Story
{
    private readonly List<NewEvent> _events = [];
    private int _runs;

    public const double Day = 86_400;

    /// <summary>11 o'clock.</summary>
    public static readonly DateTimeOffset Eleven = StoreFixture.Noon.AddHours(-1);

    /// <summary>A run that ended.</summary>
    public Story Run(double from, double to, string outcome = "success", string name = "deploy", string @namespace = "default", string? actor = null, params (string Key, TagValue Value)[] tags)
    {
        var run = Given.Run($"{_runs++}", "job", @namespace);
        _events.Add(Given.Start(run, from, Data(name, actor, tags)));
        _events.Add(Given.End(run, to, new EventData { Outcome = outcome }));
        return this;
    }

    /// <summary>Many runs one after the other, equally long.</summary>
    public Story Runs(int count, double from, double seconds, string outcome = "success", string name = "deploy", string @namespace = "default")
    {
        for (var i = 0; i < count; i++)
        {
            Run(from + i, from + i + seconds, outcome, name, @namespace);
        }
        return this;
    }

    /// <summary>A run that is under way.</summary>
    public Story Running(double from, string name = "deploy", string @namespace = "default")
    {
        _events.Add(Given.Start(Given.Run($"{_runs++}", "job", @namespace), from, Data(name, null, [])));
        return this;
    }

    /// <summary>A run that is known by its end only.</summary>
    public Story Orphan(double at, string outcome = "success", string name = "deploy")
    {
        _events.Add(Given.End(Given.Run($"{_runs++}", "job"), at, new EventData { Outcome = outcome, Name = name }));
        return this;
    }

    /// <summary>Records it all, and waits until it can be read.</summary>
    public async Task ToAsync(StoreFixture store)
    {
        await store.AppendAsync([.. _events]);
        _events.Clear();
        await store.CatchUpAsync();
    }

    /// <summary>The key of such an operation.</summary>
    public static ShortKey Key(string name = "deploy", string @namespace = "default") => ShortKey.Of(@namespace, "job", name);

    private static EventData Data(string name, string? actor, (string Key, TagValue Value)[] tags) =>
        new() { Name = name, Actor = actor, Tags = tags.Length == 0 ? null : Event.NoTags.AddRange(tags.Select(static t => KeyValuePair.Create(t.Key, t.Value))) };
}
