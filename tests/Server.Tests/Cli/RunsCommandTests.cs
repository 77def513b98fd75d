using System.Text.Json;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The published binary searches the runs of a real server, and of some that misbehave.</summary>
[Collection(OnSqlite.Name)]
public sealed class RunsCommandTests(SqliteServer server)
{
    private const string Run = """
        {"key":"be63vbn6s4jvi","id":"1","attempt":1,"source":"customhttp","namespace":"n","type":"build","name":"api","operation":"be63vbn6s4jvi",
        "spanId":"00f067aa0ba902b7","state":"ended","outcome":"success","startedAt":"2026-03-02T12:00:00Z","endedAt":"2026-03-02T12:00:40Z","duration":40,
        "submitter":"local","links":[],"tags":{},"flags":[]}
        """;

    /// <summary>Filters, and which of the runs recorded below they find.</summary>
    public static TheoryData<string, string> Filters => new()
    {
        { "", "c b a" },
        { "-type build", "b a" },
        { "-type=deploy", "c" },
        { "-outcome failure", "b" },
        { "-state running", "c" },
        { "-name web", "b" },
        { "-actor alice", "a" },
        { "-tag k=v", "a" },
        { "-tag k|v", "a" },
        { "-tag k:v -tag other|x=y|z", "a" },
        { "-tag k=v -tag k=w", "" },
        { "-min-duration 1m", "b" },
        { "-min-duration 5s -max-duration 1m", "a" },
        { "-max-duration 0.5h", "b a" },
        { "-from 2024-03-04T12:01:00Z", "c b" },
        { "-to 2024-03-04T12:03:00Z -from 2024-03-04T12:00:15Z", "c b" },
        { "-to 2024-03-04T12:01:00Z", "a" },
        { "-from 24h", "c" },
        { "-source customhttp -limit 2", "c b" },
        { "-id vstrace-customhttp-build-{ns}-a", "a" },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task It_finds_what_the_filters_say(string filters, string finds)
    {
        var ns = await RecordAsync();
        using var vscli = new Vscli(server.Process.Url);

        var ran = await vscli.Run(["runs", "-namespace", ns, "-format", "ndjson", .. Words(filters.Replace("{ns}", ns, StringComparison.Ordinal))]);

        Assert.Equal(finds, string.Join(' ', Lines(ran.Out).Select(l => JsonElement.Parse(l).Text("id"))));
        Assert.Equal(finds.Length > 0 ? 0 : 1, ran.ExitCode);
        Assert.Equal(filters.Contains("-limit", StringComparison.Ordinal) ? "vscli: there are more than these 2; -limit 20 shows more\n"
            : finds.Length == 0 ? $"vscli: {server.Process.Url}: there are no such runs\n" : "", ran.Error);
    }

    [Theory]
    [InlineData("table", "STARTED               DURATION  OUTCOME  TYPE   NAME ")]
    [InlineData("csv", "key,id,attempt,source,namespace,type,name,operation,")]
    [InlineData("json", "[\n{\"key\":\"")]
    [InlineData("ndjson", "{\"key\":\"")]
    public async Task Every_format_has_every_run_and_follows_the_pages(string format, string begins)
    {
        var ns = Sent.Unique();
        await server.Client.RecordAsync([.. Enumerable.Range(0, 230).Select(i => Sent.Start(ns, $"run{i}", i))]);
        using var vscli = new Vscli(server.Process.Url);

        var ran = await vscli.Run("runs", "-namespace", ns, "-format", format, "-limit", "220");

        Assert.Equal((0, "vscli: there are more than these 220; -limit 2200 shows more\n"), (ran.ExitCode, ran.Error));
        Assert.StartsWith(begins, ran.Out, StringComparison.Ordinal);
        Assert.Equal(220, Lines(ran.Out).Count(l => l.Contains(ns, StringComparison.Ordinal)));
        Assert.True(format != "json" || JsonElement.Parse(ran.Out).GetArrayLength() == 220);
        Assert.True(format != "csv" || Lines(ran.Out).All(l => l.EndsWith('\r')));
    }

    [Theory]
    [InlineData("table", "")]
    [InlineData("ndjson", "")]
    [InlineData("json", "[]\n")]
    [InlineData("csv", "key,id,")]
    public async Task Nothing_found_is_1_and_still_a_document(string format, string begins)
    {
        using var vscli = new Vscli(server.Process.Url);

        var ran = await vscli.Run("runs", "-namespace", "nobody", "-format", format);

        Assert.Equal((1, $"vscli: {server.Process.Url}: there are no such runs\n"), (ran.ExitCode, ran.Error));
        Assert.StartsWith(begins, ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_from_elsewhere_neither_steer_the_terminal_nor_a_spreadsheet()
    {
        var ns = Sent.Unique();
        const string name = "\\u001b[31mred\\u001b]0;title\\u0007\\u009b2J\\u202eevil\\nline, \\\"q\\\"";
        await server.Client.RecordAsync(
            Sent.Start(ns, "1", more: $$""" "name":"{{name}}","actor":"=cmd|'/C calc'!A0","tags":{"k":"\u001b"} """),
            Sent.Start(ns, "2", 1, more: """ "name":"-1.5","actor":"@x","tags":{"名":"前"} """));
        using var vscli = new Vscli(server.Process.Url);
        foreach (var format in new[] { "table", "csv", "json", "ndjson" })
        {
            var ran = await vscli.Run("runs", "-namespace", ns, "-format", format);
            Assert.Equal(0, ran.ExitCode);
            Assert.DoesNotContain(ran.Out, c => char.IsControl(c) && c is not ('\n' or '\r'));
        }
        var csv = (await vscli.Run("runs", "-namespace", ns, "-format", "csv")).Out;
        Assert.Contains(",'=cmd|'/C calc'!A0,", csv, StringComparison.Ordinal);
        Assert.Contains(",'@x,", csv, StringComparison.Ordinal);
        Assert.Contains("\"{\"\"名\"\":\"\"前\"\"}\"", csv, StringComparison.Ordinal);
        Assert.Contains(",-1.5,", csv, StringComparison.Ordinal);
        Assert.Contains("�evil\nline, \"\"q\"\"\"", csv, StringComparison.Ordinal);
        var json = JsonElement.Parse((await vscli.Run("runs", "-namespace", ns, "-format", "json")).Out);
        Assert.StartsWith("\e[31mred", json[1].Text("name"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_rows_are_cut_to_its_width_and_elsewhere_they_are_whole()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "there is no script, which makes terminals");
        var ns = Sent.Unique();
        var name = string.Concat(Enumerable.Repeat("名前👩‍🚀é", 12));
        await server.Client.RecordAsync(Sent.Start(ns, "1", more: $$""" "name":"{{name}}" """), Sent.Start(ns, "2", 1, more: """ "name":"short" """));
        using var vscli = new Vscli(server.Process.Url);
        vscli.Variables["TERM"] = "xterm";

        var cut = await vscli.Script("bash", $"script -qec 'stty cols 80; vscli runs -namespace {ns}' /dev/null");
        var whole = await vscli.Run("runs", "-namespace", ns);

        var lines = Lines(cut.Out.Replace("\r", "", StringComparison.Ordinal));
        Assert.Equal(3, lines.Length);
        Assert.All(lines, l => Assert.InRange(ValueStream.Cli.Printable.Width(l), 60, 80));
        Assert.Contains("…", lines[2], StringComparison.Ordinal);
        // What is typed next is there whole.
        Assert.All(lines[1..], l => Assert.Contains(" " + Key(l), whole.Out, StringComparison.Ordinal));
        Assert.All(lines[1..], l => Assert.Equal(13, Key(l).Length));
        Assert.Contains(name, whole.Out, StringComparison.Ordinal);
        // The key stands in the same column of every line, as a terminal counts.
        Assert.Single(Lines(whole.Out).Select(l => ValueStream.Cli.Printable.Width(l.AsSpan(0, l.LastIndexOf(' ')))).Distinct());
    }

    private static string Key(string line) => line[(line.LastIndexOf(' ') + 1)..];

    [Theory]
    [InlineData("-nope", "-nope is not known")]
    [InlineData("word", "'word' is not a flag")]
    [InlineData("-limit 0", "-limit=0 is not a number")]
    [InlineData("-limit x", "-limit=x is not a number")]
    [InlineData("-format xml", "say one of table, json, csv, ndjson")]
    [InlineData("-outcome good", "say one of success, failure")]
    [InlineData("-state dead", "say one of running, ended, orphan")]
    [InlineData("-tag nothing", "-tag=nothing is not a tag")]
    [InlineData("-tag =x", "-tag==x is not a tag")]
    [InlineData("-min-duration soon", "-min-duration=soon is not a duration")]
    [InlineData("-from yesterday", "-from=yesterday is neither")]
    [InlineData("-type=", "-type is empty")]
    [InlineData("-event-source-url http://proxy.acme/hook", "VALUESTREAM_URL")]
    public async Task What_cannot_be_asked_is_not_asked(string flags, string says)
    {
        await using var scripted = new ScriptedServer(ScriptedServer.Status(200, """{"items":[]}"""));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run(["runs", .. Words(flags)]);

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Single(Lines(ran.Error));
        Assert.Empty(scripted.Requests);
    }

    /// <summary>Answers that are none, and what is said of them.</summary>
    public static TheoryData<int, string, string> Misbehaviours => new()
    {
        { 0, "", "connection refused; see that the server runs" },
        { 401, "", "VALUESTREAM_TOKEN is missing" },
        { 403, "", "VALUESTREAM_TOKEN is missing" },
        { 404, "<html>", "does not name a ValueStream server" },
        { 400, """{"detail":"limit: \u001b[2JIt must be 1 to 200."}""", "It must be 1 to 200." },
        { 500, "", "it answered 500" },
        { 503, """{"detail":"The database does not answer."}""", "The database does not answer." },
        { 302, "", "it answered 302" },
        { 200, "<html>", "not ValueStream's" },
        { 200, "[]", "not ValueStream's" },
        { 200, """{"items":{}}""", "not ValueStream's" },
        { 200, """{"items":[null]}""", "not ValueStream's" },
        { 200, """{"items":[{"key":1}]}""", "not ValueStream's" },
        { 200, """{"items":[],"next":"x"}""", "not ValueStream's" },
        { 200, """{"items":[""" + Run + """],"next":"x"}""", "not ValueStream's" },
    };

    [Theory]
    [MemberData(nameof(Misbehaviours))]
    public async Task What_is_no_answer_is_2_with_the_reason(int status, string body, string says)
    {
        await using var scripted = new ScriptedServer(ScriptedServer.Status(status, body));
        using var vscli = new Vscli(status == 0 ? ScriptedServer.Nobody() : scripted.Url);

        var ran = await vscli.Run("runs", "-limit", "9");

        Assert.Equal(2, ran.ExitCode);
        Assert.StartsWith("vscli: http://", ran.Error, StringComparison.Ordinal);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Single(Lines(ran.Error));
        Assert.DoesNotContain('\e', ran.Error);
    }

    [Fact]
    public async Task A_cut_answer_and_a_full_disk_are_2()
    {
        await using var scripted = new ScriptedServer(
            ScriptedServer.Sends("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"items\":["), ScriptedServer.Status(200, $$"""{"items":[{{Run}}]}"""));
        using var vscli = new Vscli(scripted.Url);

        var cut = await vscli.Run("runs");
        var full = await vscli.Script("bash", "vscli runs -format json >/dev/full");
        var head = await vscli.Script("bash", "set -o pipefail; vscli runs | true; echo \"$?\" >/dev/null");

        Assert.Equal((2, "", $"vscli: {scripted.Url}: its answer was cut off; see that the server runs, and that -url or VALUESTREAM_URL names it\n"), (cut.ExitCode, cut.Out, cut.Error));
        Assert.Equal((2, "vscli: stdout takes no more: is the disk full?\n"), (full.ExitCode, full.Error));
        Assert.Equal("", head.Error);
    }

    [Fact]
    public async Task A_user_in_the_address_is_not_told_and_the_token_is_sent()
    {
        await using var scripted = new ScriptedServer(ScriptedServer.Status(500));
        using var vscli = new Vscli(scripted.Url.Replace("://", "://me:secret@", StringComparison.Ordinal));
        vscli.Variables["VALUESTREAM_TOKEN"] = "t0ken";

        var ran = await vscli.Run("runs", "-type", "a b&c");

        Assert.DoesNotContain("secret", ran.Error, StringComparison.Ordinal);
        Assert.Equal(("Bearer t0ken", "/api/v1/runs?type=a%20b%26c&limit=50"), (scripted.Requests[0].Headers["Authorization"], scripted.Requests[0].Path));
    }

    /// <summary>Three runs in a namespace of their own: a, then b, then c, which still runs.</summary>
    private async Task<string> RecordAsync()
    {
        var ns = Sent.Unique();
        await server.Client.RecordAsync(
            Sent.Start(ns, "a", more: """ "actor":"alice","tags":{"k":"v","other":"x=y|z"} """), Sent.End(ns, "a", 10),
            Sent.Start(ns, "b", 20, more: """ "name":"web" """), Sent.End(ns, "b", 120, more: """ "outcome":"failure" """),
            Sent.Start(ns, "c", 130, type: "deploy"));
        return ns;
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
