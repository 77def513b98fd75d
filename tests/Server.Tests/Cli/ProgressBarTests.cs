using ValueStream.Cli;

namespace ValueStream.Server.Tests.Cli;

public sealed class ProgressBarTests
{
    [Theory]
    [InlineData(200, "[============                  ]  42%  42,000,000 of 100,000,000  350,000/s  2 min 45 s left")]
    [InlineData(81, "[=======           ]  42%  42,000,000 of 100,000,000  350,000/s  2 min 45 s left")]
    [InlineData(62, " 42%  42,000,000 of 100,000,000  350,000/s  2 min 45 s left")]
    [InlineData(60, " 42%  42,000,000 of 100,000,000  350,000/s  2 min 45 s left")]
    [InlineData(50, " 42%  42,000,000 of 100,000,000  2 min 45 s left")]
    [InlineData(35, "[====      ]  42%  2 min 45 s left")]
    [InlineData(30, " 42%  2 min 45 s left")]
    [InlineData(20, "[=====       ]  42%")]
    [InlineData(5, " 42%")]
    [InlineData(4, "")]
    [InlineData(0, "")]
    public void It_fits_any_terminal_and_leaves_out_what_matters_less(int columns, string line)
    {
        Assert.Equal(line, ProgressBar.Line(columns, 42_000_000, 100_000_000, TimeSpan.FromSeconds(120)));
        Assert.True(line.Length < Math.Max(columns, 1));
    }

    [Theory]
    [InlineData(0, 10, " 0%  0 of 10  0/s")]
    [InlineData(5, 100, " 5%  5 of 100  1/s  1 min 35 s left")]
    [InlineData(50, 72_050, " 0%  50 of 72,050  10/s  2 h 0 min left")]
    [InlineData(10, 10, "100%  10 of 10  2/s  0 s left")]
    [InlineData(-3, 10, " 0%  0 of 10  0/s")]
    public void It_tells_how_far_it_is_how_fast_and_for_how_long_yet(long done, long all, string line) =>
        Assert.EndsWith(line, ProgressBar.Line(100, done, all, TimeSpan.FromSeconds(5)), StringComparison.Ordinal);

    [Theory]
    [InlineData(100, 20, "[============                  ]  40%  8 kB of 20 kB  2 kB/s  6 s left")]
    [InlineData(100, 0, "8 kB  2 kB/s")]
    [InlineData(10, 0, "8 kB")]
    [InlineData(4, 0, "")]
    public void It_counts_in_any_unit_also_where_nobody_knows_how_far_it_goes(int columns, long all, string line) =>
        Assert.Equal(line, ProgressBar.Line(columns, 8, all, TimeSpan.FromSeconds(4), kilobytes => $"{(long)kilobytes} kB"));
}
