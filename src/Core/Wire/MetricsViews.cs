using System.Diagnostics.CodeAnalysis;

namespace ValueStream.Core.Wire;

/// <summary>What numbers are about: a window's true edges.</summary>
/// <param name="From">Included.</param>
/// <param name="To">Not included.</param>
/// <param name="Zone">In whose days and weeks it is cut, such as <c>Europe/Berlin</c>.</param>
public sealed record WindowView(DateTimeOffset From, DateTimeOffset To, string Zone);

/// <summary>What runs add up to that ended in a window. What each number means: docs/metrics.md.</summary>
public record NumbersView
{
    /// <summary>Runs that started in it; absent in groups, which are of runs that ended.</summary>
    public long? Started { get; init; }

    /// <summary>Success, failure, error, timeout and cancellation.</summary>
    public required long Finished { get; init; }

    /// <summary>Runs that did what they were to do.</summary>
    public required long Success { get; init; }

    /// <summary>Runs whose work said no.</summary>
    public required long Failure { get; init; }

    /// <summary>Runs whose system broke.</summary>
    public required long Error { get; init; }

    /// <summary>Runs that were stopped because they took too long.</summary>
    public required long Timeout { get; init; }

    /// <summary>Runs that somebody stopped.</summary>
    public required long Cancellation { get; init; }

    /// <summary>Runs that were decided not to be run; they are not finished.</summary>
    public required long Skip { get; init; }

    /// <summary>Runs that were given up in the window; they are not finished.</summary>
    public required long Abandoned { get; init; }

    /// <summary>(failure + error + timeout) / (those + success), 0..1; absent where there were none.</summary>
    public double? ErrorRate { get; init; }

    /// <summary>The error rate if what was abandoned had failed, 0..1; absent where nothing was.</summary>
    public double? ErrorRateIfAbandonedFailed { get; init; }

    /// <summary>Finished runs a day, days with none included; absent where not all runs were read.</summary>
    public double? PerDay { get; init; }

    /// <summary>Durations of successful runs.</summary>
    public required DurationView Duration { get; init; }

    /// <summary>Durations of runs that ended as failure, error or timeout.</summary>
    public required DurationView FailedDuration { get; init; }

    /// <summary>Seconds that runs of every outcome took, one after the other.</summary>
    public double Time { get; init; }

    /// <summary>Seconds that runs took which ended as failure, error or timeout.</summary>
    public double FailedTime { get; init; }

    /// <summary>What was left out of these numbers; absent where nothing was.</summary>
    public IReadOnlyList<LeftOutView>? LeftOut { get; init; }
}

/// <summary>Durations in seconds; all but <see cref="Sample"/> absent where there are none. The mean is exact, the others within 1 %.</summary>
public sealed record DurationView
{
    /// <summary>The median.</summary>
    public double? P50 { get; init; }

    /// <summary>Three quarters are no longer than this.</summary>
    public double? P75 { get; init; }

    /// <summary>90 % are no longer than this.</summary>
    public double? P90 { get; init; }

    /// <summary>95 % are no longer than this.</summary>
    public double? P95 { get; init; }

    /// <summary>99 % are no longer than this.</summary>
    public double? P99 { get; init; }

    /// <summary>The mean.</summary>
    public double? Mean { get; init; }

    /// <summary>The longest.</summary>
    public double? Max { get; init; }

    /// <summary>How many durations these numbers are of.</summary>
    public required long Sample { get; init; }
}

/// <summary>Runs that were left out of numbers.</summary>
/// <param name="Why"><c>implausible</c>, <c>orphan</c>, <c>cancellation</c>, <c>skip</c>, <c>abandoned</c>, <c>running</c> or <c>excluded</c>.</param>
/// <param name="Count">How many.</param>
public sealed record LeftOutView(string Why, long Count);

