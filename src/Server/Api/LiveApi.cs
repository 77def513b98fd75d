using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using ValueStream.Core.Events;
using ValueStream.Server.Operations;
using ValueStream.Store;
using ValueStream.Store.Projections;
using ValueStream.Store.Queries;
using ValueStream.Web;

namespace ValueStream.Server.Api;

/// <summary>
/// <c>GET /live?view=...</c>: tells an open page that what it shows has changed, so that it fetches itself again. The events' ids are
/// positions of the log: a page that comes back, to whichever node, says what it saw last and misses nothing.
/// </summary>
internal static class LiveApi
{
    // A pause between two messages to a page; nobody reads faster.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // How often to look for what another node's projector did.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    // Proxies close connections on which nothing moves.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>Maps the route.</summary>
    public static void MapLive(this IEndpointRouteBuilder app) =>
        app.MapGet("/live", Live).WithName("Live").WithTags("Live")
            .WithSummary("Server-sent events for a view: 'runs' or 'run/{key}'").Produces(200, contentType: "text/event-stream").ProducesProblem(400);

    private static IResult Live(
        HttpContext context, string? view, ProjectionQueries projections, TraceQueries traces, ProjectorSignals signals, IHostApplicationLifetime lifetime)
    {
        ShortKey? run = null;
        if (view?.StartsWith("run/", StringComparison.Ordinal) is true)
        {
            if (!ShortKey.TryParse(view["run/".Length..], out var key))
            {
                return Problems.Invalid("view", "'run/' is followed by a run's key.");
            }
            run = key;
        }
        else if (view != "runs")
        {
            return Problems.Invalid("view", "Say 'runs' or 'run/{key}'.");
        }
        long? last = long.TryParse(context.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
        var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.RegisterForDispose(stop);
        return TypedResults.ServerSentEvents(ChangesAsync(run, Viewer.MaySee(context.User), last, projections, traces, signals, stop.Token));
    }

    private static async IAsyncEnumerable<SseItem<LiveChange>> ChangesAsync(
        ShortKey? run, Visible visible, long? last, ProjectionQueries projections, TraceQueries traces, ProjectorSignals signals,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A page that has just been served is as of now; one that comes back says how far it had seen.
        // A position that is yet to come is one of another log, which was here before: nothing of this one has been seen.
        var now = await projections.PositionAsync(cancellationToken);
        var seen = last is not { } given ? now : given <= now ? given : 0;
        yield return Item("hello", seen);
        var spokeAt = DateTime.UtcNow;
        var looked = seen;
        while (!cancellationToken.IsCancellationRequested)
        {
            var next = signals.Advanced.Next;
            var position = await projections.PositionAsync(cancellationToken);
            if (position > looked)
            {
                looked = position;
                if (run is not { } key || await traces.VersionAsync(key, visible, cancellationToken) > seen)
                {
                    seen = position;
                    spokeAt = DateTime.UtcNow;
                    yield return Item("changed", position);
                    await Wait(Task.Delay(Pause, cancellationToken));
                    continue;
                }
            }
            if (DateTime.UtcNow - spokeAt > KeepAlive)
            {
                spokeAt = DateTime.UtcNow;
                yield return Item("hello", seen);
            }
            await Wait(Signal.WaitAsync(next, LookEvery, cancellationToken));
        }
    }

    private static async Task Wait(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static SseItem<LiveChange> Item(string type, long position) =>
        new(new LiveChange(position), type) { EventId = position.ToString(CultureInfo.InvariantCulture) };
}
