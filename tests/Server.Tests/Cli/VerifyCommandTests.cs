using System.Globalization;
using System.Text;
using ValueStream.Cli;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Cli;

/// <summary>The published binary against servers that misbehave, and on a terminal.</summary>
public sealed class VerifyCommandTests
{
    private const string Head = """{"logId":"0198c0de-0000-7000-8000-000000000001","position":9,"hash":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","epoch":1}""";
    private const string Begin = """{"position":5,"head":9,"done":false}""" + "\n";
    private const string Well = $$"""{"position":9,"head":9,"done":true,"verified":{{Head}}}""" + "\n";
    private const string Streams = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";

    /// <summary>What is no answer to the question: the exit code says so, stdout is empty, stderr has why.</summary>
    public static TheoryData<string, string> Misbehaviours => new()
    {
        { "nobody is there", "connection refused; see that the server runs, and that -url or VALUESTREAM_URL names it" },
        { "closes at once", "see that the server runs" },
        { "speaks no HTTP", "see that the server runs" },
        { "401", "VALUESTREAM_TOKEN is missing" },
        { "403", "VALUESTREAM_TOKEN is missing" },
        { "404", "VALUESTREAM_URL does not name a ValueStream server" },
        { "400", "It must be 1 or more." },
        { "500", "it answered 500" },
        { "302", "it answered 302" },
        { "answers a page", "its answer is not ValueStream's" },
        { "answers a line without end", "its answer is not ValueStream's" },
        { "answers null", "its answer is not ValueStream's" },
        { "is cut off in a chunk", "its answer ended before its last word, at position 5 of 9; run it again" },
        { "is cut off in a line", "its answer ended before its last word, at position 5 of 9; run it again" },
        { "ends without a last word", "its answer ended before its last word, at position 5 of 9; run it again" },
        { "is done without a head", "does not name the head that it checked" },
        { "is done with no head", "does not name the head that it checked" },
        { "is done with an empty fault", "does not name the head that it checked" },
    };

    [Theory]
    [MemberData(nameof(Misbehaviours))]
    public async Task What_is_no_answer_is_never_taken_for_a_good_one(string behaviour, string says)
    {
        await using var server = new ScriptedServer(behaviour switch
        {
            "speaks no HTTP" => ScriptedServer.Sends("220 mail.acme ESMTP\r\n\r\n"),
            "401" or "403" or "404" or "500" or "302" => ScriptedServer.Status(int.Parse(behaviour, CultureInfo.InvariantCulture)),
            "400" => ScriptedServer.Status(400, """{"detail":"It must be 1 or more."}"""),
            "answers a page" => ScriptedServer.Status(200, "<html>\n</html>\n"),
            "answers a line without end" => ScriptedServer.Status(200, new string(' ', 1 << 20)),
            "answers null" => ScriptedServer.Status(200, "null\n"),
            "is cut off in a chunk" => ScriptedServer.Sends(Streams + Chunk(Begin) + "100\r\n" + Well[..20]),
            "is cut off in a line" => ScriptedServer.Sends(Streams + Chunk(Begin) + Chunk(Well.TrimEnd('\n')) + "0\r\n\r\n"),
            "ends without a last word" => ScriptedServer.Sends(Streams + Chunk(Begin) + "0\r\n\r\n"),
            "is done without a head" => ScriptedServer.Status(200, """{"position":9,"head":9,"done":true}""" + "\n"),
            "is done with no head" => ScriptedServer.Status(200, """{"done":true,"verified":{}}""" + "\n"),
            "is done with an empty fault" => ScriptedServer.Status(200, """{"done":true,"fault":{}}""" + "\n"),
            _ => ScriptedServer.Sends(""),
        });
        using var vscli = new Vscli(behaviour == "nobody is there" ? ScriptedServer.Nobody() : server.Url);

        var ran = await vscli.Run("verify", "--save-head", "head.json");

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.StartsWith("vscli: not checked: http://", ran.Error, StringComparison.Ordinal);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Single(ran.Error.TrimEnd('\n').Split('\n'));
        Assert.Empty(Directory.GetFiles(vscli.Home));
    }

    [Theory]
    [InlineData("no such file", "--head nowhere.json", "nowhere.json")]
    [InlineData("no head", "--head other.json", "other.json holds no head")]
    [InlineData("a head without a hash", "--head half.json", "half.json holds no head")]
    [InlineData("a flag that is none", "--heads head.json", "-heads is not known")]
    [InlineData("a flag without a value", "--head", "-head needs a value")]
    [InlineData("an empty variable", "--head=", "-head is empty")]
    [InlineData("a word", "head.json", "'head.json' is not a flag")]
    [InlineData("no position", "--from=0", "-from=0 is not a position")]
    [InlineData("no number", "--from x", "-from=x is not a position")]
    [InlineData("another file to save to", "--head head.json --save-head other.json", "other.json is there already and holds no head")]
    [InlineData("a head to lose", "--save-head head.json", "add --head head.json")]
    [InlineData("a later head to lose", "--head head.json --save-head later.json", "later.json holds a later head")]
    [InlineData("no folder to save in", "--save-head nowhere/head.json", "no file can be written")]
    [InlineData("a folder to save to", "--save-head state/..", "is a folder")]
    [InlineData("upstream's intake", "--event-source-url http://proxy.acme/hook", "VALUESTREAM_URL")]
    public async Task What_cannot_be_asked_is_not_asked(string what, string flags, string says)
    {
        _ = what;
        await using var server = new ScriptedServer(ScriptedServer.Status(200, Well));
        using var vscli = new Vscli(server.Url);
        Directory.CreateDirectory(vscli.State);
        await WriteAsync(vscli, "head.json", Head);
        await WriteAsync(vscli, "half.json", """{"logId":"0198c0de-0000-7000-8000-000000000001","position":9}""");
        await WriteAsync(vscli, "other.json", "mine");
        await WriteAsync(vscli, "later.json", Head.Replace(":9,", ":10,", StringComparison.Ordinal));

        var ran = await vscli.Run(["verify", .. flags.Split(' ')]);

        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.StartsWith("vscli: not checked: ", ran.Error, StringComparison.Ordinal);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
        Assert.Equal((Head, "mine"), (await ReadAsync(vscli, "head.json"), await ReadAsync(vscli, "other.json")));
    }