/// <summary>How a number differs from that of the previous interval.</summary>
public sealed record ChangeView
{
    /// <summary>After minus before, in the number's unit; absent where one of them is.</summary>
    public double? Absolute { get; init; }

    /// <summary>That, divided by before: 0.1 is 10 % more; absent where before is 0 as well.</summary>
    public double? Relative { get; init; }

    /// <summary>How probable such a difference would be by chance, corrected for all comparisons of the answer; absent with <c>too few</c>.</summary>
    public double? P { get; init; }

    /// <summary><c>change</c>, <c>noise</c> or <c>too few</c>.</summary>
    public required string Verdict { get; init; }
}

/// <summary>What was compared with the previous interval.</summary>
/// <param name="PerDay">Finished runs a day.</param>
/// <param name="P50">The median duration of successful runs, seconds.</param>
/// <param name="P95">The 95th percentile of them, seconds.</param>
/// <param name="ErrorRate">The error rate, 0..1.</param>
public sealed record ChangesView(ChangeView PerDay, ChangeView P50, ChangeView P95, ChangeView ErrorRate);

/// <summary>The numbers of one operation.</summary>
public sealed record MetricsView
{
    /// <summary>What is counted, in a sentence or two.</summary>
    public required string Definition { get; init; }

    /// <summary>The window's true edges.</summary>
    public required WindowView Window { get; init; }

    /// <summary>The address of the runs that these numbers are of, and of those that run.</summary>
    public required string Runs { get; init; }

    /// <summary>The whole window.</summary>
    public required NumbersView Totals { get; init; }

    /// <summary>The interval before, of the same length.</summary>
    public required NumbersView Previous { get; init; }

    /// <summary>The window compared with it.</summary>
    public required ChangesView Change { get; init; }

    /// <summary>The window in steps, those with no runs included.</summary>
    public required IReadOnlyList<StepView> Series { get; init; }

    /// <summary>The interval before in such steps.</summary>
    public IReadOnlyList<StepView> PreviousSeries { get; init; } = [];

    /// <summary>Durations of successful runs, counted from the shortest to the longest of both intervals in up to 40 bins; those with none included.</summary>
    public IReadOnlyList<BinView> Distribution { get; init; } = [];

    /// <summary>Those of the interval before, in the same bins.</summary>
    public IReadOnlyList<BinView> PreviousDistribution { get; init; } = [];

    /// <summary>The runs by a tag's values, the most frequent first; absent where no tag was asked for.</summary>
    public IReadOnlyList<GroupView>? Groups { get; init; }

    /// <summary>The window that the groups are of.</summary>
    public WindowView? GroupsWindow { get; init; }

    /// <summary>Where the groups were read from the runs themselves, how many were read; absent where they are of all.</summary>
    public SampledView? Sampled { get; init; }
}

/// <summary>How many durations lie in a range of seconds. Each bin is wider than the one before by the same factor.</summary>
/// <param name="From">Seconds; included.</param>
/// <param name="To">Seconds; not included, but for the last bin there is.</param>
/// <param name="Count">How many.</param>
public sealed record BinView(double From, double To, long Count);

/// <summary>The numbers of one step of a window.</summary>
public sealed record StepView : NumbersView
{
    /// <summary>For readers of JSON.</summary>
    public StepView()
    {
    }

    /// <summary>The step's numbers.</summary>
    [SetsRequiredMembers]
    public StepView(DateTimeOffset at, DateTimeOffset to, NumbersView numbers) : base(numbers) => (At, To) = (at, to);

    /// <summary>Where it begins.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Where it ends; not included.</summary>
    public required DateTimeOffset To { get; init; }
}

/// <summary>The numbers of the runs with one value of a tag.</summary>
public sealed record GroupView : NumbersView
{
    /// <summary>What stands for all values that are not listed.</summary>
    public const string Other = "__other__";

    /// <summary>For readers of JSON.</summary>
    public GroupView()
    {
    }

