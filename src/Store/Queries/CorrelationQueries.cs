using System.Globalization;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Queries;

/// <summary>Which runs are asked about.</summary>
public enum CorrelationGroup
{
    /// <summary>Those that ended as failure, error or timeout, against those that succeeded.</summary>
    Failed,

    /// <summary>Successful ones that took longer than the 95th percentile of their operation, against the other successful ones.</summary>
    Slow,

    /// <summary>Those that a search finds, against others of the same operations.</summary>
    These,
}

/// <summary>The groups' texts, the same in addresses and answers.</summary>
public static class CorrelationGroups
{
    /// <summary>The group that a text names; null where it names none.</summary>
    public static CorrelationGroup? Parse(string? text) => text switch
    {
        "failed" => CorrelationGroup.Failed,
        "slow" => CorrelationGroup.Slow,
        "these" => CorrelationGroup.These,
        _ => null,
    };

    /// <summary>The text of a group.</summary>
    public static string Text(this CorrelationGroup group) => group switch
    {
        CorrelationGroup.Failed => "failed",
        CorrelationGroup.Slow => "slow",
        _ => "these",
    };
}

/// <summary>Finds what runs that failed, were slow or match a search share more than others do.</summary>
public sealed class CorrelationQueries
{
    /// <summary>So many findings are listed.</summary>
    public const int MostListed = 100;

    /// <summary>What is slow for an operation is known from so many successful runs on.</summary>
    public const int FewestForSlow = 20;

    private const int MostKeys = 50;

    private readonly Snapshot.Source _snapshots;
    private readonly TimeProvider _time;

    internal CorrelationQueries(Snapshot.Source snapshots, TimeProvider time) => (_snapshots, _time) = (snapshots, time);

    /// <summary>No more runs than this are read.</summary>
    internal int Newest { get; init; } = 20_000;

    /// <summary>The relatives of so many runs of each group are looked at.</summary>
    internal int WithRelatives { get; init; } = 1_000;

    /// <summary>What the failed or slow runs of one operation share; null when it is not there or not to be seen.</summary>
    /// <param name="key">The operation, with those that are merged into it.</param>
    /// <param name="of">Which of its runs.</param>
    /// <param name="from">The window's begin; 30 days before its end where absent.</param>
    /// <param name="to">The window's end; now where absent.</param>
    /// <param name="visible">What the caller may see.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <exception cref="BadArgumentException">There is no such window.</exception>
    public async Task<CorrelationsView?> OfAsync(
        ShortKey key, CorrelationGroup of, DateTimeOffset? from, DateTimeOffset? to, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (!await visible.Of(snapshot.Operations).AnyAsync(o => o.Key == key.Value, cancellationToken))
        {
            return null;
        }
        var now = _time.GetUtcNow();
        var zone = TimeZoneInfo.FindSystemTimeZoneById(snapshot.Live.Zone);
        var end = Window.EndOf(to, now);
        var window = Window.OfHours(from ?? end.AddDays(-30), end, now, zone, zone);
        return await FindAsync(snapshot, new RunFilter { Operation = key, From = window.From, To = window.To }, of, visible, cancellationToken);
    }

