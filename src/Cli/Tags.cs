using ValueStream.Core.Events;

namespace ValueStream.Cli;

/// <summary>Tags as written on the command line, within the server's limits: a cut value is better than a refused event.</summary>
internal static class Tags
{
    /// <summary>Reads <c>-tag='key|value'</c>, split at the first bar. What is no tag is told and left out.</summary>
    public static Dictionary<string, TagValue> From(Arguments arguments)
    {
        var tags = new Dictionary<string, TagValue>();
        foreach (var text in arguments.All("tag") ?? [])
        {
            var bar = text.IndexOf('|');
            if (bar is < 1 or > 128)
            {
                Talk.Say($"-tag='{text}' was ignored: a tag is written key|value, with a key of 1 to 128 characters");
                continue;
            }
            var key = text[..bar];
            tags[key] = Limit($"the tag {key}", text[(bar + 1)..], 2048)!;
        }
        return tags;
    }

    /// <summary>A text cut to a limit, with a word about it.</summary>
    public static string? Limit(string what, string? text, int limit)
    {
        if (text is null || text.Length <= limit)
        {
            return text;
        }
        Talk.Say($"{what} was cut to {limit} characters");
        return text[..limit];
    }
}
