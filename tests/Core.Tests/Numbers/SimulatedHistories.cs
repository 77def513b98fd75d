using ValueStream.Core.Numbers;

namespace ValueStream.Core.Tests.Numbers;

/// <summary>
/// Histories drawn by a fixed seed, with a known cause or none: how often what is found is there, and what is there is found. tests/Bench prints the same
/// figures (<c>why</c>), which docs/metrics.md quotes.
/// </summary>
internal static class SimulatedHistories
{
    /// <summary>How many histories each figure is of.</summary>
    public const int Histories = 1_000;

    private const int Seed = 20_260_101;

    /// <summary>Runs with 40 tags of 2 to 21 values each, of which one in ten fails; of those with one value of the first key, more.</summary>
    /// <param name="runs">How many runs a history has.</param>
    /// <param name="failing">The share of the runs with the cause that fails; 0.1 is no cause.</param>
    /// <returns>The share of the histories in which the cause was found, in which anything else was, and the mean share of what was found that was something else.</returns>
    public static (double Power, double Any, double FalseShare) Correlations(int runs, double failing)
    {
        const int keys = 40;
        var (power, any, falseShare) = (0, 0, 0.0);
        var values = new long[keys];
        for (var history = 0; history < Histories; history++)
        {
            var random = new Random(Seed + history);
            var table = new TraitTable();
            for (var run = 0; run < runs; run++)
            {
                for (var key = 0; key < keys; key++)
                {
                    values[key] = 100 * key + random.Next(key == 0 ? 5 : 2 + key / 2);
                }
                table.Begin(run, random.NextDouble() < (values[0] == 0 ? failing : 0.1));
                foreach (var value in values)
                {
                    table.Add(value);
                }
            }
            var found = Correlation.Find([table], static (_, id) => new Trait(TraitLevel.Own, $"{id / 100}", $"{id % 100}")).Found;
            // With a cause the other values of its key are rarer among the failed: that is true as well.
            var others = failing > 0.1 ? found.Count(static c => c.Traits[0].Key != "0") : found.Count;
            power += found.Any(static c => c.Score > 0 && c.Traits[0] is { Key: "0", Value: "0" }) ? 1 : 0;
            any += others > 0 ? 1 : 0;
            falseShare += found.Count == 0 ? 0 : (double)others / found.Count;
        }
        return ((double)power / Histories, (double)any / Histories, falseShare / Histories);
    }

    /// <summary>
    /// Operations whose runs take log-normal times and of which one in twenty fails. The newest runs of the first take longer.
    /// </summary>
    /// <param name="operations">How many are judged together.</param>
    /// <param name="factor">What the first one's newest runs are longer by; 1 is no change.</param>
    /// <param name="longer">How many runs are longer.</param>
    /// <param name="spread">The standard deviation of the durations' logarithms.</param>
    /// <returns>The share of the histories in which the change was found, in which anything else was, and the mean share of what was found that was something else.</returns>
    public static (double Power, double Any, double FalseShare) Changes(int operations, double factor, int longer, double spread)
    {
        var (power, any, falseShare) = (0, 0, 0.0);
        for (var history = 0; history < Histories; history++)
        {
            var random = new Random(Seed + history);
            var compared = new List<Comparison>();
            for (var operation = 0; operation < operations; operation++)
            {
                var runs = Enumerable.Range(0, Recent.Newest + Recent.Before).Select(i => new EndedRun(
                    random.Next(20) == 0, (long)(300e6 * (operation == 0 && i < longer ? factor : 1) * Math.Exp(spread * Normal(random))))).ToList();
                var (p50, errorRate) = Recent.Compare(runs);
                compared.AddRange(p50, errorRate);
            }
            var changed = Change.Judge(compared).Select(static (c, i) => (c.Verdict, At: i)).Where(static c => c.Verdict == Verdict.Change).ToList();
            var others = changed.Count(c => c.At > 0 || factor == 1);
            power += changed.Exists(static c => c.At == 0) ? 1 : 0;
            any += others > 0 ? 1 : 0;
            falseShare += changed.Count == 0 ? 0 : (double)others / changed.Count;
        }
        return ((double)power / Histories, (double)any / Histories, falseShare / Histories);
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
