using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Core.Spans;
using ValueStream.Store.Engines;
using static ValueStream.Store.Engines.Column<ValueStream.Store.RunRow>;

namespace ValueStream.Store.Projections;

/// <summary>
/// <c>runs</c>, <c>run_links</c>, <c>run_tags</c>: what the fold of each run's events gives, and nothing else. A run's rows depend on
/// that run's events alone; what its references mean is found out by reading, so that arrival order cannot matter.
/// </summary>
internal static class RunsProjection
{
    /// <summary>The version of these rules. A change of what is written needs a new one, and a rebuild.</summary>
    public const int Version = 1;

    /// <summary>Events of one run that are folded; later ones are only in the log, and the run is flagged <c>truncated</c>.</summary>
    public const int MostEvents = 10_000;

    private static readonly Bulk<RunRow> Runs = new("runs_",
        Long("no", static r => r.No), Long("key", static r => r.Key), Int("attempt", static r => r.Attempt),
        Text("source", static r => r.Source), Text("type", static r => r.Type), Text("namespace", static r => r.Namespace),
        Text("id", static r => r.Id), Long("reference", static r => r.Reference), Text("name", static r => r.Name),
        Long("operation", static r => r.Operation), Short("state", static r => r.State), Short("outcome", static r => r.Outcome),
        Time("at", static r => r.At), Time("started_at", static r => r.StartedAt), Time("ended_at", static r => r.EndedAt),
        Long("duration", static r => r.Duration),
        Text("actor", static r => r.Actor), Text("reason", static r => r.Reason), Text("submitter", static r => r.Submitter),
        Text("parent", static r => r.Parent), Long("parent_reference", static r => r.ParentReference),
        Text("traceparent", static r => r.Traceparent), Long("trace_id", static r => r.TraceId),
        Long("span_id", static r => r.SpanId), Long("parent_span_id", static r => r.ParentSpanId),
        Text("tags", static r => r.Tags), Text("flags", static r => r.Flags), Long("last_position", static r => r.LastPosition));

    private static readonly Bulk<RunLinkRow> Links = new("run_links_",
        Column<RunLinkRow>.Long("run_no", static r => r.RunNo), Column<RunLinkRow>.Int("ordinal", static r => r.Ordinal),
        Column<RunLinkRow>.Text("kind", static r => r.Kind), Column<RunLinkRow>.Text("target", static r => r.Target),
        Column<RunLinkRow>.Long("reference", static r => r.Reference));

    private static readonly Bulk<RunTagRow> RunTags = new("run_tags_",
        Column<RunTagRow>.Long("tag_id", static r => r.TagId), Column<RunTagRow>.Long("run_no", static r => r.RunNo));

    private static readonly Bulk<TagRow> Tags = new("tags",
        Column<TagRow>.Long("id", static r => r.Id), Column<TagRow>.Text("key", static r => r.Key), Column<TagRow>.Text("value", static r => r.Value));

    private static readonly string Upsert = $"ON CONFLICT (key, attempt) DO UPDATE SET {Runs.SetExcluded("no", "key", "attempt")}";

    /// <summary>The id of a tag in the dictionary.</summary>
    public static long TagId(string key, string value) => Hashes.First64(key, value);

    /// <summary>Folds a run's events. Those that cannot be read are named and left out.</summary>
    /// <param name="events">The run's events, oldest position first, at most one more than <see cref="MostEvents"/>.</param>
    /// <param name="setAside">Takes the positions that could not be read, and why.</param>
    public static Folded Fold(IReadOnlyList<EventRow> events, ICollection<(long Position, string Problem)> setAside)
    {
        var first = events[0];
        var run = new RunId(first.Source, first.Type, first.Namespace, first.Id);
        var readable = new List<Event>(events.Count);
        var surviving = new Dictionary<long, EventData>();
        // The newest first: an event comes after what it erased, and may itself be erased by a later one.
        foreach (var e in events.Take(MostEvents).Reverse())
        {
            try
            {
                if (!run.Equals(new RunId(e.Source, e.Type, e.Namespace, e.Id)))
                {
                    throw new JsonException($"Its run's key {run.Key} belongs to {run.Rendering} already.");
                }
                var data = e.IsErased ? surviving.GetValueOrDefault(e.Position) ?? new EventData() : EventData.FromJson(e.Data);
                if (data.Redaction is { } redaction)
                {
                    surviving.TryAdd(redaction.Position, redaction.Data);
                }
                if ((EventKind)e.Kind != EventKind.Redacted)
                {
                    readable.Add(data.ToEvent(new Envelope(e.EventId, (EventKind)e.Kind, run, e.Attempt, e.Submitter, e.OccurredAt, e.EffectiveAt, e.Position, e.RecordedAt)));
                }
            }
            catch (Exception exception)
            {
                setAside.Add((e.Position, exception.Message));
            }
        }
        return new Folded(run, RunState.Fold(readable), events[^1].Position, events.Count > MostEvents, surviving.Count > 0);
    }

