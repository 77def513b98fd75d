using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using ValueStream.Core.Wire;
using ValueStream.Server.Operations;

namespace ValueStream.Server.Sources;

/// <summary>What became of the deliveries to each source since this server started.</summary>
internal sealed class Deliveries
{
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _since;
    private readonly Counter<long> _counter;
    private readonly FrozenDictionary<string, Tally> _tallies;

    public Deliveries(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _since = time.GetUtcNow();
        _counter = meters.Create(ServerMetrics.MeterName).CreateCounter<long>("valuestream.deliveries", "{delivery}", "Webhooks received, by source and by what became of them");
        _tallies = SourceSettings.Names.ToFrozenDictionary(static n => n, static _ => new Tally());
    }

    /// <summary>Counts a delivery.</summary>
    /// <param name="source">Where it came to.</param>
    /// <param name="result">What became of it.</param>
    /// <param name="why">Why it was not taken.</param>
    public void Count(string source, DeliveryResult result, string? why = null)
    {
        _counter.Add(1, new KeyValuePair<string, object?>("source", source), new KeyValuePair<string, object?>("result", Word(result)));
        var tally = _tallies[source];
        lock (tally)
        {
            tally.Counts[(int)result]++;
            if (result == DeliveryResult.Refused)
            {
                tally.LastRefused = new(_time.GetUtcNow(), why ?? "");
                return;
            }
            // Whoever may not deliver must not make a source look alive.
            tally.LastAt = _time.GetUtcNow();
            if (why is not null)
            {
                tally.LastNotTaken = new(_time.GetUtcNow(), why);
            }
        }
    }

    /// <summary>What is known of every source.</summary>
    public SourceList View(Gate gate) => new(_since, [.. SourceSettings.Names.Select(name =>
    {
        var tally = _tallies[name];
        lock (tally)
        {
            long Of(DeliveryResult result) => tally.Counts[(int)result];
            return new SourceView(name, SourceSettings.RouteOf(name), gate.Ways(name), tally.LastAt, Of(DeliveryResult.Accepted), Of(DeliveryResult.Ignored), Of(DeliveryResult.Quarantined),
                Of(DeliveryResult.Refused), tally.LastNotTaken, tally.LastRefused);
        }
    })]);

    private static string Word(DeliveryResult result) => result switch
    {
        DeliveryResult.Accepted => "accepted",
        DeliveryResult.Ignored => "ignored",
        DeliveryResult.Quarantined => "quarantined",
        _ => "refused",
    };

    private sealed class Tally
    {
        public readonly long[] Counts = new long[4];
        public DateTimeOffset? LastAt;
        public NotTaken? LastNotTaken;
        public NotTaken? LastRefused;
    }
}

/// <summary>What becomes of a delivery.</summary>
internal enum DeliveryResult
{
    /// <summary>Its events are in the log.</summary>
    Accepted,

    /// <summary>It tells nothing that is recorded.</summary>
    Ignored,

    /// <summary>It could not be understood and is kept.</summary>
    Quarantined,

    /// <summary>Its sender could not show who it is, or it was too large or broken.</summary>
    Refused,
}
