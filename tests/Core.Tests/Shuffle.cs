namespace ValueStream.Core.Tests;

/// <summary>Other orders of the same things.</summary>
internal static class Shuffle
{
    /// <summary>Every order; for few items.</summary>
    public static IEnumerable<T[]> Permutations<T>(T[] items) =>
        items.Length <= 1
            ? [items]
            : items.SelectMany((item, i) => Permutations([.. items[..i], .. items[(i + 1)..]]).Select(rest => (T[])[item, .. rest]));

    /// <summary>One order, the same for the same seed.</summary>
    public static T[] By<T>(int seed, IEnumerable<T> items)
    {
        var shuffled = items.ToArray();
        new Random(seed).Shuffle(shuffled);
        return shuffled;
    }
}
