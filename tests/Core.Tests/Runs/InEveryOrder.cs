using ValueStream.Core.Events;
using ValueStream.Core.Runs;

namespace ValueStream.Core.Tests.Runs;

/// <summary>Folds events in every order that they could arrive in; all must agree.</summary>
internal static class InEveryOrder
{
    public static RunState Fold(params Event[] events)
    {
        var state = RunState.Fold(events);
        Assert.All(Shuffle.Permutations(events), order => Assert.Equal(Show.Text(state), Show.Text(RunState.Fold(order))));
        return state;
    }

    /// <summary>The one attempt that the events must give.</summary>
    public static Attempt Only(params Event[] events) => Assert.Single(Fold(events).Attempts).Value;
}
