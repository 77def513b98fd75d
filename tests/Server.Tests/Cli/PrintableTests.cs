using ValueStream.Cli;

namespace ValueStream.Server.Tests.Cli;

public sealed class PrintableTests
{
    [Theory]
    [InlineData(200, "0 1 2 3 4")]
    [InlineData(66, "0 1 2 3 4")]
    [InlineData(65, "0 1 2 4")]
    [InlineData(40, "0 1 4")]
    [InlineData(10, "0 1 4")]
    public void A_column_is_left_out_in_its_turn_before_the_others_are_cut_to_nothing(int room, string shown)
    {
        Heading[] headings = [new("KEY"), new("NAME", Shrinks: true), new("ACTOR", Shrinks: true, Drops: 2), new("RUN", Drops: 1), new("N")];
        Assert.Equal(shown, string.Join(' ', Table.Choose(headings, [10, 40, 8, 20, 8], room)));
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("plain", "plain")]
    [InlineData("\e[31mred", "�[31mred")]
    [InlineData("a\tb\r\nc\u2028d", "a b  c d")]
    [InlineData("\u009b2J\u007f\0", "�2J��")]
    [InlineData("\u202eabc\u2066\ufeff", "�abc��")]
    [InlineData("名前 é 👩‍🚀", "名前 é 👩‍🚀")]
    public void What_steers_a_terminal_is_replaced(string? text, string clean) => Assert.Equal(clean, Printable.Clean(text));

    [Theory]
    [InlineData("", 0)]
    [InlineData("abc", 3)]
    [InlineData("名前", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("👩‍🚀", 2)]
    [InlineData("🇩🇪", 2)]
    [InlineData("❤\ufe0f", 2)]
    [InlineData("…├─└", 4)]
    public void A_text_is_as_wide_as_a_terminal_draws_it(string text, int width) => Assert.Equal(width, Printable.Width(text));

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdef", 5, "abcd…")]
    [InlineData("名前名前", 6, "名前…")]
    [InlineData("名前名前", 5, "名前…")]
    [InlineData("a👩‍🚀b", 3, "a…")]
    [InlineData("abc", 1, "…")]
    [InlineData("abc", 0, "")]
    public void A_cut_never_splits_what_is_drawn_as_one(string text, int columns, string cut) => Assert.Equal(cut, Printable.Cut(text, columns));

    [Theory]
    [InlineData("10 20 5", 40, "10 20 5")]
    [InlineData("10 20 5", 30, "10 15 5")]
    [InlineData("20 20 5", 30, "12 13 5")]
    [InlineData("20 20 5", 5, "6 6 5")]
    public void The_widest_column_gives_first(string wanted, int room, string widths) =>
        Assert.Equal(widths, string.Join(' ', Table.Fit([.. wanted.Split(' ').Select(int.Parse)], [true, true, false], room)));

    [Theory]
    [InlineData("90", 90d)]
    [InlineData("90s", 90d)]
    [InlineData("250ms", .25)]
    [InlineData("5m", 300d)]
    [InlineData("5min", 300d)]
    [InlineData("1h30m", 5400d)]
    [InlineData("1.5d", 129600d)]
    [InlineData("1w", 604800d)]
    [InlineData("", null)]
    [InlineData("s", null)]
    [InlineData("-5s", null)]
    [InlineData("1h30", null)]
    [InlineData("1 h", null)]
    [InlineData("1y", null)]
    [InlineData("1..5s", null)]
    [InlineData("99999999999w", null)]
    public void Durations_are_read_as_people_write_them(string text, double? seconds) => Assert.Equal(seconds, Durations.Parse(text));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(.254, "0.25 s")]
    [InlineData(9.949, "9.95 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(59.6, "1 min")]
    [InlineData(125, "2 min 5 s")]
    [InlineData(3599.7, "1 h")]
    [InlineData(273600, "3 d 4 h")]
    [InlineData(-5, "-5 s")]
    public void Durations_are_written_short(double seconds, string text) => Assert.Equal(text, Durations.Text(seconds));
}
