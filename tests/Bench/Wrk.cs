using System.Globalization;
using System.Text.RegularExpressions;

namespace ValueStream.Bench;

/// <summary>What wrk measured.</summary>
/// <param name="PerSecond">Requests a second.</param>
/// <param name="P50">Seconds.</param>
/// <param name="P99">Seconds.</param>
internal sealed partial record Wrk(double PerSecond, double P50, double P99)
{
    /// <summary>Posts with a script of <c>Load/</c>.</summary>
    /// <param name="url">The server.</param>
    /// <param name="script">The script's name.</param>
    /// <param name="connections">Connections at once.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="arguments">The script's arguments.</param>
    /// <exception cref="InvalidOperationException">Some request was not answered with success.</exception>
    public static async Task<Wrk> PostAsync(string url, string script, int connections, int seconds, params string[] arguments)
    {
        var output = await Tool.RunAsync("wrk",
        [
            "-t", connections == 1 ? "1" : "2", "-c", $"{connections}", "-d", $"{seconds}s", "--latency", "--timeout", "10s",
            "-s", Path.Combine(AppContext.BaseDirectory, "Load", script + ".lua"), $"{url}/api/v1/events", "--", .. arguments,
        ]);
        if (output.Contains("Non-2xx", StringComparison.Ordinal) || output.Contains("Socket errors", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"Not every request succeeded:\n{output}");
        }
        return new Wrk(
            double.Parse(PerSecondLine().Match(output).Groups[1].Value, CultureInfo.InvariantCulture),
            Latency(output, "50"), Latency(output, "99"));
    }

    private static double Latency(string output, string percentile)
    {
        var match = Regex.Match(output, $@"^\s+{percentile}%\s+([\d.]+)(us|ms|s)", RegexOptions.Multiline);
        var value = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        return match.Groups[2].Value switch { "us" => value / 1e6, "ms" => value / 1e3, _ => value };
    }

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex PerSecondLine();
}
