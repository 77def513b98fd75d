using System.Buffers;
using System.Collections;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources;

/// <summary>Collects the tags of an event: what is absent gets none, what is too long is cut, what comes over the limit of tags is left out,
/// and so are credentials in addresses.</summary>
internal sealed class Tagging : IEnumerable<KeyValuePair<string, TagValue>>
{
    private readonly ImmutableSortedDictionary<string, TagValue>.Builder _tags = Event.NoTags.ToBuilder();

    /// <summary>Adds a member of a payload: a text, a number or a boolean. Where something else stands, it is not what was meant.</summary>
    public void Add(string key, Payload value)
    {
        if (value.IsObject || value.IsArray || value.Tag is not { } tag)
        {
            return;
        }
        if (tag.Kind == JsonValueKind.String)
        {
            Add(key, value.Text);
        }
        else
        {
            Put(key, tag);
        }
    }

    /// <summary>Adds a number or a boolean.</summary>
    public void Add(string key, TagValue value) => Put(key, value);

    /// <summary>Adds others where there is none of that key yet, as far as there is room.</summary>
    public void Fill(IEnumerable<KeyValuePair<string, TagValue>> others)
    {
        foreach (var (key, value) in others)
        {
            if (!_tags.ContainsKey(key))
            {
                Put(key, value);
            }
        }
    }

    /// <summary>Adds a text.</summary>
    public void Add(string key, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            // Before it is cut: half a password is no longer known as one.
            Put(key, Payload.Cut(WithoutCredentials(value), Limits.TagValue));
        }
    }

    /// <summary>The tags.</summary>
    public ImmutableSortedDictionary<string, TagValue> ToTags() => _tags.ToImmutable();

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, TagValue>> GetEnumerator() => _tags.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Put(string key, TagValue tag)
    {
        if (key.Length is > 0 and <= Limits.TagKey && !key.Contains('\0') && (_tags.Count < Limits.Tags || _tags.ContainsKey(key)))
        {
            _tags[key] = tag;
        }
    }

    /// <summary>A text in which credentials in addresses are masked.</summary>
    public static string WithoutCredentials(string text)
    {
        var last = text.LastIndexOf('@');
        var without = new StringBuilder();
        var done = 0;
        for (var at = text.IndexOf(BeforeHost, StringComparison.Ordinal); at >= 0 && at < last;)
        {
            var start = at + BeforeHost.Length;
            var length = LengthOfCredentials(text, at, start);
            if (length > 0)
            {
                without.Append(text, done, start - done).Append("***");
                done = start + length;
            }
            at = text.IndexOf(BeforeHost, start + length, StringComparison.Ordinal);
        }
        return done == 0 ? text : without.Append(text, done, text.Length - done).ToString();
    }

    private static int LengthOfCredentials(string text, int scheme, int start)
    {
        var rest = text.AsSpan(start, Math.Min(LongestCredentials, text.Length - start));
        var authority = Before(rest, BehindHosts);
        var sign = authority.LastIndexOf('@');
        // A password may hold what ends a host: then what looks like a port is none, and the host comes later.
        if (sign < 0 && authority.IndexOf(':') is >= 0 and var colon && authority[(colon + 1)..].ContainsAnyExceptInRange('0', '9'))
        {
            authority = Before(rest, AroundWords);
            sign = authority.LastIndexOf('@');
        }
        // ssh://git@host names a user; a name alone before a web server's is a token.
        var isWeb = text.AsSpan(0, scheme) is var before && (before.EndsWith("http", StringComparison.OrdinalIgnoreCase) || before.EndsWith("https", StringComparison.OrdinalIgnoreCase));
        return sign > 0 && (isWeb || authority[..sign].Contains(':')) ? sign : 0;
    }

    private static ReadOnlySpan<char> Before(ReadOnlySpan<char> text, SearchValues<char> ends) => text.IndexOfAny(ends) is >= 0 and var end ? text[..end] : text;

    private const string BeforeHost = "://";
    private const int LongestCredentials = 8 << 10;

    private static readonly SearchValues<char> AroundWords = SearchValues.Create(" \t\r\n\"'`<>");
    private static readonly SearchValues<char> BehindHosts = SearchValues.Create(" \t\r\n\"'`<>/?#");
}
