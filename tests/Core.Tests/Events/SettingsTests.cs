using ValueStream.Core.Events;

namespace ValueStream.Core.Tests.Events;

public sealed class SettingsTests
{
    [Fact]
    public void What_is_absent_in_a_later_setting_stays()
    {
        var before = new OperationSetting
        {
            Name = "a", MergedInto = "0123456789abc", Description = "b", Owner = "c", Environment = "d", DurationLimit = 1, ErrorRateLimit = 0, Hidden = true, ReasonRequired = false,
        };

        Assert.Equal(before, new OperationSetting().Then(before).Then(new()));
    }

    [Fact]
    public void What_stands_in_a_later_setting_replaces_what_was()
    {
        var before = new OperationSetting { Name = "a", DurationLimit = 1, Hidden = true };

        Assert.Equal(new() { Name = "b", DurationLimit = 1, Hidden = false }, before.Then(new() { Name = "b", Hidden = false }));
    }

    [Fact]
    public void An_empty_text_and_a_limit_below_zero_are_none()
    {
        var before = new OperationSetting { Owner = "a", MergedInto = "0123456789abc", DurationLimit = 1, ErrorRateLimit = 0.5 };

        Assert.Equal(new(), before.Then(new() { Owner = "", MergedInto = "", DurationLimit = -1, ErrorRateLimit = -1 }));
        Assert.Equal(0, before.Then(new() { ErrorRateLimit = 0 }).ErrorRateLimit);
    }

    [Fact]
    public void An_operation_is_administered_under_its_namespace_and_key()
    {
        var key = ShortKey.Of("acme", "deploy", "api");

        Assert.Equal(new RunId("valuestream", "operation", "acme", key.ToString()), OperationSetting.IdOf("acme", key));
    }
}
