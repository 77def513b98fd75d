using System.Collections.Concurrent;
using System.Net.Http.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>Clients that write events one by one as fast as they are answered, and remember which were acknowledged.</summary>
internal sealed class Load : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _clients = [];

    /// <summary>The acknowledged events: id, position, and when the answer came.</summary>
    public ConcurrentDictionary<Guid, (long Position, DateTimeOffset At)> Acknowledged { get; } = [];

    /// <summary>The longest time in which no event was acknowledged by any server, so far.</summary>
    public TimeSpan LongestSilence()
    {
        var times = Acknowledged.Values.Select(static a => a.At).Order().ToList();
        return times.Zip(times.Skip(1), static (a, b) => b - a).Append(TimeSpan.Zero).Max();
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <summary>Starts clients against a server. A client whose request fails sends the same event again: it cannot know better.</summary>
    public void Start(HttpClient server, int clients)
    {
        for (var i = 0; i < clients; i++)
        {
            _clients.Add(Task.Run(() => WriteAsync(server)));
        }
    }

    /// <summary>No further event; those under way are given up when their server is gone.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    private async Task WriteAsync(HttpClient server)
    {
        while (!_stop.IsCancellationRequested)
        {
            var run = Guid.CreateVersion7().ToString("n");
            foreach (var action in (string[])["start", "end"])
            {
                await SendAsync(server, new EventRequest
                {
                    EventId = Guid.CreateVersion7(), Action = action, Run = new RunRequest { Type = "load", Id = run },
                    Tags = Event.NoTags.Add("service", "api"),
                });
            }
        }
    }

    private async Task SendAsync(HttpClient server, EventRequest e)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var response = await server.PostAsJsonAsync(Routes.Events, e, WireJson.Default.EventRequest, _stop.Token);
                if (response.IsSuccessStatusCode)
                {
                    var answer = await response.Content.ReadFromJsonAsync(WireJson.Default.IngestAnswer, _stop.Token);
                    Acknowledged[e.EventId!.Value] = (answer!.Items[0].Position!.Value, DateTimeOffset.UtcNow);
                    return;
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException or System.Text.Json.JsonException)
            {
            }
            // As any client does that is refused: it leaves the machine to the server that is starting.
            await Task.Delay(50, CancellationToken.None);
        }
    }
}
