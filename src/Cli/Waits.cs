namespace ValueStream.Cli;

/// <summary>
/// How long a server is waited for that takes nothing for a while: one that wishes to be left alone, and one that took something and
/// then fell silent. What has an id can be sent again without harm.
/// </summary>
/// <param name="tell">Says a word to the user.</param>
internal sealed class Waits(Action<string> tell)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private TimeSpan? _pause;
    private long? _since;
    private bool _saidSo;

    /// <summary>For how long a server that says that it takes nothing now is asked again.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For how long a server that took something and then does not answer is asked again.</summary>
    public TimeSpan PatienceWithSilence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The first pause; each that follows is twice as long, up to half a minute.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Something was taken: the time begins anew.</summary>
    public void Begin() => (_since, _pause) = (null, null);

    /// <summary>Waits before the same is sent again.</summary>
    /// <param name="why">Why it was not taken, as a phrase.</param>
    /// <param name="isAsked">Whether the server asks for it, rather than being silent.</param>
    /// <param name="retryAfter">For how long the server wishes to be left alone.</param>
    /// <exception cref="CouldNotException">It has been waited for long enough.</exception>
    public void Wait(string why, bool isAsked, TimeSpan? retryAfter)
    {
        var now = Environment.TickCount64;
        var left = (isAsked ? Patience : PatienceWithSilence) - TimeSpan.FromMilliseconds(now - (_since ??= now));
        var pause = _pause ?? Pause;
        var wait = retryAfter is { } asked && asked > TimeSpan.Zero ? asked : pause;
        if (wait > left)
        {
            throw new CouldNotException($"{why}; it was given up after {Durations.Text((now - _since.Value) / 1000.0)}"
                + (retryAfter is null ? "" : $", for it asks to be left alone for {Durations.Text(wait.TotalSeconds)}"));
        }
        if (!_saidSo)
        {
            tell($"{why}; waiting, for up to {Durations.Text(left.TotalSeconds)}");
            _saidSo = true;
        }
        Thread.Sleep(wait);
        _pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
    }

    /// <summary>That it cannot go on after an answer, or after none.</summary>
    public static CouldNotException Failed(Answer answer, string why) =>
        new(answer.Status == 0 ? $"{why}; see that the server runs, and that -url or VALUESTREAM_URL names it" : why);
}
