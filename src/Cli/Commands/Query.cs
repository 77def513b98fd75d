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

    /// <summary>A flag's time, as the API takes it: a time, or how long ago.</summary>
    /// <exception cref="CouldNotException">It is neither.</exception>
    public static string? Moment(Arguments arguments, string flag, DateTimeOffset now) =>
        arguments.Last(flag) is not { } text ? null
        : Durations.Moment(text, now) is { } moment ? Durations.Iso(moment)
        : throw new CouldNotException($"-{flag}={text} is neither a time like 2026-03-02T12:00:00Z nor how long ago, like 90m, 24h or 7d");

    /// <summary>The tags to search by, written key=value as in the API, or key|value as at a start; whichever sign comes first parts them.</summary>
    /// <exception cref="CouldNotException">One is no tag.</exception>
    public static IEnumerable<(string Name, string? Value)> Tags(Arguments arguments) => (arguments.All("tag") ?? []).Select(static text =>
    {
        var at = text.AsSpan().IndexOfAny("=:|");
        return at < 1 ? throw new CouldNotException($"-tag={text} is not a tag like key=value or 'key|value'")
            : ("tag", (string?)(text[at] == '|' ? $"{text[..at]}={text[(at + 1)..]}" : text));
    });

    /// <summary>The address of a search; what has no value is left out.</summary>
    public static string Address(string path, IEnumerable<(string Name, string? Value)> parameters)
    {
        var query = string.Join('&', parameters.Where(static p => p.Value is not null).Select(static p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
        return query.Length == 0 ? path : path + '?' + query;
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
