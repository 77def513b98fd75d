using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources;

/// <summary>A tool whose webhooks become events.</summary>
internal interface ISource
{
    /// <summary>Its name, one of <see cref="SourceNames"/>: the source of its runs and the route of its webhooks.</summary>
    string Name { get; }

    /// <summary>Whether a webhook was sent by somebody who knows a secret.</summary>
    /// <param name="webhook">The webhook, nothing of which has been read yet; at first without a body (<c>default</c>).</param>
    /// <param name="secrets">The secrets that are valid now, at least one, none of them empty.</param>
    /// <param name="now">The server's time, for signatures that hold for a while only.</param>
    SignatureCheck Verify(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now);

    /// <summary>What the tool calls this delivery, the same when it is sent again; null where it says nothing, and the body names it.</summary>
    string? DeliveryId(Webhook webhook);

    /// <summary>What it tells. Pure: the same webhook gives the same events, in the same order.</summary>
    /// <exception cref="NotUnderstoodException">It should tell something, and cannot be understood.</exception>
    Told Read(Webhook webhook);

    /// <summary>The webhooks of which one is made up; itself where it is one.</summary>
    /// <param name="webhook">The webhook, its body not read yet.</param>
    /// <exception cref="NotUnderstoodException">It should be several, and cannot be read.</exception>
    IEnumerable<Webhook> Split(Webhook webhook) => [webhook];

    /// <summary>
    /// The webhooks that would have told what was saved of the tool's API: of one item, or of a page of them, one after the other. A saved delivery, with its headers, is none of these.
    /// </summary>
    /// <param name="saved">What was saved.</param>
    /// <exception cref="NotUnderstoodException">It is nothing of this tool's API that is known. Where only an item of a page is not, this is thrown when the item is reached, and the enumeration may go on behind it.</exception>
    IEnumerable<Webhook> Unroll(Payload saved);
}

/// <summary>What a signature is worth.</summary>
public enum SignatureCheck
{
    /// <summary>There is none.</summary>
    Missing,

    /// <summary>There is one, and no secret makes it; before the body is there, it could be right for none.</summary>
    Wrong,

    /// <summary>There is one that looks right, and only the body, which is not there yet, can show whether it is.</summary>
    Undecided,

    /// <summary>One of the secrets made it.</summary>
    Right,
}

/// <summary>A request of a tool.</summary>
/// <param name="Headers">Its headers; names in any case.</param>
/// <param name="Body">Its body, unpacked, as it came.</param>
/// <param name="Payload">What the body says; nothing before the signature was checked.</param>
internal sealed record Webhook(IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Body, Payload Payload)
{
    /// <summary>A header; null where it is absent or empty.</summary>
    public string? Header(string name) => Headers.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>One that was made up, of headers and a payload.</summary>
    public static Webhook Of(Payload payload, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        var all = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers)
        {
            all[name] = value;
        }
        return new Webhook(all, payload.ToBytes(), payload);
    }
}

/// <summary>What a webhook tells.</summary>
/// <param name="Events">The events, none where it is ignored.</param>
/// <param name="Ignored">Why it tells nothing, as a sentence; null where it tells something.</param>
internal sealed record Told(ImmutableArray<ToolEvent> Events, string? Ignored)
{
    /// <summary>It tells these events.</summary>
    public static Told Of(params IEnumerable<ToolEvent> events) => new([.. events], null);

    /// <summary>It tells nothing that is recorded.</summary>
    public static Told Nothing(string why) => new([], why);
}

/// <summary>One event that a webhook tells.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Run">To what.</param>
/// <param name="At">When, by the tool's own clock; null where the payload does not say.</param>
/// <param name="Data">Everything else.</param>
internal sealed record ToolEvent(EventKind Kind, RunId Run, DateTimeOffset? At, EventData Data)
{
    /// <summary>
    /// About when, where the payload does not say exactly when. What is delivered counts as of when it comes, which is nearer; of what is imported nobody saw it come.
    /// </summary>
    public DateTimeOffset? AboutWhen { get; init; }

    /// <summary>Which attempt, where the tool counts them itself.</summary>
    public int? Attempt { get; init; }
}

/// <summary>An authentic webhook that should tell something cannot be understood.</summary>
/// <param name="why">What is missing or wrong, as a sentence.</param>
internal sealed class NotUnderstoodException(string why) : Exception(why);
