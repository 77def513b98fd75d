using System.Collections.Immutable;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Store.Engines;
using static ValueStream.Store.Engines.Column<ValueStream.Store.RunRow>;

namespace ValueStream.Store.Projections;

/// <summary>
/// <c>runs</c>, <c>run_aliases</c>, <c>run_links</c>, <c>run_mentions</c>, <c>run_stages</c>, <c>run_tags</c>, <c>running</c>: what <see cref="RunFold"/> gives of each run's events, and nothing else. A run's
/// rows depend on that run's events alone; what its references mean is found out by reading, so that arrival order cannot matter.
/// <c>operations</c> and <c>rollups</c> add those rows up.
/// </summary>
internal static class RunsProjection
{
    /// <summary>The version of these rules. A change of what is written needs a new one: the projector then rebuilds by itself.</summary>
    public const int Version = 4;

    private static readonly Bulk<RunRow> Runs = new("runs_",
        Long("key", static r => r.Key), Int("attempt", static r => r.Attempt),
        Text("source", static r => r.Source), Text("type", static r => r.Type), Text("namespace", static r => r.Namespace),
        Text("id", static r => r.Id), Long("reference", static r => r.Reference), Text("name", static r => r.Name),
        Long("operation", static r => r.Operation), Short("state", static r => r.State), Short("outcome", static r => r.Outcome),
        Time("at", static r => r.At), Time("started_at", static r => r.StartedAt), Time("ended_at", static r => r.EndedAt),
        Time("abandoned_at", static r => r.AbandonedAt), Time("start_recorded_at", static r => r.StartRecordedAt), Time("end_recorded_at", static r => r.EndRecordedAt),
        Time("last_sign_at", static r => r.LastSignAt), Flag("is_imported", static r => r.IsImported), Text("excluded_because", static r => r.ExcludedBecause), Long("duration", static r => r.Duration),
        Text("actor", static r => r.Actor), Text("reason", static r => r.Reason), Text("submitter", static r => r.Submitter),
        Text("parent", static r => r.Parent), Long("parent_reference", static r => r.ParentReference),
        Text("traceparent", static r => r.Traceparent), Long("trace_id", static r => r.TraceId),
        Long("span_id", static r => r.SpanId), Long("parent_span_id", static r => r.ParentSpanId),
        Text("flags", static r => r.Flags), Long("last_position", static r => r.LastPosition));

    private static readonly Bulk<RunKey> Keys = new("runs_", Column<RunKey>.Long("key", static k => k.Key), Column<RunKey>.Int("attempt", static k => k.Attempt));

    private static readonly Bulk<RunLinkRow> Links = new("run_links_",
        Column<RunLinkRow>.Long("key", static r => r.Key), Column<RunLinkRow>.Int("attempt", static r => r.Attempt), Column<RunLinkRow>.Int("ordinal", static r => r.Ordinal),
        Column<RunLinkRow>.Text("kind", static r => r.Kind), Column<RunLinkRow>.Text("target", static r => r.Target),
        Column<RunLinkRow>.Long("reference", static r => r.Reference));

    private static readonly Bulk<RunKey> LinkKeys = Keys.Of("run_links_");

    private static readonly Bulk<RunAliasRow> AliasesOfRuns = new("run_aliases_",
        Column<RunAliasRow>.Long("reference", static r => r.Reference), Column<RunAliasRow>.Long("key", static r => r.Key));

    private static readonly Bulk<RunMentionRow> Mentions = new("run_mentions_",
        Column<RunMentionRow>.Long("key", static r => r.Key), Column<RunMentionRow>.Int("attempt", static r => r.Attempt), Column<RunMentionRow>.Int("ordinal", static r => r.Ordinal),
        Column<RunMentionRow>.Int("place", static r => r.Place), Column<RunMentionRow>.Text("text", static r => r.Text),
        Column<RunMentionRow>.Long("reference", static r => r.Reference), Column<RunMentionRow>.Flag("is_causal", static r => r.IsCausal));

