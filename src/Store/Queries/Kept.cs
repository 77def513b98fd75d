using System.Collections.Concurrent;

namespace ValueStream.Store.Queries;

/// <summary>Answers that are kept for a while, a few of them.</summary>
/// <param name="time">The clock.</param>
/// <param name="life">For how long.</param>
internal sealed class Kept<TKey, TValue>(TimeProvider time, TimeSpan life) where TKey : notnull where TValue : class
{
    private const int Most = 8;

    private readonly ConcurrentDictionary<TKey, (TValue Value, DateTimeOffset Until)> _values = new();

    /// <summary>What is kept; null where nothing is, or for too long.</summary>
    public TValue? Get(TKey key) => _values.TryGetValue(key, out var kept) && kept.Until > time.GetUtcNow() ? kept.Value : null;

    /// <summary>Keeps an answer; the one that has been there longest makes room.</summary>
    public void Keep(TKey key, TValue value)
    {
        _values[key] = (value, time.GetUtcNow() + life);
        while (_values.Count > Most)
        {
            _values.TryRemove(_values.MinBy(static v => v.Value.Until).Key, out _);
        }
    }
}