    /// <summary>Writes the rows of folded runs, and takes away what is no longer so.</summary>
    public static async Task WriteAsync(IEngine engine, Session session, string slot, IReadOnlyList<Folded> folded, CancellationToken cancellationToken)
    {
        var present = (await session.QueryAsync(
            $"SELECT key, attempt, no, tags FROM runs_{slot} WHERE {engine.AnyOf("key", "keys")}",
            static r => (Key: (r.GetInt64(0), r.GetInt32(1)), No: r.GetInt64(2), Tags: r.GetString(3)), cancellationToken,
            ("keys", engine.Array(folded.Select(static f => f.Run.Key.Value))))).ToDictionary(static p => p.Key);
        var next = (await session.QueryAsync($"SELECT coalesce(max(no), 0) FROM runs_{slot}", static r => r.GetInt64(0), cancellationToken))[0];

        var rows = new List<RunRow>();
        var links = new List<RunLinkRow>();
        var tags = new List<RunTagRow>();
        var dictionary = new Dictionary<long, TagRow>();
        foreach (var run in folded)
        {
            foreach (var attempt in run.State.Attempts.Values)
            {
                var no = present.Remove((run.Run.Key.Value, attempt.Number), out var known) ? known.No : ++next;
                var row = ToRow(run, attempt, no);
                rows.Add(row);
                links.AddRange(attempt.Links.Select((l, i) => new RunLinkRow
                {
                    RunNo = no,
                    Ordinal = i,
                    Kind = l.Kind,
                    Target = l.Run,
                    Reference = References.Hash(l.Run),
                }));
                if (known.Tags == row.Tags)
                {
                    continue;
                }
                if (known.Tags is not null)
                {
                    await ForgetTagsAsync(engine, session, slot, no, known.Tags, cancellationToken);
                }
                foreach (var (key, value) in attempt.Tags)
                {
                    var id = TagId(key, value.Text);
                    tags.Add(new RunTagRow { TagId = id, RunNo = no });
                    dictionary.TryAdd(id, new TagRow { Id = id, Key = key, Value = value.Text });
                }
            }
        }

        // Attempts that an event from before has merged into others.
        foreach (var gone in present.Values)
        {
            await ForgetTagsAsync(engine, session, slot, gone.No, gone.Tags, cancellationToken);
            await session.ExecuteAsync($"DELETE FROM runs_{slot} WHERE no = @no", cancellationToken, ("no", gone.No));
        }
        await session.ExecuteAsync($"DELETE FROM run_links_{slot} WHERE {engine.AnyOf("run_no", "runs")}", cancellationToken,
            ("runs", engine.Array(rows.Select(static r => r.No).Concat(present.Values.Select(static g => g.No)))));
        await session.InsertAsync(Runs, rows, Upsert, slot, cancellationToken);
        await session.InsertAsync(Links, links, "", slot, cancellationToken);
        await session.InsertAsync(Tags, [.. dictionary.Values], "ON CONFLICT (id) DO NOTHING", "", cancellationToken);
        await session.InsertAsync(RunTags, tags, "", slot, cancellationToken);
        var redacted = folded.Where(static f => f.IsRedacted).Select(static f => f.Run.Key.Value).ToList();
        if (redacted.Count > 0)
        {
            await EraseLeftoversAsync(engine, session, slot, redacted, cancellationToken);
        }
    }

