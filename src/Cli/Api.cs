using System.Net.Http.Headers;
using System.Text.Json;

namespace ValueStream.Cli;

/// <summary>Questions of the query commands, over one connection. What is no answer throws, with the reason and what to do.</summary>
internal sealed class Api : IDisposable
{
    private const int LargestAnswer = 24 << 20;
    private const int Page = 100;
    private const string TooLong = "its answer is too long";
    private const string NotOurs = "its answer is not ValueStream's";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _root;
    private readonly string? _token;
    private readonly HttpClient _client;

    private Api(string root, string? token, TimeSpan patience)
    {
        (_root, _token) = (root, token);
        _client = Transport.Client(root);
        _client.Timeout = patience;
        _client.MaxResponseContentBufferSize = LargestAnswer;
    }

    /// <summary>Whether the last list had more than was asked for.</summary>
    public bool HasMore { get; private set; }

    /// <summary>The position of the log that the last list speaks of; null where it speaks of none.</summary>
    public long? AsOf { get; private set; }

    /// <summary>The server's address as it may be shown: without what it says of a user.</summary>
    public string Address { get; private init; } = "";

    /// <summary>The server that flags and environment name.</summary>
    /// <param name="arguments">The flags.</param>
    /// <param name="patience">How long an answer may take; a minute where null.</param>
    /// <exception cref="CouldNotException">They name upstream's intake alone.</exception>
    public static Api From(Arguments arguments, TimeSpan? patience = null)
    {
        var settings = Settings.From(arguments);
        return settings.Root is not { } root
            ? throw new CouldNotException($"{settings.Shown} is upstream's intake, which answers no questions: name the server by -url or VALUESTREAM_URL")
            : new Api(root, settings.Token, patience ?? Patience) { Address = Settings.WithoutUser(root) };
    }

    /// <summary>What is at an address below the server's; null when the server says that there is no such thing.</summary>
    /// <exception cref="CouldNotException">No answer, or none to this question.</exception>
    public byte[]? Find(string path)
    {
        var answer = Get(path);
        return answer.Status switch
        {
            200 => answer.Body,
            404 when answer.SaysThereIsNone => null,
            _ => throw Failed(answer),
        };
    }

    /// <summary>What is at an address below the server's; null when the server answers anything else than that.</summary>
    /// <exception cref="CouldNotException">No answer.</exception>
    public byte[]? Glance(string path)
    {
        var answer = Get(path);
        return answer.Status switch
        {
            200 => answer.Body,
            0 => throw Failed(answer),
            _ => null,
        };
    }

    /// <summary>A list's items, page after page, each to be used before the next.</summary>
    /// <param name="path">The list's address, with the query as far as it goes.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="isSearch">Whether a page may be empty and not be the last.</param>
    /// <exception cref="CouldNotException">No answer, or none to this question.</exception>
    public IEnumerable<JsonElement> List(string path, long limit, bool isSearch = false)
    {
        var page = Page;
        string? cursor = null;
        bool more;
        do
        {
            var wanted = (int)Math.Min(page, limit);
            var at = $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}limit={wanted}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}";
            var answer = Get(at);
            if (answer is { Status: 0, Problem: TooLong } && page > 1)
            {
                (page, more) = (page / 2, true);
                continue;
            }
            if (answer.SaysThereIsNone)
            {
                yield break;
            }
            using var list = answer.Status == 200 ? Parse(answer.Body) : throw Failed(answer);
            if (list.RootElement.ValueKind != JsonValueKind.Object
                || !list.RootElement.TryGetProperty("items", out var items) || items.ValueKind != JsonValueKind.Array)
            {
                throw Failed(NotOurs);
            }
            AsOf ??= list.RootElement.TryGetProperty("asOf", out var asOf) && asOf.ValueKind == JsonValueKind.Number && asOf.TryGetInt64(out var position) ? position : null;
            var count = 0;
            foreach (var item in items.EnumerateArray().Take(wanted))
            {
                count++;
                yield return item;
            }
            limit -= count;
            var next = list.RootElement.TryGetProperty("next", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
            if (next is not null && ((count == 0 && !isSearch) || next == cursor))
            {
                // It would go on like this for ever.
                throw Failed(NotOurs);
            }
            cursor = next;
            HasMore = more = cursor is not null;
        }
        while (limit > 0 && more);
    }

    /// <summary>Sends a request. Never throws.</summary>
    /// <param name="make">Makes it, given what the API's routes are added to.</param>
    /// <param name="retryAfter">For how long the server wishes to be left alone.</param>
    public Answer Send(Func<string, HttpRequestMessage> make, out TimeSpan? retryAfter)
    {
        retryAfter = null;
        if (Transport.CannotSpeak(_root) is { } why)
        {
            return new(0, [], why);
        }
        try
        {
            using var request = make(_root);
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("vscli", null));
            if (_token is not null)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
            }
            using var response = _client.SendAsync(request).GetAwaiter().GetResult();
            retryAfter = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - DateTimeOffset.UtcNow : null;
            return new((int)response.StatusCode, response.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult());
        }
        catch (OperationCanceledException e)
        {
            return new(0, [], e.InnerException is TimeoutException && e.CancellationToken != default
                ? $"no answer within {_client.Timeout.TotalSeconds:0} s" : $"no connection within {Transport.Connecting.TotalSeconds:0} s");
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return new(0, [], TooLong);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ResponseEnded)
        {
            return new(0, [], "its answer was cut off");
        }
        catch (Exception e)
        {
            return new(0, [], Transport.Reason(e).TrimEnd('.'));
        }
    }

    /// <summary>Reads JSON that must be there.</summary>
    /// <exception cref="CouldNotException">It is none.</exception>
    public JsonDocument Parse(byte[] body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            throw Failed(NotOurs);
        }
    }

    /// <summary>Reads JSON of a shape that must be there.</summary>
    /// <exception cref="CouldNotException">It has another.</exception>
    public T Read<T>(Func<T?> read) where T : class
    {
        try
        {
            return read() ?? throw Failed(NotOurs);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw Failed(NotOurs);
        }
    }

    /// <summary>What to say of an answer that is none.</summary>
    public CouldNotException Failed(Answer answer) =>
        Failed(answer.Status == 0 && Transport.CannotSpeak(_root) is null ? $"{answer.Why}; see that the server runs, and that -url or VALUESTREAM_URL names it" : answer.Why);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private Answer Get(string path) => Send(root => new HttpRequestMessage(HttpMethod.Get, root + path), out _);

    private CouldNotException Failed(string why) => new($"{Address}: {why}");
}
