using System.Globalization;
using System.Text;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>What became of an event that was sent.</summary>
internal enum Fate
{
    /// <summary>The server has it.</summary>
    Stored,

    /// <summary>The server says that it can never take it.</summary>
    Refused,

    /// <summary>The server answered, but took nothing now.</summary>
    Declined,

    /// <summary>No usable answer came.</summary>
    Unanswered,
}

/// <summary>What became of an event, and why where it was not stored.</summary>
internal readonly record struct Verdict(Fate Fate, string Reason);

/// <summary>Where an event is after an attempt to send it.</summary>
internal enum Place
{
    /// <summary>With the server, or set aside because the server can never take it.</summary>
    Settled,

    /// <summary>In the spool.</summary>
    Kept,

    /// <summary>Nowhere.</summary>
    Lost,
}

/// <summary>Where events are after an attempt to send them, and a sentence about it where they are not with the server.</summary>
internal readonly record struct Delivery(Place Place, string? Word);

/// <summary>Brings events to the server, or keeps them.</summary>
internal sealed class Sender(Settings settings, Spool spool)
{
    /// <summary>How long a call may take to send, in milliseconds.</summary>
    public const int Budget = 2_000;

    private const int FlushBudget = 60_000;
    private const int FlushRequestBudget = 20_000;

    /// <summary>
    /// Sends an event, with what waits in the spool, within 2 s in all; what is not stored then is kept. A server that did
    /// not answer is left alone for 30 s.
    /// </summary>
    /// <param name="request">The event, with its id.</param>
    /// <param name="mayOverfill">Keep it even in a full spool: the end of a run whose start was recorded.</param>
    /// <returns>False when the event is lost: neither stored nor kept.</returns>
    public bool Send(EventRequest request, bool mayOverfill)
    {
        var delivery = Send([Pending.Of(request)], Environment.TickCount64 + Budget, mayOverfill);
        if (delivery.Word is { } word)
        {
            Talk.Say(word);
        }
        return delivery.Place != Place.Lost;
    }

    /// <summary>Sends events that belong together; what becomes of the last of them that is not stored becomes of all.</summary>
    /// <param name="events">The events.</param>
    /// <param name="deadline">By <see cref="Environment.TickCount64"/>.</param>
    /// <param name="mayOverfill">Keep them even in a full spool.</param>
    public Delivery Send(List<Pending> events, long deadline, bool mayOverfill)
    {
        if (spool.WasUnreachable(settings.Server))
        {
            return Keep(events, mayOverfill, "it did not answer within the last 30 s");
        }
        // The new events stand first, so that they are not those that time runs out for.
        List<Pending> batch = [.. events];
        using var right = spool.HasEvents ? spool.Lock() : null;
        if (right is not null)
        {
            batch.AddRange(spool.Take(500, 256 << 10).Where(waiting => events.TrueForAll(e => e.Id != waiting.Id)));
        }
        // Whatever becomes of us while the server takes its time, the next call finds them.
        var verdicts = Post(batch, deadline, whenSlow: () => events.ForEach(spool.Hold));
        Settle(batch, verdicts, from: events.Count);
        var unsettled = new List<Pending>();
        var verdict = default(Verdict);
        for (var i = 0; i < events.Count; i++)
        {
            switch (verdicts[i].Fate)
            {
                case Fate.Stored:
                    spool.Release(events[i]);
                    break;
                case Fate.Refused:
                    Talk.Say($"the server refused the event: {verdicts[i].Reason}");
                    spool.Refuse(events[i], verdicts[i].Reason);
                    break;
                default:
                    unsettled.Add(events[i]);
                    verdict = verdict.Fate == Fate.Unanswered ? verdict : verdicts[i];
                    break;
            }
        }
        if (verdict.Fate == Fate.Unanswered)
        {
            spool.MarkUnreachable(settings.Server, true);
        }
        return unsettled.Count > 0 ? Keep(unsettled, mayOverfill, verdict.Reason) : new(Place.Settled, null);
    }

    /// <summary>Sends all that waits, for up to 60 s, however lately the server failed to answer, and says what came of it.</summary>
    public void Flush()
    {
        var deadline = Environment.TickCount64 + FlushBudget;
        using var right = WaitForLock(deadline);
        if (right is null && spool.HasEvents)
        {
            Talk.Say("another vscli is sending what waits");
        }
        int sent = 0, refused = 0;
        while (right is not null && spool.Take(500, 900 << 10) is { Count: > 0 } batch)
        {
            var verdicts = Post(batch, Math.Min(deadline, Environment.TickCount64 + FlushRequestBudget));
            Settle(batch, verdicts, from: 0);
            var stored = verdicts.Count(v => v.Fate == Fate.Stored);
            var refusedNow = verdicts.Count(v => v.Fate == Fate.Refused);
            sent += stored;
            refused += refusedNow;
            if (stored + refusedNow < batch.Count)
            {
                Talk.Say($"{settings.Shown}: {verdicts.First(v => v.Fate is Fate.Declined or Fate.Unanswered).Reason}");
                break;
            }
            spool.MarkUnreachable(settings.Server, false);
        }
        Talk.Say(string.Create(CultureInfo.InvariantCulture, $"{sent} sent, {refused} refused, {spool.Count} left"));
    }

