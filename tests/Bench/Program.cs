using ValueStream.Bench;

// Measures the budgets of the design, each a ratio or a time of one run on one machine, and prints them as the README quotes them:
//   dotnet run -c Release --project tests/Bench [ingest] [append] [stream] [sqlite] [cli] [page] [paint] [projection] [numbers] [lag] [webhooks] [forward] [why] [numbers10m] [disks]
// Without names it measures everything but the last two: numbers10m takes twenty minutes by itself, or less when VALUESTREAM_BENCH_DATABASE names a database to keep, and disks is ingest again, on slower ones.
(string Name, Func<IAsyncEnumerable<Figure>> Measure)[] parts = 
[
    ("ingest", IngestBench.PostgresAsync), ("append", AppendBench.MeasureAsync), ("stream", IngestBench.StreamAsync), ("sqlite", IngestBench.SqliteAsync), ("cli", CliBench.MeasureAsync), ("page", PageBench.MeasureAsync), ("paint", PaintBench.MeasureAsync), ("projection", ProjectionBench.MeasureAsync), ("numbers", NumbersBench.MeasureAsync), ("lag", LagBench.MeasureAsync), ("webhooks", WebhookBench.MeasureAsync), ("forward", ForwardBench.MeasureAsync),
    ("why", WhyBench.MeasureAsync),
    ("numbers10m", NumbersBench.MeasureTenMillionAsync),
    ("disks", DiskBench.MeasureAsync),
];
var unknown = args.Except(parts.Select(static p => p.Name)).ToList();
if (unknown.Count > 0)
{
    await Console.Error.WriteLineAsync($"'{unknown[0]}' is not measured here; say {string.Join(" or ", parts.Select(static p => p.Name))}, or nothing for all.");
    return 2;
}
Console.WriteLine("| what | budget | measured | in figures |");
Console.WriteLine("| --- | --- | --- | --- |");
foreach (var part in parts.Where(p => args.Length == 0 ? p.Name is not ("numbers10m" or "disks") : args.Contains(p.Name)))
{
    await foreach (var figure in part.Measure())
    {
        Console.WriteLine($"| {figure.What} | {figure.Budget} | {figure.Measured} | {figure.Raw} |");
    }
}
return 0;
