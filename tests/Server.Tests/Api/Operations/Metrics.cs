using System.Globalization;
using System.Text.RegularExpressions;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>One answer of <c>/metrics</c>.</summary>
internal sealed partial record Metrics(string Text)
{
    /// <summary>Asks until the answer has what is waited for: the exporter keeps an answer for a moment.</summary>
    public static Task<Metrics> ReadAsync(ApiClient client, Func<Metrics, bool> has, params (string Name, string Value)[] headers) => Until.AsksAsync(
        async () => new Metrics((await client.GetAsync("/metrics", headers)).Text), has, TimeSpan.FromSeconds(30));

    /// <summary>The samples of one name.</summary>
    public IReadOnlyList<Sample> Of(string name) => [.. Text.Split('\n').Where(l => l.StartsWith(name + "{", StringComparison.Ordinal)).Select(static l => new Sample(
        Label().Matches(l).ToDictionary(static m => m.Groups[1].Value, static m => m.Groups[2].Value), double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)))];

    [GeneratedRegex("(\\w+)=\"([^\"]*)\"")]
    private static partial Regex Label();

    /// <summary>A value and what it is of.</summary>
    internal sealed record Sample(IReadOnlyDictionary<string, string> Labels, double Value);
}
