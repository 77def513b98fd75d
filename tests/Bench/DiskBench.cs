using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>
/// Ingest against pgbench by how long the disk takes until something is on it. Both wait for that, pgbench for each eight rows, group commit for as many as there are; so the ratio is of the disk, too.
/// strace lets Postgres's fdatasync take so much longer, and by what its own stop takes, and nothing else.
/// </summary>
internal static class DiskBench
{
    private static readonly int[] Microseconds = [0, 50, 200, 1000];

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        if (!PostgresCluster.IsAvailable || !File.Exists("/usr/bin/wrk") || !File.Exists("/usr/bin/strace"))
        {
            yield return Figure.Missing("durable ingest on slower disks", "", "it needs Postgres with pgbench, wrk, and strace");
            yield break;
        }
        foreach (var slower in Microseconds)
        {
            await using var cluster = await PostgresCluster.StartNewAsync();
            var script = slower > 0 ? await SlowAsync(slower) : null;
            if (script is not null)
            {
                cluster.Stop();
                cluster.Program = script;
                cluster.Start();
            }
            await using (var server = await ServerProcess.StartAsync(cluster.ConnectionString))
            {
                var floor = await PostgresFloor.OneRowCommitsAsync(cluster.ConnectionString, IngestBench.RoundSeconds, 500_000);
                await Wrk.PostAsync(server.Url, "one", 64, IngestBench.WarmUpSeconds);
                foreach (var connections in (int[])[64, 256])
                {
                    var wrk = await IngestBench.MedianAsync(server.Url, "one", connections);
                    yield return new(
                        $"durable ingest, one event a request, {connections} connections, against pgbench, " + (slower == 0 ? "on this disk" : $"fdatasync {slower} us slower"), "",
                        IngestBench.Ratio(wrk.PerSecond / floor), $"{IngestBench.Count(wrk.PerSecond)}/s against {IngestBench.Count(floor)}/s; p50 {Figure.Ms(wrk.P50)}, p99 {Figure.Ms(wrk.P99)}");
                }
            }
            if (script is not null)
            {
                File.Delete(script);
            }
        }
    }

    /// <summary>A program that is Postgres with a slower fdatasync. Only that call is stopped at; it stays the process that was started.</summary>
    private static async Task<string> SlowAsync(int microseconds)
    {
        var postgres = Directory.EnumerateFiles("/usr/lib/postgresql", "postgres", SearchOption.AllDirectories).Order().Last();
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, $"#!/bin/sh\nexec strace -D -f --seccomp-bpf -qq -o /dev/null -e trace=fdatasync -e inject=fdatasync:delay_exit={microseconds} {postgres} \"$@\"\n");
        await Tool.RunAsync("chmod", "755", script);
        return script;
    }
}