    /// <summary>The group's numbers.</summary>
    [SetsRequiredMembers]
    public GroupView(string? value, NumbersView numbers) : base(numbers) => Value = value;

    /// <summary>The value; <see cref="Other"/> for the sum of those not listed; absent for runs without the tag.</summary>
    public string? Value { get; init; }
}

/// <summary>How many runs an answer was read from.</summary>
/// <param name="Newest">It looked at no more than so many runs, the newest by start.</param>
/// <param name="Read">Of these, how many ended in the window.</param>
/// <param name="Of">How many ended in the window in all.</param>
public sealed record SampledView(int Newest, long Read, long Of);

/// <summary>The inventory: kinds of work, the busiest first unless another order is asked for.</summary>
public sealed record OperationsView
{
    /// <summary>What is counted, in a sentence or two.</summary>
    public required string Definition { get; init; }

    /// <summary>The window's true edges.</summary>
    public required WindowView Window { get; init; }

    /// <summary>All operations that match, listed or not.</summary>
    public required OperationsSummary Summary { get; init; }

    /// <summary>The operations.</summary>
    public required IReadOnlyList<OperationView> Items { get; init; }

    /// <summary>The groups that those listed are of, in their order; absent where none were asked for.</summary>
    public IReadOnlyList<OperationGroupView>? Groups { get; init; }

    /// <summary>The sum of those that match and are not listed; absent where all are.</summary>
    public OthersView? Others { get; init; }
}

/// <summary>What some operations come to.</summary>
/// <param name="Operations">How many they are.</param>
/// <param name="RunsPerWeek">Their finished runs a week.</param>
/// <param name="TimePerWeek">Seconds that their runs took a week.</param>
/// <param name="Slower">How many of them became slower: a rise of the median that is a change.</param>
/// <param name="FailingMore">How many of them fail more often: a rise of the error rate that is a change.</param>
/// <param name="OverLimit">How many are over a limit that was set of them.</param>
/// <param name="ByOnePerson">How many one person alone ran.</param>
/// <param name="FailedTimePerWeek">Seconds that their runs took a week which ended as failure, error or timeout.</param>
public sealed record OperationsSummary(int Operations, double RunsPerWeek, double TimePerWeek, int Slower, int FailingMore, int OverLimit, int ByOnePerson, double FailedTimePerWeek);

/// <summary>Operations that have something in common.</summary>
/// <param name="Value">What; absent for those without.</param>
/// <param name="Summary">All of them that match, listed or not.</param>
public sealed record OperationGroupView(string? Value, OperationsSummary Summary);

/// <summary>The sum of operations that are not listed.</summary>
public sealed record OthersView : NumbersView
{
    /// <summary>For readers of JSON.</summary>
    public OthersView()
    {
    }

    /// <summary>Their numbers.</summary>
    [SetsRequiredMembers]
    public OthersView(int operations, NumbersView numbers) : base(numbers) => Operations = operations;

    /// <summary>How many they are.</summary>
    public required int Operations { get; init; }
}

/// <summary>A kind of work, with the numbers of a window.</summary>
public sealed record OperationView : NumbersView
{
    /// <summary>For readers of JSON.</summary>
    public OperationView()
    {
    }

    /// <summary>The operation's numbers.</summary>
    [SetsRequiredMembers]
    public OperationView(string key, string @namespace, string type, string name, NumbersView numbers) : base(numbers) =>
        (Key, Namespace, Type, Name) = (key, @namespace, type, name);

    /// <summary>Its short key, 13 characters of [0-9a-v].</summary>
    public required string Key { get; init; }

    /// <summary>The partition it belongs to.</summary>
    public required string Namespace { get; init; }

    /// <summary>The kind of work.</summary>
    public required string Type { get; init; }

    /// <summary>The name that an administrator gave it, else that of its runs.</summary>
    public required string Name { get; init; }

    /// <summary>Its runs' name, where an administrator gave it another; else absent.</summary>
    public string? RunName { get; init; }

