using System.Security.Cryptography;
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
            throw new NotUnderstoodException($"Reading it failed, which is a fault of this server ({e.GetType().Name} in {e.TargetSite?.DeclaringType?.Name}.{e.TargetSite?.Name}).");
        }
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
                OccurredAt = e.At,
            };
        }).ToList();
    }
}
