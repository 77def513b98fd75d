using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources;

/// <summary>What webhooks become: mapped as the server maps them, folded as the projector folds them, without either.</summary>
internal static class Trial
{
    private static readonly DateTimeOffset Received = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A webhook of a JSON text.</summary>
    public static Webhook Webhook(string json, params (string Name, string Value)[] headers)
    {
        var body = Encoding.UTF8.GetBytes(json);
        return new Webhook(headers.ToDictionary(static h => h.Name, static h => h.Value, StringComparer.OrdinalIgnoreCase), body, Payload.Parse(body));
    }

    /// <summary>The runs that webhooks tell of, by rendering, delivered in this order.</summary>
    public static ImmutableSortedDictionary<string, RunState> Runs(ISource source, params IEnumerable<Webhook> webhooks) =>
        Fold(webhooks.Select(w => source.Read(w)));

    /// <summary>The runs that were told of, by rendering.</summary>
    public static ImmutableSortedDictionary<string, RunState> Fold(IEnumerable<Told> told) => told
        .SelectMany(static t => t.Events).Select(static e => (e.Run, Event: ToEvent(e)))
        .GroupBy(static e => e.Run.Rendering, static e => e.Event)
        .ToImmutableSortedDictionary(static g => g.Key, static g => RunState.Fold(g), StringComparer.Ordinal);

    /// <summary>
    /// Webhooks delivered in many orders (all, up to five of them; else seeded ones, the reverse among them), each once or twice: they must tell of the same runs.
    /// </summary>
    public static void EveryOrderTellsTheSame(ISource source, IReadOnlyList<Webhook> webhooks)
    {
        var first = Text(Runs(source, webhooks));
        foreach (var order in Orders(webhooks))
        {
            Assert.Equal(first, Text(Runs(source, order)));
        }
        Assert.Equal(first, Text(Runs(source, webhooks.Concat(webhooks))));
    }

