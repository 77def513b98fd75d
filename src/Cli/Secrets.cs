using System.Buffers;
using System.Text;
using ValueStream.Cli.Commands;

namespace ValueStream.Cli;

/// <summary>
/// Takes secrets out of texts that are to be recorded. Nobody can tell them all, so whatever looks like one goes: better a harmless value too
/// many than one password.
/// </summary>
internal static class Secrets
{
    private const string Stars = "***";

    /// <summary>Names that are longer are none.</summary>
    public const int LongestName = 64;

    // A name that holds one of these names a secret: DB_PASSWORD, --api-key, x-vault-token, aws_secret_access_key, user[pass].
    private static readonly string[] Words =
        ["pass", "pwd", "secret", "token", "key", "credential", "bearer", "cookie", "jwt", "dsn", "signature", "oauth", "authori", "authen"];

    // A word that ends so, and stands alone, has the secret behind it: npm config set _authToken X.
    private static readonly string[] Endings = ["password", "passwd", "passphrase", "token", "apikey", "api-key", "api_key", "access_key", "private_key", "secret_key"];

    // Programs that take a secret by a flag of one letter. "login" is a word of docker, podman, helm, az and oc.
    private static readonly (string Program, string Letters)[] Programs =
    [
        ("mysql", "p"), ("mariadb", "p"), ("mongo", "p"), ("sshpass", "p"), ("login", "p"), ("redis-cli", "a"), ("valkey-cli", "a"), ("curl", "uUb"),
        ("http", "a"), ("https", "a"), ("xh", "a"), ("ldap", "w"), ("smbclient", "U"), ("sqlcmd", "P"), ("bcp", "P"), ("7z", "p"), ("zip", "P"), ("unzip", "P"),
        ("openssl", "k"),
    ];

    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=@%+,");

    /// <summary>The characters of names.</summary>
    public static readonly SearchValues<char> OfName = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.$[]");

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
                var spans = SecretPlaces.Find(argument, values);
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
        Append(masked, text, SecretPlaces.Find(text, null), quotes: false);
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
}
