using System.Diagnostics;

namespace ValueStream.Server.Tests.Api;

/// <summary>Waits for what another process does in its own time. The one place where a test polls.</summary>
internal static class Eventually
{
    /// <summary>Looks until something holds; fails, saying what, when it does not within the limit.</summary>
    public static async Task HoldsAsync(string what, Func<Task<bool>> holds, int seconds = 30)
    {
        for (var began = Stopwatch.GetTimestamp(); !await holds(); await Task.Delay(10, TestContext.Current.CancellationToken))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(seconds), $"Not within {seconds} s: {what}.");
        }
    }
}
