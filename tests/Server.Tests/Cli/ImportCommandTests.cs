using System.Globalization;
using System.Text;
using System.Text.Json;
using ValueStream.Cli.Import;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The published binary imports files into a real server, and into some that misbehave.</summary>
[Collection(OnSqlite.Name)]
public sealed class ImportCommandTests(SqliteServer server)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_become_starts_and_ends_and_the_same_file_again_stores_nothing_twice()
    {
        var ns = Sent.Unique();
        using var vscli = new Vscli(server.Process.Url);
        await WriteAsync(vscli, "runs.ndjson", $$$"""
            {"type":"pipeline","namespace":"{{{ns}}}","id":"1","name":"shop","attempt":2,"startedAt":"2024-03-04T12:00:00+01:00","endedAt":"2024-03-04T11:01:40Z","outcome":"failure","actor":"alice","reason":"first try","tags":{"k":"v","n":1.50,"b":true,"gone":null,"o":{"x":1} } }

            {"type":"build","namespace":"{{{ns}}}","startedAt":"2024-03-04T11:00:10","duration":20.5,"parents":["vstrace-customhttp-pipeline-{{{ns}}}-1"],"unknown":{"deep":[1]}}
            {"type":"build","namespace":"{{{ns}}}","startedAt":"2024-03-04","duration":"1h30m","parent":"vstrace-customhttp-pipeline-{{{ns}}}-1"}
            {"type":"deploy","namespace":"{{{ns}}}","id":7,"startedAt":"2024-03-04T12:00:00Z"}
            {"action":"annotate","run":{"type":"deploy","namespace":"{{{ns}}}","id":"7"},"note":"why","occurredAt":"2024-03-04T12:05:00Z"}
            {"eventId":null,"action":"annotate","run":{"type":"deploy","namespace":"{{{ns}}}","id":"7"},"note":"why","occurredAt":"2024-03-04T12:05:00Z"}
            {"eventId":"{{{Guid.CreateVersion7()}}}","action":"end","run":{"type":"deploy","namespace":"{{{ns}}}","id":"7"},"occurredAt":"2024-03-04T12:06:00Z"}
            """);

        var first = await vscli.Run("import", "runs.ndjson");
        await server.Client.CaughtUpAsync();
        var head = await server.Client.HeadAsync();
        var second = await vscli.Run("import", "runs.ndjson");

        Assert.Equal((0, "7 lines: 10 events stored, 0 there already, 0 lines not taken\n", ""), (first.ExitCode, first.Out, first.Error));
        Assert.Equal((0, "7 lines: 0 events stored, 10 there already, 0 lines not taken\n", ""), (second.ExitCode, second.Out, second.Error));
        Assert.Equal(head, await server.Client.HeadAsync());
        var runs = (await server.Client.ReadAsync($"/api/v1/runs?namespace={ns}")).GetProperty("items").EnumerateArray().ToDictionary(r => $"{r.Text("type")} {r.Text("startedAt")}");
        var shop = runs["pipeline 2024-03-04T11:00:00+00:00"];
        Assert.Equal(("shop", "failure", 100, "alice", "first try", 2), (shop.Text("name"), shop.Text("outcome"), shop.GetProperty("duration").GetDouble(), shop.Text("actor"), shop.Text("reason"), shop.GetProperty("attempt").GetInt32()));
        Assert.StartsWith("""{"b":true,"k":"v","n":1.50,"o":""", shop.GetProperty("tags").GetRawText(), StringComparison.Ordinal);
        Assert.Equal("""{"x":1}""", shop.GetProperty("tags").Text("o"));
        Assert.Equal((20.5, Sent.Rendering(ns, "1", "pipeline")), (runs["build 2024-03-04T11:00:10+00:00"].GetProperty("duration").GetDouble(), runs["build 2024-03-04T11:00:10+00:00"].Text("parent")));
        Assert.Equal((5400, Sent.Rendering(ns, "1", "pipeline")), (runs["build 2024-03-04T00:00:00+00:00"].GetProperty("duration").GetDouble(), runs["build 2024-03-04T00:00:00+00:00"].Text("parent")));
        Assert.Equal(("7", "success"), (runs["deploy 2024-03-04T12:00:00+00:00"].Text("id"), runs["deploy 2024-03-04T12:00:00+00:00"].Text("outcome")));
        var history = (await server.Client.ReadAsync($"/api/v1/runs/{shop.Text("key")}/events")).GetProperty("items");
        Assert.All(history.EnumerateArray(), e => Assert.True(e.GetProperty("data").GetProperty("import").GetBoolean()));
    }

    [Fact]
    public async Task A_line_that_gains_an_end_adds_the_end_alone_and_one_that_says_otherwise_is_not_taken()
    {
        var ns = Sent.Unique();
        using var vscli = new Vscli(server.Process.Url);
        string Line(string more) => $$"""{"type":"build","namespace":"{{ns}}","id":"1","startedAt":"2024-03-04T12:00:00Z"{{more}}}""";
        await WriteAsync(vscli, "a", Line(""));
        await WriteAsync(vscli, "b", Line(""" ,"duration":5"""));
        await WriteAsync(vscli, "c", Line(""" ,"duration":5,"actor":"eve" """));

        Assert.Equal("1 line: 1 event stored, 0 there already, 0 lines not taken\n", (await vscli.Run("import", "a")).Out);
        Assert.Equal("1 line: 1 event stored, 1 there already, 0 lines not taken\n", (await vscli.Run("import", "b")).Out);
        var other = await vscli.Run("import", "c");

        Assert.Equal((1, "1 line: 0 events stored, 1 there already, 1 line not taken\n"), (other.ExitCode, other.Out));
        Assert.StartsWith("vscli: line 1 was not taken: conflict", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csv_has_the_same_members_in_its_header_and_cells_with_anything_in_them()
    {
        var ns = Sent.Unique();
        using var vscli = new Vscli(server.Process.Url);
        await WriteAsync(vscli, "runs.CSV", $"\uFEFFType,Namespace,ID,name,startedat,duration,outcome,reason,tag.service,tag.a b,parents,remarks\r\n"
            + $"build,{ns},1,\"a, \"\"b\"\"\nc\",2024-03-04T12:00:00Z,90s,failure,,api,1,vstrace-x vstrace-y,no\r\n"
            + "\r\n"
            + $"build,{ns},2,=1+1,2024-03-04T12:00:00Z,5,,\"x\",,,,\r\n"
            + $"build,{ns},3\r\n"
            + $"build,{ns},4,\"a\"b,2024-03-04T12:00:00Z,5,,,,,,\r\n"
            + $"build,{ns},5,,yesterday,5,,,,,,\r\n"
            + $"build,{ns},6,\"open,2024-03-04T12:00:00Z,5,,,,,,\r\n");

        var ran = await vscli.Run("import", "runs.CSV", "-rejects", "bad");
        await server.Client.CaughtUpAsync();

        Assert.Equal((1, "6 lines: 4 events stored, 0 there already, 4 lines not taken\n"), (ran.ExitCode, ran.Out));
        Assert.Equal(
            """
            vscli: left out are the columns remarks: they are no members of a run; a tag's is tag.KEY
            vscli: line 6 was not taken: It has 3 cells, and the header 12.
            vscli: line 7 was not taken: After a closing quote a comma must come; a quote in a cell is doubled.
            vscli: line 8 was not taken: startedAt: 'yesterday' is not a time in ISO 8601, for example 2026-03-02T12:00:00Z.
            vscli: line 9 was not taken: The quote that opens here is not closed.

            """, ran.Error);
        var runs = (await server.Client.ReadAsync($"/api/v1/runs?namespace={ns}")).GetProperty("items").EnumerateArray().ToDictionary(r => r.Text("id")!);
        Assert.Equal(("a, \"b\"\nc", 90, "failure"), (runs["1"].Text("name"), runs["1"].GetProperty("duration").GetDouble(), runs["1"].Text("outcome")));
        Assert.Equal("""{"a b":"1","service":"api"}""", runs["1"].GetProperty("tags").GetRawText());
        Assert.Equal(("vstrace-x", "vstrace-y"), (runs["1"].Text("parent"), runs["1"].GetProperty("links")[0].Text("run")));
        Assert.Equal(("=1+1", "x"), (runs["2"].Text("name"), runs["2"].Text("reason")));
        var bad = (await ReadAsync(vscli, "bad")).TrimEnd('\n').Split('\n').Select(l => JsonElement.Parse(l)).ToList();
        Assert.Equal([6, 7, 8, 9], bad.Select(b => b.GetProperty("line").GetInt32()));
        Assert.Equal($"build,{ns},3", bad[0].Text("text"));
    }

    [Fact]
    public async Task Bad_lines_are_told_by_number_at_most_twenty_and_the_others_are_stored()
    {
        var ns = Sent.Unique();
        using var vscli = new Vscli(server.Process.Url);
        var lines = new List<string>
        {
            "not json \e[2J", "[1]", "7", "{}", """{"type":"build"}""", """{"startedAt":"2024-03-04T12:00:00Z"}""",
            """{"type":"b d","startedAt":"2024-03-04T12:00:00Z"}""", """{"type":"build","startedAt":"2024-03-04T12:00:00Z","outcome":"good","duration":1}""",
            """{"type":"build","startedAt":"2024-03-04T12:00:00Z","outcome":"success"}""", """{"type":"build","startedAt":"2024-03-04T12:00:00Z","endedAt":"2024-03-04T11:00:00Z"}""",
            """{"type":"build","startedAt":"2024-03-04T12:00:00Z","duration":-1}""", """{"type":"build","startedAt":"2024-03-04T12:00:00Z","attempt":0}""",
            """{"type":"build","startedAt":"2024-03-04T12:00:00Z","tags":[]}""", """{"type":"build","startedAt":"2024-03-04T12:00:00Z","parents":"x"}""",
            """{"type":"build","startedAt":"2024-03-04T12:00:00Z","name":"\ud800"}""", """{"type":"build","startedAt":"2024-03-04T12:00:00Z","name":{}}""",
            """{"type":"build","startedAt":"1024-03-04T12:00:00Z"}""", """{"type":"build","source":"github","startedAt":"2024-03-04T12:00:00Z"}""",
            """{"action":"finish","run":{"type":"build","id":"1"}}""", $$"""{"type":"build","startedAt":"2024-03-04T12:00:00Z","name":"{{new string('x', 300_000)}}"}""",
            "x", "y",
        };
        var good = Enumerable.Range(0, 3000).Select(i => $$"""{"type":"build","namespace":"{{ns}}","startedAt":"{{Sent.At(i)}}","duration":1}""");
        await WriteAsync(vscli, "runs.ndjson", string.Join('\n', lines.Concat(good)));

        var ran = await vscli.Run("import", "-rejects=bad", "runs.ndjson");
        var again = await vscli.Run("import", "-rejects=bad", "runs.ndjson");

        Assert.Equal((1, "3,022 lines: 6,000 events stored, 0 there already, 22 lines not taken\n"), (ran.ExitCode, ran.Out));
        Assert.Equal((1, "3,022 lines: 0 events stored, 6,000 there already, 22 lines not taken\n"), (again.ExitCode, again.Out));
        var told = ran.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(21, told.Length);
        string[] says =
        [
            "It is not JSON that can be read", "jq -c '.[]'", "It is not a JSON object", "startedAt is missing", "startedAt is missing", "type is missing", "run.type", "'good' is not known",
            "neither endedAt nor duration", "ends before it starts", "duration: '-1'", "attempt:", "tags:", "parents:", "half a surrogate", "name:", "between the years", "run.source",
            "'finish' is not known", "longer than 256 kB",
        ];
        for (var i = 0; i < says.Length; i++)
        {
            Assert.StartsWith($"vscli: line {i + 1} was not taken: ", told[i], StringComparison.Ordinal);
            Assert.Contains(says[i], told[i], StringComparison.Ordinal);
        }
        Assert.Matches("^vscli: and 2 more lines were not taken; all of them are in .*/bad$", told[20]);
        Assert.DoesNotContain('\e', ran.Error);
        Assert.Equal(lines.Select(l => l.Length > 1000 ? "" : l), (await ReadAsync(vscli, "bad")).TrimEnd('\n').Split('\n').Select(l => JsonElement.Parse(l).Text("text")));
    }

    [Fact]
    public async Task What_runs_wrote_is_read_from_stdin()
    {
        var (from, to) = (Sent.Unique(), Sent.Unique());
        await server.Client.RecordAsync(Sent.Start(from, "a", more: """ "tags":{"k":"v"} """), Sent.End(from, "a", 5, more: """ "outcome":"skip" """), Sent.Start(from, "b"));
        using var vscli = new Vscli(server.Process.Url);

        var ran = await vscli.Script("bash", $"set -o pipefail; vscli runs -namespace {from} -format ndjson | sed 's/{from}/{to}/' | vscli import -");
        await server.Client.CaughtUpAsync();

        Assert.Equal((0, "2 lines: 3 events stored, 0 there already, 0 lines not taken\n", ""), (ran.ExitCode, ran.Out, ran.Error));
        Assert.Equal(["running", "skip"], (await server.Client.ReadAsync($"/api/v1/runs?namespace={to}")).GetProperty("items").EnumerateArray().Select(r => r.Text("outcome") ?? r.Text("state")).Order());
        var csv = await vscli.Script("bash", $"set -o pipefail; vscli runs -namespace {from} -format csv | sed 's/{from}/{to}/' | vscli import - -format csv");
        Assert.Equal((0, "2 lines: 0 events stored, 3 there already, 0 lines not taken\n"), (csv.ExitCode, csv.Out));
    }

    [Fact]
    public async Task A_dry_run_reads_and_sends_nothing()
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());
        await WriteAsync(vscli, "runs", """
            {"type":"build","startedAt":"2024-03-04T12:00:00Z","duration":1}
            {"type":"build"}
            """);

        var ran = await vscli.Run("import", "runs", "-dry-run");

        Assert.Equal((1, "2 lines: 2 events would be sent, 1 line not taken\n"), (ran.ExitCode, ran.Out));
        Assert.Contains("line 2 was not taken", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "say which file")]
    [InlineData("nowhere", "nowhere")]
    [InlineData("state", "is a folder")]
    [InlineData("runs -format xml", "say one of ndjson, csv")]
    [InlineData("runs -format csv", "the header has no column type")]
    [InlineData("runs -rejects runs", "runs is there already and is no file of -rejects")]
    [InlineData("rejected -rejects rejected", "-rejects=rejected")]
    [InlineData("runs -rejects nowhere/bad", "-rejects=nowhere/bad")]
    [InlineData("runs twice", "'twice' is too much")]
    public async Task What_cannot_be_begun_is_2(string words, string says)
    {
        await using var scripted = new ScriptedServer(ScriptedServer.Status(500));
        using var vscli = new Vscli(scripted.Url);
        Directory.CreateDirectory(vscli.State);
        await WriteAsync(vscli, "runs", Line(1));
        await WriteAsync(vscli, "rejected", """{"line":1,"problem":"x","text":"y"}""");

        var ran = await vscli.Run(["import", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Empty(scripted.Requests);
        Assert.Equal(Line(1), await ReadAsync(vscli, "runs"));
        Assert.NotEmpty(await ReadAsync(vscli, "rejected"));
    }

    [Theory]
    [InlineData(401, "", "VALUESTREAM_TOKEN")]
    [InlineData(403, "", "VALUESTREAM_TOKEN")]
    [InlineData(404, "", "does not name a ValueStream server")]
    [InlineData(500, "", "it answered 500")]
    [InlineData(200, "<html>", "not ValueStream's")]
    [InlineData(200, """{"accepted":2,"duplicates":0,"rejected":0,"lastLine":1}""", "not ValueStream's")]
    [InlineData(200, """{"line":9,"status":"rejected","problem":"x"}""", "not ValueStream's")]
    [InlineData(422, """{"detail":"no"}""", "not ValueStream's")]
    [InlineData(0, "", "connection refused; see that the server runs")]
    public async Task What_is_no_answer_is_2_and_says_to_run_it_again(int status, string body, string says)
    {
        await using var scripted = new ScriptedServer(ScriptedServer.Status(status, body));
        using var vscli = new Vscli(status == 0 ? ScriptedServer.Nobody() : scripted.Url);
        await WriteAsync(vscli, "runs", Line(1));

        var ran = await vscli.Run("import", "runs");

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.EndsWith("Run the same command again: what is stored is not stored twice\n", ran.Error, StringComparison.Ordinal);
        Assert.Single(ran.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_server_that_wishes_to_be_left_alone_is_waited_for_and_one_that_stops_in_the_midst_gets_the_rest()
    {
        await using var scripted = new ScriptedServer(
            ScriptedServer.Sends("HTTP/1.1 503 X\r\nRetry-After: 1\r\nContent-Length: 29\r\n\r\n{\"detail\":\"It is starting.\"}  "),
            ScriptedServer.Status(200, """
                {"line":2,"status":"rejected","problem":"bad end"}
                {"accepted":2,"duplicates":0,"rejected":1,"lastLine":3,"problem":"The server is stopping."}

                """),
            ScriptedServer.Sends("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"line\":"),
            ScriptedServer.Status(200, """{"accepted":1,"duplicates":2,"rejected":0,"lastLine":3}"""));
        using var vscli = new Vscli(scripted.Url);
        await WriteAsync(vscli, "runs", string.Join('\n', Line(1), Line(2), Line(3)));

        var ran = await vscli.Run("import", "runs");

        Assert.Equal((1, "3 lines: 3 events stored, 2 there already, 1 line not taken\n"), (ran.ExitCode, ran.Out));
        Assert.Equal("vscli: It is starting.; waiting, for up to 5 min\nvscli: line 1 was not taken: bad end\n", ran.Error);
        Assert.Equal([6, 6, 3, 3], scripted.Requests.Select(r => r.Body.TrimEnd('\n').Split('\n').Length));
        Assert.Equal(scripted.Requests[2].Body, scripted.Requests[3].Body);
        Assert.All(scripted.Requests, r => Assert.Equal(("application/x-ndjson", false), (r.Headers["Content-Type"], r.Headers.ContainsKey("X-Sent-At"))));
    }

    [Theory]
    [InlineData(3600, "It is full; it was given up after 0 s, for it asks to be left alone for 1 h")]
    [InlineData(null, "It is full; it was given up after")]
    public void It_waits_no_longer_than_it_may(int? retryAfter, string says)
    {
        var told = new List<string>();
        var importer = new Importer(
            (byte[] _, out TimeSpan? after) =>
            {
                after = retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
                return new(503, """{"detail":"It is full"}"""u8.ToArray());
            },
            (_, _, _) => { }, told.Add) { Patience = TimeSpan.FromSeconds(.5), Pause = TimeSpan.FromSeconds(.1) };
        importer.Add(new ImportLine(1, "x", ["{}"u8.ToArray()], null));

        var e = Assert.Throws<ValueStream.Cli.CouldNotException>(importer.Send);

        Assert.StartsWith(says, e.Message, StringComparison.Ordinal);
        Assert.Equal(retryAfter is null ? 1 : 0, told.Count);
    }

    [Fact]
    public async Task An_interrupt_says_that_the_same_command_goes_on()
    {
        var ns = Sent.Unique();
        using var vscli = new Vscli(server.Process.Url);

        var ran = await vscli.Script("bash", $$$"""
            mkfifo pipe
            vscli import - <pipe & id=$!
            exec 3>pipe
            printf '{"type":"build","namespace":"{{{ns}}}","id":"1","startedAt":"2024-03-04T12:00:00Z"}\n' >&3
            sleep 1
            kill -TERM $id
            wait $id
            """);

        Assert.Equal((143, "", "vscli: stopped at line 1; run the same command again: what is stored is not stored twice\n"), (ran.ExitCode, ran.Out, ran.Error));
    }

    [Fact]
    public async Task On_a_terminal_a_bar_goes_by_bytes_and_bad_lines_stand_above_it()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "there is no script, which makes terminals");
        await using var scripted = new ScriptedServer(r => ScriptedServer.Http(200, string.Create(CultureInfo.InvariantCulture,
            $$"""{"accepted":{{r.Body.Count(c => c == '\n')}},"duplicates":0,"rejected":0,"lastLine":{{r.Body.Count(c => c == '\n')}}}""")));
        using var vscli = new Vscli(scripted.Url);
        vscli.Variables["TERM"] = "xterm";
        await WriteAsync(vscli, "runs", "bad\n" + string.Join('\n', Enumerable.Range(0, 30_000).Select(Line)));

        var ran = await vscli.Script("bash", "script -qec 'stty cols 100; vscli import runs' /dev/null");

        Assert.Equal(1, ran.ExitCode);
        Assert.Matches(@"\[=* *\] +\d+%  \d\.\d MB of 2\.\d MB  [\d.]+ [kM]B/s", ran.Out);
        Assert.Contains("\r\e[Kvscli: line 1 was not taken", ran.Out, StringComparison.Ordinal);
        Assert.EndsWith("\r\e[K30,001 lines: 60,000 events stored, 0 there already, 1 line not taken\r\n", ran.Out, StringComparison.Ordinal);
        Assert.All(scripted.Requests, r => Assert.InRange(Encoding.UTF8.GetByteCount(r.Body), 1, 1_100_000));
    }

    /// <summary>Texts, and the lines that they have; a line that is too long is a minus.</summary>
    public static TheoryData<string, string[]> Texts => new()
    {
        { "", [] },
        { "a", ["a"] },
        { "a\n", ["a"] },
        { "a\r\n\nb", ["a", "", "b"] },
        { "\uFEFFa\n\uFEFFb", ["a", "\uFEFFb"] },
        { new string('x', LineReader.Longest) + "\r\ny", [new string('x', LineReader.Longest), "y"] },
        { new string('x', LineReader.Longest + 1) + "\ny", ["-", "y"] },
        { "a\n" + new string('x', 1_000_000), ["a", "-"] },
        { new string('x', 1_000_000) + "\n" + new string('x', 1_000_000) + "\ny\n", ["-", "-", "y"] },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Lines_are_read_one_by_one_however_they_come(string text, string[] lines)
    {
        foreach (var piece in new[] { 1 << 20, 4096, text.Length < 100 ? 1 : 1021 })
        {
            var reader = new LineReader(new Pieces(Encoding.UTF8.GetBytes(text), piece));
            var read = new List<string>();
            while (reader.Next() is { } line)
            {
                read.Add(reader.WasTooLong ? "-" : Encoding.UTF8.GetString(line.Span));
            }
            Assert.Equal(lines, read);
            Assert.Equal((lines.Length, Encoding.UTF8.GetByteCount(text)), (reader.Number, reader.Position));
        }
    }

    [Theory]
    [InlineData("a,b\r\n1,2\r\n", "a|b;1|2")]
    [InlineData("a,\n,\n\n\n", "a|;|")]
    [InlineData("\"a,\"\"b\"\"\",c\n\"\",\"x\ny\n\nz\"", "a,\"b\"|c;|x\ny\n\nz")]
    [InlineData("5\" disk,b\n1,2", "5\" disk|b;1|2")]
    [InlineData("\"a\"x,b\n1,2", "!After;1|2")]
    [InlineData("1,2\n\"a,b\n1,2", "1|2;!The quote")]
    public void Records_of_csv_are_read_by_rfc_4180(string text, string records)
    {
        var reader = new CsvReader(new LineReader(new MemoryStream(Encoding.UTF8.GetBytes(text))));
        var read = new List<string>();
        while (reader.Next() is { } record)
        {
            read.Add(record.Problem is { } problem ? "!" + problem : string.Join('|', record.Cells));
        }
        Assert.Equal(records, string.Join(';', read.Select(r => r is ['!', ..] ? r[..records.Split(';').First(x => x is ['!', ..]).Length] : r)));
    }

    private static string Line(int i) => $$"""{"type":"build","startedAt":"{{Sent.At(i)}}","duration":1}""";

    private static Task WriteAsync(Vscli vscli, string name, string text) => File.WriteAllTextAsync(Path.Combine(vscli.Home, name), text, Cancel);

    private static Task<string> ReadAsync(Vscli vscli, string name) => File.ReadAllTextAsync(Path.Combine(vscli.Home, name), Cancel);

    /// <summary>A stream that gives at most so many bytes at a time.</summary>
    private sealed class Pieces(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, most)]);
    }
}
