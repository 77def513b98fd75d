using System.Globalization;
using System.Text.Json;
using ValueStream.Cli;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The published binary reports traces of a real server, and tells its log.</summary>
[Collection(OnSqlite.Name)]
public sealed class ReportCommandTests(SqliteServer server)
{
    [Fact]
    public async Task A_report_shows_the_tree_the_outcomes_the_critical_path_and_what_failed_first()
    {
        var (ns, keys) = await RecordAsync();
        using var vscli = new Vscli(server.Process.Url);

        foreach (var run in new[] { keys["root"], keys["unit"], Sent.Rendering(ns, "root", "pipeline") })
        {
            var ran = await vscli.Run("report", run);

            Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
            Assert.StartsWith(
                """
                shop (pipeline): failure after 1 min 40 s
                started 2024-03-04 12:00:00Z
                by alice
                because first try
                failed first: unit (test), failure at +50 s: a test is red

                RUN         TYPE      OUTCOME  START  DURATION    SHARE  CRITICAL
                shop        pipeline  failure  +0 s   1 min 40 s  100%   1 min
                ├─ build    build     success  +10 s  20 s        20%    20 s
                └─ test     test      failure  +30 s  20 s        20%    4 s
                   ├─ lint  test      skip     +30 s  1 s         1%     1 s
                   └─ unit  test      failure  +35 s  15 s        15%    15 s

                CRITICAL: time on the chain
                """, ran.Out, StringComparison.Ordinal);
            Assert.EndsWith($"{server.Process.Url}/runs/{keys["root"]}\n", ran.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_narrow_terminal_shows_whole_what_is_typed_next_and_how_a_run_of_a_long_name_ended()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "there is no script, which makes terminals");
        var ns = Sent.Unique();
        var name = new string('n', 200);
        await server.Client.RecordAsync(
            Sent.Start(ns, "1", more: $$""" "name":"{{name}}","reason":"{{name}}","actor":"{{name}}" """), Sent.End(ns, "1", 60, more: """ "outcome":"timeout" """));
        using var vscli = new Vscli(server.Process.Url);
        vscli.Variables["TERM"] = "xterm";
        var key = JsonElement.Parse((await vscli.Run("runs", "-namespace", ns, "-format", "ndjson")).Out).Text("key")!;

        var ran = await vscli.Script("bash", $"script -qec 'stty cols 80; vscli report {key}; vscli audit {key}' /dev/null");

        var lines = ran.Out.Replace("\r", "", StringComparison.Ordinal).TrimEnd('\n').Split('\n');
        Assert.All(lines, static l => Assert.InRange(ValueStream.Cli.Printable.Width(l), 0, 80));
        Assert.Matches(@"^n+… \(\w+\): timeout after 1 min$", lines[0]);
        Assert.Matches(@"^failed first: n+… \(\w+\), timeout at \+1 min$", lines[4]);
        Assert.Equal(2, lines.Count(l => l.Contains($" {key}", StringComparison.Ordinal)));
        Assert.Matches(@"^POSITION +RECORDED +WHAT +KEY +ACTOR +REASON$", lines[^3]);
    }

    [Fact]
    public async Task Json_is_the_trace_and_csv_has_a_line_for_each_run()
    {
        var (_, keys) = await RecordAsync();
        using var vscli = new Vscli(server.Process.Url);

        var json = await vscli.Run("report", keys["root"], "-format", "json");
        var csv = await vscli.Run("report", "-format=csv", keys["build"]);

        Assert.Equal((await server.Client.ReadAsync($"/api/v1/runs/{keys["root"]}/trace")).GetRawText(), JsonElement.Parse(json.Out).GetRawText());
        var rows = csv.Out.TrimEnd().Split("\r\n").Select(l => l.Split(',')).ToList();
        Assert.Equal(6, rows.Count);
        Assert.All(rows, r => Assert.Equal(rows[0].Length, r.Length));
        string Cell(string name, string column) => rows.Single(r => r[6] == name)[Array.IndexOf(rows[0], column)];
        Assert.Equal(("2", "0.15", "15", "true"), (Cell("unit", "depth"), Cell("unit", "share"), Cell("unit", "critical"), Cell("unit", "failedFirst")));
        Assert.Equal(("1", "0.2", "20", ""), (Cell("build", "depth"), Cell("build", "share"), Cell("build", "critical"), Cell("build", "failedFirst")));
    }

    [Fact]
    public async Task Markdown_shows_names_as_they_are_whatever_is_in_them()
    {
        var ns = Sent.Unique();
        const string evil = "a|b`c`*d*_e_<img src=x onerror=alert(1)> [l](http://x) @team #12 ~~s~~ $x$ :tada: www.evil.org &amp; \\\\| ![i](x)\\n| x |\\u001b[2J";
        var items = await server.Client.RecordAsync(
            Sent.Start(ns, "1", more: $$""" "name":"{{evil}}","reason":"<script>\n# h" """),
            Sent.End(ns, "1", 5, more: """ "outcome":"failure" """));
        using var vscli = new Vscli(server.Process.Url);

        var ran = await vscli.Run("report", items[0].Text("key")!, "--format", "markdown");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.StartsWith("### ❌ <code>a&#124;b&#96;c&#96;&#42;d", ran.Out, StringComparison.Ordinal);
        var row = Assert.Single(ran.Out.Split('\n'), l => l.StartsWith("| <a ", StringComparison.Ordinal));
        Assert.Equal(8, row.Count(c => c == '|'));
        var own = ran.Out.Replace(server.Process.Url, "", StringComparison.Ordinal).Replace("**Failed first:**", "", StringComparison.Ordinal).Replace("_critical_:", "", StringComparison.Ordinal);
        Assert.DoesNotContain(own, c => "`*_@[]$~!\\\e".Contains(c, StringComparison.Ordinal));
        Assert.DoesNotContain("www.", own, StringComparison.Ordinal);
        Assert.Equal(["/a", "/code", "a", "code"],
            System.Text.RegularExpressions.Regex.Matches(ran.Out, "<(/?[a-z]+)").Select(m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_report_at_the_end_of_a_script_knows_the_end_that_was_just_recorded()
    {
        using var vscli = new Vscli(server.Process.Url);

        var ran = await vscli.Script("bash", """
            eval "$(vscli trap -type=pipeline -name=quick -reason='say "why"')"
            B=$(vscli event -type=build start); vscli event end -event-id="$B" -error
            vscli report -format csv
            vscli report "$B" -format csv
            vscli audit "$B" -format csv
            """);

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        var lines = ran.Out.Split("\r\n");
        Assert.Equal(2, lines.Count(l => l.Contains(",build,", StringComparison.Ordinal) && l.Contains(",ended,failure,", StringComparison.Ordinal)));
        Assert.Equal(2, lines.Count(l => l.Contains(",pipeline,quick,running,,", StringComparison.Ordinal)));
        Assert.Single(lines, l => l.Contains(",started,vstrace-customhttp-build-default-", StringComparison.Ordinal));
        Assert.Single(lines, l => l.Contains(",ended,vstrace-customhttp-build-default-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_report_says_when_events_of_this_machine_wait_in_the_spool()
    {
        var (_, keys) = await RecordAsync();
        using var vscli = new Vscli(ScriptedServer.Nobody());
        await vscli.Run("event", "start");

        var ran = await vscli.Run("report", keys["root"], "-url", server.Process.Url);

        Assert.Equal((0, "vscli: some events of this machine have not been sent yet; `vscli flush` sends them\n"), (ran.ExitCode, ran.Error));
    }

    /// <summary>What cannot be reported, of either command.</summary>
    public static TheoryData<string, string, int, string> Refusals => new()
    {
        { "report be63vbn6s4jvi", "", 1, "there is no run be63vbn6s4jvi" },
        { "report vstrace-customhttp-build-x-y", "", 1, "there is no run vstrace-customhttp-build-x-y" },
        { "report c0000000000000000000", "", 2, "c0000000000000000000 was not started here" },
        { "report", "", 2, "say which run" },
        { "report", "vstrace-customhttp-build-x-z", 1, "there is no run vstrace-customhttp-build-x-z" },
        { "report a b", "", 2, "'b' is too much" },
        { "report be63vbn6s4jvi -format xml", "", 2, "say one of text, markdown, json, csv" },
        { "audit vstrace-customhttp-build-x-y", "", 1, "there is no run" },
        { "audit be63vbn6s4jvi", "", 1, "" },
        { "audit -kind dreamt", "", 2, "-kind=dreamt is not known" },
        { "audit -tag production", "", 2, "is not a tag" },
        { "audit -as-of now", "", 2, "-as-of=now is not a position" },
        { "audit -as-of 9999999999", "", 2, "The log ends at position" },
        { "audit -q nobody.said.this", "", 1, "there are no such events" },
        { "audit -limit -1", "", 2, "-limit=-1 is not a number" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_cannot_be_told_says_why(string line, string parent, int code, string says)
    {
        using var vscli = new Vscli(server.Process.Url);
        vscli.Variables["VS_PARENT_EVENT_ID"] = parent;

        var ran = await vscli.Run(line.Split(' '));

        Assert.Equal((code, ""), (ran.ExitCode, ran.Out));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', ran.Error.TrimEnd('\n'));
    }

    [Theory]
    [InlineData("report be63vbn6s4jvi")]
    [InlineData("audit")]
    public async Task What_is_no_answer_is_2(string line)
    {
        foreach (var (status, body, says) in new[] { (401, "", "VALUESTREAM_TOKEN"), (500, "", "500"), (404, "", "does not name"), (200, "{}", "not ValueStream's"), (200, "<html>", "not ValueStream's") })
        {
            await using var scripted = new ScriptedServer(ScriptedServer.Status(status, body));
            using var vscli = new Vscli(scripted.Url);

            var ran = await vscli.Run(line.Split(' '));

            Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
            Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("table")]
    [InlineData("csv")]
    [InlineData("json")]
    [InlineData("ndjson")]
    public async Task The_log_is_told_newest_first_over_its_pages(string format)
    {
        var ns = Sent.Unique();
        await server.Client.RecordAsync([.. Enumerable.Range(0, 210).Select(i => Sent.Start(ns, $"{i}", i, more: $$""" "actor":"bob","reason":"why {{i}}" """))]);
        using var vscli = new Vscli(server.Process.Url);

        var ran = await vscli.Run("audit", "-limit", "205", "-format", format);

        Assert.Equal((0, "vscli: there are more than these 205; -limit 2050 shows more\n"), (ran.ExitCode, ran.Error));
        var positions = format switch
        {
            "json" => [.. JsonElement.Parse(ran.Out).EnumerateArray().Select(e => e.GetProperty("position").GetInt64())],
            "ndjson" => [.. Lines(ran.Out).Select(l => JsonElement.Parse(l).GetProperty("position").GetInt64())],
            _ => Lines(ran.Out).Skip(1).Select(l => long.Parse(l.Split(',', ' ')[0], CultureInfo.InvariantCulture)).ToList(),
        };
        var last = await server.Client.HeadAsync();
        Assert.Equal(Enumerable.Range(0, 205).Select(i => last - i), positions);
        Assert.Equal(205, Lines(ran.Out).Count(l => l.Contains("why ", StringComparison.Ordinal) && l.Contains("bob", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Who_deployed_what_to_production_last_month_and_why_is_one_line()
    {
        var ns = Sent.Unique();
        using var vscli = new Vscli(server.Process.Url);
        await vscli.Script("bash", $"""
            vscli run -type=deploy -namespace={ns} -name=shop -tag='env|production' -actor=alice -reason='hotfix for login' -- true
            vscli run -type=deploy -namespace={ns} -name=web -tag='env|staging' -actor=bob -reason='to try it' -- true
            """);
        await server.Client.CaughtUpAsync();

        var ran = await vscli.Run("audit", "-namespace", ns, "-type", "deploy", "-tag", "env=production", "-kind", "started", "-from", "30d");
        var asOf = await server.Client.HeadAsync();
        var found = await vscli.Run("audit", "-namespace", ns, "-q", "hot* production", "-kind", "ended", "-format", "ndjson");
        await vscli.Run("run", "-type=deploy", $"-namespace={ns}", "-name=shop", "-tag=env|production", "-actor=carol", "--", "true");
        await server.Client.CaughtUpAsync();
        var again = await vscli.Run("audit", "-namespace", ns, "-type", "deploy", "-tag", "env=production", "-kind", "started", "-from", "30d", "-as-of", $"{asOf}");

        Assert.Equal((0, $"vscli: as of position {asOf} of the log; -as-of {asOf} asks for the same later\n"), (ran.ExitCode, ran.Error));
        Assert.Matches(@"^POSITION +RECORDED +WHAT +TYPE +NAME +KEY +ACTOR +SUBMITTER +REASON +RUN\n[^\n]* started +deploy +shop +\w+ +alice +loopback +hotfix for login +vstrace-[^\n]*\n$", ran.Out);
        Assert.Equal("alice", (await server.Client.RunAsync(JsonElement.Parse(found.Out))).Text("actor"));
        Assert.Equal(ran.Out, again.Out);
    }

    [Fact]
    public void The_code_of_markdown_leaves_only_signs_that_mean_nothing() =>
        Assert.Equal("<code>a&#46;b - 名 (x)/y, z+1&#60;</code>", TraceReport.Code("a.b - 名 (x)/y, z+1<"));

    /// <summary>A pipeline of two steps, the second of which has two parts.</summary>
    private async Task<(string Namespace, Dictionary<string, string> Keys)> RecordAsync()
    {
        var ns = Sent.Unique();
        var root = Sent.Rendering(ns, "root", "pipeline");
        string Child(string of, string name) => $$""" "parents":["{{of}}"],"name":"{{name}}" """;
        var items = await server.Client.RecordAsync(
            Sent.Start(ns, "root", type: "pipeline", more: """ "name":"shop","actor":"alice","reason":"first try" """),
            Sent.Start(ns, "build", 10, more: Child(root, "build")), Sent.End(ns, "build", 30),
            Sent.Start(ns, "test", 30, "test", Child(root, "test")),
            Sent.Start(ns, "lint", 30, "test", Child(Sent.Rendering(ns, "test", "test"), "lint")), Sent.End(ns, "lint", 31, "test", """ "outcome":"skip" """),
            Sent.Start(ns, "unit", 35, "test", Child(Sent.Rendering(ns, "test", "test"), "unit")),
            Sent.End(ns, "unit", 50, "test", """ "outcome":"failure","reason":"a test is red" """),
            Sent.End(ns, "test", 50, "test", """ "outcome":"failure" """),
            Sent.End(ns, "root", 100, "pipeline", """ "outcome":"failure" """));
        string Key(int i) => items[i].Text("key")!;
        return (ns, new() { ["root"] = Key(0), ["build"] = Key(1), ["test"] = Key(3), ["unit"] = Key(6) });
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
