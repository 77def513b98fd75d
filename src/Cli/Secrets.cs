using System.Buffers;
using System.Text;
using ValueStream.Cli.Commands;

namespace ValueStream.Cli;

/// <summary>
/// Takes secrets out of texts that are to be recorded. Nobody can tell them all, so whatever looks like one goes: better a harmless value too
/// many than one password. Each rule passes over the text once, whatever the text is.
/// </summary>
internal static class Secrets
{
    private const string Stars = "***";
    private const int LongestName = 64;
    private const int LongestUserInfo = 8 << 10;
    private const int LongestEscaped = 1 << 10;

    // A name that holds one of these names a secret: DB_PASSWORD, --api-key, x-vault-token, aws_secret_access_key, user[pass].
    private static readonly string[] Words =
        ["pass", "pwd", "secret", "token", "key", "credential", "bearer", "cookie", "jwt", "dsn", "signature", "oauth", "authori", "authen"];

    // A word that ends so, and stands alone, has the secret behind it: npm config set _authToken X.
    private static readonly string[] Endings = ["password", "passwd", "passphrase", "token", "apikey", "api-key", "api_key", "access_key", "private_key", "secret_key"];

    // How tokens of well-known makers begin, and how much must follow: the less telling the beginning, the more.
    private static readonly (string Start, int Least)[] Shapes =
    [
        ("ghp_", 1), ("gho_", 1), ("ghu_", 1), ("ghs_", 1), ("ghr_", 1), ("github_pat_", 1), ("glpat-", 1), ("gldt-", 1), ("glrt-", 1), ("glcbt-", 1),
        ("glptt-", 1), ("glsoat-", 1), ("xoxa-", 1), ("xoxb-", 1), ("xoxe.", 1), ("xoxe-", 1), ("xoxo-", 1), ("xoxp-", 1), ("xoxr-", 1), ("xoxs-", 1),
        ("xapp-", 1), ("vst_", 1), ("dckr_pat_", 1), ("sk_live_", 1), ("sk_test_", 1), ("rk_live_", 1), ("shpat_", 1), ("dop_v1_", 1), ("eyJ", 8), ("AKIA", 12),
        ("ASIA", 12), ("AIza", 16), ("ya29.", 16), ("npm_", 30), ("pypi-", 30), ("hvs.", 16), ("hvb.", 16), ("SG.", 30), ("sk-", 30),
    ];

    // Programs that take a secret by a flag of one letter. "login" is a word of docker, podman, helm, az and oc.
    private static readonly (string Program, string Letters)[] Programs =
    [
        ("mysql", "p"), ("mariadb", "p"), ("mongo", "p"), ("sshpass", "p"), ("login", "p"), ("redis-cli", "a"), ("valkey-cli", "a"), ("curl", "uUb"),
        ("http", "a"), ("https", "a"), ("xh", "a"), ("ldap", "w"), ("smbclient", "U"), ("sqlcmd", "P"), ("bcp", "P"), ("7z", "p"), ("zip", "P"), ("unzip", "P"),
        ("openssl", "k"),
    ];

    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=@%+,");

    private static readonly SearchValues<char> OfName = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.$[]");

    private static readonly SearchValues<char> OfToken = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+=~");

    private static readonly SearchValues<char> Blanks = SearchValues.Create(" \t\r\n");

    private static readonly SearchValues<char> AroundWords = SearchValues.Create(" \t\r\n\"'`<>");

    private static readonly SearchValues<char> BehindValues = SearchValues.Create(" \t\r\n\"'`<>&");

    private static readonly SearchValues<char> BehindHosts = SearchValues.Create(" \t\r\n\"'`<>/?#");

    private static readonly SearchValues<char> BeforeUsers = SearchValues.Create(" \t\r\n\"'`<>/=,");

    private static readonly SearchValues<char> OfPorts = SearchValues.Create("0123456789.:/-,");

    /// <summary>The arguments of a command as one text that a shell would take, with <c>***</c> in place of each secret.</summary>
    /// <param name="arguments">The command and its arguments.</param>
    /// <param name="environment">Its environment: values of variables with secret-looking names are secrets.</param>
    public static string Mask(IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var values = new SecretValues(environment.Where(static v => IsSecret(v.Key) && v.Key is not ("PWD" or "OLDPWD")).Select(static v => v.Value));
        var text = new StringBuilder();
        var letters = "";
        var isNext = false;
        var isFirst = true;
        foreach (var argument in arguments)
        {
            if (!isFirst)
            {
                text.Append(' ');
            }
            if (isNext)
            {
                text.Append(Stars);
            }
            else
            {
                var spans = Find(argument, values);
                if (AttachedAt(argument, letters) is { } at)
                {
                    spans.Add((at, argument.Length));
                }
                Append(text, argument, spans, quotes: true);
            }
            // Also of a value that was taken out itself: in `--token --password x` either may be the flag.
            isNext = Announces(argument, letters, isFirst);
            letters = letters.Contains(LettersOf(argument), StringComparison.Ordinal) ? letters : letters + LettersOf(argument);
            isFirst = false;
        }
        return text.ToString();
    }

