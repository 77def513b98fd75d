namespace ValueStream.Server.Sources.Jira;

/// <summary>What people write: a text, or a document of the editor, of which the texts and the addresses are read.</summary>
internal static class Documents
{
    private const int MostRead = 100_000;

    /// <summary>The text; null where there is none.</summary>
    public static string? Text(Payload value)
    {
        if (!value.IsObject)
        {
            return value.Text;
        }
        var text = new System.Text.StringBuilder();
        Collect(value, text);
        return text.Length > 0 ? text.ToString() : null;
    }

    private static void Collect(Payload node, System.Text.StringBuilder text)
    {
        text.Append(node["text"].Text);
        // A mention, a smart link.
        text.Append(node["attrs"]["url"].Text ?? (node["type"].Text == "text" ? null : node["attrs"]["text"].Text));
        foreach (var mark in node["marks"].Items)
        {
            if (mark["attrs"]["href"].Text is { } address && address != node["text"].Text)
            {
                text.Append(' ').Append(address).Append(' ');
            }
        }
        var isLine = node["type"].Text is not ("text" or "mention" or "inlineCard" or "emoji");
        foreach (var child in node["content"].Items)
        {
            if (text.Length > MostRead)
            {
                return;
            }
            Collect(child, text);
        }
        if (isLine)
        {
            text.Append('\n');
        }
    }
}
