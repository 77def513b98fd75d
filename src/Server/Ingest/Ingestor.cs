using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Operations;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Server.Ingest;

/// <summary>The way of every event into the log, whatever it came from.</summary>
internal sealed class Ingestor(GroupCommit log, Leases leases, RunQueries runs, ServerMetrics metrics)
{
    /// <summary>Reads and appends events of the API; what cannot be read is rejected by itself.</summary>
    /// <param name="items">The JSON objects as sent.</param>
    /// <param name="sending">Who sent them and when.</param>
    /// <param name="cancellationToken">Ends look-ups, not the append.</param>
    /// <returns>An answer for each item in order, and the field at fault for those that could not be read.</returns>
    public async Task<IReadOnlyList<(IngestItem Item, string? Field)>> TakeAsync(
        IReadOnlyList<JsonElement> items, Sending sending, CancellationToken cancellationToken)
    {
        var answers = new (IngestItem Item, string? Field)[items.Count];
        var (events, places) = (new List<NewEvent>(items.Count), new List<int>(items.Count));
        List<(ShortKey Run, TimeSpan Lease)>? leased = null;
        Dictionary<ShortKey, RunId>? heartbeats = null;
        for (var i = 0; i < items.Count; i++)
        {
            try
            {
                var run = await LookUpAsync(items[i], sending.Writes, cancellationToken);
                if (EventReader.ReadHeartbeat(items[i], run, sending) is { } heartbeat)
                {
                    var key = heartbeat.Run.Key;
                    (leased ??= []).Add((key, heartbeat.Lease));
                    (heartbeats ??= [])[key] = heartbeat.Run;
                    answers[i] = (new IngestItem { Index = i, Status = "accepted", Run = heartbeat.Run.Rendering, Key = key.ToString() }, null);
                    continue;
                }
                var e = EventReader.Read(items[i], run, sending);
                events.Add(e);
                places.Add(i);
                if (e.Lease is { } lease)
                {
                    (leased ??= []).Add((e.Key, lease));
                }
            }
            catch (UnreadableException unreadable)
            {
                answers[i] = (new IngestItem { Index = i, Status = "rejected", Problem = unreadable.Sentence }, unreadable.Field);
            }
        }
        var results = await log.AppendAsync(events);
        metrics.Count(results);
        for (var i = 0; i < places.Count; i++)
        {
            answers[places[i]] = (Answer(places[i], events[i], results[i]), null);
        }
        if (leased is not null)
        {
            await leases.RenewAsync(leased, cancellationToken);
        }
        if (heartbeats is not null)
        {
            await ReviveAsync(heartbeats, sending, cancellationToken);
        }
        return answers;
    }

    /// <summary>A heartbeat of a run that is taken to have died is a fact about it, and stands in the log as an annotation of nothing.</summary>
    private async Task ReviveAsync(Dictionary<ShortKey, RunId> heartbeats, Sending sending, CancellationToken cancellationToken)
    {
        var abandoned = await runs.AbandonedAsync(heartbeats.Keys, cancellationToken);
        if (abandoned.Count > 0)
        {
            await TakeAsync([.. abandoned.Select(key => EventReader.Make(EventKind.Annotated, heartbeats[key], new EventData(), sending))]);
        }
    }

    /// <summary>Appends events that are known to be right.</summary>
    public async Task<IReadOnlyList<AppendResult>> TakeAsync(IReadOnlyList<NewEvent> events)
    {
        var results = await log.AppendAsync(events);
        metrics.Count(results);
        return results;
    }

    /// <summary>A run that is named by a text: its key, or a rendering or alias that resolves.</summary>
    public async Task<RunId?> LookUpAsync(JsonElement item, Visible visible, CancellationToken cancellationToken)
    {
        if (item.ValueKind != JsonValueKind.Object || item.Member("run") is not { ValueKind: JsonValueKind.String } run)
        {
            return null;
        }
        var text = run.Text("run", Limits.Reference)!;
        return await runs.ResolveAsync(text, visible, cancellationToken) switch
        {
            [var one] => one,
            [] => throw new UnreadableException("run", $"'{text}' is not a run that is known; say source, type, namespace and id instead."),
            _ => throw new UnreadableException("run", $"'{text}' means more than one run; say source, type, namespace and id instead."),
        };
    }

    /// <summary>Why an event was not stored; null when it was.</summary>
    public static string? ProblemOf(NewEvent e, AppendResult result) => result switch
    {
        AppendResult.Conflict { Position: var position } =>
            $"conflict: event {e.EventId} is stored at position {position} with other content; what is in the log cannot be changed, so give this event an id of its own.",
        AppendResult.Refused { Problem: var problem } => problem,
        _ => null,
    };

    private static IngestItem Answer(int index, NewEvent e, AppendResult result)
    {
        var (status, position) = result switch
        {
            AppendResult.Accepted accepted => ("accepted", accepted.Position),
            AppendResult.Duplicate duplicate => ("duplicate", duplicate.Position),
            _ => ("rejected", (long?)null),
        };
        return new IngestItem
        {
            Index = index,
            Status = status,
            Position = position,
            EventId = e.EventId,
            Run = e.Run.Rendering,
            Key = e.Key.ToString(),
            Problem = ProblemOf(e, result),
        };
    }
}