    private static readonly Bulk<RunKey> MentionKeys = Keys.Of("run_mentions_");

    private static readonly Bulk<RunStageRow> Stages = new("run_stages_",
        Column<RunStageRow>.Long("key", static r => r.Key), Column<RunStageRow>.Int("attempt", static r => r.Attempt), Column<RunStageRow>.Int("ordinal", static r => r.Ordinal),
        Column<RunStageRow>.Text("name", static r => r.Name), Column<RunStageRow>.Time("from_at", static r => r.FromAt), Column<RunStageRow>.Time("to_at", static r => r.ToAt));

    private static readonly Bulk<RunKey> StageKeys = Keys.Of("run_stages_");

    private static readonly Bulk<OperationSettingRow> Settings = new("operation_settings_",
        Column<OperationSettingRow>.Long("key", static r => r.Key), Column<OperationSettingRow>.Text("namespace", static r => r.Namespace),
        Column<OperationSettingRow>.Text("data", static r => r.Data));

    private static readonly Bulk<RunningRow> Running = new("running_",
        Column<RunningRow>.Long("key", static r => r.Key), Column<RunningRow>.Int("attempt", static r => r.Attempt),
        Column<RunningRow>.Long("operation", static r => r.Operation), Column<RunningRow>.Time("at", static r => r.At));

    private static readonly Bulk<RunKey> RunningKeys = Keys.Of("running_");

    private static readonly Bulk<RunTagsRow> Tags = new("run_tags_",
        Column<RunTagsRow>.Long("key", static r => r.Key), Column<RunTagsRow>.Int("attempt", static r => r.Attempt),
        Column<RunTagsRow>.Text("tags", static r => r.Tags), Column<RunTagsRow>.Longs("ids", static r => r.Ids));

    private static readonly Bulk<RunKey> TagKeys = Keys.Of("run_tags_");

    private static readonly Bulk<RunPartRow> Parts = new("run_parts_",
        Column<RunPartRow>.Long("part", static r => r.Part), Column<RunPartRow>.Long("key", static r => r.Key));

    /// <summary>The number under which stands what a run is found by that has been annotated or linked, and not begun.</summary>
    private const int NoAttempt = 0;

    /// <summary>What is known of a run, by its key.</summary>
    private static readonly string[] OfRuns = ["running", "run_parts", "run_tags", "run_stages", "run_mentions", "run_links", "run_aliases", "runs"];

    private static readonly string[] Tables = ["rollups", "operation_settings", "operations", .. OfRuns];

    private static readonly string OnKnown = $"ON CONFLICT (key, attempt) DO UPDATE SET {Runs.SetExcluded("key", "attempt")}";
    private static readonly string OnKnownTags = $"ON CONFLICT (key, attempt) DO UPDATE SET {Tags.SetExcluded("key", "attempt")}";

