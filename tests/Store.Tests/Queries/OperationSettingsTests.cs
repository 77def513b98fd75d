using ValueStream.Core.Events;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>Which operation the runs of one are counted under.</summary>
public sealed class OperationSettingsTests
{
    [Fact]
    public void Merges_are_followed_to_their_end()
    {
        var settings = Merged((1, 2), (2, 3), (4, 3));

        Assert.Equal([3, 3, 3, 3, 5], new long[] { 1, 2, 3, 4, 5 }.Select(k => settings.Shown(new(k)).Value));
        Assert.Equal([3, 1, 2, 4], settings.KeysOf(3));
        Assert.Empty(settings.KeysOf(1));
        Assert.Equal([5], settings.KeysOf(5));
    }

    [Fact]
    public void A_circle_counts_for_nothing_and_neither_does_what_leads_into_it()
    {
        var settings = Merged((1, 2), (2, 1), (3, 1), (4, 4), (5, 6));

        Assert.Equal([1, 2, 3, 4, 6], new long[] { 1, 2, 3, 4, 5 }.Select(k => settings.Shown(new(k)).Value));
        Assert.Equal([1], settings.KeysOf(1));
        Assert.Equal([6, 5], settings.KeysOf(6));
    }

    [Fact]
    public void A_merge_into_what_is_no_key_counts_for_nothing() =>
        Assert.Equal(1, new OperationSettings(new() { [1] = new() { MergedInto = "nowhere" } }).Shown(new(1)).Value);

    private static OperationSettings Merged(params (long From, long Into)[] merges) =>
        new(merges.ToDictionary(static m => m.From, static m => new OperationSetting { MergedInto = new ShortKey(m.Into).ToString() }));
}
