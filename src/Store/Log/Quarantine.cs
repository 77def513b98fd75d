using System.Text.Json;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Log;

/// <summary>Keeps requests that were authentic and could not be understood, so that nothing of them is lost until a mended server can take them.</summary>
public sealed class Quarantine
{
    private readonly IEngine _engine;
    private readonly TimeProvider _time;

    internal Quarantine(IEngine engine, TimeProvider time) => (_engine, _time) = (engine, time);

    /// <summary>Puts a request in; it is on the disk when this returns.</summary>
    /// <param name="source">Which intake it came to.</param>
    /// <param name="reason">Why it could not be understood.</param>
    /// <param name="headers">Its headers, without those that hold secrets.</param>
    /// <param name="body">Its body, unpacked.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The entry's id.</returns>
    public async Task<Guid> AddAsync(
        string source, string reason, IReadOnlyDictionary<string, string> headers, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var row = new QuarantineRow
        {
            Id = Guid.CreateVersion7(now),
            ReceivedAt = now,
            Source = source,
            Reason = reason,
            Headers = JsonSerializer.Serialize(headers),
            Body = Compressed.Of(body.Span),
        };
        await using var session = await _engine.BeginAsync(cancellationToken);
        await session.InsertAsync(QuarantineSql.Insert, [row], "", "", cancellationToken);
        await session.CommitAsync(cancellationToken);
        return row.Id;
    }
}
