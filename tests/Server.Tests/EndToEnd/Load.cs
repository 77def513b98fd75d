using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>Clients that write events one by one as fast as they are answered, and remember which were acknowledged.</summary>
internal sealed class Load : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _clients = [];
    private int _refusals;
    private long _longestWait;

    /// <summary>The acknowledged events: id, position, and when the answer came.</summary>
    public ConcurrentDictionary<Guid, (long Position, DateTimeOffset At)> Acknowledged { get; } = [];

    /// <summary>How often a server said that it cannot take events now, as it should say it: 503 with a problem and when to try again.</summary>
    public int Refusals => _refusals;

    /// <summary>Every other answer than taken or refused; the connection's end is none.</summary>
    public ConcurrentQueue<string> Surprises { get; } = [];

    /// <summary>The longest time in which a client waited for an answer, so far.</summary>
    public TimeSpan LongestWait => TimeSpan.FromTicks(_longestWait);

    /// <summary>The longest time in which no event was acknowledged by any server, so far.</summary>
    public TimeSpan LongestSilence()
    {
        var times = Acknowledged.Values.Select(static a => a.At).Order().ToList();
        return times.Zip(times.Skip(1), static (a, b) => b - a).Append(TimeSpan.Zero).Max();
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <summary>Starts clients against a server. A client whose request fails sends the same event again: it cannot know better.</summary>
    public void Start(HttpClient server, int clients) => Start([server], clients);

    /// <summary>Starts clients that go to the next server when one fails.</summary>
    public void Start(IReadOnlyList<HttpClient> servers, int clients)
    {
        for (var i = 0; i < clients; i++)
        {
            var first = i;
            _clients.Add(Task.Run(() => WriteAsync(servers, first)));
        }
    }

    /// <summary>No further event; those under way are given up when their server is gone.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    private async Task WriteAsync(IReadOnlyList<HttpClient> servers, int at)
    {
        while (!_stop.IsCancellationRequested)
        {
            var run = Guid.CreateVersion7().ToString("n");
            foreach (var action in (string[])["start", "end"])
            {
                at = await SendAsync(servers, at, new EventRequest
                {
                    EventId = Guid.CreateVersion7(), Action = action, Run = new RunRequest { Type = "load", Id = run },
                    Tags = Event.NoTags.Add("service", "api"),
                });
            }
        }
    }

    private async Task<int> SendAsync(IReadOnlyList<HttpClient> servers, int at, EventRequest e)
    {
        for (; !_stop.IsCancellationRequested; at++)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                using var response = await servers[at % servers.Count].PostAsJsonAsync(Routes.Events, e, WireJson.Default.EventRequest, _stop.Token);
                InterlockedMax(Stopwatch.GetElapsedTime(began).Ticks);
                if (response.IsSuccessStatusCode)
                {
                    var answer = await response.Content.ReadFromJsonAsync(WireJson.Default.IngestAnswer, _stop.Token);
                    Acknowledged[e.EventId!.Value] = (answer!.Items[0].Position!.Value, DateTimeOffset.UtcNow);
                    return at;
                }
                if (response is { StatusCode: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: not null, Content.Headers.ContentType.MediaType: "application/problem+json" })
                {
                    Interlocked.Increment(ref _refusals);
                }
                else
                {
                    Surprises.Enqueue($"{response.StatusCode} {await response.Content.ReadAsStringAsync(_stop.Token)}");
                }
            }
            catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
            {
                Surprises.Enqueue("no answer at all");
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException or System.Text.Json.JsonException)
            {
            }
            // As any client does that is refused: it leaves the machine to the server that is starting.
            await Task.Delay(50, CancellationToken.None);
        }
        return at;
    }

    private void InterlockedMax(long ticks)
    {
        for (var longest = _longestWait; ticks > longest && Interlocked.CompareExchange(ref _longestWait, ticks, longest) != longest; longest = _longestWait)
        {
        }
    }
}
