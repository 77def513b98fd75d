using System.Globalization;

namespace ValueStream.Bench;

/// <summary>One row of the table.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Budget">What the design allows.</param>
/// <param name="Measured">What it was.</param>
/// <param name="Raw">What it was computed from.</param>
internal sealed record Figure(string What, string Budget, string Measured, string Raw)
{
    /// <summary>A row that could not be measured, and why.</summary>
    public static Figure Missing(string what, string budget, string why) => new(what, budget, "not measured", why);

    /// <summary>A value of a sorted list: 0.5 is the median.</summary>
    public static double Quantile(IReadOnlyList<double> sorted, double p) => sorted[(int)Math.Round((sorted.Count - 1) * p)];

    /// <summary>Seconds as milliseconds.</summary>
    public static string Ms(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.0} ms");
}
