using System.Text;
using System.Text.Json;

namespace ValueStream.Cli;

/// <summary>What came back from one request.</summary>
/// <param name="Status">The HTTP status; 0 when no whole answer came in time.</param>
/// <param name="Body">The answer's body.</param>
/// <param name="Problem">Why no answer came, as a phrase.</param>
internal readonly record struct Answer(int Status, byte[] Body, string? Problem = null)
{
    /// <summary>None came.</summary>
    /// <param name="problem">Why, as a phrase.</param>
    public static Answer Nothing(string problem) => new(0, [], problem);

    /// <summary>Why it is not the answer that was hoped for, as a phrase.</summary>
    public string Why => Status switch
    {
        0 => Problem!,
        401 or 403 => $"it answered {Status}: VALUESTREAM_TOKEN is missing or not allowed to do this",
        404 => "it answered 404: VALUESTREAM_URL does not name a ValueStream server",
        >= 400 and < 500 or 503 => Detail(),
        _ => $"it answered {Status}",
    };

    /// <summary>What the server says of a problem; null where it says nothing, or something else answers.</summary>
    public string? Details
    {
        get
        {
            try
            {
                using var problem = JsonDocument.Parse(Body);
                if (problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("detail", out var detail))
                {
                    // Of a single event the detail has the errors in it.
                    return problem.RootElement.TryGetProperty("errors", out var errors) && !Tells(detail.ToString(), errors)
                        ? $"{detail} {errors.GetRawText()}" : detail.ToString();
                }
            }
            catch (JsonException)
            {
                // Then the body speaks for itself.
            }
            return null;
        }
    }

    /// <summary>Whether a 404 is the server's word about a thing, rather than that of something else that answers there.</summary>
    public bool SaysThereIsNone => Status == 404 && Details?.StartsWith("There is no ", StringComparison.Ordinal) is true;

    private static bool Tells(string detail, JsonElement errors) => errors.ValueKind == JsonValueKind.Object
        && errors.EnumerateObject().All(field => field.Value.ValueKind == JsonValueKind.Array && field.Value.EnumerateArray().All(text => detail.Contains(text.ToString(), StringComparison.Ordinal)));

    private string Detail() => Details ?? $"it answered {Status} {Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 500)))}".TrimEnd();
}
