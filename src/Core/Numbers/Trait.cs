namespace ValueStream.Core.Numbers;

/// <summary>Whose trait it is.</summary>
public enum TraitLevel
{
    /// <summary>The run's own.</summary>
    Own,

    /// <summary>That of a run that it is below.</summary>
    Ancestor,

    /// <summary>That of a run below it.</summary>
    Descendant,
}

/// <summary>The levels' texts, the same in API, pages and vscli.</summary>
public static class TraitLevels
{
    /// <summary>The text of a level: <c>own</c>, <c>ancestor</c> or <c>descendant</c>.</summary>
    public static string Text(this TraitLevel level) => level switch
    {
        TraitLevel.Own => "own",
        TraitLevel.Ancestor => "ancestor",
        TraitLevel.Descendant => "descendant",
        _ => throw new ArgumentOutOfRangeException(nameof(level)),
    };
}

/// <summary>Something that runs have in common: a tag's value, or one of their facts.</summary>
/// <param name="Level">Whose it is.</param>
/// <param name="Key">The tag's key, or the fact's name.</param>
/// <param name="Value">The value's text.</param>
/// <param name="IsFact">Whether it is no tag but what every run has: its type, operation, namespace or actor.</param>
public readonly record struct Trait(TraitLevel Level, string Key, string Value, bool IsFact = false);
