namespace ValueStream.Cli;

/// <summary>Values that are secrets, found in a text in one pass however many they are: by their first characters.</summary>
internal sealed class SecretValues
{
    private const int Shortest = 6;
    private const int LongestEscaped = 1 << 10;
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