    /// <summary>What was erased must not live on in the slot that nobody reads, nor in the dictionary.</summary>
    private static async Task EraseLeftoversAsync(IEngine engine, Session session, string slot, List<long> keys, CancellationToken cancellationToken)
    {
        var other = Database.Slots.Single(s => s != slot);
        var ofThem = $"(SELECT no FROM runs_{other} WHERE {engine.AnyOf("key", "keys")})";
        var isIdle = (await session.QueryAsync("SELECT 1 FROM checkpoints WHERE slot = @other AND NOT live AND NOT building", static _ => true,
            cancellationToken, ("other", other))).Count > 0;
        if (isIdle)
        {
            await session.ExecuteAsync($"DELETE FROM run_tags_{other} WHERE run_no IN {ofThem}", cancellationToken, ("keys", engine.Array(keys)));
            await session.ExecuteAsync($"DELETE FROM run_links_{other} WHERE run_no IN {ofThem}", cancellationToken, ("keys", engine.Array(keys)));
            await session.ExecuteAsync($"DELETE FROM runs_{other} WHERE {engine.AnyOf("key", "keys")}", cancellationToken, ("keys", engine.Array(keys)));
        }
        await session.ExecuteAsync(
            $"DELETE FROM tags WHERE NOT EXISTS (SELECT 1 FROM run_tags_{slot} AS t WHERE t.tag_id = tags.id) AND NOT EXISTS (SELECT 1 FROM run_tags_{other} AS t WHERE t.tag_id = tags.id)",
            cancellationToken);
    }

    /// <summary>Empties a slot.</summary>
    public static async Task ClearAsync(Session session, string slot, CancellationToken cancellationToken)
    {
        // DELETE, not TRUNCATE: a reader whose snapshot still has this slot live keeps what it sees.
        await session.ExecuteAsync($"DELETE FROM run_tags_{slot}", cancellationToken);
        await session.ExecuteAsync($"DELETE FROM run_links_{slot}", cancellationToken);
        await session.ExecuteAsync($"DELETE FROM runs_{slot}", cancellationToken);
    }

    private static async Task ForgetTagsAsync(IEngine engine, Session session, string slot, long no, string tags, CancellationToken cancellationToken) =>
        await session.ExecuteAsync($"DELETE FROM run_tags_{slot} WHERE run_no = @no AND {engine.AnyOf("tag_id", "tags")}", cancellationToken,
            ("no", no), ("tags", engine.Array(EventData.ReadTags(tags).Select(static t => TagId(t.Key, t.Value.Text)))));

    private static long First64(string hex) => unchecked((long)ulong.Parse(hex.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    private static RunRow ToRow(Folded folded, Attempt attempt, long no)
    {
        var run = folded.Run;
        return new RunRow
        {
            No = no,
            Key = run.Key.Value,
            Attempt = attempt.Number,
            Source = run.Source,
            Type = run.Type,
            Namespace = run.Namespace,
            Id = run.Id,
            Reference = References.Hash(run.Rendering),
            Name = attempt.Name,
            Operation = ShortKey.Of(run.Namespace, run.Type, attempt.Name).Value,
            State = (short)attempt.State,
            Outcome = (short?)attempt.Outcome,
            At = attempt.StartedAt ?? attempt.EndedAt ?? throw new InvalidOperationException($"{run} attempt {attempt.Number} has neither start nor end."),
            StartedAt = attempt.StartedAt,
            EndedAt = attempt.EndedAt,
            Duration = attempt.Duration is { } duration ? duration.Ticks / TimeSpan.TicksPerMicrosecond : null,
            Actor = attempt.Actor,
            Reason = attempt.Reason,
            Submitter = attempt.Submitter,
            Parent = attempt.Parent,
            ParentReference = attempt.Parent is { } parent ? References.Hash(parent) : null,
            Traceparent = attempt.Traceparent?.ToString(),
            TraceId = First64(attempt.Traceparent?.TraceId ?? SpanIds.TraceId(run, attempt.Number)),
            SpanId = First64(SpanIds.SpanId(run, attempt.Number)),
            ParentSpanId = attempt.Traceparent is { SpanId: var span } ? First64(span) : null,
            Tags = EventData.TagsJson(attempt.Tags),
            Flags = string.Join(' ', folded.Truncated ? [.. attempt.Flags, "truncated"] : attempt.Flags),
            LastPosition = folded.LastPosition,
        };
    }
}

/// <summary>A run as its events tell it.</summary>
/// <param name="Run">Which run.</param>
/// <param name="State">What the fold gave.</param>
/// <param name="LastPosition">The last event that was read.</param>
/// <param name="Truncated">Whether it has more events than are folded.</param>
/// <param name="IsRedacted">Whether something of it was erased.</param>
internal sealed record Folded(RunId Run, RunState State, long LastPosition, bool Truncated, bool IsRedacted);
