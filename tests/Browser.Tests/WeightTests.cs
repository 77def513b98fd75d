using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace ValueStream.Browser.Tests;

/// <summary>What a browser has to fetch to show a page.</summary>
public sealed partial class WeightTests(Site site)
{
    private const int Most = 60_000;
    private const int MostWithCharts = 450_000;

    [Theory]
    [MemberData(nameof(Pages.All), MemberType = typeof(Pages))]
    public async Task A_page_is_light_and_asks_nobody_else_for_anything(string name, string address)
    {
        Assert.NotEmpty(name);
        using var http = new HttpClient { BaseAddress = new Uri(site.Url) };
        http.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("br"));
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        using var page = await http.GetAsync(address, Cancel);
        var policy = string.Join(' ', page.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("br", Assert.Single(page.Content.Headers.ContentEncoding));

        using var plain = new HttpClient { BaseAddress = new Uri(site.Url) };
        plain.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        using var readable = await plain.GetAsync(address, Cancel);
        var assets = Loaded().Matches(await readable.Content.ReadAsStringAsync(Cancel)).Select(static m => m.Groups[1].Value).Distinct().ToList();
        Assert.All(assets, static a => Assert.StartsWith("/assets/", a, StringComparison.Ordinal));
        var weight = (await page.Content.ReadAsByteArrayAsync(Cancel)).Length;
        foreach (var asset in assets)
        {
            using var loaded = await http.GetAsync(asset, Cancel);
            loaded.EnsureSuccessStatusCode();
            Assert.Equal(asset.Contains("?v=", StringComparison.Ordinal), loaded.Headers.CacheControl!.ToString().Contains("max-age=31536000", StringComparison.Ordinal));
            weight += (await loaded.Content.ReadAsByteArrayAsync(Cancel)).Length;
        }
        var most = assets.Exists(static a => a.Contains("echarts", StringComparison.Ordinal)) ? MostWithCharts : Most;
        Assert.True(weight <= most, $"{address} weighs {weight:n0} bytes, of which the page itself {page.Content.Headers.ContentLength:n0}.");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What a page makes a browser load by itself.</summary>
    [GeneratedRegex("<(?:link|script|img)\\b[^>]*?(?:href|src)=\"([^\"]+)\"")]
    private static partial Regex Loaded();
}
