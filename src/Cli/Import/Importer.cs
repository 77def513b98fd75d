using System.Net.Http.Headers;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Import;

/// <summary>What came of an import so far.</summary>
internal sealed record ImportCounts
{
    /// <summary>Lines read that hold something.</summary>
    public long Lines { get; set; }

    /// <summary>Events in them.</summary>
    public long Events { get; set; }

    /// <summary>Events that were stored now.</summary>
    public long Stored { get; set; }

    /// <summary>Events that were there already.</summary>
    public long There { get; set; }

    /// <summary>Lines of which something was not taken.</summary>
    public long NotTaken { get; set; }
}

/// <summary>
/// Sends lines in requests of bounded size, one after the other. All events have ids, so a request whose answer is lost is simply sent
/// again. A server that wishes to be left alone for a while is waited for; so is one that falls silent in the midst.
/// </summary>
/// <param name="post">Posts lines of JSON, and says for how long the server wishes to be left alone.</param>
/// <param name="notTaken">Is told of each line that is not taken, in order: number, why, text.</param>
/// <param name="tell">Says a word to the user.</param>
internal sealed class Importer(Importer.Post post, Action<long, string, string> notTaken, Action<string> tell)
{
    private const int MostEvents = 2000;
    private const int MostBytes = 1 << 20;

    private readonly List<(ImportLine Line, byte[] Event)> _events = [];
    private readonly List<ImportLine> _bad = [];
    private int _bytes;
    private bool _hasBegun;

    /// <summary>Posts a body, and says for how long the server wishes to be left alone.</summary>
    public delegate Answer Post(byte[] body, out TimeSpan? retryAfter);

    /// <summary>What came of it so far.</summary>
    public ImportCounts Counts { get; } = new();

    /// <summary>For how long a server that says that it takes nothing now is asked again.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The first pause; each that follows is twice as long, up to half a minute.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The request for a body.</summary>
    public static HttpRequestMessage Request(string address, byte[] body)
    {
        // Without the sender's clock: the times are of a past that it had no part in.
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(Routes.Ndjson);
        return request;
    }

    /// <summary>Takes a line, and sends what has come together when it is enough.</summary>
    /// <exception cref="CouldNotException">The server takes no more.</exception>
    public void Add(ImportLine line)
    {
        Counts.Lines++;
        Counts.Events += line.Events.Count;
        if (line.Problem is not null)
        {
            _bad.Add(line);
            _bytes += line.Text.Length;
        }
        // The events of a line stay together.
        foreach (var e in line.Events)
        {
            _events.Add((line, e));
            _bytes += e.Length + line.Text.Length;
        }
        if (_events.Count >= MostEvents || _bad.Count >= MostEvents || _bytes >= MostBytes)
        {
            Send();
        }
    }

    /// <summary>Sends what is left.</summary>
    /// <exception cref="CouldNotException">The server takes no more.</exception>
    public void Send()
    {
        var rejected = new List<(ImportLine Line, string Problem)>(_bad.Select(l => (l, l.Problem!)));
        var settled = 0;
        var waits = new Waits(tell) { Patience = Patience, Pause = Pause };
        try
        {
            while (settled < _events.Count)
            {
                var answer = post(Body(settled), out var retryAfter);
                var part = answer.Status is 200 or 422 ? Read(answer.Body, _events.Count - settled) : null;
                if (part is not null)
                {
                    Counts.Stored += part.Accepted;
                    Counts.There += part.Duplicates;
                    rejected.AddRange(part.Rejected.Select(r => (_events[settled + r.Index].Line, r.Problem)));
                    settled += part.Settled;
                    _hasBegun = true;
                    if (part.Settled > 0)
                    {
                        waits.Begin();
                    }
                    if (part.Why is null)
                    {
                        continue;
                    }
                }
                var isAsked = answer.Status is 429 or 503 || part is not null;
                var why = part?.Why ?? (answer.Status is 200 or 422 ? "its answer is not ValueStream's, or was cut off" : answer.Why);
                if (!isAsked && !(_hasBegun && answer.Status is 0 or 200))
                {
                    throw Waits.Failed(answer, why);
                }
                waits.Wait(why, isAsked, retryAfter);
            }
        }
        finally
        {
            Report(rejected);
        }
        _events.Clear();
        _bad.Clear();
        _bytes = 0;
    }

    /// <summary>Tells of the lines that were not taken, each once.</summary>
    private void Report(List<(ImportLine Line, string Problem)> rejected)
    {
        foreach (var line in rejected.GroupBy(r => r.Line).OrderBy(g => g.Key.Number))
        {
            Counts.NotTaken++;
            notTaken(line.Key.Number, string.Join(' ', line.Select(l => l.Problem).Distinct()), line.Key.Text);
        }
    }

    private byte[] Body(int from)
    {
        using var body = new MemoryStream(_bytes + _events.Count);
        foreach (var (_, e) in _events.Skip(from))
        {
            body.Write(e);
            body.WriteByte((byte)'\n');
        }
        return body.ToArray();
    }

    /// <summary>The answer to a stream of so many lines; null when it is none, or was cut off.</summary>
    private static Part? Read(byte[] body, int count)
    {
        var rejected = new List<(int Index, string Problem)>();
        Part? part = null;
        try
        {
            foreach (var range in body.AsSpan().Split((byte)'\n'))
            {
                if (range.Start.Value == range.End.Value)
                {
                    continue;
                }
                var line = body.AsMemory(range);
                using var json = JsonDocument.Parse(line);
                if (part is not null || json.RootElement.ValueKind != JsonValueKind.Object)
                {
                    return null;
                }
                if (json.RootElement.TryGetProperty("lastLine", out _))
                {
                    var answer = JsonSerializer.Deserialize(line.Span, WireJson.Default.StreamAnswer)!;
                    if (answer.LastLine < 0 || answer.LastLine > count || answer.Problem is null && answer.LastLine < count)
                    {
                        return null;
                    }
                    part = new((int)answer.LastLine, answer.Accepted, answer.Duplicates, rejected, answer.Problem);
                }
                else
                {
                    var bad = JsonSerializer.Deserialize(line.Span, WireJson.Default.RejectedLine)!;
                    if (bad.Line < 1 || bad.Line > count)
                    {
                        return null;
                    }
                    rejected.Add(((int)bad.Line - 1, bad.Problem ?? "no reason given"));
                }
            }
        }
        catch (JsonException)
        {
            return null;
        }
        return part;
    }

    /// <summary>What one answer settled.</summary>
    private sealed record Part(int Settled, long Accepted, long Duplicates, List<(int Index, string Problem)> Rejected, string? Why);
}
