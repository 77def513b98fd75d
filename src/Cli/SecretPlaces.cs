using System.Buffers;

namespace ValueStream.Cli;

/// <summary>Where secrets stand in a text, by names, shapes and surroundings. Each rule passes over the text once, whatever the text is.</summary>
internal static class SecretPlaces
{
    private const int LongestUserInfo = 8 << 10;

    // How tokens of well-known makers begin, and how much must follow: the less telling the beginning, the more.
    private static readonly (string Start, int Least)[] Shapes =
    [
        ("ghp_", 1), ("gho_", 1), ("ghu_", 1), ("ghs_", 1), ("ghr_", 1), ("github_pat_", 1), ("glpat-", 1), ("gldt-", 1), ("glrt-", 1), ("glcbt-", 1),
        ("glptt-", 1), ("glsoat-", 1), ("xoxa-", 1), ("xoxb-", 1), ("xoxe.", 1), ("xoxe-", 1), ("xoxo-", 1), ("xoxp-", 1), ("xoxr-", 1), ("xoxs-", 1),
        ("xapp-", 1), ("vst_", 1), ("dckr_pat_", 1), ("sk_live_", 1), ("sk_test_", 1), ("rk_live_", 1), ("shpat_", 1), ("dop_v1_", 1), ("eyJ", 8), ("AKIA", 12),
        ("ASIA", 12), ("AIza", 16), ("ya29.", 16), ("npm_", 30), ("pypi-", 30), ("hvs.", 16), ("hvb.", 16), ("SG.", 30), ("sk-", 30),
    ];

    private static readonly SearchValues<char> OfToken = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+=~");

    private static readonly SearchValues<char> Blanks = SearchValues.Create(" \t\r\n");

    private static readonly SearchValues<char> AroundWords = SearchValues.Create(" \t\r\n\"'`<>");

    private static readonly SearchValues<char> BehindValues = SearchValues.Create(" \t\r\n\"'`<>&");

    private static readonly SearchValues<char> BehindHosts = SearchValues.Create(" \t\r\n\"'`<>/?#");

    private static readonly SearchValues<char> BeforeUsers = SearchValues.Create(" \t\r\n\"'`<>/=,");

    /// <summary>The places of secrets in a text, in no order; they may overlap.</summary>
    /// <param name="text">The text.</param>
    /// <param name="values">Values that are known to be secrets; null when there are none.</param>
    public static List<(int Start, int End)> Find(string text, SecretValues? values)
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
        while (start > floor && end - start < Secrets.LongestName && Secrets.OfName.Contains(text[start - 1]))
        {
            start--;
        }
        return Secrets.IsSecret(text.AsSpan(start, end - start)) ? (start, end) : null;
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
}