    [Fact]
    public async Task The_position_the_head_and_the_token_are_sent_and_the_last_word_is_enough()
    {
        await using var server = new ScriptedServer(ScriptedServer.Sends(Streams + Chunk(Begin + Well) + ScriptedServer.Silence));
        using var vscli = new Vscli(server.Url);
        vscli.Variables["VALUESTREAM_TOKEN"] = "secret";
        await WriteAsync(vscli, "head.json", Head);

        var ran = await vscli.Run("verify", "--from", "3", "--head", "head.json");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.StartsWith("7 events from position 3 on are", ran.Out, StringComparison.Ordinal);
        var request = Assert.Single(server.Requests);
        Assert.Equal((Routes.VerifyLog, "Bearer secret", $$"""{"from":3,"head":{{Head}}}"""), (request.Path, request.Headers["Authorization"], request.Body));
    }

    [Fact]
    public async Task A_head_is_kept_through_a_link_and_nothing_else_is_left_in_the_folder()
    {
        await using var server = new ScriptedServer(ScriptedServer.Status(200, Well));
        using var vscli = new Vscli(server.Url);
        var elsewhere = Directory.CreateDirectory(Path.Combine(vscli.Home, "elsewhere")).FullName;
        File.CreateSymbolicLink(Path.Combine(vscli.Home, "head.json"), "elsewhere/kept.json");

        var ran = await vscli.Run("verify", "--save-head", "head.json");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.NotNull(new FileInfo(Path.Combine(vscli.Home, "head.json")).LinkTarget);
        Assert.Equal(Head + "\n", await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(elsewhere)), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task On_a_terminal_the_progress_is_shown_and_gone_in_the_end()
    {
        await using var server = new ScriptedServer(ScriptedServer.Status(200, Begin + Well));
        using var vscli = new Vscli(server.Url);

        var ran = await vscli.OnTerminal("exec vscli verify", "true");

        Assert.Equal(0, ran.ExitCode);
        Assert.Matches(@"^\r\e\[K\[=+ +\]  55%  5 of 9  [0-9,]+/s  1 s left\r\e\[K9 events are as they were appended", ran.Out);
        Assert.DoesNotContain('\e', (await vscli.Run("verify")).Error);
    }

    [Fact]
    public async Task An_interrupt_ends_it_at_once_and_leaves_the_terminal_clean()
    {
        Vscli? asking = null;
        await using var server = new ScriptedServer(_ =>
        {
            File.WriteAllText(Path.Combine(asking!.Home, "asked"), "");
            return Streams + Chunk(Begin) + ScriptedServer.Silence;
        });
        using var vscli = asking = new Vscli(server.Url);

        var ran = await vscli.OnTerminal("exec vscli verify", @"while ! [ -e asked ]; do sleep .1; done; sleep 1; printf '\003'");

        Assert.Equal(130, ran.ExitCode);
        Assert.Matches(@"55%.*\r\e\[K$", ran.Out);
        Assert.True(ran.Took < TimeSpan.FromSeconds(10), $"took {ran.Took}");
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_given_up()
    {
        await using var server = new ScriptedServer(
            ScriptedServer.Sends(Streams + Chunk(Begin) + ScriptedServer.Silence), ScriptedServer.Hangs);
        var lines = new List<string>();

        for (var i = 0; i < 2; i++)
        {
            var answer = await LineStream.PostAsync(server.Url + "/x", "{}"u8.ToArray(), null, TimeSpan.FromSeconds(.3), line =>
            {
                lines.Add(Encoding.UTF8.GetString(line.Span));
                return false;
            });
            Assert.Equal((0, "nothing came within 0.3 s"), (answer.Status, answer.Problem));
        }
        Assert.Equal([Begin.TrimEnd('\n')], lines);
    }

    [Fact]
    public async Task Help_is_data_and_names_the_exit_codes()
    {
        using var vscli = new Vscli(ScriptedServer.Nobody());

        var ran = await vscli.Run("verify", "--help");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.Contains("vscli verify --head head.json --save-head head.json", ran.Out, StringComparison.Ordinal);
        Assert.Contains("vscli verify", (await vscli.Run("--help")).Out, StringComparison.Ordinal);
    }

    /// <summary>Runs it on a terminal, on which a script types.</summary>
    private static string Chunk(string text) => string.Create(CultureInfo.InvariantCulture, $"{text.Length:x}\r\n{text}\r\n");

    private static Task WriteAsync(Vscli vscli, string name, string text) =>
        File.WriteAllTextAsync(Path.Combine(vscli.Home, name), text, TestContext.Current.CancellationToken);

    private static Task<string> ReadAsync(Vscli vscli, string name) =>
        File.ReadAllTextAsync(Path.Combine(vscli.Home, name), TestContext.Current.CancellationToken);
}
