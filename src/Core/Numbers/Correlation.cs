namespace ValueStream.Core.Numbers;

/// <summary>What some runs share more, or less, than others.</summary>
/// <param name="Traits">The traits that select the same runs, in order; at least one.</param>
/// <param name="InGroup">How many runs of the group carry it.</param>
/// <param name="Group">How many runs are in the group.</param>
/// <param name="InRest">How many of the others carry it.</param>
/// <param name="Rest">How many the others are.</param>
/// <param name="P">Two-sided, 0 to 1, corrected for all that was tried with it.</param>
public sealed record Correlation(IReadOnlyList<Trait> Traits, int InGroup, int Group, int InRest, int Rest, double P)
{
    /// <summary>From this many runs on that carry it, a trait is tried at all.</summary>
    public const int FewestRuns = 5;

    /// <summary>A corrected p below this is not put down to chance.</summary>
    public const double Significant = 0.05;

    /// <summary>The share of the group that carries it, 0 to 1.</summary>
    public double GroupShare => (double)InGroup / Group;

    /// <summary>The share of the others that carries it, 0 to 1.</summary>
    public double RestShare => (double)InRest / Rest;

    /// <summary>The difference of both shares: 1 where all of the group carry it and no other does, -1 where it is the other way round.</summary>
    public double Score => GroupShare - RestShare;

    /// <summary>How many runs carry it.</summary>
    public int Support => InGroup + InRest;

    /// <summary>
    /// The traits whose shares differ by more than chance. Each set of runs that some traits select is tried once, in the table in which it is first, by
    /// <see cref="FisherExact"/>; <see cref="BenjaminiHochberg"/> corrects for all tried. <see cref="ChiSquare"/> would be cheaper, but of hundreds that are tried the
    /// correction reaches so far into its tail that it is too eager even where its expected counts are large: it found something in one of ten histories without a cause.
    /// </summary>
    /// <param name="tables">The runs' traits by level.</param>
    /// <param name="describe">What an id of a table is; null where it is not to be tried. It is asked for <see cref="TraitTable.Telling"/> ones alone.</param>
    /// <returns>Those with a corrected p below <see cref="Significant"/>, the strongest first, and how many sets of runs were tried.</returns>
    public static (IReadOnlyList<Correlation> Found, int Tried) Find(IReadOnlyList<TraitTable> tables, Func<int, long, Trait?> describe)
    {
        var sets = new Dictionary<UInt128, (Counts Counts, List<Trait> Traits)>();
        for (var t = 0; t < tables.Count; t++)
        {
            var table = tables[t];
            foreach (var id in table.Group > 0 && table.Rest > 0 ? table.Telling : [])
            {
                if (describe(t, id) is { } trait)
                {
                    var (inGroup, inRest, runs) = table.Of(id);
                    ref var set = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(sets, runs, out var exists);
                    set = exists ? set : (new(inGroup, table.Group, inRest, table.Rest), []);
                    set.Traits.Add(trait);
                }
            }
        }
        // Few counts differ of very many traits: each is tested once.
        var known = new Dictionary<Counts, double>();
        var tried = sets.Values.ToList();
        var adjusted = BenjaminiHochberg.Adjust([.. tried.Select(s => known.TryGetValue(s.Counts, out var p) ? p : known[s.Counts] = s.Counts.P)]);
        var found = tried.Zip(adjusted, static (s, p) => (s.Counts, s.Traits, P: p)).Where(static s => s.P < Significant)
            .Select(static s => new Correlation(
                [.. s.Traits.OrderBy(static t => t.Level).ThenBy(static t => t.Key, StringComparer.Ordinal).ThenBy(static t => t.Value, StringComparer.Ordinal)],
                s.Counts.InGroup, s.Counts.Group, s.Counts.InRest, s.Counts.Rest, s.P));
        return ([.. found.OrderByDescending(static c => Math.Abs(c.Score)).ThenByDescending(static c => c.Score).ThenBy(static c => c.P)
            .ThenBy(static c => c.Traits[0].Key, StringComparer.Ordinal).ThenBy(static c => c.Traits[0].Value, StringComparer.Ordinal)], tried.Count);
    }

    private readonly record struct Counts(int InGroup, int Group, int InRest, int Rest)
    {
        public double P => FisherExact.P(InGroup, Group - InGroup, InRest, Rest - InRest);
    }
}
