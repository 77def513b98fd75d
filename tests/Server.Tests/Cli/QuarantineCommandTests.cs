using System.Globalization;
using System.Text.Json;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The published binary lists, shows, replays and drops what was not understood, at a server that answers as the routes do.</summary>
public sealed class QuarantineCommandTests
{
    private const string Evil = "\\u001b]0;owned\\u0007\\u001b[2J\\u202e\\u009b";
    private const string First = $$"""{"id":"0197c2aa-0000-7000-8000-000000000001","receivedAt":"2026-03-02T12:00:00.5+01:00","source":"github","reason":"It has no {{Evil}} repository.","bytes":1234,"later":true}""";
    private const string Second = """{"id":"0197c2aa-0000-7000-8000-000000000002","receivedAt":"2026-03-01T12:00:00Z","source":"jira","reason":"=no id","bytes":7,"replayedAt":"2026-03-01T13:00:00Z"}""";

    [Fact]
    public async Task A_list_is_a_table_and_what_others_wrote_in_it_steers_no_terminal()
    {
        await using var scripted = new ScriptedServer(Says(200, $$"""{"items":[{{First}},{{Second}}],"next":"c"}"""));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run("quarantine", "list", "-limit", "2");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(
            """
            ID                                    RECEIVED              SOURCE  BYTES  REPLAYED              REASON
            0197c2aa-0000-7000-8000-000000000001  2026-03-02 11:00:00Z  github  1234   -                     It has no �]0;owned��[2J�� repository.
            0197c2aa-0000-7000-8000-000000000002  2026-03-01 12:00:00Z  jira    7      2026-03-01 13:00:00Z  =no id

            """, ran.Out);
        Assert.Equal("vscli: there are more than these 2; -limit 20 shows more\n", ran.Error);
        Assert.Equal("/api/v1/quarantine?limit=2", Assert.Single(scripted.Requests).Path);
    }

    [Fact]
    public async Task On_a_terminal_of_80_columns_no_line_is_longer_and_id_and_reason_stay()
    {
        await using var scripted = new ScriptedServer(Says(200, $$"""{"items":[{{First}},{{Second}}]}"""));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.OnTerminal("stty cols 80; vscli quarantine list", "true");

        var lines = ran.Out.TrimEnd().Split("\r\n");
        Assert.All(lines, l => Assert.InRange(l.Length, 1, 80));
        Assert.Matches("^0197c2aa-0000-7000-8000-000000000001  2026-03-02 11:00:00Z .*It has no �", lines[^2]);
        Assert.DoesNotContain('\e', ran.Out);
    }

