using System.Reflection;
using System.Text.Json;

namespace ValueStream.Core.Tests.Numbers;

/// <summary>What other libraries say: <c>reference.json</c>, written by <c>reference.py</c>.</summary>
internal sealed record Reference
{
    public static readonly Reference Expected = Load();

    public required IReadOnlyList<NormalRow> Normal { get; init; }
    public required IReadOnlyList<LogFactorialRow> LogFactorial { get; init; }
    public required IReadOnlyList<RankSumRow> RankSum { get; init; }
    public required IReadOnlyList<CountsRow> Proportions { get; init; }
    public required IReadOnlyList<CountsRow> PoissonRates { get; init; }
    public required IReadOnlyList<MillionsRow> Millions { get; init; }
    public required IReadOnlyList<TwoByTwoRow> TwoByTwo { get; init; }
    public required IReadOnlyList<AdjustRow> BenjaminiHochberg { get; init; }
    public required IReadOnlyList<CorrelationsRow> Correlations { get; init; }
    public required IReadOnlyList<QuantilesRow> Quantiles { get; init; }

    /// <summary>Every row must pass; a section without rows is a mistake.</summary>
    public static void Each<T>(Func<Reference, IReadOnlyList<T>> rows, Action<T> check)
    {
        Assert.NotEmpty(rows(Expected));
        Assert.All(rows(Expected), check);
    }

    /// <summary>Equal but for rounding, however small.</summary>
    public static void Same(double expected, double actual, double relative = 1e-10) =>
        Assert.InRange(actual, expected - Math.Abs(expected) * relative, expected + Math.Abs(expected) * relative);

    private static Reference Load()
    {
        using var json = Assembly.GetExecutingAssembly().GetManifestResourceStream("reference.json")!;
        return JsonSerializer.Deserialize<Reference>(json, JsonSerializerOptions.Web)!;
    }
}

internal sealed record NormalRow(double Z, double P);

internal sealed record LogFactorialRow(long N, double Value);

internal sealed record RankSumRow(long[][] Before, long[][] After, double P);

internal sealed record CountsRow(double[] Case, double P);

internal sealed record MillionsRow(double[] Rates, double P);

internal sealed record TwoByTwoRow(long[] Case, double Fisher, double ChiSquare, bool Applies);

internal sealed record AdjustRow(double[] P, double[] Adjusted);

internal sealed record QuantilesRow(string Name, long[] Micros, double Mean, double[][] Quantiles);

// Of each run 1 where it is in the group, then its value of each key.
internal sealed record CorrelationsRow(int[][] Runs, int Tried, IReadOnlyList<FoundRow> Found);

internal sealed record FoundRow(int[][] Traits, int InGroup, int InRest, double P);
