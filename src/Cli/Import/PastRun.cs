using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Import;

/// <summary>A line cannot be imported; the message is a sentence that says why.</summary>
internal sealed class BadLineException(string why) : Exception(why);

/// <summary>A run that is over, as a line of a file tells it, and the two events that tell it to the log.</summary>
internal sealed record PastRun
{
    /// <summary>The members of a line, in JSON and in CSV, where tags stand in <c>tag.KEY</c>.</summary>
    public static readonly string[] Members =
    [
        "id", "type", "namespace", "name", "attempt", "startedAt", "endedAt", "duration", "outcome", "actor", "reason", "tags", "parents", "parent", "source",
    ];

    public string? Source { get; init; }

    public string? Id { get; init; }

    public string? Type { get; init; }

    public string? Namespace { get; init; }

    public string? Name { get; init; }

    public int? Attempt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public double? Duration { get; init; }

    public string? Outcome { get; init; }

    public string? Actor { get; init; }

    public string? Reason { get; init; }

    public IReadOnlyDictionary<string, TagValue>? Tags { get; init; }

    public IReadOnlyList<string>? Parents { get; init; }

    /// <summary>Reads a run object.</summary>
    /// <exception cref="BadLineException">Something is wrong with it.</exception>
    public static PastRun Of(JsonElement line) => new()
    {
        Source = Text(line, "source"),
        Id = Text(line, "id"),
        Type = Text(line, "type"),
        Namespace = Text(line, "namespace"),
        Name = Text(line, "name"),
        Attempt = AttemptOf(Text(line, "attempt")),
        StartedAt = TimeOf("startedAt", Text(line, "startedAt")),
        EndedAt = TimeOf("endedAt", Text(line, "endedAt")),
        Duration = DurationOf(Text(line, "duration")),
        Outcome = Text(line, "outcome"),
        Actor = Text(line, "actor"),
        Reason = Text(line, "reason"),
        Tags = line.TryGetProperty("tags", out var tags) && tags.ValueKind != JsonValueKind.Null ? TagsOf(tags) : null,
        Parents = ParentsOf(line),
    };

    /// <summary>Reads a record of CSV; an empty cell is as none.</summary>
    /// <exception cref="BadLineException">Something is wrong with it.</exception>
    public static PastRun Of(IReadOnlyList<string> header, IReadOnlyList<string> cells)
    {
        if (cells.Count != header.Count)
        {
            throw new BadLineException(string.Create(CultureInfo.InvariantCulture, $"It has {cells.Count} cells, and the header {header.Count}."));
        }
        string? Cell(string name)
        {
            for (var i = 0; i < header.Count; i++)
            {
                if (header[i] == name)
                {
                    return cells[i].Length > 0 ? cells[i] : null;
                }
            }
            return null;
        }
        var tags = new Dictionary<string, TagValue>();
        if (Cell("tags") is { } json)
        {
            try
            {
                using var document = JsonDocument.Parse(json);
                tags = TagsOf(document.RootElement);
            }
            catch (JsonException)
            {
                throw new BadLineException("tags: It must be a JSON object; or use columns tag.KEY.");
            }
        }
        for (var i = 0; i < header.Count; i++)
        {
            if (header[i].StartsWith("tag.", StringComparison.Ordinal) && cells[i].Length > 0)
            {
                tags[header[i]["tag.".Length..]] = cells[i];
            }
        }
        return new()
        {
            Source = Cell("source"),
            Id = Cell("id"),
            Type = Cell("type"),
            Namespace = Cell("namespace"),
            Name = Cell("name"),
            Attempt = AttemptOf(Cell("attempt")),
            StartedAt = TimeOf("startedAt", Cell("startedAt")),
            EndedAt = TimeOf("endedAt", Cell("endedAt")),
            Duration = DurationOf(Cell("duration")),
            Outcome = Cell("outcome"),
            Actor = Cell("actor"),
            Reason = Cell("reason"),
            Tags = tags,
            Parents = Cell("parents") is { } parents ? parents.Split(' ', StringSplitOptions.RemoveEmptyEntries) : Cell("parent") is { } parent ? [parent] : null,
        };
    }