    [Theory]
    [InlineData("json", "[\n{\"id\":\"0197c2aa-0000-7000-8000-000000000001\",")]
    [InlineData("ndjson", "{\"id\":\"0197c2aa-0000-7000-8000-000000000001\",")]
    [InlineData("csv", "id,receivedAt,source,reason,bytes,replayedAt\r\n0197c2aa-0000-7000-8000-000000000001,2026-03-02T11:00:00.5Z,github,It has no �")]
    public async Task A_list_is_data_page_after_page(string format, string begins)
    {
        await using var scripted = new ScriptedServer(Says(200, $$"""{"items":[{{First}}],"next":"a b"}"""), Says(200, $$"""{"items":[{{Second}}]}"""));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run("quarantine", "list", "-format", format, "-source=github");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.StartsWith(begins, ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', ran.Out);
        Assert.Equal(["/api/v1/quarantine?source=github&limit=50", "/api/v1/quarantine?source=github&limit=49&cursor=a%20b"], scripted.Requests.Select(r => r.Path));
        switch (format)
        {
            case "json":
                Assert.True(JsonElement.Parse(ran.Out)[0].GetProperty("later").GetBoolean());
                break;
            case "ndjson":
                Assert.Equal(2, ran.Out.TrimEnd('\n').Split('\n').Length);
                break;
            default:
                Assert.EndsWith("jira,'=no id,7,2026-03-01T13:00:00Z\r\n", ran.Out, StringComparison.Ordinal);
                break;
        }
    }

    [Fact]
    public async Task An_empty_list_is_1()
    {
        await using var scripted = new ScriptedServer(Says(200, """{"items":[]}"""));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run("quarantine", "list", "-source", "jira");

        Assert.Equal((1, "", $"vscli: {scripted.Url}: nothing of jira is in quarantine\n"), (ran.ExitCode, ran.Out, ran.Error));
    }

    [Fact]
    public async Task A_delivery_is_shown_laid_out_and_harmless()
    {
        await using var scripted = new ScriptedServer(Says(200, Entry($$"""{"a":{"b":1.50},"évil":"{{Evil}}"}""")));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run("quarantine", "show", "0197 c2");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.StartsWith(
            """
            id        0197 c2
            received  2026-03-02 12:00:00Z
            source    github
            reason    It has no �[2J repository.

            A-Header: �[31m
            X-GitHub-Event: pull_request

            {
              "a": {
                "b": 1.50
              },
              "évil": "
            """, ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(ran.Out, c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain('\u202e', ran.Out);
        Assert.Equal("/api/v1/quarantine/0197%20c2", Assert.Single(scripted.Requests).Path);
    }

    [Theory]
    [InlineData("line one\nline \e[2Jtwo", "line one\nline �[2Jtwo\n")]
    [InlineData("""{"half":"\ud800"}""", """{"half":"\ud800"}""")]
    [InlineData("""{"cut":""", """{"cut":""")]
    [InlineData("", "")]
    public async Task A_body_that_is_no_json_is_shown_line_by_line(string body, string shown)
    {
        await using var scripted = new ScriptedServer(Says(200, Entry(body)));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run("quarantine", "show", "x");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.EndsWith("X-GitHub-Event: pull_request\n\n" + shown.TrimEnd('\n') + "\n", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_body_alone_is_piped_as_it_came_and_is_harmless_on_a_terminal()
    {
        // Longer than a piece, with a character across the seam.
        var body = "{ \"a\" : \"\e[2J" + new string('x', 16_370) + "😀\"}\r\n";
        await using var scripted = new ScriptedServer(Says(200, Entry(body)));
        using var vscli = new Vscli(scripted.Url);

        var piped = await vscli.Run("quarantine", "show", "x", "-body");
        var shown = await vscli.OnTerminal("vscli quarantine show x -body", "true");

        Assert.Equal((0, body, ""), (piped.ExitCode, piped.Out, piped.Error));
        Assert.StartsWith("{ \"a\" : \"�[2Jxxx", shown.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_many_megabytes_is_printed_within_the_memory_that_vscli_has()
    {
        var body = "{\"x\":\"" + new string('x', 20_000_000) + "\"}";
        await using var scripted = new ScriptedServer(Says(200, Entry(body)));
        using var vscli = new Vscli(scripted.Url);

        var piped = await vscli.Run("quarantine", "show", "x", "-body");
        var shown = await vscli.Run("quarantine", "show", "x");

        Assert.Equal((0, ""), (piped.ExitCode, piped.Error));
        Assert.True(body == piped.Out);
        Assert.EndsWith("\n(a body of 20.0 MB; -body prints it)\n", shown.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliveries_are_replayed_and_each_that_remains_is_told()
    {
        await using var scripted = new ScriptedServer(
            Says(200, """{"events":3,"duplicates":1}"""),
            Says(422, """{"detail":"It has no \u001b[2J repository."}"""),
            Says(404, """{"detail":"There is no delivery 'c' in quarantine."}"""),
            Says(200, """{"events":0,"duplicates":0,"ignored":"A ping tells nothing."}"""));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run("quarantine", "replay", "a", "b", "c", "d/e");

        Assert.Equal((1, "4 deliveries: 2 taken with 3 events stored and 1 there already, 1 of them ignored, 1 remains\n"), (ran.ExitCode, ran.Out));
        Assert.Equal($"vscli: b remains: It has no �[2J repository.\nvscli: {scripted.Url}: there is no delivery c in quarantine\n", ran.Error);
        Assert.Equal(["a", "b", "c", "d%2Fe"], scripted.Requests.Select(r => r.Path["/api/v1/quarantine/".Length..^"/replay".Length]));
        var one = await vscli.Run("quarantine", "replay", "d/e");
        Assert.Equal((0, "1 delivery: 1 taken with 0 events stored and 0 there already, 1 of them ignored, 0 remain\n", ""), (one.ExitCode, one.Out, one.Error));
    }

    [Fact]
    public async Task All_are_replayed_oldest_first_and_each_reason_is_told_once_with_its_count()
    {
        var list = Enumerable.Range(0, 250).Select(i => string.Create(CultureInfo.InvariantCulture,
            $$"""{"id":"n{{i}}","receivedAt":"2026-03-02T12:{{(249 - i) / 5:00}}:00Z","source":"jira","reason":"x","bytes":1}""")).ToList();
        await using var scripted = new ScriptedServer(
            r => !r.Path.EndsWith("/replay", StringComparison.Ordinal) ? Http(200, Page(list, r.Path))
                : r.Path switch
                {
                    _ when r.Path.Contains("n249/", StringComparison.Ordinal) => Http(200, """{"events":2,"duplicates":0,"ignored":null}"""),
                    _ when r.Path.Contains("n7/", StringComparison.Ordinal) => Http(404, """{"detail":"There is no delivery n7."}"""),
                    _ when r.Path.Contains("/n1", StringComparison.Ordinal) => Http(422, """{"detail":"It has no id."}"""),
                    _ when r.Path.Contains("/n2", StringComparison.Ordinal) => Http(422, """{"detail":"It has no \u001b[2J project."}"""),
                    _ => Http(200, """{"events":1,"duplicates":1}"""),
                });
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run("quarantine", "replay", "-all", "-source", "jira");

        Assert.Equal(
            """
            250 deliveries: 78 taken with 79 events stored and 77 there already, 0 of them ignored, 171 remain
                111  It has no id.
                 60  It has no �[2J project.

            """, ran.Out);
        Assert.Equal((1, ""), (ran.ExitCode, ran.Error));
        Assert.Equal(["?source=jira&limit=100", "?source=jira&limit=100&cursor=100", "?source=jira&limit=100&cursor=200"], scripted.Requests.Take(3).Select(r => r.Path["/api/v1/quarantine".Length..]));
        Assert.Equal(Enumerable.Range(0, 250).Reverse().Select(i => $"/api/v1/quarantine/n{i}/replay"), scripted.Requests.Skip(3).Select(r => r.Path));
    }

    [Fact]
    public async Task All_of_nothing_is_done()
    {
        await using var scripted = new ScriptedServer(Says(200, """{"items":[]}"""));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run("quarantine", "replay", "--all");

        Assert.Equal((0, "0 deliveries: 0 taken with 0 events stored and 0 there already, 0 of them ignored, 0 remain\n", ""), (ran.ExitCode, ran.Out, ran.Error));
    }

    [Fact]
    public async Task A_server_that_goes_away_in_the_midst_is_waited_for_and_one_that_fails_ends_it()
    {
        await using var scripted = new ScriptedServer(
            Says(200, """{"events":1,"duplicates":0}"""),
            ScriptedServer.Sends("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"),
            Says(200, """{"events":1,"duplicates":0}"""),
            Says(500, ""));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run("quarantine", "replay", "a", "b", "c");

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Equal(
            $"""
            vscli: its answer was cut off; waiting, for up to 30 s
            vscli: {scripted.Url}: could not go on after 2 of 3 deliveries taken: it answered 500. Run the same command again: what was taken is not stored twice

            """, ran.Error);
    }

    [Fact]
    public async Task Deliveries_are_dropped()
    {
        await using var scripted = new ScriptedServer(ScriptedServer.Sends("HTTP/1.1 204 X\r\nConnection: close\r\n\r\n"), Says(404, """{"detail":"There is no delivery 'b'."}"""));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run("quarantine", "drop", "a", "b");

        Assert.Equal((1, "1 delivery dropped\n", $"vscli: {scripted.Url}: there is no delivery b in quarantine\n"), (ran.ExitCode, ran.Out, ran.Error));
        Assert.Equal(["/api/v1/quarantine/a", "/api/v1/quarantine/b"], scripted.Requests.Select(r => r.Path));
    }

    [Theory]
    [InlineData("", "say what to do, one of list, show, replay, drop;")]
    [InlineData("lst", "did you mean list? `vscli quarantine --help`")]
    [InlineData("list x", "'x' is too much")]
    [InlineData("list -body", "-body does not go with list")]
    [InlineData("list -limit 0", "-limit=0 is not a number, 1 or more")]
    [InlineData("list -source githb", "say one of customhttp, github")]
    [InlineData("show", "say which: `vscli quarantine show ID`;")]
    [InlineData("show a b", "'b' is too much")]
    [InlineData("show a -format json", "-format does not go with show")]
    [InlineData("replay", "say which: `vscli quarantine replay ID`, or -all")]
    [InlineData("replay -all a", "'a' is too much")]
    [InlineData("replay a -source jira", "-source does not go with replay without -all")]
    [InlineData("drop", "say which: `vscli quarantine drop ID`;")]
    [InlineData("drop -all", "-all does not go with drop")]
    [InlineData("drop ..", "'..' is no id")]
    [InlineData("drop -url http://127.0.0.1:9 .", "'.' is no id")]
    public async Task What_cannot_be_meant_is_2(string words, string says)
    {
        await using var scripted = new ScriptedServer(Says(200, "{}"));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run(["quarantine", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Empty(scripted.Requests);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("show x")]
    [InlineData("show x -body")]
    [InlineData("replay x")]
    [InlineData("replay -all")]
    [InlineData("drop x")]
    public async Task What_is_no_answer_is_2(string words)
    {
        foreach (var (status, body, says) in new[] { (200, "<html>", "not ValueStream's"), (401, "", "VALUESTREAM_TOKEN"), (404, """{"detail":"There is nothing at this address."}""", "404"), (500, "", "it answered 500") })
        {
            if (words == "drop x" && status == 200)
            {
                continue;
            }
            await using var scripted = new ScriptedServer(Says(status, body));
            using var vscli = new Vscli(scripted.Url);

            var ran = await vscli.Run(["quarantine", .. words.Split(' ')]);

            Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
            Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("show x")]
    [InlineData("show x -body")]
    public async Task A_delivery_that_is_not_there_is_1(string words)
    {
        await using var scripted = new ScriptedServer(Says(404, """{"detail":"There is no delivery 'x' in quarantine."}"""));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Run(["quarantine", .. words.Split(' ')]);

        Assert.Equal((1, "", $"vscli: {scripted.Url}: there is no delivery x in quarantine\n"), (ran.ExitCode, ran.Out, ran.Error));
    }

    private static string Entry(string body) =>
        $$"""{"id":"0197 c2","receivedAt":"2026-03-02T12:00:00Z","source":"github","reason":"It has no \u001b[2J repository.","headers":{"X-GitHub-Event":"pull_request","A-Header":"\u001b[31m"},"body":{{JsonSerializer.Serialize(body)}}}""";

    /// <summary>A page of a list whose cursors are where it goes on.</summary>
    private static string Page(List<string> list, string path)
    {
        var at = path.IndexOf("cursor=", StringComparison.Ordinal) is >= 0 and var cursor ? int.Parse(path[(cursor + "cursor=".Length)..], CultureInfo.InvariantCulture) : 0;
        var next = at + 100 < list.Count ? string.Create(CultureInfo.InvariantCulture, $",\"next\":\"{at + 100}\"") : "";
        return $$"""{"items":[{{string.Join(',', list.Skip(at).Take(100))}}]{{next}}}""";
    }

    private static Reply Says(int status, string body) => _ => Http(status, body);

    // The server closes each connection; said aloud, so that none is used again.
    private static string Http(int status, string body) => ScriptedServer.Http(status, body).Replace("Content-Type:", "Connection: close\r\nContent-Type:", StringComparison.Ordinal);
}
