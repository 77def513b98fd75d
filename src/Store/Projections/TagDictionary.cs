using ValueStream.Core.Events;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Projections;

/// <summary>
/// The dictionary of tags as the projector sees it: the ids of those it has met lately, and which of them the database is known to
/// hold. Not thread-safe.
/// </summary>
internal sealed class TagDictionary
{
    // Some 30 MB of tags that are met again and again; a value that is never met again goes with the rest.
    private const int Most = 100_000;

    private static readonly Bulk<TagRow> Tags = new("tags",
        Column<TagRow>.Long("id", static r => r.Id), Column<TagRow>.Text("key", static r => r.Key), Column<TagRow>.Text("value", static r => r.Value));

    private readonly Dictionary<(string Key, string Value), long> _ids = [];
    private readonly HashSet<long> _stored = [];
    private readonly Dictionary<long, TagRow> _new = [];

    /// <summary>The id of a tag.</summary>
    public static long IdOf(string key, string value) => Hashes.First64(key, value);

    /// <summary>The id of a tag that is not to be written: it may just have been erased.</summary>
    public long IdOnly(string key, string value) => _ids.TryGetValue((key, value), out var id) ? id : IdOf(key, value);

    /// <summary>The id of a tag, which the next <see cref="WriteAsync"/> writes unless it is there.</summary>
    public long Id(string key, string value)
    {
        if (!_ids.TryGetValue((key, value), out var id))
        {
            if (_ids.Count >= Most)
            {
                _ids.Clear();
                _stored.Clear();
            }
            id = IdOf(key, value);
            _ids.Add((key, value), id);
        }
        if (!_stored.Contains(id))
        {
            _new.TryAdd(id, new TagRow { Id = id, Key = key, Value = value });
        }
        return id;
    }

    /// <summary>Writes what is new within a transaction; <see cref="Stored"/> says that it was committed.</summary>
    public Task WriteAsync(Session session, CancellationToken cancellationToken) =>
        // In one order, so that two writers do not wait for each other.
        session.InsertAsync(Tags, [.. _new.Values.OrderBy(static t => t.Id)], "ON CONFLICT (id) DO NOTHING", "", cancellationToken);

    /// <summary>What was written is committed.</summary>
    public void Stored()
    {
        _stored.UnionWith(_new.Keys);
        _new.Clear();
    }

    /// <summary>Nothing is known of the database any more: a transaction failed, tags were erased, or another process led meanwhile.</summary>
    public void Forget()
    {
        _ids.Clear();
        _stored.Clear();
        _new.Clear();
    }
}
