using System.Diagnostics;

namespace ValueStream.Testing;

/// <summary>Waits for what another process does: asks again and again until it is so, and says what was missing when it never is.</summary>
public static class Until
{
    /// <summary>Asks until the answer satisfies.</summary>
    /// <param name="ask">Asks; may fail with an <see cref="HttpRequestException"/> while a server is away.</param>
    /// <param name="satisfies">Whether the answer is the one waited for.</param>
    /// <param name="atMost">How long to go on.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="TimeoutException">It never was; the message has the last answer.</exception>
    public static async Task<T> AsksAsync<T>(Func<Task<T>> ask, Func<T, bool> satisfies, TimeSpan atMost)
    {
        object? last = null;
        for (var began = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                var answer = await ask();
                if (satisfies(answer))
                {
                    return answer;
                }
                last = answer;
            }
            catch (HttpRequestException e)
            {
                last = e.Message;
            }
            if (Stopwatch.GetElapsedTime(began) > atMost)
            {
                throw new TimeoutException($"Not so after {atMost.TotalSeconds} s. The last answer was: {last}");
            }
            await Task.Delay(25);
        }
    }

    /// <summary>Looks until something holds.</summary>
    /// <param name="what">What is waited for.</param>
    /// <param name="holds">Looks.</param>
    /// <exception cref="TimeoutException">It does not within 30 s; the message says what.</exception>
    public static Task HoldsAsync(string what, Func<Task<bool>> holds) =>
        AsksAsync(async () => await holds() ? null : $"not yet: {what}", static missing => missing is null, TimeSpan.FromSeconds(30));
}
