using System.Diagnostics.Metrics;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Operations;

/// <summary>
/// The log's head as a metric: the position is its value, log id and hash are attributes. An exporter keeps a place for each set of attributes
/// that a gauge ever had, 2,000 at most, and drops the attributes of those that come later. So a head that was read is not followed in its gauge:
/// the next one has a new gauge of the same name, and the exporter forgets the old.
/// </summary>
/// <param name="meterName">The name of the meters that the gauges are of.</param>
internal sealed class HeadGauge(string meterName) : IDisposable
{
    private Meter? _meter;
    private HeadView? _head;
    private volatile bool _isRead;

    /// <summary>Shows another head. One caller at a time.</summary>
    public void Show(HeadView head)
    {
        if (head == _head)
        {
            return;
        }
        if (_isRead)
        {
            _meter?.Dispose();
            _meter = null;
            _isRead = false;
        }
        Volatile.Write(ref _head, head);
        if (_meter is null)
        {
            _meter = new Meter(meterName);
            _meter.CreateObservableGauge("valuestream.log.head", Read, "{event}", "The log's last position and hash, as of the last hourly look");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _meter?.Dispose();

    private Measurement<long> Read()
    {
        _isRead = true;
        var head = Volatile.Read(ref _head)!;
        return new(head.Position, new("valuestream.log.id", head.LogId.ToString()), new("valuestream.log.hash", head.Hash));
    }
}
