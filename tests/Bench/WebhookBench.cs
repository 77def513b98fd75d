using System.Globalization;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>How much of the machine webhooks take: 5,000 a minute, 20 kB each.</summary>
internal static class WebhookBench
{
    private const int Seconds = 30;

    // A connection that pauses so long after each answer makes some 8.5 deliveries a second; there are ten.
    private const string Pause = "112";

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        const string what = "5,000 webhooks of GitHub a minute, 20 kB each, Postgres: what all of it, the load included, takes of the machine";
        using var database = await TestDatabase.PostgresAsync();
        if (database is null || !File.Exists("/usr/bin/wrk"))
        {
            yield return Figure.Missing(what, "50 %", "it needs Postgres and wrk");
            yield break;
        }
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        await Wrk.PostAsync(server.Url, "webhook", 10, Seconds / 2, Pause);
        var (busy, all) = Processor();
        var wrk = await Wrk.PostAsync(server.Url, "webhook", 10, Seconds, Pause);
        var (busyAfter, allAfter) = Processor();
        var share = (busyAfter - busy) / (allAfter - all);
        var most = await Wrk.PostAsync(server.Url, "webhook", 32, Seconds / 2);
        yield return new(what, "50 %", string.Create(CultureInfo.InvariantCulture, $"{share:P0}"),
            string.Create(CultureInfo.InvariantCulture, $"{wrk.PerSecond * 60:N0} a minute, p50 {Figure.Ms(wrk.P50)}, p99 {Figure.Ms(wrk.P99)}; at full load {most.PerSecond * 60:N0} a minute"));
    }

    /// <summary>Processor time of the whole machine since its start: what was used, and all there was.</summary>
    private static (double Busy, double All) Processor()
    {
        var times = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(static t => double.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        // The fourth is idle, the fifth is waiting for the disk.
        return (times.Sum() - times[3] - times[4], times.Sum());
    }
}