    private IDisposable? WaitForLock(long deadline)
    {
        while (spool.HasEvents)
        {
            if (spool.Lock() is { } right)
            {
                return right;
            }
            if (Environment.TickCount64 >= deadline)
            {
                break;
            }
            Thread.Sleep(20);
        }
        return null;
    }

    private Delivery Keep(List<Pending> events, bool mayOverfill, string reason)
    {
        var problem = !mayOverfill && spool.IsFull ? "the spool is full; `vscli flush` empties it" : null;
        foreach (var pending in events)
        {
            problem ??= spool.Add(pending);
            if (problem is not null)
            {
                spool.Release(pending);
            }
        }
        return problem is null
            ? new(Place.Kept, $"{settings.Shown}: {reason}; kept for later")
            : new(Place.Lost, $"{settings.Shown}: {reason}; not kept either: {problem}");
    }

    private void Settle(List<Pending> batch, Verdict[] verdicts, int from)
    {
        for (var i = from; i < batch.Count; i++)
        {
            if (verdicts[i].Fate == Fate.Stored)
            {
                spool.Remove(batch[i]);
            }
            else if (verdicts[i].Fate == Fate.Refused)
            {
                Talk.Say($"the server refused a kept event: {verdicts[i].Reason}");
                spool.Refuse(batch[i], verdicts[i].Reason);
            }
        }
    }

    private Verdict[] Post(List<Pending> batch, long deadline, Action? whenSlow = null)
    {
        if (settings.Events is null)
        {
            return Each(batch, pending => PostCustomHttp(pending, deadline, whenSlow));
        }
        var answer = Transport.Post(settings.Events, Json(batch), settings.Token, deadline, whenSlow);
        // Where the secret is all that is known of the server, it is the intake that wants it.
        if (settings.CustomHttp is not null && (answer.Status == 404 || answer.Status is 401 or 403 && settings is { Secret: not null, Token: null }))
        {
            return Each(batch, pending => PostCustomHttp(pending, deadline, whenSlow));
        }
        if (answer.Status is >= 200 and < 300 or 422 && EventJson.ReadAnswer(answer.Body, batch.Count) is { } verdicts)
        {
            return verdicts;
        }
        var verdict = Judge(answer);
        if (verdict.Fate == Fate.Refused && batch.Count > 1)
        {
            // The request as a whole was refused: find out for which of its events.
            return Each(batch, pending => Post([pending], deadline, whenSlow)[0]);
        }
        verdict = verdict.Fate == Fate.Stored ? new(Fate.Unanswered, "its answer is not ValueStream's") : verdict;
        return Each(batch, _ => verdict);
    }

    private Verdict PostCustomHttp(Pending pending, long deadline, Action? whenSlow)
    {
        var body = UpstreamJson(pending.Event!);
        var signature = settings.Secret is { } secret ? Convert.ToHexStringLower(Hash.Hmac(Encoding.UTF8.GetBytes(secret), body)) : null;
        return Judge(Transport.Post(settings.CustomHttp!, body, settings.Token, deadline, whenSlow, signature));
    }

    /// <summary>One after the other, until one is not answered; the others would not be either.</summary>
    private static Verdict[] Each(List<Pending> batch, Func<Pending, Verdict> post)
    {
        var verdicts = new Verdict[batch.Count];
        Array.Fill(verdicts, new Verdict(Fate.Declined, "there was no time left"));
        for (var i = 0; i < batch.Count; i++)
        {
            verdicts[i] = post(batch[i]);
            if (verdicts[i].Fate == Fate.Unanswered)
            {
                break;
            }
        }
        return verdicts;
    }

    private static Verdict Judge(Answer answer) => answer.Status switch
    {
        0 => new(Fate.Unanswered, answer.Why),
        >= 200 and < 300 => new(Fate.Stored, ""),
        // Not the event's fault, and it may pass: a token, an address, a limit, a time-out.
        401 or 403 or 404 or 405 or 407 or 408 or 425 or 429 => new(Fate.Declined, answer.Why),
        >= 400 and < 500 => new(Fate.Refused, answer.Why),
        _ => new(Fate.Declined, answer.Why),
    };

    /// <summary>One event stands alone, several in an array.</summary>
    private static byte[] Json(List<Pending> batch)
    {
        if (batch.Count == 1)
        {
            return batch[0].Json;
        }
        using var json = new MemoryStream();
        for (var i = 0; i < batch.Count; i++)
        {
            json.WriteByte((byte)(i == 0 ? '[' : ','));
            json.Write(batch[i].Json);
        }
        json.WriteByte((byte)']');
        return json.ToArray();
    }

    /// <summary>The body that upstream's server takes on <c>/customhttp</c>.</summary>
    private static byte[] UpstreamJson(EventRequest request)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("id", request.Run.Id);
            writer.WriteString("action", request.Action);
            writer.WriteString("parentId", request.Parents is { Count: > 0 } parents ? parents[0] : null);
            writer.WriteBoolean("error", request.Outcome is "failure" or "error" or "timeout");
            writer.WriteString("namespace", request.Run.Namespace);
            writer.WriteString("type", request.Run.Type);
            writer.WriteStartObject("metadata");
            foreach (var (key, value) in request.Tags ?? new Dictionary<string, TagValue>())
            {
                writer.WriteString(key, value.Text);
            }
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return json.ToArray();
    }
}
