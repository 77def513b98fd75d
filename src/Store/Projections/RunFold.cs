using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Core.Spans;

namespace ValueStream.Store.Projections;

/// <summary>
/// Makes of a run's events all that can be known without looking at what is stored: its rows, what they add to the numbers, and what searches find them by.
/// A function of the run's events alone, so that what comes next can be folded while what came before is written.
/// </summary>
internal static class RunFold
{
    /// <summary>Events of one run that are folded; later ones are only in the log, and the run is flagged <c>truncated</c>.</summary>
    public const int MostEvents = 10_000;

    /// <summary>Folds a run's events. Those that cannot be read are named and left out.</summary>
    /// <param name="events">The run's events, oldest position first.</param>
    /// <param name="isNew">Whether none of them is older than the pass: then the run has no rows yet.</param>
    /// <param name="zone">The reporting zone, in whose days it counts.</param>
    /// <param name="tags">Knows tags.</param>
    /// <param name="setAside">Takes the positions that could not be read, and why.</param>
    public static Folded Fold(IReadOnlyList<EventRow> events, bool isNew, TimeZoneInfo zone, KnownTags tags, ICollection<(long Position, string Problem)> setAside)
    {
        var (run, readable, said, isRedacted) = Read(events, setAside);
        var (key, begin) = (events[0].Run, SearchTerms.PartOf(events[0].Position));
        Attempt[] attempts = [.. WithoutItself(run, [.. RunState.Fold(readable).Attempts.Values])];
        return new Folded(run, key)
        {
            Attempts = Array.ConvertAll(attempts, attempt =>
            {
                var row = ToRow(run, key, attempt, events.Count > MostEvents, events[^1].Position);
                var (terms, meanings) = TermsOf(begin, row, attempt, SearchTerms.Said(said, attempts, attempt), tags);
                var counted = CountedTags.Of(attempt.Tags, tags);
                return new Projected(row)
                {
                    Tags = EventData.TagsJson(attempt.Tags),
                    Counted = counted,
                    Terms = terms,
                    Meanings = meanings,
                    Shares = Contribution.Of(row, counted).Shares(zone, tags).ToArray(),
                    AliasesByTags = Aliases.ByTags(run, attempt.Tags).Select(References.Hash).ToArray(),
                    Links = attempt.Links,
                    Stages = attempt.Stages,
                    Mentions = MentionsOf(row, Mention.Of(run, attempt.Texts)).ToArray(),
                };
            }),
            Setting = SettingOf(readable),
            IsRedacted = isRedacted,
            IsNew = isNew,
            Begin = begin,
            LaterParts = [.. events.Select(static e => e.Position / SearchTerms.Part).Distinct().Skip(1)],
            Said = attempts.Length == 0 ? SearchTerms.Said(said, attempts, null) : [],
        };
    }

    /// <summary>What administrators set by some events of an operation; nothing where none sets anything, or what it set was erased.</summary>
    public static OperationSetting SettingOf(IReadOnlyList<EventRow> events) => events.Count == 0 ? new OperationSetting() : SettingOf(Read(events, []).Readable);

    private static (RunId Run, List<Event> Readable, List<EventData> Said, bool IsRedacted) Read(IReadOnlyList<EventRow> events, ICollection<(long Position, string Problem)> setAside)
    {
        var first = events[0];
        var run = new RunId(first.Source, first.Type, first.Namespace, first.Id);
        var readable = new List<Event>(events.Count);
        var said = new List<EventData>(events.Count);
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
                said.Add(data);
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
        return (run, readable, said, surviving.Count > 0);
    }

    /// <summary>A CDEvent follows the event before it, which may be one of its own run.</summary>
    private static IEnumerable<Attempt> WithoutItself(RunId run, IReadOnlyList<Attempt> attempts)
    {
        if (run.Source != SourceNames.CdEvents)
        {
            return attempts;
        }
        var own = attempts.SelectMany(a => Aliases.ByTags(run, a.Tags)).ToHashSet();
        return attempts.Select(a => a with { Parent = a.Parent is { } parent && own.Contains(parent) ? null : a.Parent, Links = [.. a.Links.Where(l => !own.Contains(l.Run))] });
    }

    /// <summary>What searches find an attempt by, ascending, and what that means; with it, who its numbers count.</summary>
    private static (long[] Terms, IReadOnlyList<Meaning> Meanings) TermsOf(long begin, RunRow row, Attempt attempt, IReadOnlyCollection<string> said, KnownTags tags)
    {
        var meanings = new List<Meaning>(attempt.Tags.Count + said.Count + 3) { tags.Of(SearchTerms.OfTexts, row.Name).Meaning };
        if (row.Actor is { } actor)
        {
            meanings.Add(tags.Of(SearchTerms.OfTexts, actor).Meaning);
        }
        meanings.AddRange(said.Select(Meaning.OfWord));
        foreach (var (key, value) in attempt.Tags)
        {
            var tag = tags.Of(key, value.Text);
            meanings.Add(tag.Meaning);
            meanings.AddRange(tag.Words);
        }
        var terms = Distinct(begin, meanings);
        if (row.Actor is { } person)
        {
            meanings.Add(tags.Of(RollupSeries.UserName, person).Meaning);
        }
        return (terms, meanings);
    }

    private static long[] Distinct(long begin, List<Meaning> meanings)
    {
        var terms = new long[meanings.Count + 1];
        terms[0] = begin;
        for (var i = 0; i < meanings.Count; i++)
        {
            terms[i + 1] = meanings[i].Term;
        }
        Array.Sort(terms);
        var count = 1;
        for (var i = 1; i < terms.Length; i++)
        {
            if (terms[i] != terms[count - 1])
            {
                terms[count++] = terms[i];
            }
        }
        return terms.Length == count ? terms : terms[..count];
    }

    private static IEnumerable<RunMentionRow> MentionsOf(RunRow row, ImmutableArray<Mention> mentions) => mentions
        .SelectMany(static (m, place) => m.Readings.Select(text => (Mention: m, place, text)))
        .Select((m, ordinal) => new RunMentionRow
        {
            Key = row.Key,
            Attempt = row.Attempt,
            Ordinal = ordinal,
            Place = m.place,
            Text = m.text,
            Reference = References.Hash(m.text),
            IsCausal = row.Parent is null && row.Traceparent is null && !m.Mention.IsGrouping,
        });

    private static OperationSetting SettingOf(IEnumerable<Event> events) => events.OfType<Administered>().OrderBy(static e => e.Position)
        .Select(static e => e.Operation).OfType<OperationSetting>().Aggregate(new OperationSetting(), static (held, later) => held.Then(later));

    private static long First64(string hex) => unchecked((long)ulong.Parse(hex.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    private static RunRow ToRow(RunId run, long key, Attempt attempt, bool isTruncated, long lastPosition)
    {
        return new RunRow
        {
            Key = key,
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
            AbandonedAt = attempt.AbandonedAt,
            StartRecordedAt = attempt.StartRecordedAt,
            EndRecordedAt = attempt.EndRecordedAt,
            LastSignAt = attempt.LastSignRecordedAt,
            IsImported = attempt.IsImported,
            ExcludedBecause = attempt.ExcludedBecause,
            Flags = string.Join(' ', isTruncated ? [.. attempt.Flags, "truncated"] : attempt.Flags),
            LastPosition = lastPosition,
        };
    }
}
