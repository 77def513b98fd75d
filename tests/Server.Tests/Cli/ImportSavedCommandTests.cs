using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using ValueStream.Cli.Import;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The published binary posts what was saved of tools, document after document, to a server that answers as the route does.</summary>
public sealed class ImportSavedCommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_below_a_folder_are_sent_in_the_order_of_their_paths_each_document_as_it_is()
    {
        await using var scripted = new ScriptedServer(Takes(events: 2, there: 1));
        using var vscli = new Vscli(scripted.Url);
        await WriteAsync(vscli, "saved/b/pull_request.opened.json", """{ "action" : "opened", "n": 1.50 }""");
        await WriteAsync(vscli, "saved/b.json", "[1]");
        await WriteAsync(vscli, "saved/B.JSON", "\uFEFF\n [2]\n");
        await WriteAsync(vscli, "saved/a.ndjson", "{\"l\":1}\r\n\n  {\"l\":3}");
        await WriteAsync(vscli, "saved/c.jsonl", "{\"l\":4}\n");
        await WriteAsync(vscli, "saved/d.txt", "not read");
        await WriteAsync(vscli, "saved/e/f/g h%é.json", "{}");
        await PackAsync(vscli, "saved/p.json.gz", """{"packed":1}""");
        await PackAsync(vscli, "saved/q.ndjson.gz", "{\"packed\":2}\n{\"packed\":3}\n");
        File.CreateSymbolicLink(Path.Combine(vscli.Home, "saved/loop"), "..");

        var ran = await vscli.Run("import", "github", "--from", "saved");

        Assert.Equal((0, "10 documents: 20 events stored, 10 there already, 0 ignored, 0 not understood, 0 documents not taken\n", ""), (ran.ExitCode, ran.Out, ran.Error));
        Assert.Equal(
            [
                "B.JSON [2]", "a.ndjson {\"l\":1}", "a.ndjson {\"l\":3}", "b.json [1]", """pull_request.opened.json { "action" : "opened", "n": 1.50 }""", "c.jsonl {\"l\":4}",
                "g%20h%25%C3%A9.json {}", """p.json {"packed":1}""", """q.ndjson {"packed":2}""", """q.ndjson {"packed":3}""",
            ],
            Sent(scripted));
        Assert.All(scripted.Requests, r => Assert.Equal(("/api/v1/import/github", "application/json", false), (r.Path, r.Headers["Content-Type"], r.Headers.ContainsKey("X-Sent-At"))));
    }

    [Fact]
    public async Task A_file_may_hold_page_after_page()
    {
        await using var scripted = new ScriptedServer(Takes(events: 1));
        using var vscli = new Vscli(scripted.Url);
        var page = $$"""{"workflow_runs":[{"name":"{{new string('x', 200_000)}}"}]}""";
        await WriteAsync(vscli, "runs.json", $"{page}{page}\n[\n 1\n]\n");

        var ran = await vscli.Run("import", "github", "-from=runs.json");

        Assert.Equal((0, "3 documents: 3 events stored, 0 there already, 0 ignored, 0 not understood, 0 documents not taken\n", ""), (ran.ExitCode, ran.Out, ran.Error));
        Assert.Equal([page, page, "[\n 1\n]"], scripted.Requests.Select(r => r.Body));
    }

    [Fact]
    public async Task What_is_broken_refused_or_not_understood_is_told_and_the_others_are_sent()
    {
        await using var scripted = new ScriptedServer(r => r.Body switch
        {
            "{\"refuse\":1}" => Http(422, """{"detail":"It is no delivery of \u001b[2JGitHub."}"""),
            "{\"large\":1}" => Http(413, "<html>"),
            "{\"page\":1}" => Http(200, """{"events":4,"duplicates":0,"ignored":2,"notUnderstood":2,"problems":["An item has no id.","An issue has no repository."]}"""),
            _ => Http(200, """{"events":1,"duplicates":0,"ignored":0,"notUnderstood":0}"""),
        });
        using var vscli = new Vscli(scripted.Url);
        await WriteAsync(vscli, "saved/1.json", """{"cut":""");
        await WriteAsync(vscli, "saved/2.json", """{"refuse":1}""");
        await WriteAsync(vscli, "saved/3.json", """{"page":1}""");
        await WriteAsync(vscli, "saved/4.json", "");
        await WriteAsync(vscli, "saved/5.ndjson", "{\"a\":1}\nbroken \e[2J\n{\"large\":1}\n{}{}\n");
        await WriteAsync(vscli, "saved/6.json.gz", "not packed");
        await WriteAsync(vscli, "saved/7.json", "{} x [1]");
        await WriteAsync(vscli, "saved/8.json", new string('[', 2000));
        await WriteAsync(vscli, "saved/9.json", "{}");
        File.CreateSymbolicLink(Path.Combine(vscli.Home, "saved/8a.json"), "nowhere");

        var ran = await vscli.Run("import", "github", "-from", "saved", "-rejects", "saved/bad.ndjson");
        var again = await vscli.Run("import", "github", "-from", "saved", "-rejects", "saved/bad.ndjson");

        Assert.Equal((1, "14 documents: 7 events stored, 0 there already, 2 ignored, 2 not understood, 10 documents not taken\n"), (ran.ExitCode, ran.Out));
        Assert.Equal((ran.ExitCode, ran.Out, ran.Error), (again.ExitCode, again.Out, again.Error));
        var told = ran.Error.TrimEnd('\n').Split('\n');
        string[] says =
        [
            "saved/1.json was not taken: It is not JSON that can be read", "saved/2.json was not taken: It is no delivery of �[2JGitHub.",
            "saved/3.json was not understood: An item has no id.", "saved/3.json was not understood: An issue has no repository.", "saved/4.json was not taken: It is empty.",
            "saved/5.ndjson, line 2 was not taken: It is not JSON that can be read", "saved/5.ndjson, line 3 was not taken: The server takes nothing so large.",
            "saved/5.ndjson, line 4 was not taken: It is not JSON that can be read", "saved/6.json.gz was not taken: It is damaged, or not packed by gzip.",
            "saved/7.json, document 2 was not taken: It is not JSON that can be read", "saved/8.json was not taken: It is not JSON that can be read", "saved/8a.json was not taken: Could not find",
        ];
        Assert.Equal(says.Length, told.Length);
        Assert.All(says.Zip(told), t => Assert.StartsWith("vscli: " + t.First, t.Second, StringComparison.Ordinal));
        Assert.EndsWith("What follows in this file is not read.", told[9], StringComparison.Ordinal);
        Assert.DoesNotContain('\e', ran.Error);
        var kept = (await File.ReadAllTextAsync(Path.Combine(vscli.Home, "saved/bad.ndjson"), Cancel)).TrimEnd('\n').Split('\n').Select(l => JsonElement.Parse(l)).ToList();
        Assert.Equal(told.Length, kept.Count);
        Assert.Equal(("saved/5.ndjson", 3, "The server takes nothing so large."), (kept[6].GetProperty("file").GetString(), kept[6].GetProperty("part").GetInt32(), kept[6].GetProperty("problem").GetString()));
        Assert.False(kept[0].TryGetProperty("part", out _));
    }

    [Fact]
    public async Task Not_more_than_twenty_problems_are_told()
    {
        await using var scripted = new ScriptedServer(Http200("""{"events":0,"duplicates":0,"ignored":0,"notUnderstood":25,"problems":[""" + string.Join(',', Enumerable.Range(0, 25).Select(i => $"\"p{i}\"")) + "]}"));
        using var vscli = new Vscli(scripted.Url);
        await WriteAsync(vscli, "page.json", "[]");

        var ran = await vscli.Run("import", "jira", "-from", "page.json");

        Assert.Equal((1, "1 document: 0 events stored, 0 there already, 0 ignored, 25 not understood, 0 documents not taken\n"), (ran.ExitCode, ran.Out));
        Assert.EndsWith("vscli: page.json was not understood: p19\nvscli: and 5 more were not taken; -rejects FILE keeps all of them\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_goes_away_and_comes_back_gets_the_same_document_again()
    {
        await using var scripted = new ScriptedServer(
            ScriptedServer.Sends("HTTP/1.1 503 X\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 29\r\n\r\n{\"detail\":\"It is starting.\"}  "),
            Takes(events: 1),
            ScriptedServer.Sends("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"events\":"),
            Takes(events: 0, there: 1));
        using var vscli = new Vscli(scripted.Url);
        await WriteAsync(vscli, "saved/1.json", "{\"n\":1}");
        await WriteAsync(vscli, "saved/2.json", "{\"n\":2}");

        var ran = await vscli.Run("import", "gitlab", "-from", "saved");

        Assert.Equal((0, "2 documents: 1 event stored, 1 there already, 0 ignored, 0 not understood, 0 documents not taken\n"), (ran.ExitCode, ran.Out));
        Assert.Equal("vscli: It is starting.; waiting, for up to 5 min\nvscli: its answer was cut off; waiting, for up to 30 s\n", ran.Error);
        Assert.Equal(["{\"n\":1}", "{\"n\":1}", "{\"n\":2}", "{\"n\":2}"], scripted.Requests.Select(r => r.Body));
    }

    [Theory]
    [InlineData(401, "", "VALUESTREAM_TOKEN")]
    [InlineData(403, """{"detail":"no"}""", "VALUESTREAM_TOKEN")]
    [InlineData(404, """{"detail":"There is nothing at this address."}""", "no ValueStream server that takes what was saved of github (There is nothing at this address.)")]
    [InlineData(404, "<html>", "it answered 404: it is no ValueStream server that takes what was saved of github. Run")]
    [InlineData(400, "<html>", "it answered 400")]
    [InlineData(500, "", "it answered 500")]
    [InlineData(302, "", "it answered 302")]
    [InlineData(200, "<html>", "not ValueStream's")]
    [InlineData(200, """{"accepted":1}""", "not ValueStream's")]
    [InlineData(0, "", "connection refused; see that the server runs")]
    public async Task What_is_no_answer_stops_it_and_says_to_run_it_again(int status, string body, string says)
    {
        await using var scripted = new ScriptedServer(Takes(events: 3), _ => Http(status, body));
        using var vscli = new Vscli(status == 0 ? ScriptedServer.Nobody() : scripted.Url);
        await WriteAsync(vscli, "saved/1.json", "{}");
        await WriteAsync(vscli, "saved/2.json", "{}");
        await WriteAsync(vscli, "saved/3.json", "{}");

        var ran = await vscli.Run("import", "github", "-from", "saved");

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Contains(status == 0 ? "could not go on at saved/1.json: " : "could not go on at saved/2.json, after 1 document with 3 events stored, 0 there already: ", ran.Error, StringComparison.Ordinal);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.EndsWith("Run the same command again: what is stored is not stored twice\n", ran.Error, StringComparison.Ordinal);
        Assert.Single(ran.Error.TrimEnd('\n').Split('\n'));
        Assert.Equal(status == 0 ? 0 : 2, scripted.Requests.Count);
    }

    [Fact]
    public async Task A_dry_run_asks_what_would_be_stored()
    {
        await using var scripted = new ScriptedServer(Takes(events: 2, there: 1));
        using var vscli = new Vscli(scripted.Url);
        await WriteAsync(vscli, "page.json", "[]");

        var ran = await vscli.Run("import", "jenkins", "-from", "page.json", "-dry-run");

        Assert.Equal((0, "1 document: 2 events that would be stored, 1 there already, 0 ignored, 0 not understood, 0 documents not taken\n", ""), (ran.ExitCode, ran.Out, ran.Error));
        Assert.Equal("/api/v1/import/jenkins?dryRun=true", Assert.Single(scripted.Requests).Path);
    }

    [Fact]
    public async Task Stdin_has_a_document_a_line()
    {
        await using var scripted = new ScriptedServer(Takes(events: 1));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Script("bash", """printf '{"a":1}\nbad\n[2]' | vscli import jira -from -""");

        Assert.Equal((1, "3 documents: 2 events stored, 0 there already, 0 ignored, 0 not understood, 1 document not taken\n"), (ran.ExitCode, ran.Out));
        Assert.StartsWith("vscli: stdin, line 2 was not taken: ", ran.Error, StringComparison.Ordinal);
        Assert.Equal(["- {\"a\":1}", "- [2]"], Sent(scripted));
    }

    [Fact]
    public async Task A_document_of_more_than_25_MB_is_not_sent()
    {
        await using var scripted = new ScriptedServer(Takes(events: 1));
        using var vscli = new Vscli(scripted.Url);
        var large = $"\"{new string('x', SavedReader.Longest)}\"";
        await WriteAsync(vscli, "saved/1.ndjson", $"{large}\n[1]\n");
        await WriteAsync(vscli, "saved/2.json", $"[2]{large}[3]");
        await PackAsync(vscli, "saved/3.json.gz", $"[4]{large[..^1]}{new string('x', 100_000)}\"[5]");

        var ran = await vscli.Run("import", "github", "-from", "saved");

        Assert.Equal((1, "7 documents: 4 events stored, 0 there already, 0 ignored, 0 not understood, 3 documents not taken\n"), (ran.ExitCode, ran.Out));
        Assert.Equal(
            """
            vscli: saved/1.ndjson, line 1 was not taken: It is longer than 25 MB.
            vscli: saved/2.json, document 2 was not taken: It is longer than 25 MB.
            vscli: saved/3.json.gz, document 2 was not taken: It is longer than 25 MB. What follows in this file is not read.

            """, ran.Error);
        Assert.Equal(["1.ndjson [1]", "2.json [2]", "2.json [3]", "3.json [4]"], Sent(scripted));
    }

    [Theory]
    [InlineData("-from saved", "say of which tool, one of github, gitlab, jenkins, jira")]
    [InlineData("githb -from saved", "did you mean github?")]
    [InlineData("Jira -from saved", "did you mean jira?")]
    [InlineData("travis -from saved", "say one of github, gitlab, jenkins, jira")]
    [InlineData("github gitlab -from saved", "'gitlab' is too much")]
    [InlineData("github", "`vscli import github -from DIR`")]
    [InlineData("github -from nowhere", "there is no file and no folder nowhere")]
    [InlineData("github -from", "-from needs a value")]
    [InlineData("github -from=", "-from is empty")]
    [InlineData("github -from empty", "there is nothing to import in empty")]
    [InlineData("github -from saved -format csv", "-format is of files of past runs")]
    [InlineData("github -from saved/1.json -rejects saved/1.json", "cannot be the file of -rejects")]
    [InlineData("github -from saved -rejects other", "other is there already and is no file of -rejects")]
    public async Task What_cannot_be_begun_is_2(string words, string says)
    {
        await using var scripted = new ScriptedServer(Takes(events: 1));
        using var vscli = new Vscli(scripted.Url);
        await WriteAsync(vscli, "saved/1.json", "{}");
        await WriteAsync(vscli, "empty/1.txt", "{}");
        await WriteAsync(vscli, "other", "mine");

        var ran = await vscli.Run(["import", .. words.Split(' ')]);

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Empty(scripted.Requests);
    }

    [Fact]
    public async Task A_file_of_past_runs_may_be_called_like_a_tool()
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());
        await WriteAsync(vscli, "github", """{"type":"build","startedAt":"2024-03-04T12:00:00Z"}""");

        var ran = await vscli.Run("import", "github", "-dry-run");

        Assert.Equal((0, "1 line: 1 event would be sent, 0 lines not taken\n"), (ran.ExitCode, ran.Out));
    }

    [Fact]
    public async Task An_interrupt_says_how_far_it_came_and_that_sending_it_again_does_no_harm()
    {
        await using var scripted = new ScriptedServer(Takes(events: 2));
        using var vscli = new Vscli(scripted.Url);

        var ran = await vscli.Script("bash", """
            mkfifo pipe
            vscli import github -from - <pipe & id=$!
            exec 3>pipe
            printf '{}\n{}\n' >&3
            sleep 1
            kill -TERM $id
            wait $id
            """);

        Assert.Equal((143, "", "vscli: stopped at stdin, line 2, after 2 documents with 4 events stored, 0 there already. Send the same lines again: what is stored is not stored twice\n"),
            (ran.ExitCode, ran.Out, ran.Error));
    }

    [Fact]
    public async Task On_a_terminal_a_bar_goes_by_bytes()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "there is no script, which makes terminals");
        await using var scripted = new ScriptedServer(Takes(events: 1));
        using var vscli = new Vscli(scripted.Url);
        vscli.Variables["TERM"] = "xterm";
        await WriteAsync(vscli, "saved/a.ndjson", string.Concat(Enumerable.Repeat($"[\"{new string('x', 10_000)}\"]\n", 100)) + "bad\n");

        var ran = await vscli.Script("bash", "script -qec 'stty cols 80; vscli import github -from saved' /dev/null");

        Assert.Equal(1, ran.ExitCode);
        Assert.Matches(@"\[=* *\] +\d+%  [\d.]+ [kM]B of 1\.0 MB ", ran.Out);
        Assert.Contains("\r\e[Kvscli: saved/a.ndjson, line 101 was not taken", ran.Out, StringComparison.Ordinal);
        Assert.EndsWith("\r\e[K101 documents: 100 events stored, 0 there already, 0 ignored, 0 not understood, 1 document not taken\r\n", ran.Out, StringComparison.Ordinal);
    }

    /// <summary>Texts, whether they are lines, and the documents in them; what is none is its number and a minus.</summary>
    public static TheoryData<string, bool, string[]> Texts => new()
    {
        { "", false, ["1-"] },
        { " \n", false, ["1-"] },
        { "", true, [] },
        { "{}", false, ["{}"] },
        { "7", false, ["7"] },
        { "\uFEFF{}\n", true, ["{}"] },
        { "{} [1] \"x\" 7 true\n", false, ["{}", "[1]", "\"x\"", "7", "true"] },
        { "{}{}{", false, ["{}", "{}", "3-"] },
        { "{}\r\n\r\n[1]", true, ["{}", "[1]"] },
        { "{}{}\n[1]", true, ["1-", "[1]"] },
        { "{\n}\n[1]", true, ["1-", "2-", "[1]"] },
        { $"[\"{new string('x', 300_000)}\"][2]", false, [$"[\"{new string('x', 300_000)}\"]", "[2]"] },
        { $"[\"{new string('x', 300_000)}\"]\n[2]", true, [$"[\"{new string('x', 300_000)}\"]", "[2]"] },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Documents_are_read_one_by_one_however_they_come(string text, bool isLines, string[] documents)
    {
        foreach (var piece in new[] { 1 << 20, 4096, text.Length < 100 ? 1 : 1021 })
        {
            var reader = new SavedReader(new Pieces(Encoding.UTF8.GetBytes(text), piece), isLines);
            var read = new List<string>();
            while (reader.Next() is { } document)
            {
                read.Add(document.Problem is null ? Encoding.UTF8.GetString(document.Json.Span) : string.Create(CultureInfo.InvariantCulture, $"{document.Number}-"));
            }
            Assert.Equal(documents, read);
        }
    }

    [Theory]
    [InlineData("github", "github")]
    [InlineData("gitbub", "github")]
    [InlineData("GITLAB", "gitlab")]
    [InlineData("jiira", "jira")]
    [InlineData("jenkin", "jenkins")]
    [InlineData("git", null)]
    [InlineData("", null)]
    [InlineData("bamboo", null)]
    public void A_mistyped_word_means_the_nearest_one_that_is_known(string word, string? means) =>
        Assert.Equal(means, ValueStream.Cli.Nearest.Of(word, "github gitlab jenkins jira"));

    private static Reply Takes(int events, int there = 0) =>
        Http200(string.Create(CultureInfo.InvariantCulture, $$"""{"events":{{events}},"duplicates":{{there}},"ignored":0,"notUnderstood":0,"problems":[]}"""));

    private static Reply Http200(string body) => _ => Http(200, body);

    // The server closes each connection; said aloud, so that none is used again.
    private static string Http(int status, string body) => ScriptedServer.Http(status, body).Replace("Content-Type:", "Connection: close\r\nContent-Type:", StringComparison.Ordinal);

    private static string[] Sent(ScriptedServer scripted) => [.. scripted.Requests.Select(r => $"{r.Headers["X-Saved-As"]} {r.Body}")];

    private static async Task WriteAsync(Vscli vscli, string name, string text) => await File.WriteAllTextAsync(At(vscli, name), text, Cancel);

    private static async Task PackAsync(Vscli vscli, string name, string text)
    {
        await using var packed = new GZipStream(File.Create(At(vscli, name)), CompressionLevel.Fastest);
        await packed.WriteAsync(Encoding.UTF8.GetBytes(text), Cancel);
    }

    private static string At(Vscli vscli, string name)
    {
        var path = Path.Combine(vscli.Home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>A stream that gives at most so many bytes at a time.</summary>
    private sealed class Pieces(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, most)]);
    }
}
