using ValueStream.Cli;

namespace ValueStream.Server.Tests.Cli;

public sealed class ArgumentsTests
{
    private static readonly Flag[] Flags = [new("type"), new("tag"), new("event-id"), new("error", IsSwitch: true)];

    [Theory]
    [InlineData("-type=build start")]
    [InlineData("--type=build start")]
    [InlineData("-type build start")]
    [InlineData("--type build start")]
    [InlineData("start -type build")]
    [InlineData("start -type=deploy --type build")]
    public void A_flag_is_read_with_one_dash_or_two_with_equals_or_space_before_or_after_words(string line)
    {
        var read = Read(line);
        Assert.Equal("build", read.Last("type"));
        Assert.Equal(["start"], read.Words);
        Assert.Empty(read.Problems);
    }

    [Fact]
    public void Repeated_flags_keep_their_order_and_empty_values_are_kept()
    {
        var read = Arguments.Parse(["-tag=a|b=c", "-tag", "", "-tag=", "-tag", "-x"], Flags);
        Assert.Equal(["a|b=c", "", "", "-x"], read.All("tag"));
        Assert.Null(read.All("type"));
    }

    [Fact]
    public void An_empty_value_is_given_but_no_text()
    {
        var read = Read("-event-id= end");
        Assert.Equal("", read.Last("event-id"));
        Assert.Null(read.Text("event-id"));
        Assert.Equal(["end"], read.Words);
    }

    [Theory]
    [InlineData("-error end", true)]
    [InlineData("-error=true end", true)]
    [InlineData("-error=false end", false)]
    [InlineData("-error=0 end", false)]
    [InlineData("end", null)]
    public void A_switch_needs_no_value(string line, bool? expected)
    {
        var read = Read(line);
        Assert.Equal(expected, read.Switch("error"));
        Assert.Equal(["end"], read.Words);
    }

    [Fact]
    public void What_is_wrong_is_told_and_the_rest_is_read()
    {
        var read = Read("-nope=1 start -type=build -tag");
        Assert.Equal(["the flag -nope is not known", "the flag -tag needs a value"], read.Problems);
        Assert.Equal("build", read.Last("type"));
        Assert.Equal(["start"], read.Words);
    }

    [Fact]
    public void Two_dashes_end_the_flags_and_one_alone_is_a_word() =>
        Assert.Equal(["-", "-type=x", "-h"], Read("- -- -type=x -h").Words);

    [Theory]
    [InlineData("-h")]
    [InlineData("start --help")]
    public void Help_is_asked_for_in_either_place(string line) => Assert.True(Read(line).Help);

    [Fact]
    public void Tags_are_split_at_the_first_bar_and_what_is_none_is_left_out()
    {
        var tags = Tags.From(Arguments.Parse(["-tag=a|b|c", "-tag=empty|", "-tag=none", "-tag=|x", "-tag=a b| c "], Flags));
        Assert.Equal([("a", "b|c"), ("a b", " c "), ("empty", "")], tags.Select(t => (t.Key, t.Value.Text)).Order());
    }

    private static Arguments Read(string line) => Arguments.Parse(line.Split(' '), Flags);
}
