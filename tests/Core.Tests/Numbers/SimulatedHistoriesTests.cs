namespace ValueStream.Core.Tests.Numbers;

/// <summary>What docs/metrics.md promises of correlations and changes, over a thousand histories each.</summary>
public sealed class SimulatedHistoriesTests
{
    [Fact]
    public void Without_a_cause_at_most_one_history_in_twenty_has_a_finding()
    {
        var (_, any, _) = SimulatedHistories.Correlations(runs: 200, failing: 0.1);

        Assert.InRange(any, 0.001, 0.05);
    }

    [Fact]
    public void A_value_that_fails_three_times_as_often_is_found_and_hardly_anything_else()
    {
        var (power, _, falseShare) = SimulatedHistories.Correlations(runs: 500, failing: 0.3);

        Assert.InRange(power, 0.75, 1);
        Assert.InRange(falseShare, 0, 0.05);
    }

    [Fact]
    public void Without_a_change_at_most_one_look_in_twenty_tells_of_one()
    {
        var (_, any, _) = SimulatedHistories.Changes(operations: 10, factor: 1, longer: 20, spread: 0.5);

        Assert.InRange(any, 0.001, 0.05);
    }

    [Fact]
    public void A_median_that_is_half_as_long_again_is_found_within_twenty_runs()
    {
        var (power, _, falseShare) = SimulatedHistories.Changes(operations: 10, factor: 1.5, longer: 20, spread: 0.3);

        Assert.InRange(power, 0.95, 1);
        Assert.InRange(falseShare, 0, 0.05);
    }
}
