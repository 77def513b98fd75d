namespace ValueStream.Cli;

/// <summary>A flag that a command knows.</summary>
/// <param name="Name">Its name without dashes.</param>
/// <param name="IsSwitch">True when it stands alone: <c>-error</c>, or <c>-error=false</c>.</param>
/// <param name="Values">What it may be, parted by blanks, where that is a fixed list; else null.</param>
internal readonly record struct Flag(string Name, bool IsSwitch = false, string? Values = null);

/// <summary>
/// Arguments read as Go's <c>flag</c> package reads them, except that flags may also follow words:
/// <c>-name value</c>, <c>-name=value</c>, one dash or two, empty values kept, <c>--</c> ends the flags.
/// Nothing is ever refused: what is wrong is told in <see cref="Problems"/> and left out.
/// </summary>
internal sealed class Arguments
{
    private readonly List<(string Name, string Value)> _values = [];

    /// <summary>What is not a flag, in order.</summary>
    public List<string> Words { get; } = [];

    /// <summary>What could not be understood, as sentences.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Whether help was asked for.</summary>
    public bool Help { get; private set; }

    /// <summary>Reads arguments by the flags that a command knows.</summary>
    public static Arguments Parse(ReadOnlySpan<string> arguments, ReadOnlySpan<Flag> flags)
    {
        var read = new Arguments();
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            if (argument == "--")
            {
                read.Words.AddRange(arguments[(i + 1)..]);
                break;
            }
            if (argument.Length < 2 || argument[0] != '-')
            {
                read.Words.Add(argument);
                continue;
            }
            var text = argument[1] == '-' ? argument[2..] : argument[1..];
            var equals = text.IndexOf('=');
            var name = equals < 0 ? text : text[..equals];
            var value = equals < 0 ? null : text[(equals + 1)..];
            if (name is "help" or "h")
            {
                read.Help = true;
            }
            else if (Find(flags, name) is not { } flag)
            {
                read.Problems.Add($"the flag -{name} is not known");
            }
            else if (flag.IsSwitch)
            {
                read._values.Add((name, value ?? "true"));
            }
            else if (value is not null)
            {
                read._values.Add((name, value));
            }
            else if (i + 1 < arguments.Length)
            {
                read._values.Add((name, arguments[++i]));
            }
            else
            {
                read.Problems.Add($"the flag -{name} needs a value");
            }
        }
        return read;
    }

    /// <summary>Tells what could not be understood; the command goes on without it.</summary>
    public void SayProblems()
    {
        foreach (var problem in Problems)
        {
            Talk.Say($"{problem} and was ignored");
        }
    }

    /// <summary>The flag's last value, or null when it was not given.</summary>
    public string? Last(string name)
    {
        var at = _values.FindLastIndex(v => v.Name == name);
        return at < 0 ? null : _values[at].Value;
    }

    /// <summary>The flag's last value; null when it was not given or is empty.</summary>
    public string? Text(string name) => Last(name) is { Length: > 0 } value ? value : null;

    /// <summary>All values of a repeatable flag, in order; null when it was not given at all.</summary>
    public List<string>? All(string name)
    {
        List<string>? all = null;
        foreach (var value in _values)
        {
            if (value.Name == name)
            {
                (all ??= []).Add(value.Value);
            }
        }
        return all;
    }

    /// <summary>A switch's value, or null when it was not given. Go's own texts for false; anything else is true.</summary>
    public bool? Switch(string name) => Last(name) is { } value ? value is not ("false" or "False" or "FALSE" or "f" or "F" or "0") : null;

    private static Flag? Find(ReadOnlySpan<Flag> flags, string name)
    {
        foreach (var flag in flags)
        {
            if (flag.Name == name)
            {
                return flag;
            }
        }
        return null;
    }
}
