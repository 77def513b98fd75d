using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ValueStream.Cli;

/// <summary>Sends requests that do no harm when they are sent again, each until it is settled, or has been waited for long enough.</summary>
/// <param name="post">Sends a request, and says for how long the server wishes to be left alone.</param>
/// <param name="tell">Says a word to the user.</param>
internal sealed class Persistent(Persistent.Post post, Action<string> tell)
{
    private bool _hasBegun;

    /// <summary>Sends a request, and says for how long the server wishes to be left alone.</summary>
    public delegate Answer Post(Func<string, HttpRequestMessage> make, out TimeSpan? retryAfter);

    /// <summary>Sends a request until the server has done what it asks for, or says why it does not.</summary>
    /// <param name="make">Makes it, given what the API's routes are added to.</param>
    /// <param name="type">What the answer is when it was done.</param>
    /// <param name="isSettled">Whether any other answer is about this request alone, so that the next can be sent.</param>
    /// <param name="why">Why the others are no answers, as a phrase; as the answer has it where null.</param>
    /// <returns>The answer, and what it says when it was done.</returns>
    /// <exception cref="CouldNotException">It cannot go on.</exception>
    public (Answer Answer, T? Done) Send<T>(Func<string, HttpRequestMessage> make, JsonTypeInfo<T> type, Func<Answer, bool> isSettled, Func<Answer, string?> why)
        where T : class
    {
        var waits = new Waits(tell);
        while (true)
        {
            var answer = post(make, out var retryAfter);
            var done = answer.Status == 200 ? Read(answer.Body, type) : null;
            if (done is not null || isSettled(answer))
            {
                _hasBegun = true;
                return (answer, done);
            }
            var isAsked = answer.Status is 429 or 503;
            var because = why(answer) ?? (answer.Status == 200 ? "its answer is not ValueStream's" : answer.Why);
            if (!isAsked && !(_hasBegun && answer.Status == 0))
            {
                throw Waits.Failed(answer, because);
            }
            waits.Wait(because, isAsked, retryAfter);
        }
    }

    /// <summary>Whether the server refuses what one request holds, rather than every request, and says why.</summary>
    public static bool IsRefusal(Answer answer) => answer.Status is >= 400 and < 500 and not (401 or 403 or 404 or 408 or 429) && answer.Details is not null;

    private static T? Read<T>(byte[] body, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
