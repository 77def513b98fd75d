namespace ValueStream.Core.Numbers;

/// <summary>
/// Counts which runs carry which traits of one level, by ids: a few additions for each trait of each run, so that 20,000 runs with 40
/// traits each are counted in some ten milliseconds, and no text is looked at before it is known to be worth it.
/// </summary>
public sealed class TraitTable
{
    private readonly Dictionary<long, int> _rows = [];
    private readonly List<Row> _counts = [];
    private int _run = -1;
    private bool _isInGroup;
    private UInt128 _mark;

    /// <summary>How many runs of the group were begun.</summary>
    public int Group { get; private set; }

    /// <summary>How many other runs were begun.</summary>
    public int Rest { get; private set; }

    /// <summary>The ids that at least so many runs carry as a finding needs, and not all: what all carry tells nothing.</summary>
    public IEnumerable<long> Telling => from row in _rows let count = _counts[row.Value] where count.All >= Correlation.FewestRuns && count.All < Group + Rest select row.Key;

    /// <summary>A run begins; what is added next is carried by it.</summary>
    /// <param name="run">Its number, the same in tables of other levels, from 0.</param>
    /// <param name="isInGroup">Whether it is one of those that are asked about.</param>
    public void Begin(int run, bool isInGroup)
    {
        (_run, _isInGroup, _mark) = (run, isInGroup, Mark(run));
        (Group, Rest) = isInGroup ? (Group + 1, Rest) : (Group, Rest + 1);
    }

    /// <summary>The run that was begun carries a trait; saying so again changes nothing.</summary>
    /// <param name="id">Which trait.</param>
    public void Add(long id)
    {
        ref var at = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_rows, id, out var exists);
        if (!exists)
        {
            at = _counts.Count;
            _counts.Add(new Row());
        }
        var row = _counts[at];
        if (row.Last != _run)
        {
            row.Last = _run;
            row.All++;
            row.InGroup += _isInGroup ? 1 : 0;
            row.Runs ^= _mark;
        }
    }

    /// <summary>How many runs carry a trait.</summary>
    public int CarriedBy(long id) => _rows.TryGetValue(id, out var row) ? _counts[row].All : 0;

    /// <summary>How many carry a trait, and a mark of which runs these are.</summary>
    internal (int InGroup, int InRest, UInt128 Runs) Of(long id) => _counts[_rows[id]] is var row ? (row.InGroup, row.All - row.InGroup, row.Runs) : default;

    /// <summary>128 bits for each run, as good as random (SplitMix64; Steele, Lea, Flood, 2014): two sets of runs with the same sum of them are the same set.</summary>
    private static UInt128 Mark(int run)
    {
        var seed = 2 * (ulong)run;
        return new UInt128(Mix(seed), Mix(seed + 1));

        static ulong Mix(ulong n)
        {
            n = (n + 1) * 0x9E3779B97F4A7C15;
            n = (n ^ (n >> 30)) * 0xBF58476D1CE4E5B9;
            n = (n ^ (n >> 27)) * 0x94D049BB133111EB;
            return n ^ (n >> 31);
        }
    }

    private sealed class Row
    {
        public int Last = -1;
        public int All;
        public int InGroup;
        public UInt128 Runs;
    }
}