    /// <summary>Writes the rows of folded runs with what they add up to, and takes away what is no longer so.</summary>
    /// <returns>Which of them started or ended by that.</returns>
    public static async Task<IReadOnlyList<RunChange>> WriteAsync(
        IEngine engine, Session session, Slot slot, IReadOnlyList<Folded> folded, KnownTags tags, TagDictionary dictionary, CancellationToken cancellationToken)
    {
        var known = await KnownAsync(engine, session, slot.Name, folded, tags, cancellationToken);
        var redacted = folded.Where(static f => f.IsRedacted).Select(static f => f.Key).ToHashSet();
        var (erased, erasedTerms) = redacted.Count > 0 ? await DictionaryOfAsync(engine, session, slot.Name, redacted, cancellationToken) : ([], []);
        var rollups = new Rollups(slot.Zone, tags);
        var operations = new Operations();
        var (added, changed) = (new List<RunRow>(), new List<RunRow>());
        var (newTags, otherTags, untagged) = (new List<RunTagsRow>(), new List<RunTagsRow>(), new List<RunKey>());
        var parts = new List<RunPartRow>();
        var changes = new List<RunChange>();
        var (running, stopped) = (new List<RunningRow>(), new List<RunKey>());
        var links = new List<RunLinkRow>();
        var stages = new List<RunStageRow>();
        var mentions = new List<RunMentionRow>();
        var aliases = new List<RunAliasRow>();
        var aliasesByTags = new HashSet<(long Reference, long Key)>();
        var named = known.Keys.Select(static k => k.Key).ToHashSet();
        var (linking, mentioning, staged) = (KeysOf(known, static k => k.HasLinks), KeysOf(known, static k => k.HasMentions), KeysOf(known, static k => k.HasStages));
        foreach (var run in folded)
        {
            if (run.Attempts.Count > 0 && !named.Contains(run.Key))
            {
                aliases.AddRange(Aliases.Of(run.Run).Select(a => new RunAliasRow { Reference = References.Hash(a), Key = run.Key }));
            }
            parts.AddRange(run.LaterParts.Select(part => new RunPartRow { Part = part, Key = run.Key }));
            if (run.Attempts.Count == 0)
            {
                var words = run.Said.Select(Meaning.OfWord).ToList();
                words.ForEach(dictionary.Add);
                otherTags.Add(new RunTagsRow { Key = run.Key, Attempt = NoAttempt, Tags = "{}", Ids = [.. words.Select(static w => w.Term).Append(run.Begin).Order()] });
            }
            else if (!run.IsNew && !named.Contains(run.Key))
            {
                untagged.Add(new(run.Key, NoAttempt));
            }
            foreach (var projected in run.Attempts)
            {
                var row = projected.Row;
                known.Remove(new(row.Key, row.Attempt), out var before);
                (before is null ? added : changed).Add(row);
                if (before?.Tags != projected.Tags)
                {
                    aliasesByTags.UnionWith(projected.AliasesByTags.Select(alias => (alias, row.Key)));
                }
                if (row.State == (short)AttemptState.Running && before?.IsRunningAs(row) is not true)
                {
                    running.Add(new RunningRow { Key = row.Key, Attempt = row.Attempt, Operation = row.Operation, At = row.At });
                }
                if (before is { State: (short)AttemptState.Running } && !before.IsRunningAs(row))
                {
                    stopped.Add(new(row.Key, row.Attempt));
                }
                rollups.Change(before?.Contribution, projected.Shares);
                operations.Change(row, before?.Contribution);
                if (RunChange.Of(before, row, projected.Stages) is { } change)
                {
                    changes.Add(change);
                }
                links.AddRange(LinksOf(row, projected.Links));
                stages.AddRange(StagesOf(row, projected.Stages));
                mentions.AddRange(projected.Mentions);
                if (before is null || before.Tags != projected.Tags || !projected.Terms.AsSpan().SequenceEqual(before.Terms))
                {
                    (before is null ? newTags : otherTags).Add(new RunTagsRow { Key = row.Key, Attempt = row.Attempt, Tags = projected.Tags, Ids = projected.Terms });
                }
                foreach (var meaning in projected.Meanings)
                {
                    dictionary.Add(meaning);
                }
            }
        }

        // Attempts that an event from before has merged into others.
        foreach (var gone in known.Values)
        {
            rollups.Change(gone.Contribution, []);
            operations.Change(null, gone.Contribution);
        }
        var sums = await rollups.SumAsync(session, slot.Name, cancellationToken);
        await session.DeleteAsync(LinkKeys, linking, slot.Name, cancellationToken);
        await session.DeleteAsync(MentionKeys, mentioning, slot.Name, cancellationToken);
        await session.DeleteAsync(StageKeys, staged, slot.Name, cancellationToken);
        await session.DeleteAsync(RunningKeys, [.. stopped, .. known.Keys], slot.Name, cancellationToken);
        await session.DeleteAsync(TagKeys, [.. known.Keys, .. untagged], slot.Name, cancellationToken);
        await session.DeleteAsync(Keys, [.. known.Keys], slot.Name, cancellationToken);
        await session.InsertNewAsync(Runs, added, slot.Name, cancellationToken);
        await session.InsertAsync(Runs, changed, OnKnown, slot.Name, cancellationToken);
        await session.InsertNewAsync(Links, links, slot.Name, cancellationToken);
        await session.InsertNewAsync(AliasesOfRuns, aliases, slot.Name, cancellationToken);
        await session.InsertAsync(AliasesOfRuns, [.. aliasesByTags.Select(static a => new RunAliasRow { Reference = a.Reference, Key = a.Key })], "ON CONFLICT DO NOTHING", slot.Name, cancellationToken);
        await session.InsertNewAsync(Mentions, mentions, slot.Name, cancellationToken);
        await session.InsertNewAsync(Stages, stages, slot.Name, cancellationToken);
        await session.InsertNewAsync(Running, running, slot.Name, cancellationToken);
        await session.InsertNewAsync(Tags, newTags, slot.Name, cancellationToken);
        await session.InsertAsync(Tags, otherTags, OnKnownTags, slot.Name, cancellationToken);
        await session.InsertAsync(Parts, parts, "ON CONFLICT DO NOTHING", slot.Name, cancellationToken);
        await dictionary.WriteAsync(session, cancellationToken);
        await Rollups.WriteAsync(await sums, session, slot.Name, cancellationToken);
        await operations.WriteAsync(session, slot.Name, cancellationToken);
        await session.InsertAsync(Settings, [.. folded.SelectMany(SettingRows)], "ON CONFLICT (key) DO UPDATE SET data = excluded.data", slot.Name, cancellationToken);
        if (redacted.Count > 0)
        {
            await EraseLeftoversAsync(engine, session, slot.Name, redacted, erased, erasedTerms, cancellationToken);
            dictionary.Forget();
            tags.Forget();
        }
        return changes;
    }