    /// <summary>What the list is grouped by; absent where it is not, or this one has none.</summary>
    public string? Group { get; init; }

    /// <summary>What it is for, as an administrator says; so with the members that follow.</summary>
    public string? Description { get; init; }

    /// <summary>Who answers for it.</summary>
    public string? Owner { get; init; }

    /// <summary>Where it runs or what it changes.</summary>
    public string? Environment { get; init; }

    /// <summary>Seconds that a run of it should not exceed.</summary>
    public double? DurationLimit { get; init; }

    /// <summary>Whether the 95th percentile of its successful runs' durations is over that limit; absent where there is none.</summary>
    public bool? IsOverDurationLimit { get; init; }

    /// <summary>The error rate that it should not exceed, 0..1.</summary>
    public double? ErrorRateLimit { get; init; }

    /// <summary>Whether its error rate is over that limit; absent where there is none.</summary>
    public bool? IsOverErrorRateLimit { get; init; }

    /// <summary>Whether its runs should say why they were started.</summary>
    public bool? ReasonRequired { get; init; }

    /// <summary>True where lists leave it out unless they are asked for what is hidden.</summary>
    public bool? Hidden { get; init; }

    /// <summary>Keys of the operations whose runs are counted here, because they are merged into this one; absent where there are none.</summary>
    public IReadOnlyList<string>? Merged { get; init; }

    /// <summary>Key of the operation under which its runs are counted; absent where that is itself.</summary>
    public string? MergedInto { get; init; }

    /// <summary>When its first run started.</summary>
    public DateTimeOffset FirstAt { get; init; }

    /// <summary>When its last run started.</summary>
    public DateTimeOffset LastAt { get; init; }

    /// <summary><see cref="LastAt"/>, where that is more than 90 days ago; else absent.</summary>
    public DateTimeOffset? DormantSince { get; init; }

    /// <summary>The run that started last.</summary>
    public LastRunView? LastRun { get; init; }

    /// <summary>Runs of it that are under way now.</summary>
    public int Running { get; init; }

    /// <summary>Finished runs a week.</summary>
    public double RunsPerWeek { get; init; }

    /// <summary>Seconds that runs of every outcome took a week.</summary>
    public double TimePerWeek { get; init; }

    /// <summary>Seconds that runs a week took which ended as failure, error or timeout: what is lost at least to failures. What the retries that followed took: docs/metrics.md, Cost.</summary>
    public double FailedTimePerWeek { get; init; }

    /// <summary>How many people ran it in the 90 days up to the window's end: the bus factor.</summary>
    public int People { get; init; }

    /// <summary>Up to three of them, those first who ran it most.</summary>
    public IReadOnlyList<string> PeopleNames { get; init; } = [];

    /// <summary>How many hosts it ran on in these 90 days.</summary>
    public int Hosts { get; init; }

    /// <summary>How many different scripts or images it ran from in these 90 days.</summary>
    public int Digests { get; init; }

    /// <summary>Finished runs on each day of the window.</summary>
    public IReadOnlyList<long> FinishedByDay { get; init; } = [];

    /// <summary>Failure, error and timeout on each day of the window.</summary>
    public IReadOnlyList<long> FailedByDay { get; init; } = [];

    /// <summary>The window compared with the days before it; corrected for all that the answer lists.</summary>
    public ChangesView? Change { get; init; }
}

/// <summary>The last run of an operation.</summary>
/// <param name="Key">Its short key.</param>
/// <param name="Attempt">Which attempt.</param>
/// <param name="At">When it started, or ended where its start is not known.</param>
/// <param name="State"><c>running</c>, <c>ended</c>, <c>abandoned</c> or <c>orphan</c>.</param>
/// <param name="Outcome">How it ended; absent while it runs.</param>
public sealed record LastRunView(string Key, int Attempt, DateTimeOffset At, string State, string? Outcome);
