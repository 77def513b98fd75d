using System.Text.Json;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace ValueStream.Browser.Tests;

/// <summary>Asks axe what is wrong with a page as it stands. The package's own RunAxe opens a second page each time, for frames of
/// other sites, which these pages have none of; put in once and called directly it takes a tenth of the time.</summary>
internal static class Axe
{
    private static readonly string Source = new BundledAxeScriptProvider().GetScript();

    /// <summary>Puts axe into a page; a page that is loaded anew has to get it again.</summary>
    public static Task BringAsync(IPage page) => page.EvaluateAsync(Source);

    /// <summary>What axe finds.</summary>
    /// <param name="page">The page, with axe in it.</param>
    /// <param name="rules">Only these rules; all when null.</param>
    /// <returns>The rules that looked at something, and what violates one, in words.</returns>
    public static async Task<(int Checked, IReadOnlyList<string> Violations)> FindAsync(IPage page, params string[]? rules)
    {
        var json = await page.EvaluateAsync<string>("""
            async (rules) => {
              const found = await axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } }, ...(rules && { runOnly: { type: 'rule', values: rules } }) });
              return JSON.stringify({ passes: found.passes.length, violations: found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${v.help}: ${n.html}`)) });
            }
            """, rules);
        using var found = JsonDocument.Parse(json);
        return (found.RootElement.GetProperty("passes").GetInt32(), [.. found.RootElement.GetProperty("violations").EnumerateArray().Select(static v => v.GetString()!)]);
    }
}