    /// <summary>
    /// Gives a source seeded mutations of a payload: members removed, of another type, null, huge, of strange characters. It may ignore or not understand them;
    /// whatever it tells must fit into the log and fold.
    /// </summary>
    public static void TakesWhateverComes(ISource source, string json, (string Name, string Value)[] headers, int times, int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < times; i++)
        {
            var mutated = JsonNode.Parse(json)!;
            for (var n = random.Next(1, 5); n > 0; n--)
            {
                mutated = Mutate(mutated, random);
            }
            var text = mutated?.ToJsonString() ?? "null";
            Told told;
            try
            {
                told = source.Read(Webhook(text, headers));
            }
            catch (NotUnderstoodException)
            {
                continue;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Mutation {i} of seed {seed} is not taken: {text}", e);
            }
            foreach (var e in told.Events)
            {
                AssertFits(e, text);
            }
            Fold([told]);
        }
    }

    /// <summary>What a source tells of a webhook that the mutations found or a test wrote must be within the log's limits.</summary>
    public static void AssertFits(ToolEvent e, string because)
    {
        void Is(bool right, string what) => Assert.True(right, $"{what}: {e.Kind} of {e.Run} from {because}");
        Is(e.Run.Type.Length is > 0 and <= 100, "type");
        Is(e.Run.Namespace.Length is > 0 and <= 100, "namespace");
        Is(e.Run.Id.Length is > 0 and <= 200, "id");
        Is(e.Attempt is null or (>= 1 and <= 1_000_000), "attempt");
        Is(e.At is null || e.At.Value.Year is >= 1970 and <= 2200, "time");
        Is(e.Data is { Name: null or { Length: <= 200 }, Actor: null or { Length: <= 200 }, Stage: null or { Length: > 0 and <= 200 } }, "name, actor or stage");
        Is(e.Kind != EventKind.Transitioned || e.Data.Stage is not null, "a transition to no stage");
        Is(e.Data is { Reason: null or { Length: <= 4000 }, Note: null or { Length: <= 4000 } }, "reason or note");
        Is(e.Data.Outcome is null || Outcomes.Parse(e.Data.Outcome) is not null, "outcome");
        Is(e.Data.Parents is not { } parents || (parents.Length <= 1000 && parents.All(static p => p.Length is > 0 and <= 512)), "parents");
        Is(e.Data.Links is not { } links || (links.Length <= 1000 && links.All(static l => l.Run.Length is > 0 and <= 512 && LinkKinds.IsKnown(l.Kind))), "links");
        Is(e.Data.Tags is not { } tags || (tags.Count <= 200 && tags.All(static t => t.Key.Length is > 0 and <= 128 && t.Value.Text.Length <= 2048)), "tags");
        var json = e.Data.ToJson();
        Is(!json.Contains("\\u0000", StringComparison.Ordinal) && !e.Run.Rendering.Contains('\0'), "a NUL");
        Is(new UTF8Encoding(false, true).GetBytes(json + e.Run.Rendering).Length <= 1 << 20, "size");
    }

    /// <summary>A folder of recorded payloads; the test is skipped where they are not.</summary>
    public static string Fixtures(string folder)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var found = Path.Combine(at.FullName, "shared", "fixtures", folder);
            if (Directory.Exists(found))
            {
                return found;
            }
        }
        Assert.Skip($"there are no recorded payloads (shared/fixtures/{folder})");
        return "";
    }

    private static Event ToEvent(ToolEvent e)
    {
        var at = e.At is { } time && time < Received ? time : Received;
        // Of what it says: the same whatever order the deliveries came in.
        var id = EventIds.Of($"{e.Kind}", e.Run.Rendering, $"{e.Attempt} {at:O}", e.Data.ToJson());
        return e.Data.ToEvent(new Envelope(id, e.Kind, e.Run, e.Attempt, "webhook:test", e.At, at, 1, Received));
    }

    private static IEnumerable<IReadOnlyList<Webhook>> Orders(IReadOnlyList<Webhook> webhooks)
    {
        if (webhooks.Count <= 5)
        {
            return Permutations([.. webhooks]);
        }
        var random = new Random(webhooks.Count);
        return Enumerable.Range(0, 100).Select(IReadOnlyList<Webhook> (_) =>
        {
            var order = webhooks.ToArray();
            random.Shuffle(order);
            return order;
        }).Prepend([.. webhooks.Reverse()]);
    }

    private static IEnumerable<IReadOnlyList<Webhook>> Permutations(ImmutableList<Webhook> rest) => rest.Count <= 1 ? [rest]
        : rest.SelectMany((w, i) => Permutations(rest.RemoveAt(i)).Select(IReadOnlyList<Webhook> (order) => [w, .. order]));

    /// <summary>What can be seen of runs; which of two equal facts came first cannot.</summary>
    private static string Text(ImmutableSortedDictionary<string, RunState> runs) => string.Join('\n', runs.SelectMany(static r => r.Value.Attempts.Values.Select(a =>
        $"{r.Key} {a.Number} {a.State} {a.Name} {a.StartedAt:O} {a.EndedAt:O} {a.Outcome} {a.Actor} {a.Reason} {a.Parent} [{string.Join(' ', a.Links.Select(static l => $"{l.Kind}:{l.Run}").Order())}] "
        + $"[{string.Join(' ', a.Stages.Select(static s => $"{s.Name}@{s.From:O}-{s.To:O}"))}] {a.JoinedLate} {a.Skewed} {EventData.TagsJson(a.Tags)} [{string.Join(' ', a.Notes.Distinct().Order())}]")));

    private static JsonNode? Mutate(JsonNode? root, Random random)
    {
        var places = new List<(JsonNode Parent, string? Name, int Index)>();
        Collect(root, places);
        if (places.Count == 0)
        {
            return Strange(random);
        }
        var (parent, name, index) = places[random.Next(places.Count)];
        var remove = random.Next(4) == 0;
        switch (parent)
        {
            case JsonObject o when remove:
                o.Remove(name!);
                break;
            case JsonObject o:
                o[name!] = Strange(random);
                break;
            case JsonArray a when remove:
                a.RemoveAt(index);
                break;
            case JsonArray a:
                a[index] = Strange(random);
                break;
        }
        return root;
    }

    private static void Collect(JsonNode? node, List<(JsonNode, string?, int)> places)
    {
        if (node is JsonObject o)
        {
            foreach (var (name, value) in o)
            {
                places.Add((o, name, 0));
                Collect(value, places);
            }
        }
        else if (node is JsonArray a)
        {
            for (var i = 0; i < a.Count; i++)
            {
                places.Add((a, null, i));
                Collect(a[i], places);
            }
        }
    }

    private static JsonNode? Strange(Random random) => random.Next(16) switch
    {
        0 => null,
        1 => JsonNode.Parse("1e400"),
        2 => -1,
        3 => long.MaxValue,
        4 => 0.5,
        5 => true,
        6 => "",
        7 => "a\0b",
        8 => new string('x', random.Next(1, 5000)),
        9 => "\u202e🙂 \ufffd e\u0301 ´",
        10 => new JsonObject(),
        11 => new JsonArray(1, "x", new JsonObject { ["a"] = 1 }),
        12 => "9999-99-99T99:99:99Z",
        13 => "0001-01-01T00:00:00Z",
        14 => "vstrace-github-issue-o.r-1/../../x closes #1 #2 ABC-1 " + string.Concat(Enumerable.Repeat("fixes a/b#3 ", 50)),
        _ => "2026-01-02T03:04:05Z",
    };
}
