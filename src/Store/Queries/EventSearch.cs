using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>
/// A search of the log, from its newest event back. What is asked of runs and words leads to terms, and an index of terms to the runs that can match;
/// every event is looked at before it is answered. Without terms the log itself is gone through, <see cref="EventQueries.Looked"/> positions a page.
/// </summary>
/// <param name="Filter">What is asked for.</param>
/// <param name="Visible">What the caller may see.</param>
/// <param name="AsOf">The last position to look at.</param>
/// <param name="Head">The end of the log.</param>
/// <param name="First">The first position to look at.</param>
/// <param name="Before">Where to begin, going back.</param>
/// <param name="Words">The words to find; null where none are asked for.</param>
/// <param name="Terms">Sets of <see cref="SearchTerms"/>, of each of which the runs that can match have one; an empty one means that none can.</param>
internal sealed record EventSearch(
    EventFilter Filter, Visible Visible, long AsOf, HeadView Head, long First, long Before, Words? Words, IReadOnlyList<long[]> Terms)
{
    /// <summary>So many of the newest positions are gone through in any case: what is found often is found there, and an index would name a million runs.</summary>
    private const int Near = 2_000;

    /// <summary>Of so many runs the events are looked up at once; where parts of the log have more, half of them are.</summary>
    private const int MostRuns = 1_000;

    /// <summary>After parts of the log in which nothing was found so many times as many are looked at next, and never more.</summary>
    private const int Growth = 8;

    /// <summary>Where what is left of the log seems to have no more events than these, they are asked for without its parts, each of which costs more than a few runs do. It can be told after so many parts.</summary>
    private const int Few = 500, EnoughParts = 9;

    /// <summary>As far back as a page should reach by what was found until now, and so much further: a second look costs more than a few runs too many.</summary>
    private const double Reserve = 1.25;

    /// <summary>The events of so many positions are held against their runs at once, and the texts of so many against words.</summary>
    private const int Piece = 5_000, PieceOfTexts = 2_000;

    /// <summary>A word that stands in more tags than these finds too much to be looked up.</summary>
    private const int MostTags = 500;

    /// <summary>The sets of terms of a filter: those that find little first. None where the projection is of before there were terms.</summary>
    public static async Task<IReadOnlyList<long[]>> TermsAsync(Snapshot snapshot, EventFilter filter, Words? words, Visible visible, CancellationToken cancellationToken)
    {
        if (snapshot.Live.Version < RunsProjection.Version)
        {
            return [];
        }
        var terms = new List<long[]>();
        if (filter.Actor is { } actor)
        {
            terms.Add([SearchTerms.Text(actor)]);
        }
        terms.AddRange(filter.Tags.Select(static tag => RunFilter.Readings(tag).Select(static r => TagDictionary.IdOf(r.Key, r.Value)).ToArray()));
        if (filter.Operation is { } operation)
        {
            var counted = (await OperationSettings.LoadAsync(snapshot, cancellationToken)).CountedIn(operation);
            var names = await visible.Of(snapshot.Operations).Where(o => counted.Contains(o.Key)).Select(static o => o.Name).Distinct().ToListAsync(cancellationToken);
            terms.Add([.. names.Select(SearchTerms.Text)]);
        }
        foreach (var word in (words?.Whole ?? []).Select(SearchTerms.Short))
        {
            Add(await snapshot.Database.Words.Where(w => w.Word == word).Select(static w => w.Term).Take(MostTags + 1).ToListAsync(cancellationToken));
        }
        foreach (var beginning in (words?.Beginnings ?? []).Select(SearchTerms.Short))
        {
            // Up to the last character that there is.
            var end = beginning + "\U0010FFFF";
            Add(await snapshot.Database.Words.Where(w => string.Compare(w.Word, beginning) >= 0 && string.Compare(w.Word, end) <= 0)
                .Select(static w => w.Term).Distinct().Take(MostTags + 1).ToListAsync(cancellationToken));
        }
        return [.. terms.OrderBy(static t => t.Length)];

        void Add(List<long> found)
        {
            // What stands in keys, or in very many tags, is found by going through the log.
            if (found.Count <= MostTags && !found.Contains(SearchTerms.OfKeys))
            {
                terms.Add([.. found]);
            }
        }
    }

    /// <summary>Events before a position, newest first, piece by piece: all that match are among them, and what the filter says of the event itself holds for each.</summary>
    /// <param name="snapshot">Where to look.</param>
    /// <param name="reader">Reads what is archived.</param>
    /// <param name="before">The position to begin before.</param>
    /// <param name="floor">The last position to look at.</param>
    /// <param name="most">How many events make a piece where the index is asked.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public IAsyncEnumerable<List<EventRow>> PiecesAsync(Snapshot snapshot, LogReader reader, long before, long floor, int most, CancellationToken cancellationToken) =>
        Terms.Count == 0 ? WalkAsync(snapshot, reader, before, floor, most, cancellationToken) : LookUpAsync(snapshot, reader, before, floor, most, cancellationToken);

    /// <summary>Those of some events that are of the runs and have the words that are asked for.</summary>
    public async Task<List<EventRow>> MatchingAsync(Snapshot snapshot, List<EventRow> piece, CancellationToken cancellationToken)
    {
        if (Filter.OfRuns is { } ofRuns && piece.Count > 0)
        {
            var matching = await RunQueries.AmongAsync(snapshot, ofRuns, [.. piece.Select(static e => e.Run).Distinct()], Visible, cancellationToken);
            piece = piece.FindAll(e => matching.Contains(e.Run));
        }
        return Words is not null && piece.Count > 0 ? await WithWordsAsync(snapshot, piece, Words, cancellationToken) : piece;
    }

    /// <summary>Goes through the log, or through that of one run.</summary>
    private async IAsyncEnumerable<List<EventRow>> WalkAsync(
        Snapshot snapshot, LogReader reader, long before, long floor, int most, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var size = Words is not null ? PieceOfTexts : Filter.OfRuns is not null ? Piece : most;
        for (var more = true; more;)
        {
            var piece = await Matching(Visible.Of(snapshot.Database.Events.AsNoTracking())).Where(e => e.Position < before && e.Position >= floor)
                .OrderByDescending(static e => e.Position).Take(size).ToListAsync(cancellationToken);
            more = piece.Count == size;
            before = more ? piece[^1].Position : before;
            yield return piece;
        }
        // What is before the tables is in the archive.
        await foreach (var piece in reader.BackAsync(snapshot.Database, before, floor, Filter.Run is { Value: var run } ? [run] : null, cancellationToken))
        {
            yield return [.. Matching(Visible.Of(piece.AsQueryable()))];
        }
    }

    /// <summary>Goes through the newest of the log, and then from part to part of it by the index.</summary>
    private async IAsyncEnumerable<List<EventRow>> LookUpAsync(
        Snapshot snapshot, LogReader reader, long before, long floor, int most, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Terms.Any(static t => t.Length == 0))
        {
            yield break;
        }
        var archived = await LogReader.ArchivedAsync(snapshot.Database, cancellationToken);
        var near = Math.Max(floor, before - Near);
        if (near > archived)
        {
            var newest = await snapshot.Database.Events.Where(e => e.Position < before && e.Position >= near).OrderByDescending(static e => e.Position)
                .Select(static e => new { e.Position, e.Run }).ToListAsync(cancellationToken);
            var found = await snapshot.FoundAmongAsync(newest.Select(static e => e.Run).Distinct(), Terms, cancellationToken);
            await foreach (var piece in AtAsync(snapshot, [.. newest.Where(e => found.Contains(e.Run)).Select(static e => e.Position)], most, cancellationToken))
            {
                yield return piece;
            }
            before = near;
        }
        var (parts, looked, seen, mayBeRare) = (1L, 0L, 0L, true);
        while (before > floor)
        {
            var (oldest, last) = (floor / SearchTerms.Part, (before - 1) / SearchTerms.Part);
            var isRare = mayBeRare && looked >= EnoughParts && seen * (last - oldest + 1) <= Few * looked;
            var first = isRare ? oldest : Math.Max(oldest, last - parts + 1);
            // Of a single part all are taken: it has no more runs than positions.
            var keys = isRare ? await snapshot.FoundAsync(Terms, MostRuns + 1, cancellationToken)
                : await snapshot.FoundAsync(first, last, Terms, first < last ? MostRuns + 1 : int.MaxValue, cancellationToken);
            if (keys.Count > MostRuns && (isRare || first < last))
            {
                // What seemed to be rare came often once.
                (parts, mayBeRare) = (isRare ? parts : (last - first + 1) / 2, false);
                continue;
            }
            var from = Math.Max(floor, first * SearchTerms.Part);
            // In an order that no index has: else the database might go through the whole part to find a few.
            var positions = keys.Count == 0 ? [] : await snapshot.Database.Events.Where(e => keys.Contains(e.Run) && e.Position < before && e.Position >= from)
                .OrderByDescending(static e => e.Position + 0).Select(static e => e.Position).ToListAsync(cancellationToken);
            await foreach (var piece in AtAsync(snapshot, positions, most, cancellationToken))
            {
                yield return piece;
            }
            if (from <= archived && keys.Count > 0)
            {
                await foreach (var piece in reader.BackAsync(snapshot.Database, before, from, keys, cancellationToken))
                {
                    yield return [.. Matching(Visible.Of(piece.AsQueryable()))];
                }
            }
            looked += last - first + 1;
            seen += positions.Count;
            // Who goes on has not had enough.
            var wanted = seen == 0 ? double.MaxValue : Reserve * most * looked / seen;
            (before, parts) = (from, (long)Math.Clamp(wanted, 1, Growth * parts));
        }
    }

    /// <summary>The events at some positions, piece by piece.</summary>
    private async IAsyncEnumerable<List<EventRow>> AtAsync(Snapshot snapshot, List<long> positions, int most, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var some in positions.Chunk(most))
        {
            yield return await Matching(Visible.Of(snapshot.Database.Events.AsNoTracking())).Where(e => some.Contains(e.Position))
                .OrderByDescending(static e => e.Position).ToListAsync(cancellationToken);
        }
    }

    /// <summary>Those of some events that have all words, in themselves or together with an attempt of their run.</summary>
    private static async Task<List<EventRow>> WithWordsAsync(Snapshot snapshot, List<EventRow> events, Words words, CancellationToken cancellationToken)
    {
        var keys = events.Select(static e => e.Run).Distinct().ToArray();
        var tags = await snapshot.RunTags.Where(t => keys.Contains(t.Key)).Select(static t => new { t.Key, t.Attempt, t.Tags }).ToDictionaryAsync(static t => (t.Key, t.Attempt), static t => t.Tags, cancellationToken);
        var attempts = (await snapshot.Runs.Where(r => keys.Contains(r.Key)).Select(static r => new { r.Key, r.Attempt, r.Actor, r.Reason, r.Name }).ToListAsync(cancellationToken))
            .ToLookup(static r => r.Key, r => (Texts: new[] { r.Actor, r.Reason, r.Name }, Tags: tags.GetValueOrDefault((r.Key, r.Attempt))));
        return events.FindAll(e => AreIn(e.Data, [], null) || attempts[e.Run].Any(a => AreIn(e.Data, a.Texts, a.Tags)));

        bool AreIn(string data, string?[] texts, string? tags)
        {
            // Most are out by a look at the texts as they are stored, before any is taken apart.
            if (!words.MayBeIn([data, tags, .. texts]))
            {
                return false;
            }
            var own = data.Length == 0 ? new EventData() : EventData.FromJson(data);
            IEnumerable<KeyValuePair<string, TagValue>> all = [.. own.Tags ?? Event.NoTags, .. tags is null ? Event.NoTags : EventData.ReadTags(tags)];
            return words.AreIn([.. texts.Concat([own.Actor, own.Reason, own.Name, own.Note]).Concat(all.SelectMany(static t => new[] { t.Key, t.Value.Text })).SelectMany(Words.Of)]);
        }
    }

    /// <summary>Those of some events of which holds what the filter says of the event itself.</summary>
    private IQueryable<EventRow> Matching(IQueryable<EventRow> events)
    {
        var f = Filter;
        events = f.Run is { Value: var run } ? events.Where(e => e.Run == run) : events;
        events = f.Source is { } source ? events.Where(e => e.Source == source) : events;
        events = f.Type is { } type ? events.Where(e => e.Type == type) : events;
        events = f.Namespace is { } ns ? events.Where(e => e.Namespace == ns) : events;
        events = f.Submitter is { } submitter ? events.Where(e => e.Submitter == submitter) : events;
        events = f is { ByOccurrence: true, From: { } from } ? events.Where(e => e.EffectiveAt >= from) : events;
        events = f is { ByOccurrence: true, To: { } to } ? events.Where(e => e.EffectiveAt < to) : events;
        if (f.Kind is { } text)
        {
            var kind = Enum.GetValues<EventKind>().Where(k => k.Text() == text).Select(static k => (short)k).FirstOrDefault((short)-1);
            events = events.Where(e => e.Kind == kind);
        }
        return events;
    }
}
