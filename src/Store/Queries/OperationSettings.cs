using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;

namespace ValueStream.Store.Queries;

/// <summary>
/// What administrators have set of operations, as of one snapshot. Few operations have settings, so all of them are held. Merges are
/// followed to their end; one that leads in a circle counts for nothing.
/// </summary>
public sealed class OperationSettings
{
    /// <summary>A chain of merges is followed so far.</summary>
    internal const int MostMerges = 32;

    private static readonly OperationSetting Nothing = new();

    private readonly Dictionary<long, OperationSetting> _settings;
    private readonly Dictionary<long, long> _shown = [];
    private readonly ILookup<long, long> _merged;

    internal OperationSettings(Dictionary<long, OperationSetting> settings)
    {
        _settings = settings;
        foreach (var key in settings.Keys)
        {
            if (End(key) is { } end && end != key)
            {
                _shown.Add(key, end);
            }
        }
        _merged = _shown.ToLookup(static m => m.Value, static m => m.Key);
    }

    /// <summary>Reads them.</summary>
    internal static async Task<OperationSettings> LoadAsync(Snapshot snapshot, CancellationToken cancellationToken) => new(
        (await snapshot.OperationSettings.Select(static s => new { s.Key, s.Data }).ToListAsync(cancellationToken))
            .ToDictionary(static s => s.Key, static s => OperationSetting.FromJson(s.Data)));

    /// <summary>The operation that the runs of one are counted under: the one that it is merged into, or itself.</summary>
    public ShortKey Shown(ShortKey key) => new(_shown.GetValueOrDefault(key.Value, key.Value));

    /// <summary>The operations whose runs are counted under one: itself first, then those merged into it. None where it is merged into another.</summary>
    public IReadOnlyList<long> KeysOf(long shown) => _shown.ContainsKey(shown) ? [] : [shown, .. _merged[shown].Order()];

    /// <summary>The operations that an operation's numbers are of: those counted under it, or itself alone where it is merged into another.</summary>
    public IReadOnlyList<long> CountedIn(ShortKey key) => KeysOf(key.Value) is { Count: > 0 } keys ? keys : [key.Value];

    /// <summary>The operations whose runs should say why, those that are counted under such a one among them.</summary>
    public IEnumerable<long> ReasonRequired => _settings.Keys.Where(k => Of(k).ReasonRequired is true).SelectMany(KeysOf).Distinct();

    /// <summary>Whether any operation is merged into another.</summary>
    public bool HasMerges => _shown.Count > 0;

    /// <summary>What is set of an operation; nothing where nobody set anything.</summary>
    public OperationSetting Of(long key) => _settings.GetValueOrDefault(key, Nothing);

    /// <summary>Where the merges of an operation end; null where they do not.</summary>
    private long? End(long key)
    {
        for (var i = 0; i <= MostMerges; i++)
        {
            if (!ShortKey.TryParse(Of(key).MergedInto, out var next))
            {
                return key;
            }
            key = next.Value;
        }
        return null;
    }
}
