namespace ValueStream.Core.Events;

/// <summary>Finds the runs that references mean.</summary>
public static class References
{
    /// <summary>The 64-bit hash by which a rendering or an alias is found in an index. Readers compare the text as well.</summary>
    public static long Hash(string rendering) => Hashes.First64(rendering);

    /// <summary>
    /// The identity that a reference means, out of all identities whose rendering or alias it is: the only one; else the only one
    /// in the referring run's own namespace; else none, because an ambiguous reference means nothing.
    /// </summary>
    public static RunId? Choose(IReadOnlyCollection<RunId> candidates, string ownNamespace)
    {
        if (candidates.Count == 1)
        {
            return candidates.First();
        }
        var own = candidates.Where(c => c.Namespace == ownNamespace).Take(2).ToList();
        return own.Count == 1 ? own[0] : null;
    }

    /// <summary>
    /// The attempt that a reference to a run means, for a child that started at a given time: the latest one whose interval
    /// holds that time, else the last that began before it, else the first.
    /// </summary>
    /// <param name="attempts">The run's attempts in order of number, at least one.</param>
    /// <param name="childStart">When the referring run started.</param>
    /// <param name="interval">Reads an attempt's interval; an open one has no end.</param>
    public static T AttemptAt<T>(IReadOnlyList<T> attempts, DateTimeOffset childStart, Func<T, (DateTimeOffset From, DateTimeOffset? To)> interval)
    {
        var before = attempts.Where(a => interval(a).From <= childStart).ToList();
        var holding = before.Where(a => interval(a).To is not { } to || to >= childStart).ToList();
        return holding.Count > 0 ? holding[^1] : before.Count > 0 ? before[^1] : attempts[0];
    }
}
