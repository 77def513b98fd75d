using System.Text;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>What is wrong with a body.</summary>
/// <param name="Body">The body.</param>
/// <param name="Field">The member that the problem must name, <c>$</c> for the body.</param>
/// <param name="Says">What its text must hold.</param>
internal sealed record BadBody(byte[] Body, string Field, string Says);

/// <summary>Bodies that must be refused, by what is wrong with them.</summary>
internal static class BadBodies
{
    private static readonly Dictionary<string, BadBody> Bodies = [];

    static BadBodies()
    {
        Body("no JSON", "hello", "JSON");
        Body("cut off", """{"action":"sta""", "JSON");
        Body("nothing", "", "empty");
        Body("white space", " \n", "JSON");
        Body("two values", "{} {}", "JSON");
        Body("a number", "7", "array");
        Body("a string", "\"start\"", "array");
        Body("null", "null", "array");
        Body("a comment", "/* */ {}", "JSON");
        Body("a raw NUL", "{\"action\":\"st\0rt\"}", "JSON");
        Body("a NUL after it", "{}\0", "JSON");
        Body("a member twice", """{"action":"start","action":"end","run":{"type":"a","id":"1"}}""", "'action'");
        Body("a run's member twice", """{"action":"start","run":{"type":"a","id":"1","id":"2"}}""", "'id'");
        Body("a tag twice", Start(""" "tags":{"k":1,"k":2} """), "'k'");
        Body("a lone surrogate in a member's name", Start(""" "\ud800":1 """), "Unicode");
        Body("a lone surrogate in a tag's key", Start(""" "tags":{"\udc00":1} """), "Unicode");
        Body("a lone surrogate in a nested key", Start(""" "tags":{"k":{"\ud800":1}} """), "Unicode");
        Body("17 deep", Start($$""" "tags":{"k":{{string.Concat(Enumerable.Repeat("[", 15))}}{{string.Concat(Enumerable.Repeat("]", 15))}}} """), "16");
        Body("1,000 deep", string.Concat(Enumerable.Repeat("[", 1000)), "16");
        Body("over 1 MB", Start($$""" "future":"{{new string('x', 1 << 20)}}" """), "1048576");
        Body("over 1 MB in fewer characters", Start($$""" "future":"{{new string('é', 600_000)}}" """), "1048576");
        Body("10,001 events", $"[{string.Join(',', Enumerable.Repeat("{}", 10_001))}]", "10001 items; 10000");
        foreach (var (where, before, after) in new[]
        {
            ("the id", """{"action":"start","run":{"type":"a","id":"x""", "\"}}"), ("the action", "{\"action\":\"", "\"}"),
            ("a tag's key", """{"action":"start","run":{"type":"a","id":"1"},"tags":{"x""", "\":1}}"),
            ("a nested text", """{"action":"start","run":{"type":"a","id":"1"},"tags":{"x":["y""", "\"]}}"),
            ("an unknown member", """{"action":"start","run":{"type":"a","id":"1"},"future":"x""", "\"}"),
        })
        {
            Bodies.Add($"bytes that are no UTF-8 in {where}", new([.. Encoding.UTF8.GetBytes(before), 0xC3, 0x28, .. Encoding.UTF8.GetBytes(after)], "$", "UTF-8"));
        }

        Member("action", "", "null", "\"\"", "7", "[]", "\"begin\"", "\"Start\"", "\"\\ud800\"");
        Member("eventId", "UUID", "7", "\"\"", "\"x\"", "{}");
        Member("run", "", "null", "7", "[]", "true", "\"\\u0000\"", "\"\\ud800\"", Long(513));
        Member("attempt", "whole number", "0", "-1", "1.5", "\"1\"", "1000001", "1e20", "[]");
        Member("name", "", "7", "{}", Long(201), "\"a\\u0000b\"", "\"\\ud800\"");
        Member("actor", "", "true", Long(201), "\"\\u0000\"", "\"\\udfff\"");
        Member("reason", "", "[]", Long(4001), "\"\\u0000\"");
        Member("note", "", "7", Long(4001));
        Member("stage", "", "7", Long(201), "\"a\\u0000b\"", "\"\\ud800\"");
        Member("outcome", "", "7", "\"\"", "\"failed\"", "\"Success\"");
        Member("error", "true or false", "\"true\"", "1", "{}");
        Member("import", "true or false", "\"yes\"", "0");
        Member("traceparent", "", "7", Long(513));
        Member("occurredAt", "time", "7", "\"\"", "\"yesterday\"", "{}", "\"2024-13-01T00:00:00Z\"");
        Member("occurredAt", "1970", "\"1969-12-31T23:59:59Z\"", "\"2201-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59Z\"");
        Member("sentAt", "", "7", "\"now\"", "\"2201-01-01T00:00:00Z\"");
        Member("parents", "array", "\"a\"", "{}", "7");
        Member("parents", "1001 items", $"[{string.Join(',', Enumerable.Repeat("\"a\"", 1001))}]");
        Member("parents[1]", "", """["a",7]""", """["a",null]""", """["a",""]""", $"""["a",{Long(513)}]""", """["a","\u0000"]""");
        Member("links", "array", "\"a\"", "{}");
        Member("links[0]", "object", """["a"]""", "[7]", "[[]]");
        Member("links[0].kind", "", """[{"kind":"parent","run":"a"}]""", """[{"kind":7,"run":"a"}]""");
        Member("links[0].run", "", """[{"kind":"follows"}]""", """[{"run":7}]""", """[{"run":""}]""");
        Member("tags", "object", "[]", "7", "\"a|b\"");
        Member("tags", "10000 tags; 200", $"{{{string.Join(',', Enumerable.Range(0, 10_000).Select(static i => $"\"k{i}\":{i}"))}}}");
        Member("tags", "1 to 128", """{"":1}""", $$"""{{{Long(129)}}:1}""", """{"a\u0000":1}""");
        Member("tags.k", "2048", $$"""{"k":{{Long(2049)}}}""", $$"""{"k":{{new string('9', 2049)}}}""", $$"""{"k":[{{Long(2048)}}]}""");
        Member("tags.k", "NUL", """{"k":"\u0000"}""");
        Member("tags.k", "Unicode", """{"k":"\ud800"}""", """{"k":["\udfff x"]}""");
        Run("run.type", "", "null", "7", "\"\"", "\"a b\"", "\"a/b\"", "\"ä\"", "\"a\\u0000\"", Long(101));
        Run("run.namespace", "", "7", "\"\"", "\"a b\"", "\"\\ud800\"", Long(101));
        Run("run.id", "", "null", "7", "\"\"", "{}", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"");
        Run("run.id", "10240 characters; 200", Long(10 * 1024));
        Run("run.source", "", "7", Long(101));
    }

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names => Bodies.Keys;

    /// <summary>Those that are wrong in one event, rather than as a whole.</summary>
    public static IEnumerable<BadBody> Events => Bodies.Values.Where(static b => b.Field is not ("$" or "sentAt"));

    public static BadBody Of(string name) => Bodies[name];

    private static string Start(string more) => $$"""{"action":"start","run":{"type":"a","id":"1"},{{more}}}""";

    private static string Long(int length) => $"\"{new string('x', length)}\"";

    private static void Body(string name, string body, string says) => Bodies.Add(name, new(Encoding.UTF8.GetBytes(body), "$", says));

    /// <summary>Wrong values of a member of the event.</summary>
    private static void Member(string field, string says, params string[] values)
    {
        var name = field.Split('[', '.')[0];
        foreach (var value in values)
        {
            var members = new Dictionary<string, string> { ["action"] = "\"start\"", ["run"] = """{"type":"a","id":"1"}""" };
            members[name] = value;
            Add(field, says, value, $"{{{string.Join(',', members.Select(static m => $"\"{m.Key}\":{m.Value}"))}}}");
        }
    }

    /// <summary>Wrong values of a member of the run.</summary>
    private static void Run(string field, string says, params string[] values)
    {
        foreach (var value in values)
        {
            var members = new Dictionary<string, string> { ["type"] = "\"a\"", ["id"] = "\"1\"" };
            members[field["run.".Length..]] = value;
            Add(field, says, value, $"{{\"action\":\"start\",\"run\":{{{string.Join(',', members.Select(static m => $"\"{m.Key}\":{m.Value}"))}}}}}");
        }
    }

    private static void Add(string field, string says, string value, string body) =>
        Bodies.Add($"{field}: {(value.Length > 40 ? $"{value[..30]}... ({value.Length})" : value)}", new(Encoding.UTF8.GetBytes(body), field, says));
}