    private static List<RunKey> KeysOf(Dictionary<RunKey, Known> known, Func<Known, bool> which) => [.. known.Where(k => which(k.Value)).Select(static k => k.Key)];

    private static IEnumerable<RunLinkRow> LinksOf(RunRow row, ImmutableArray<RunLink> links) => links.Select((link, i) => new RunLinkRow
    {
        Key = row.Key,
        Attempt = row.Attempt,
        Ordinal = i,
        Kind = link.Kind,
        Target = link.Run,
        Reference = References.Hash(link.Run),
    });

    private static IEnumerable<RunStageRow> StagesOf(RunRow row, ImmutableArray<Stage> stages) => stages.Select((stage, i) => new RunStageRow
    {
        Key = row.Key,
        Attempt = row.Attempt,
        Ordinal = i,
        Name = stage.Name,
        FromAt = stage.From,
        ToAt = stage.To,
    });

    /// <summary>The rows that there are of runs, with their tags.</summary>
    private static async Task<Dictionary<RunKey, Known>> KnownAsync(
        IEngine engine, Session session, string slot, IReadOnlyList<Folded> folded, KnownTags tags, CancellationToken cancellationToken)
    {
        var keys = folded.Where(static f => !f.IsNew).Select(static f => f.Key).ToList();
        if (keys.Count == 0)
        {
            return [];
        }
        // Most runs keep the tags that they began with: those need not be read again.
        var now = folded.SelectMany(static f => f.Attempts).ToDictionary(static a => new RunKey(a.Row.Key, a.Row.Attempt));
        string Has(string table) => $"EXISTS (SELECT 1 FROM {table}_{slot} AS m WHERE m.key = r.key AND m.attempt = r.attempt)";
        var rows = await session.QueryAsync($"""
            SELECT r.key, r.attempt, r.operation, r.state, r.outcome, r.at, r.started_at, r.ended_at, r.abandoned_at, r.duration, r.actor, r.flags, t.tags, t.ids,
              {Has("run_links")}, {Has("run_mentions")}, {Has("run_stages")}
            FROM runs_{slot} AS r JOIN run_tags_{slot} AS t ON t.key = r.key AND t.attempt = r.attempt WHERE {engine.AnyOf("r.key", "keys")}
            """,
            r =>
            {
                var (key, json) = (new RunKey(r.GetInt64(0), r.GetInt32(1)), r.GetString(12));
                return (Key: key, Known: new Known(r.GetInt16(3), json, r.GetLongs(13), new Contribution
                {
                    Operation = r.GetInt64(2),
                    Outcome = r.IsDBNull(4) ? null : (Outcome)r.GetInt16(4),
                    At = Micros.ToTime(r.GetInt64(5)),
                    StartedAt = r.IsDBNull(6) ? null : Micros.ToTime(r.GetInt64(6)),
                    EndedAt = r.IsDBNull(7) ? null : Micros.ToTime(r.GetInt64(7)),
                    AbandonedAt = r.IsDBNull(8) ? null : Micros.ToTime(r.GetInt64(8)),
                    Duration = r.IsDBNull(9) ? null : r.GetInt64(9),
                    Actor = r.IsDBNull(10) ? null : r.GetString(10),
                    IsExcluded = Contribution.IsExcludedBy(r.GetString(11)),
                    Tags = now.TryGetValue(key, out var attempt) && attempt.Tags == json ? attempt.Counted : CountedTags.Of(EventData.ReadTags(json), tags),
                }, r.GetBoolean(14), r.GetBoolean(15), r.GetBoolean(16)));
            }, cancellationToken, ("keys", engine.Array(keys)));
        return rows.ToDictionary(static r => r.Key, static r => r.Known);
    }