    /// <summary>What the failed or slow ones among the runs of a search share, or all of them against others of their operations.</summary>
    /// <param name="filter">The search; its cursor and limit are not looked at.</param>
    /// <param name="of">Which of the runs.</param>
    /// <param name="visible">What the caller may see.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<CorrelationsView> OfAsync(RunFilter filter, CorrelationGroup of, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        return await FindAsync(snapshot, filter, of, visible, cancellationToken);
    }

    private async Task<CorrelationsView> FindAsync(Snapshot snapshot, RunFilter filter, CorrelationGroup of, Visible visible, CancellationToken cancellationToken)
    {
        var settings = await OperationSettings.LoadAsync(snapshot, cancellationToken);
        var reader = new SampleReader(snapshot, settings, visible, Newest);
        var sample = of == CorrelationGroup.These ? await reader.TheseAsync(filter, cancellationToken) : reader.Split(await reader.NewestAsync(filter, Newest, cancellationToken), of);
        var traits = new RunTraits(TraitLevel.Own, TraitLevel.Ancestor, TraitLevel.Descendant);
        for (var i = 0; i < sample.Runs.Count; i++)
        {
            traits.Tables[0].Begin(i, sample.Runs[i].IsInGroup);
            traits.Add(0, sample.Runs[i].Run.Traits);
        }
        var isEnough = sample.Group >= Correlation.FewestRuns && sample.Rest >= Correlation.FewestRuns;
        var relatives = isEnough ? await AddRelativesAsync(snapshot, settings, sample, traits, visible, cancellationToken) : new RelativesView(0, 0, 0, 0, null);
        var (found, tried, keysLeftOut) = isEnough ? await traits.FindAsync(snapshot, of == CorrelationGroup.These ? KeysOf(filter) : new HashSet<string>(), cancellationToken) : ([], 0, []);
        var listed = found.Take(MostListed).ToList();
        var names = await NamesAsync(snapshot, settings, listed, cancellationToken);
        var now = _time.GetUtcNow();
        return new CorrelationsView
        {
            Definition = Definition(of),
            Of = of.Text(),
            Window = new(filter.From ?? (sample.Runs.Count > 0 ? sample.Runs.Min(static r => r.Run.At) : now), filter.To is { } to && to < now ? to : now, snapshot.Live.Zone),
            Group = sample.Group,
            Rest = sample.Rest,
            Newest = Newest,
            More = sample.IsMore ? true : null,
            TooFew = isEnough ? null : true,
            Relatives = relatives,
            Tried = tried,
            Found = found.Count,
            Items = listed.ConvertAll(c => View(c, filter, names)),
            LeftOut = sample.LeftOut.Count > 0 ? [.. sample.LeftOut.OrderBy(static l => l.Key, StringComparer.Ordinal).Select(static l => new LeftOutView(l.Key, l.Value))] : null,
            KeysLeftOut = [.. keysLeftOut.Take(MostKeys)],
        };
    }

    /// <summary>Adds what the newest runs of each group have above and below them.</summary>
    private async Task<RelativesView> AddRelativesAsync(
        Snapshot snapshot, OperationSettings settings, Sample sample, RunTraits traits, Visible visible, CancellationToken cancellationToken)
    {
        var looked = Enumerable.Range(0, sample.Runs.Count).GroupBy(i => sample.Runs[i].IsInGroup).SelectMany(g => g.Take(WithRelatives)).ToList();
        var relatives = await Relatives.LoadAsync(snapshot, [.. looked.Select(i => sample.Runs[i].Run.Key).Distinct()], visible, cancellationToken);
        var (above, below) = (new HashSet<int>(), new HashSet<int>());
        var paths = looked.ConvertAll(i => (Run: i, Above: relatives.Above(sample.Runs[i].Run.Key, sample.Runs[i].Run.Attempt).ToList(), Below: relatives.Below(sample.Runs[i].Run.Key, sample.Runs[i].Run.Attempt).ToList()));
        foreach (var (_, ancestors, descendants) in paths)
        {
            above.UnionWith(ancestors);
            below.UnionWith(descendants);
        }
        var keys = above.Union(below).Select(p => relatives.Rows[p].Key).Distinct().ToArray();
        var tags = keys.Length == 0 ? [] : await snapshot.RunTags.Where(t => keys.Contains(t.Key)).Select(static t => new { t.Key, t.Attempt, t.Ids })
            .ToDictionaryAsync(static t => (t.Key, t.Attempt), static t => t.Ids, cancellationToken);
        foreach (var (run, ancestors, descendants) in paths)
        {
            AddAll(1, run, ancestors);
            AddAll(2, run, descendants);
        }
        return new(traits.Tables[1].Group, traits.Tables[1].Rest, above.Count, below.Count, relatives.IsCut ? true : null);

        void AddAll(int table, int run, List<int> places)
        {
            traits.Tables[table].Begin(run, sample.Runs[run].IsInGroup);
            foreach (var row in places.Select(p => relatives.Rows[p]))
            {
                traits.Add(table, new(row.Type, row.Namespace, settings.Shown(new(row.Operation)).Value, row.Actor, tags.GetValueOrDefault((row.Key, row.Attempt))));
            }
        }
    }

    /// <summary>What a search names is no finding of those that it finds.</summary>
    private static HashSet<string> KeysOf(RunFilter filter) =>
    [
        .. filter.Tags.SelectMany(RunFilter.Readings).Select(static r => r.Key),
        .. filter.Actor is null ? Array.Empty<string>() : ["actor"], .. filter.Namespace is null ? Array.Empty<string>() : ["namespace"], .. filter.Type is null ? Array.Empty<string>() : ["type"],
        .. filter.Name is null && filter.Text is null && filter.Operation is null ? Array.Empty<string>() : ["operation"],
    ];

    private static async Task<Dictionary<string, string>> NamesAsync(Snapshot snapshot, OperationSettings settings, List<Correlation> listed, CancellationToken cancellationToken)
    {
        var keys = listed.SelectMany(static c => c.Traits).Where(static t => t is { IsFact: true, Key: "operation" })
            .Select(static t => ShortKey.TryParse(t.Value, out var key) ? key.Value : 0).Distinct().ToArray();
        var rows = keys.Length == 0 ? [] : await snapshot.Operations.Where(o => keys.Contains(o.Key)).Select(static o => new { o.Key, o.Name }).ToListAsync(cancellationToken);
        return rows.ToDictionary(static r => new ShortKey(r.Key).ToString(), r => settings.Of(r.Key).Name ?? r.Name);
    }

    /// <summary>The view of a finding.</summary>
    /// <param name="c">What was found.</param>
    /// <param name="filter">The search that the runs were found by.</param>
    /// <param name="names">The names of operations by their keys.</param>
    internal static CorrelationView View(Correlation c, RunFilter filter, Dictionary<string, string> names) => new()
    {
        Traits = [.. c.Traits.Select(t => new TraitView
        {
            Level = t.Level.Text(),
            Key = t.Key,
            Value = t is { IsFact: true, Key: "operation" } ? names.GetValueOrDefault(t.Value, t.Value) : t.Value,
            Fact = t.IsFact ? true : null,
            Runs = Address(t.Level == TraitLevel.Own ? filter : new RunFilter(), t),
        })],
        Score = c.Score,
        GroupShare = c.GroupShare,
        RestShare = c.RestShare,
        InGroup = c.InGroup,
        Group = c.Group,
        InRest = c.InRest,
        Rest = c.Rest,
        Support = c.Support,
        P = c.P,
    };

    /// <summary>The runs of a search that carry a trait.</summary>
    private static string Address(RunFilter f, Trait trait)
    {
        (string Name, string? Value)[] parts =
        [
            ("operation", f.Operation?.ToString()), ("source", f.Source), ("namespace", f.Namespace), ("type", f.Type), ("name", f.Name), ("q", f.Text), ("actor", f.Actor),
            ("id", f.Id), ("outcome", f.Outcome), ("reason", f.WithoutReason ? "missing" : null),
            ("minDuration", f.MinDuration?.ToString(CultureInfo.InvariantCulture)), ("maxDuration", f.MaxDuration?.ToString(CultureInfo.InvariantCulture)),
            ("from", Iso(f.From)), ("to", Iso(f.To)),
            .. f.Tags.Select(static t => ("tag", (string?)t)),
        ];
        (string Name, string? Value) own = trait.IsFact ? (trait.Key, trait.Value) : ("tag", $"{trait.Key}={trait.Value}");
        return Routes.Runs + "?" + string.Join('&', parts.Where(p => p.Value is not null && (p.Name == "tag" || p.Name != own.Name)).Append(own)
            .Select(static p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
    }

    private static string? Iso(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    private static string Definition(CorrelationGroup of) => (of switch
    {
        CorrelationGroup.Failed => "Runs that ended as failure, error or timeout, against those that succeeded.",
        CorrelationGroup.Slow => "Successful runs that took longer than 95 % of the successful ones of their operation, against the other successful ones.",
        _ => "Runs that match the search, against others of the same operations and window.",
    }) + " Score: the share of the former that carries a value minus that of the latter. At least 5 runs carry it; p by Fisher's exact test, below 0.05 after Benjamini-Hochberg over all tried.";
}
