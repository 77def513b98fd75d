namespace ValueStream.Cli.Commands;

/// <summary>What the query commands have in common: their exit code is part of the answer.</summary>
internal static class Query
{
    /// <summary>It was done, or found.</summary>
    public const int Done = 0;

    /// <summary>There is nothing, or something was found that ought not to be; the command's help says which.</summary>
    public const int Nothing = 1;

    /// <summary>It could not be done; stderr says why.</summary>
    public const int CouldNot = 2;

    /// <summary>Reads a command line that must be right in every flag.</summary>
    /// <param name="command">The command's name.</param>
    /// <param name="words">What stands after it.</param>
    /// <param name="flags">The flags that it knows.</param>
    /// <param name="most">How many words it takes beside them.</param>
    /// <exception cref="CouldNotException">Something is wrong; the message names it. A flag left empty by a variable without a value is wrong too.</exception>
    public static Arguments Parse(string command, string[] words, Flag[] flags, int most = 0)
    {
        var arguments = Arguments.Parse(words, flags);
        return arguments.Help || Mistake(arguments, flags, most) is not { } mistake ? arguments
            : throw new CouldNotException($"{mistake}; `vscli {command} --help` has examples");
    }

    /// <summary>The value of <c>-limit</c>.</summary>
    /// <exception cref="CouldNotException">It is no number, or less than 1.</exception>
    public static int Limit(Arguments arguments, int otherwise) =>
        arguments.Last("limit") is not { } text ? otherwise
        : int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var limit) && limit > 0 ? limit
        : throw new CouldNotException($"-limit={text} is not a number, 1 or more");

    /// <summary>Says that there is more than was asked for.</summary>
    public static void SayMore(bool hasMore, int limit)
    {
        if (hasMore)
        {
            Talk.Say(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"there are more than these {limit}; -limit {limit * 10L} shows more"));
        }
    }

    private static string? Mistake(Arguments arguments, Flag[] flags, int most)
    {
        if (arguments.Problems.Count > 0)
        {
            return arguments.Problems[0];
        }
        if (arguments.Words.Count > most)
        {
            return $"'{arguments.Words[most]}' is {(most == 0 ? "not a flag" : "too much")}";
        }
        foreach (var flag in flags)
        {
            if (arguments.Last(flag.Name) is not { } value)
            {
                continue;
            }
            if (value.Length == 0)
            {
                return $"the flag -{flag.Name} is empty";
            }
            if (flag.Values is { } values && !values.Split(' ').Contains(value))
            {
                return $"-{flag.Name}={value} is not known; say one of {values.Replace(" ", ", ", StringComparison.Ordinal)}";
            }
        }
        return null;
    }
}