    private static IEnumerable<OperationSettingRow> SettingRows(Folded folded)
    {
        if (folded is { Setting: var setting, Run: { Source: SourceNames.ValueStream, Type: OperationSetting.Type } run } && ShortKey.TryParse(run.Id, out var key))
        {
            // Of one whose settings were all erased as well: the row must not keep them.
            yield return new OperationSettingRow { Key = key.Value, Namespace = run.Namespace, Data = setting.ToJson() };
        }
    }

    /// <summary>What was erased must not live on in the slot that nobody reads, nor in the dictionary.</summary>
    private static async Task EraseLeftoversAsync(
        IEngine engine, Session session, string slot, HashSet<long> keys, HashSet<(string Key, string Value)> erased, HashSet<long> terms, CancellationToken cancellationToken)
    {
        var other = Database.Slots.Single(s => s != slot);
        var isIdle = (await session.QueryAsync("SELECT 1 FROM checkpoints WHERE slot = @other AND NOT live AND NOT building", static _ => true,
            cancellationToken, ("other", other))).Count > 0;
        if (isIdle)
        {
            var left = await DictionaryOfAsync(engine, session, other, keys, cancellationToken);
            erased.UnionWith(left.Tags);
            terms.UnionWith(left.Terms);
            foreach (var table in OfRuns)
            {
                await session.ExecuteAsync($"DELETE FROM {table}_{other} WHERE {engine.AnyOf("key", "keys")}", cancellationToken, ("keys", engine.Array(keys)));
            }
            await session.ExecuteAsync($"DELETE FROM operations_{other}", cancellationToken);
            await session.ExecuteAsync($"DELETE FROM operation_settings_{other}", cancellationToken);
        }
        foreach (var (key, value) in erased)
        {
            var id = TagDictionary.IdOf(key, value);
            var unused = string.Join(" AND ", Database.Slots.Select(s => $"NOT EXISTS ({engine.Tagged(s, "@ids")})"
                + (key == RollupSeries.UserName ? $" AND NOT EXISTS (SELECT 1 FROM runs_{s} WHERE actor = @value)" : "")));
            await session.ExecuteAsync($"DELETE FROM tags WHERE id = @id AND {unused}", cancellationToken, ("id", id), ("ids", engine.TagArray([id])), ("value", value));
        }
        foreach (var term in terms)
        {
            var unused = string.Join(" AND ", Database.Slots.Select(s => $"NOT EXISTS ({engine.Tagged(s, "@terms")})"));
            await session.ExecuteAsync($"DELETE FROM words WHERE term = @term AND {unused}", cancellationToken, ("term", term), ("terms", engine.TagArray([term])));
        }
    }

