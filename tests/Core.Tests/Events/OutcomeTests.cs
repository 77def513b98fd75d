using ValueStream.Core.Events;

namespace ValueStream.Core.Tests.Events;

public sealed class OutcomeTests
{
    [Fact]
    public void Every_outcome_reads_back_from_its_text()
    {
        Assert.All(Enum.GetValues<Outcome>(), static outcome => Assert.Equal(outcome, Outcomes.Parse(outcome.Text())));
        Assert.Equal(Outcomes.All, string.Join(", ", Enum.GetValues<Outcome>().Select(Outcomes.Text)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Success")]
    [InlineData("ok")]
    [InlineData("0")]
    public void Other_texts_are_no_outcomes(string? text) => Assert.Null(Outcomes.Parse(text));

    [Fact]
    public void Every_kind_of_event_reads_back_from_its_text() =>
        Assert.All(Enum.GetValues<EventKind>(), static kind => Assert.Equal(kind, EventKinds.Parse(kind.Text())));

    [Fact]
    public void Every_action_asks_for_one_kind_but_the_heartbeat_which_is_no_event()
    {
        EventKind?[] asked = [.. EventKinds.Actions.Split(", ").Select(EventKinds.FromAction)];

        Assert.Equal([EventKind.Started, EventKind.Ended, EventKind.Transitioned, EventKind.Annotated, EventKind.Linked, null], asked);
        Assert.Null(EventKinds.FromAction("Start"));
        Assert.All(["abandon", "abandoned", "redact", "redacted", "administer", "administered"], static action => Assert.Null(EventKinds.FromAction(action)));
        Assert.Null(EventKinds.FromAction(null));
    }

    [Fact]
    public void A_sender_may_give_every_kind_of_link_but_parent()
    {
        Assert.All(LinkKinds.All.Split(", "), static kind => Assert.True(LinkKinds.IsKnown(kind)));
        Assert.False(LinkKinds.IsKnown(LinkKinds.Parent));
    }
}