    /// <summary>A text with <c>***</c> in place of each secret that can be told by its looks.</summary>
    public static string Mask(string text)
    {
        var masked = new StringBuilder();
        Append(masked, text, Find(text, null), quotes: false);
        return masked.ToString();
    }

    /// <summary>Whether a variable, flag, header or field of this name holds a secret.</summary>
    public static bool IsSecret(ReadOnlySpan<char> name)
    {
        foreach (var word in Words)
        {
            if (name.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        // Short ones only as a whole part: GITHUB_PAT, HTTP_AUTH, ?sig=, but not PATH, author, design.
        var end = name.Length;
        for (var i = end - 1; i >= -1; i--)
        {
            if (i >= 0 && char.IsAsciiLetterOrDigit(name[i]))
            {
                continue;
            }
            var part = name[(i + 1)..end];
            if (part.Equals("auth", StringComparison.OrdinalIgnoreCase) || part.Equals("pat", StringComparison.OrdinalIgnoreCase)
                || part.Equals("sig", StringComparison.OrdinalIgnoreCase) || part.Equals("pw", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
            end = Math.Max(i, 0);
        }
        return false;
    }

    /// <summary>Whether the argument after this one is a secret.</summary>
    private static bool Announces(string argument, string letters, bool isProgram)
    {
        var name = argument.AsSpan().TrimStart('-');
        if (name.Length < argument.Length)
        {
            return !name.Contains('=')
                && (IsSecret(name) && !name.EndsWith("-stdin", StringComparison.Ordinal)
                    || letters.Contains('u') && name.EndsWith("user", StringComparison.Ordinal)
                    || argument[1..] is { Length: > 0 } cluster && cluster[0] != '-' && letters.Contains(cluster[^1]) && cluster.All(char.IsAsciiLetter)
                    || IsHeader(name));
        }
        return !isProgram && (name is "bearer" or "Bearer" or "basic" or "Basic" || IsHeader(name)
            || !name.ContainsAnyExcept(OfName) && Array.Exists(Endings, e => argument.EndsWith(e, StringComparison.OrdinalIgnoreCase)));
    }

    private static bool IsHeader(ReadOnlySpan<char> text) => text.EndsWith(':') && text.Length <= LongestName && IsSecret(text[..^1]);

    /// <summary>The flags of one letter by which a program takes a secret.</summary>
    private static string LettersOf(string argument)
    {
        var name = argument.AsSpan(argument.LastIndexOf('/') + 1);
        foreach (var (program, letters) in Programs)
        {
            if (name.StartsWith(program, StringComparison.Ordinal) && (name.Length == program.Length || program is "mysql" or "mariadb" or "mongo" or "ldap" or "7z"))
            {
                return letters;
            }
        }
        return "";
    }

    /// <summary>Where the secret begins that hangs on a flag of one letter: <c>-pS3cret</c>.</summary>
    private static int? AttachedAt(string argument, string letters)
    {
        if (argument.Length < 3 || argument[0] != '-' || argument[1] == '-')
        {
            return null;
        }
        // Of a program that is not known: not a port, a path, or a flag with a long name.
        return letters.Contains(argument[1]) || argument[1] == 'p' && argument[2] is not ('/' or '.') && argument.AsSpan(2) is var value
            && !value.Contains('=') && value.ContainsAnyExceptInRange('a', 'z') && value.ContainsAnyExcept(OfPorts)
            ? 2
            : null;
    }

    /// <summary>The places of secrets in a text, in no order; they may overlap.</summary>
    private static List<(int Start, int End)> Find(string text, SecretValues? values)
    {
        List<(int Start, int End)> spans = [];
        FindNamed(text, spans);
        FindShapes(text, spans);
        FindBehindWord(text, "bearer ", spans);
        FindBehindWord(text, "basic ", spans);
        FindKeys(text, spans);
        FindInUrls(text, spans);
        FindPasswordsOfUsers(text, spans);
        values?.Find(text, spans);
        return spans;
    }

    /// <summary><c>name=value</c>, <c>"name": "value"</c>, <c>Header: value</c>.</summary>
    private static void FindNamed(string text, List<(int Start, int End)> spans)
    {
        var floor = 0;
        for (var at = text.AsSpan().IndexOfAny('=', ':'); at >= 0;)
        {
            if (NameBefore(text, floor, at) is { } name && ValueAfter(text, at, name) is { } span)
            {
                spans.Add(span);
                floor = span.End;
            }
            else
            {
                floor = at + 1;
            }
            var next = text.AsSpan(floor).IndexOfAny('=', ':');
            at = next < 0 ? -1 : floor + next;
        }
    }

    private static (int Start, int End)? NameBefore(string text, int floor, int at)
    {
        var end = at;
        while (end > floor && at - end < 4 && text[end - 1] is ' ' or '\t' or '"' or '\'' or '\\')
        {
            end--;
        }
        var start = end;
        while (start > floor && end - start < LongestName && OfName.Contains(text[start - 1]))
        {
            start--;
        }
        return IsSecret(text.AsSpan(start, end - start)) ? (start, end) : null;
    }

    private static (int Start, int End)? ValueAfter(string text, int at, (int Start, int End) name)
    {
        var start = at + 1;
        if (text[at] == ':')
        {
            // acme/auth-api:1.2 and auth://... are no headers, nor is what stands behind a name that began with a slash.
            var isOwnWord = name.Start == 0 || AroundWords.Contains(text[name.Start - 1]) || text[name.Start - 1] is '{' or ',' or '=';
            if (start == text.Length || text[start] == '/' || name.End == at && !isOwnWord && !Blanks.Contains(text[start]))
            {
                return null;
            }
        }
        while (start < text.Length && text[start] is ' ' or '\t')
        {
            start++;
        }
        var isEscaped = start + 1 < text.Length && text[start] == '\\' && text[start + 1] is '"' or '\'';
        start += isEscaped ? 1 : 0;
        if (start == text.Length)
        {
            return null;
        }
        // --password=a b and PASSWORD="a" b are one argument: all of it is the value.
        if (text[at] == '=' && text.AsSpan(0, name.Start).Trim('-').IsEmpty)
        {
            return (start, text.Length);
        }
        if (text[start] is '"' or '\'')
        {
            return (start + 1, QuoteEnd(text, start, isEscaped));
        }
        var rest = text.AsSpan(start);
        var length = text[at] == ':' ? rest.IndexOfAny('\r', '\n')
            : name.Start > 0 && text[name.Start - 1] == ';' ? rest.IndexOf(';') // Server=x;Password=a b;Encrypt=true
            : rest.IndexOfAny(BehindValues);
        return (start, length < 0 ? text.Length : start + length);
    }

    private static int QuoteEnd(string text, int opening, bool isEscaped)
    {
        for (var i = opening + 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                if (isEscaped && i + 1 < text.Length && text[i + 1] == text[opening])
                {
                    return i;
                }
                i++;
            }
            else if (text[i] == text[opening] && !isEscaped)
            {
                return i;
            }
        }
        return text.Length;
    }

    private static void FindShapes(string text, List<(int Start, int End)> spans)
    {
        foreach (var (shape, least) in Shapes)
        {
            for (var at = text.IndexOf(shape, StringComparison.Ordinal); at >= 0;)
            {
                var length = text.AsSpan(at).IndexOfAnyExcept(OfToken);
                var end = length < 0 ? text.Length : at + length;
                if (end - at - shape.Length >= least && (least == 1 || at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1])))
                {
                    spans.Add((at, end));
                }
                else
                {
                    end = at + shape.Length;
                }
                at = text.IndexOf(shape, end, StringComparison.Ordinal);
            }
        }
    }

    /// <summary><c>Bearer abc</c>, wherever it stands.</summary>
    private static void FindBehindWord(string text, string word, List<(int Start, int End)> spans)
    {
        for (var at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase); at >= 0;)
        {
            var start = at + word.Length;
            var length = text.AsSpan(start).IndexOfAny(AroundWords);
            var end = length < 0 ? text.Length : start + length;
            if (end > start)
            {
                spans.Add((start, end));
            }
            at = text.IndexOf(word, end, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Private keys in PEM, to where they end.</summary>
    private static void FindKeys(string text, List<(int Start, int End)> spans)
    {
        const string begin = "-----BEGIN";
        const string dashes = "-----";
        for (var at = text.IndexOf(begin, StringComparison.Ordinal); at >= 0;)
        {
            var end = at + begin.Length;
            if (text.AsSpan(at, Math.Min(80, text.Length - at)).Contains("PRIVATE KEY", StringComparison.Ordinal))
            {
                var ending = text.IndexOf("-----END", end, StringComparison.Ordinal);
                var last = ending < 0 ? -1 : text.IndexOf(dashes, ending + dashes.Length, StringComparison.Ordinal);
                end = last < 0 ? text.Length : last + dashes.Length;
                spans.Add((at, end));
            }
            at = text.IndexOf(begin, end, StringComparison.Ordinal);
        }
    }

    /// <summary>What stands before the host in an address.</summary>
    private static void FindInUrls(string text, List<(int Start, int End)> spans)
    {
        const string after = "://";
        var last = text.LastIndexOf('@');
        for (var at = text.IndexOf(after, StringComparison.Ordinal); at >= 0 && at < last;)
        {
            var start = at + after.Length;
            var rest = text.AsSpan(start, Math.Min(LongestUserInfo, text.Length - start));
            var length = rest.IndexOfAny(BehindHosts);
            var authority = length < 0 ? rest : rest[..length];
            // A password may hold a slash: then what looks like the port is none, and the host comes later in the word.
            if (authority.IndexOf(':') is var colon and >= 0 && authority[(colon + 1)..].ContainsAnyExceptInRange('0', '9'))
            {
                length = rest.IndexOfAny(AroundWords);
                authority = length < 0 ? rest : rest[..length];
            }
            var sign = authority.LastIndexOf('@');
            if (sign > 0)
            {
                spans.Add((start, start + sign));
                start += sign;
            }
            at = text.IndexOf(after, start, StringComparison.Ordinal);
        }
    }

    /// <summary>The password in <c>user:password@host</c>.</summary>
    private static void FindPasswordsOfUsers(string text, List<(int Start, int End)> spans)
    {
        var floor = 0;
        var password = -1;
        for (var at = text.IndexOf('@'); at >= 0; at = text.IndexOf('@', floor))
        {
            var start = floor + text.AsSpan(floor, at - floor).LastIndexOfAny(BeforeUsers) + 1;
            var colon = text.IndexOf(':', start, at - start);
            // The password itself may hold an @.
            password = colon > start && colon + 1 < at ? colon + 1 : start == floor ? password : -1;
            // name:tag@sha256:... is an image.
            if (password >= 0 && !text.AsSpan(at + 1).StartsWith("sha256:") && !text.AsSpan(at + 1).StartsWith("sha512:"))
            {
                spans.Add((password, at));
            }
            floor = at + 1;
        }
    }

    private static void Append(StringBuilder to, string text, List<(int Start, int End)> spans, bool quotes)
    {
        spans.Sort();
        var begun = to.Length;
        var isPlain = text.Length > 0;
        var done = 0;
        foreach (var (start, end) in spans)
        {
            if (end <= done)
            {
                continue;
            }
            if (start > done || done == 0)
            {
                Keep(done, Math.Max(start, done));
                to.Append(Stars);
            }
            done = end;
        }
        Keep(done, text.Length);
        if (quotes && !isPlain)
        {
            var word = to.ToString(begun, to.Length - begun);
            to.Length = begun;
            to.Append(TrapCommand.Quote(word));
        }

        void Keep(int from, int until)
        {
            var kept = text.AsSpan(from, until - from);
            isPlain &= !kept.ContainsAnyExcept(Plain);
            to.Append(kept);
        }
    }

    /// <summary>Values that are secrets, found in a text in one pass however many they are: by their first characters.</summary>
    private sealed class SecretValues
    {
        private const int Shortest = 6;
        private const int ShortestLine = 12;

        private readonly HashSet<string> _values = [];
        private readonly Dictionary<string, SortedSet<int>> _lengthsByStart = [];

        public SecretValues(IEnumerable<string> values)
        {
            foreach (var value in values)
            {
                var text = value.Trim();
                Add(text, Shortest);
                if (text.Contains('\n'))
                {
                    foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries))
                    {
                        Add(line, ShortestLine);
                    }
                }
                if (text.Length >= Shortest && text.Length <= LongestEscaped && Uri.EscapeDataString(text) is var escaped && escaped != text)
                {
                    Add(escaped, Shortest);
                }
            }
        }

        public void Find(string text, List<(int Start, int End)> spans)
        {
            if (_values.Count == 0)
            {
                return;
            }
            var values = _values.GetAlternateLookup<ReadOnlySpan<char>>();
            var lengthsByStart = _lengthsByStart.GetAlternateLookup<ReadOnlySpan<char>>();
            for (var at = 0; at + Shortest <= text.Length;)
            {
                var found = 0;
                if (lengthsByStart.TryGetValue(text.AsSpan(at, Shortest), out var lengths))
                {
                    foreach (var length in lengths)
                    {
                        found = at + length <= text.Length && values.Contains(text.AsSpan(at, length)) ? length : found;
                    }
                }
                if (found > 0)
                {
                    spans.Add((at, at + found));
                }
                at += Math.Max(found, 1);
            }
        }

        private void Add(string value, int shortest)
        {
            if (value.Length < shortest || !_values.Add(value))
            {
                return;
            }
            var start = value[..Shortest];
            if (!_lengthsByStart.TryGetValue(start, out var lengths))
            {
                _lengthsByStart[start] = lengths = [];
            }
            lengths.Add(value.Length);
        }
    }
}