    /// <summary>
    /// Its start and, where it has one, its end. Their ids follow from the run's identity, and the run's own id, where it has none, from the
    /// line: the same line at the same place gives the same events, so that importing it again stores nothing twice.
    /// </summary>
    /// <param name="text">The line as it stands in the file.</param>
    /// <param name="number">Its number.</param>
    /// <exception cref="BadLineException">It is no run.</exception>
    public IEnumerable<EventRequest> Events(string text, long number)
    {
        if (StartedAt is not { } start)
        {
            throw new BadLineException("It is neither an event (with an action) nor a run: startedAt is missing.");
        }
        var type = Type ?? throw new BadLineException("type is missing.");
        var end = EndedAt ?? (Duration is { } seconds ? start + TimeSpan.FromSeconds(seconds) : null);
        if (end < start)
        {
            throw new BadLineException("It ends before it starts.");
        }
        if (Outcome is not null && Outcomes.Parse(Outcome) is null)
        {
            throw new BadLineException($"outcome: '{Outcome}' is not known; say one of {Outcomes.All}.");
        }
        if (Outcome is not null && end is null)
        {
            throw new BadLineException("It has an outcome, but neither endedAt nor duration.");
        }
        var run = new RunRequest { Source = Source, Type = type, Namespace = Namespace, Id = Id ?? Hash.EventId("import", text, Number(number)).ToString() };
        string[] identity = ["import", Source ?? SourceNames.CustomHttp, type, Namespace ?? StartedRun.DefaultNamespace, run.Id, Number(Attempt ?? 1)];
        yield return new EventRequest
        {
            EventId = Hash.EventId([.. identity, "start"]),
            Action = "start",
            Run = run,
            Attempt = Attempt,
            Name = Name,
            // No tags and no parents are written in one way, so that NDJSON and CSV of the same run are the same event.
            Parents = Parents is { Count: > 0 } ? Parents : null,
            OccurredAt = start,
            Actor = Actor,
            Reason = Reason,
            Tags = Tags is { Count: > 0 } ? Tags : null,
            Import = true,
        };
        if (end is { } known)
        {
            yield return new EventRequest
            {
                EventId = Hash.EventId([.. identity, "end"]),
                Action = "end",
                Run = run,
                Attempt = Attempt,
                Outcome = Outcome,
                OccurredAt = known,
                Import = true,
            };
        }
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? Text(JsonElement line, string name) => !line.TryGetProperty(name, out var value) ? null : TextOf(value, name);

    private static string? TextOf(JsonElement value, string name) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString() is { Length: > 0 } text ? text : null,
        JsonValueKind.Number => value.GetRawText(),
        _ => throw new BadLineException($"{name}: It must be a string."),
    };

    private static int? AttemptOf(string? text) => text is null ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) && attempt > 0 ? attempt
        : throw new BadLineException("attempt: It must be a whole number, 1 or more.");

    private static DateTimeOffset? TimeOf(string name, string? text) => text is null ? null
        : Durations.Time(text) ?? throw new BadLineException($"{name}: '{text}' is not a time in ISO 8601, for example 2026-03-02T12:00:00Z.");

    private static double? DurationOf(string? text) => text is null ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= Durations.Longest ? seconds
        : Durations.Parse(text) ?? throw new BadLineException($"duration: '{text}' is not a number of seconds, nor a duration like 90s, 5m or 1h30m.");

    private static Dictionary<string, TagValue> TagsOf(JsonElement tags)
    {
        if (tags.ValueKind != JsonValueKind.Object)
        {
            throw new BadLineException("tags: It must be an object of keys and values.");
        }
        var read = new Dictionary<string, TagValue>();
        foreach (var tag in tags.EnumerateObject())
        {
            if (tag.Value.ValueKind != JsonValueKind.Null)
            {
                read[tag.Name] = tag.Value.ValueKind switch
                {
                    JsonValueKind.String => tag.Value.GetString()!,
                    JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => new TagValue(tag.Value.GetRawText(), tag.Value.ValueKind),
                    _ => tag.Value.GetRawText(),
                };
            }
        }
        return read;
    }

    private static List<string>? ParentsOf(JsonElement line)
    {
        if (!line.TryGetProperty("parents", out var parents) || parents.ValueKind == JsonValueKind.Null)
        {
            return Text(line, "parent") is { } parent ? [parent] : null;
        }
        return parents.ValueKind == JsonValueKind.Array
            ? [.. parents.EnumerateArray().Select(p => TextOf(p, "parents") ?? throw new BadLineException("parents: One is empty."))]
            : throw new BadLineException("parents: It must be an array.");
    }
}