    /// <summary>What the dictionary holds of some runs, and the terms that find them.</summary>
    private static async Task<(HashSet<(string Key, string Value)> Tags, HashSet<long> Terms)> DictionaryOfAsync(
        IEngine engine, Session session, string slot, HashSet<long> keys, CancellationToken cancellationToken)
    {
        var attempts = await session.QueryAsync(
            $"SELECT r.name, r.actor, t.tags, t.ids FROM run_tags_{slot} AS t LEFT JOIN runs_{slot} AS r ON t.key = r.key AND t.attempt = r.attempt WHERE {engine.AnyOf("t.key", "keys")}",
            static r => (Name: r.IsDBNull(0) ? null : r.GetString(0), Actor: r.IsDBNull(1) ? null : r.GetString(1), Tags: EventData.ReadTags(r.GetString(2)), Terms: r.GetLongs(3)),
            cancellationToken, ("keys", engine.Array(keys)));
        var tags = attempts.SelectMany(static a => a.Tags.Select(static t => (t.Key, t.Value.Text)))
            .Concat(attempts.Select(static a => a.Name).Concat(attempts.Select(static a => a.Actor)).OfType<string>().Select(static text => (SearchTerms.OfTexts, text)))
            .Concat(attempts.Select(static a => a.Actor).OfType<string>().Select(static actor => (RollupSeries.UserName, actor)));
        return ([.. tags], [.. attempts.SelectMany(static a => a.Terms), .. tags.Select(static t => TagDictionary.IdOf(t.Item1, t.Item2))]);
    }

    /// <summary>Empties a slot.</summary>
    public static async Task ClearAsync(Session session, string slot, CancellationToken cancellationToken)
    {
        // DELETE, not TRUNCATE: a reader whose snapshot still has this slot live keeps what it sees.
        foreach (var table in Tables)
        {
            await session.ExecuteAsync($"DELETE FROM {table}_{slot}", cancellationToken);
        }
    }
}

/// <summary>Which attempt of which run.</summary>
internal readonly record struct RunKey(long Key, int Attempt);

/// <summary>What a slot holds of an attempt.</summary>
/// <param name="State">Its state.</param>
/// <param name="Tags">Its tags as JSON.</param>
/// <param name="Terms">What searches find it by, ascending.</param>
/// <param name="Contribution">What it added to the numbers.</param>
/// <param name="HasLinks">Whether it has links.</param>
/// <param name="HasMentions">Whether its texts name runs.</param>
/// <param name="HasStages">Whether it has stages.</param>
internal sealed record Known(short State, string Tags, long[] Terms, Contribution Contribution, bool HasLinks, bool HasMentions, bool HasStages)
{
    /// <summary>Whether it runs, and what is said of that is what a row says.</summary>
    public bool IsRunningAs(RunRow row) =>
        State == (short)AttemptState.Running && row.State == State && row.Operation == Contribution.Operation && row.At == Contribution.At;
}

/// <summary>Where rows go.</summary>
/// <param name="Name">The slot.</param>
/// <param name="Zone">The reporting zone in whose days it counts.</param>
internal sealed record Slot(string Name, TimeZoneInfo Zone);
