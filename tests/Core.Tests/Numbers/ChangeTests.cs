using ValueStream.Core.Numbers;

namespace ValueStream.Core.Tests.Numbers;

public sealed class ChangeTests
{
    [Fact]
    public void A_large_and_certain_difference_is_a_change()
    {
        var change = Judge(Comparison.Frequency(100, 10, 200, 10));

        Assert.Equal(Verdict.Change, change.Verdict);
        Assert.Equal(10, change.Absolute);
        Assert.Equal(1, change.Relative);
        Assert.InRange(change.P!.Value, 0, 1e-6);
    }

    [Fact]
    public void A_certain_difference_below_ten_percent_is_noise()
    {
        var change = Judge(Comparison.Frequency(100_000, 10, 109_000, 10));

        Assert.Equal(Verdict.Noise, change.Verdict);
        Assert.Equal(0.09, change.Relative!.Value, 12);
        Assert.InRange(change.P!.Value, 0, 1e-9);
    }

    [Fact]
    public void Ten_percent_up_or_down_is_enough()
    {
        Assert.Equal(Verdict.Change, Judge(Comparison.Frequency(30_000, 7, 33_000, 7)).Verdict);
        Assert.Equal(Verdict.Change, Judge(Comparison.Frequency(30_000, 7, 27_000, 7)).Verdict);
    }

    [Fact]
    public void A_large_difference_that_may_be_chance_is_noise() => Assert.Equal(Verdict.Noise, Judge(Comparison.Frequency(6, 10, 10, 10)).Verdict);

    [Fact]
    public void Below_five_runs_on_a_side_there_are_too_few()
    {
        var change = Judge(Comparison.Frequency(4, 10, 400, 10));

        Assert.Equal(Verdict.TooFew, change.Verdict);
        Assert.Equal(99, change.Relative!.Value, 9);
        Assert.Null(change.P);
        Assert.Equal(Verdict.TooFew, Judge(Comparison.Frequency(400, 10, 4, 10)).Verdict);
        Assert.Equal(Verdict.Change, Judge(Comparison.Frequency(5, 10, 400, 10)).Verdict);
    }

    [Fact]
    public void Without_runs_there_is_nothing_to_subtract()
    {
        Assert.Equal(new Change(null, null, null, Verdict.TooFew), Judge(Comparison.ErrorRate(0, 0, 5, 9)));
        Assert.Equal(new Change(null, null, null, Verdict.TooFew), Judge(Comparison.Duration(new Sketch(), Seconds(9, 10), 0.5)));
        Assert.Equal(new Change(1, null, null, Verdict.TooFew), Judge(Comparison.Frequency(0, 9, 9, 9)));
    }

    [Fact]
    public void A_rise_from_zero_has_no_relative_size_but_matters()
    {
        var change = Judge(Comparison.ErrorRate(0, 100, 20, 100));

        Assert.Equal(new Change(0.2, null, change.P, Verdict.Change), change);
    }

    [Fact]
    public void No_difference_is_noise()
    {
        Assert.Equal(new Change(0, null, 1, Verdict.Noise), Judge(Comparison.ErrorRate(0, 100, 0, 100)));
        Assert.Equal(new Change(0, 0, 1, Verdict.Noise), Judge(Comparison.Duration(Seconds(9, 10), Seconds(9, 10), 0.95)));
    }

    [Fact]
    public void Durations_that_doubled_are_a_change_in_seconds()
    {
        var change = Judge(Comparison.Duration(Seconds(60, 20), Seconds(120, 20), 0.5));

        Assert.Equal(Verdict.Change, change.Verdict);
        Assert.InRange(change.Absolute!.Value, 58, 62);
        Assert.InRange(change.Relative!.Value, 0.97, 1.03);
    }

    [Fact]
    public void Every_quantile_of_one_operation_has_the_p_of_its_runs()
    {
        var (before, after) = (Seconds(60, 20), Seconds(90, 30));

        Assert.Equal(Comparison.Duration(before, after, 0.5).P, Comparison.Duration(before, after, 0.95).P);
    }

    [Fact]
    public void Among_many_that_were_tried_a_small_p_is_chance()
    {
        var one = new Comparison(10, 20, 50, 50, 0.02);
        var other = new Comparison(10, 20, 50, 50, 0.9);

        Assert.Equal(Verdict.Change, Judge(one).Verdict);
        var all = Change.Judge([other, one, other]);
        Assert.Equal([Verdict.Noise, Verdict.Noise, Verdict.Noise], all.Select(static c => c.Verdict));
        Assert.Equal(0.06, all[1].P!.Value, 12);
    }

    [Fact]
    public void What_has_too_few_runs_was_not_tried()
    {
        var one = new Comparison(10, 20, 50, 50, 0.02);
        var few = new Comparison(10, 20, 4, 50, 0.9);

        var all = Change.Judge([few, one, few, few]);
        Assert.Equal([Verdict.TooFew, Verdict.Change, Verdict.TooFew, Verdict.TooFew], all.Select(static c => c.Verdict));
        Assert.Equal(0.02, all[1].P);
    }

    [Fact]
    public void Nothing_listed_is_nothing_judged() => Assert.Empty(Change.Judge([]));

    [Fact]
    public void Verdicts_have_texts() =>
        Assert.Equal(["change", "noise", "too few"], Enum.GetValues<Verdict>().Select(static v => v.Text()));

    private static Change Judge(Comparison comparison) => Assert.Single(Change.Judge([comparison]));

    /// <summary>So many runs of about this duration.</summary>
    private static Sketch Seconds(double about, int count) =>
        SketchTests.Of(Enumerable.Range(0, count).Select(i => (long)(about * 1_000_000 * (0.99 + 0.02 * i / count))));
}
