using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;
using ValueStream.Store.Log;

namespace ValueStream.Server.Sources;

/// <summary>From a webhook to events of the log, whichever way it came: delivered now, saved and imported, or replayed from the quarantine.</summary>
internal static class Mapping
{
    /// <summary>Reads a webhook.</summary>
    /// <exception cref="NotUnderstoodException">It cannot be understood; a fault of ours in reading it is one, too, so that nothing is lost by it.</exception>
    public static Told Read(ISource source, Webhook webhook)
    {
        try
        {
            return source.Read(webhook);
        }
        catch (Exception e) when (e is not NotUnderstoodException)
        {
            throw new NotUnderstoodException(Why(e));
        }
    }

    /// <summary>Why something was not understood: what is wrong with it, or with us.</summary>
    public static string Why(Exception e) => e is NotUnderstoodException ? e.Message
        : $"Reading it failed, which is a fault of this server ({e.GetType().Name} in {e.TargetSite?.DeclaringType?.Name}.{e.TargetSite?.Name}).";

    /// <summary>Takes a webhook that was let in: what it tells, and what became of it.</summary>
    /// <param name="source">Whose webhook it is.</param>
    /// <param name="webhook">The webhook, its body not read yet.</param>
    /// <param name="submitter">Who delivered it.</param>
    /// <param name="receivedAt">When.</param>
    /// <param name="ingestor">Where its events go.</param>
    /// <exception cref="NotUnderstoodException">It cannot be understood, or the database refuses what was made of it.</exception>
    public static async Task<(Told Told, IReadOnlyList<AppendResult> Results)> TakeAsync(
        ISource source, Webhook webhook, string submitter, DateTimeOffset receivedAt, Ingestor ingestor)
    {
        webhook = webhook with { Payload = Payload.Parse(Json(webhook)) };
        var told = Read(source, webhook);
        var results = await ingestor.TakeAsync(Events(source, webhook, told, new Sending(submitter, receivedAt, null, new Delivery(webhook.Body.Span, receivedAt)), import: false));
        return results.OfType<AppendResult.Refused>().FirstOrDefault() is { } refused
            ? throw new NotUnderstoodException($"The database refused an event of it: {refused.Problem}") : (told, results);
    }

    /// <summary>The events of a webhook, with the ids that they have whenever it is delivered.</summary>
    /// <param name="source">Whose webhook it is.</param>
    /// <param name="webhook">The webhook.</param>
    /// <param name="told">What it tells.</param>
    /// <param name="sending">Who delivered it, and when.</param>
    /// <param name="import">Whether it is history.</param>
    public static IReadOnlyList<NewEvent> Events(ISource source, Webhook webhook, Told told, Sending sending, bool import)
    {
        var delivery = Naming.Id(source.DeliveryId(webhook) ?? Convert.ToHexStringLower(SHA256.HashData(webhook.Body.Span)));
        var seen = new Dictionary<(EventKind, string, int?), int>();
        return told.Events.Select(e =>
        {
            var facts = (e.Kind, e.Run.Rendering, e.Attempt);
            var ordinal = seen[facts] = seen.GetValueOrDefault(facts) + 1;
            var id = EventIds.Of(source.Name, delivery, e.Kind.Text(), e.Run.Rendering, $"{e.Attempt}", $"{ordinal}");
            return EventReader.Make(e.Kind, e.Run, import ? e.Data with { Import = true } : e.Data, sending, id) with
            {
                IsIdDerived = true,
                Attempt = e.Attempt,
                OccurredAt = e.At ?? (import ? e.AboutWhen : null),
            };
        }).ToList();
    }

    /// <summary>The JSON of a body: the whole of it, or a form's field <c>payload</c>.</summary>
    public static ReadOnlyMemory<byte> Json(Webhook webhook) =>
        webhook.Header("Content-Type")?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) is true
            // A form's first field; some senders say form and send JSON.
            && webhook.Body.Span is { Length: > 0 } body && body[0] is not ((byte)'{' or (byte)'[')
                ? QueryHelpers.ParseQuery(Encoding.UTF8.GetString(body)).TryGetValue("payload", out var payload) ? Encoding.UTF8.GetBytes(payload.ToString())
                    : throw new NotUnderstoodException("The form has no field 'payload'.")
                : webhook.Body;
}
