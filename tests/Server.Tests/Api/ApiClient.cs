using System.Net.Http.Headers;
using System.Text.Json;
using System.Text;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api;

/// <summary>Speaks to a server in bytes, as any sender would.</summary>
public sealed class ApiClient(HttpClient http)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Sends a request.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string address, byte[]? body = null, string? contentType = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, address);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
            request.Headers.ExpectContinue = body.Length > 1 << 20;
        }
        foreach (var (name, value) in headers)
        {
            _ = request.Headers.TryAddWithoutValidation(name, value) || request.Content?.Headers.TryAddWithoutValidation(name, value) is true;
        }
        using var response = await http.SendAsync(request, Cancel);
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(Cancel),
            response.Headers.Concat(response.Content.Headers).ToDictionary(static h => h.Key, static h => string.Join('\n', h.Value), StringComparer.OrdinalIgnoreCase));
    }

    public Task<Answer> GetAsync(string address, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, address, null, null, headers);

    public Task<Answer> PostAsync(string address, string body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, address, Encoding.UTF8.GetBytes(body), "application/json", headers);

    /// <summary>Reads something that must be there.</summary>
    public async Task<JsonElement> ReadAsync(string address)
    {
        var answer = await GetAsync(address);
        Assert.True(answer.Status == 200, $"GET {address}: {answer.Status} {answer.Text}");
        return answer.Json;
    }

    /// <summary>Posts events that must be taken, all of them, and waits until they can be read.</summary>
    /// <returns>The answer's items.</returns>
    public async Task<IReadOnlyList<JsonElement>> RecordAsync(params string[] events)
    {
        var answer = await PostAsync(Routes.Events, $"[{string.Join(',', events)}]");
        Assert.True(answer.Status == 200 && answer.Json.GetProperty("accepted").GetInt32() == events.Length, answer.Text);
        await CaughtUpAsync();
        return [.. answer.Json.GetProperty("items").EnumerateArray()];
    }

    /// <summary>The log's last position.</summary>
    public async Task<long> HeadAsync() => (await ReadAsync("/api/v1/log/head")).GetProperty("position").GetInt64();

    /// <summary>Waits until the projections hold all of the log.</summary>
    public async Task CaughtUpAsync()
    {
        var head = await HeadAsync();
        await Until.HoldsAsync("the projections have caught up", async () =>
            (await ReadAsync("/api/v1/projections")).GetProperty("items")[0].GetProperty("position").GetInt64() >= head);
    }

    /// <summary>A run, by its rendering's parts, under a key that the server made.</summary>
    public Task<JsonElement> RunAsync(JsonElement item, string more = "") => ReadAsync($"/api/v1/runs/{item.Text("key")}{more}");

    /// <summary>The newest event of the log.</summary>
    public async Task<JsonElement> LastEventAsync() => (await ReadAsync("/api/v1/events?limit=1")).GetProperty("items")[0];
}

/// <summary>What a server answered.</summary>
public sealed record Answer(int Status, string? ContentType, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonElement.Parse(Text);

    /// <summary>It must be a problem that says what is wrong and what to do.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="says">What its text must hold.</param>
    /// <param name="field">Which member its errors must name.</param>
    public void IsProblem(int status, string says = "", string? field = null)
    {
        Assert.True(Status == status && ContentType == "application/problem+json", $"{Status} {ContentType} instead of a problem {status}: {Text}");
        var problem = Json;
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.StartsWith("urn:valuestream:problem:", problem.Text("type"), StringComparison.Ordinal);
        Assert.NotEmpty(problem.Text("title")!);
        Assert.NotEmpty(problem.Text("detail")!);
        Assert.Contains(says, problem.Text("detail"), StringComparison.Ordinal);
        if (field is not null)
        {
            var error = Assert.Single(problem.GetProperty("errors").EnumerateObject());
            Assert.Equal(field, error.Name);
            Assert.Contains(says, error.Value[0].GetString(), StringComparison.Ordinal);
        }
    }
}

/// <summary>Reads JSON.</summary>
internal static class Json
{
    /// <summary>A text member; null where it is absent.</summary>
    public static string? Text(this JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <summary>One text member of each item of a list.</summary>
    public static IEnumerable<string?> Each(this JsonElement list, string name) => list.GetProperty("items").EnumerateArray().Select(i => i.Text(name));
}
