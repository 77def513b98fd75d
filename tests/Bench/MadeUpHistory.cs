using ValueStream.Core.Events;
using ValueStream.Store.Log;

namespace ValueStream.Bench;

/// <summary>
/// Realistic history, the same for the same seed: operations of which some run far more often than most, log-normal durations, one run
/// in twenty fails, 15 tags a run whose values are as uneven as the operations.
/// </summary>
/// <param name="runs">How many runs.</param>
/// <param name="end">When the last of them starts.</param>
internal sealed class MadeUpHistory(int runs, DateTimeOffset end)
{
    /// <summary>Kinds of work.</summary>
    public const int Operations = 2_000;

    private const int Seed = 20_260_302;
    private static readonly TimeSpan Length = TimeSpan.FromDays(90);

    private static readonly string[] Types = ["pipeline", "build", "test", "deploy", "scan"];

    private static readonly (string Key, string Value, int Values)[] Kinds =
    [
        ("deployment.environment.name", "env", 4), ("host.name", "ci-runner", 60), ("user.name", "user", 150), ("vcs.ref.head.name", "feature", 3_000),
        ("os.type", "os", 3), ("cicd.system", "ci", 4), ("image", "image", 300), ("region", "region", 12), ("team", "team", 40), ("language", "language", 9),
        ("runtime.version", "version", 25), ("size", "size", 5), ("trigger", "trigger", 6),
    ];

    private readonly double[] _operations = Zipf(Operations, 1.0);

    /// <summary>The history's events as their senders would have sent them.</summary>
    /// <param name="apart">How many runs start before the first of them ends; 0: each ends before the next one starts.</param>
    public IEnumerable<NewEvent> Events(int apart)
    {
        var waiting = new Queue<NewEvent>();
        var random = new Random(Seed);
        var kinds = Kinds.Select(static k => Zipf(k.Values, 1.1)).ToArray();
        var step = Length / runs;
        for (var i = 0; i < runs; i++)
        {
            var at = end - Length + i * step;
            var operation = Pick(_operations, random);
            var service = $"service-{operation % 400}";
            var run = new RunId(SourceNames.CustomHttp, Types[operation % Types.Length], $"team{operation % 20}", $"r{i:x}");
            var tags = Event.NoTags.Add("service", service).Add("vcs.repository.name", service).ToBuilder();
            for (var k = 0; k < Kinds.Length; k++)
            {
                tags[Kinds[k].Key] = $"{Kinds[k].Value}-{Pick(kinds[k], random)}";
            }
            // The median is a minute for the quickest and an hour for the slowest; the longest in a hundred take seven times as long.
            var duration = TimeSpan.FromSeconds(60 * Math.Pow(60, operation / (double)Operations) * Math.Exp(0.85 * Normal(random)));
            yield return Make(EventKind.Started, run, at, new EventData { Name = $"operation-{operation}", Actor = tags["user.name"].Text, Tags = tags.ToImmutable() });
            waiting.Enqueue(Make(EventKind.Ended, run, at + duration, new EventData { Name = $"operation-{operation}", Outcome = random.Next(20) == 0 ? "failure" : "success" }));
            while (waiting.Count > apart)
            {
                yield return waiting.Dequeue();
            }
        }
        while (waiting.TryDequeue(out var last))
        {
            yield return last;
        }
    }

    /// <summary>The key of an operation by its rank: 0 runs most often.</summary>
    public static ShortKey Key(int operation) => ShortKey.Of($"team{operation % 20}", Types[operation % Types.Length], $"operation-{operation}");

    /// <summary>The key of the operation that runs most often.</summary>
    public static ShortKey Busiest => Key(0);

    /// <summary>The key of one that runs about as often as the middle one.</summary>
    public static ShortKey Ordinary => Key(1_000);

    private static NewEvent Make(EventKind kind, RunId run, DateTimeOffset at, EventData data) => new()
    {
        EventId = Guid.CreateVersion7(at),
        Kind = kind,
        Run = run,
        Submitter = "loopback",
        OccurredAt = at,
        ReceivedAt = at,
        Data = data,
    };

    /// <summary>Shares that fall as 1 / rank^s, added up.</summary>
    private static double[] Zipf(int values, double s)
    {
        var sums = new double[values];
        var sum = 0.0;
        for (var i = 0; i < values; i++)
        {
            sums[i] = sum += 1 / Math.Pow(i + 1, s);
        }
        return sums;
    }

    private static int Pick(double[] sums, Random random)
    {
        var at = Array.BinarySearch(sums, random.NextDouble() * sums[^1]);
        return at >= 0 ? at : ~at;
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
