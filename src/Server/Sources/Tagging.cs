using System.Collections;
using System.Collections.Immutable;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources;

/// <summary>Collects the tags of an event: what is absent gets none, what is too long is cut, and what comes over the limit of tags is left out.</summary>
internal sealed class Tagging : IEnumerable<KeyValuePair<string, TagValue>>
{
    private readonly ImmutableSortedDictionary<string, TagValue>.Builder _tags = Event.NoTags.ToBuilder();

    /// <summary>Adds a member of a payload: a text, a number or a boolean. Where something else stands, it is not what was meant.</summary>
    public void Add(string key, Payload value) => Put(key, value.IsObject || value.IsArray ? null : value.Tag);

    /// <summary>Adds a text.</summary>
    public void Add(string key, string? value) => Put(key, string.IsNullOrEmpty(value) ? (TagValue?)null : Payload.Cut(value, Limits.TagValue));

    /// <summary>The tags.</summary>
    public ImmutableSortedDictionary<string, TagValue> ToTags() => _tags.ToImmutable();

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, TagValue>> GetEnumerator() => _tags.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Put(string key, TagValue? value)
    {
        if (value is { } tag && key.Length is > 0 and <= Limits.TagKey && !key.Contains('\0') && (_tags.Count < Limits.Tags || _tags.ContainsKey(key)))
        {
            _tags[key] = tag;
        }
    }
}
