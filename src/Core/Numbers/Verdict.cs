namespace ValueStream.Core.Numbers;

/// <summary>What is to be thought of a difference between two intervals.</summary>
public enum Verdict
{
    /// <summary>It is there, and it is large enough to matter.</summary>
    Change,

    /// <summary>It may be chance, or is too small to matter.</summary>
    Noise,

    /// <summary>An interval has too few runs to tell.</summary>
    TooFew,
}

/// <summary>The verdicts' texts, the same in API and pages.</summary>
public static class Verdicts
{
    /// <summary>The text of a verdict: <c>change</c>, <c>noise</c> or <c>too few</c>.</summary>
    public static string Text(this Verdict verdict) => verdict switch
    {
        Verdict.Change => "change",
        Verdict.Noise => "noise",
        Verdict.TooFew => "too few",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict)),
    };
}
