namespace ValueStream.Core.Wire;

/// <summary>Where the time of a trace's root went, from its start to its end. Times are seconds.</summary>
public sealed record LeadTimeView
{
    /// <summary>From the root's start to its end, or to now while it runs.</summary>
    public required double Duration { get; init; }

    /// <summary>While at least one run below the root ran that has no parts of its own; absent where there is nothing below it.</summary>
    public double? AtWork { get; init; }

    /// <summary>The rest of the duration: nothing below the root was at work; absent where there is nothing below it.</summary>
    public double? Waiting { get; init; }

    /// <summary>By type of the runs below the root, the longest first. They overlap, so they need not add up to the duration.</summary>
    public required IReadOnlyList<TypeTimeView> Types { get; init; }

    /// <summary>By the root's own stages, in the order in which they were first entered; they add up to the duration. Empty where it has none.</summary>
    public required IReadOnlyList<StageTimeView> Stages { get; init; }
}

/// <summary>How long runs of one type took of a root's time, seconds.</summary>
/// <param name="Type">Their type.</param>
/// <param name="Time">While at least one of them ran.</param>
/// <param name="OnPath">How long they worked on the critical path.</param>
public sealed record TypeTimeView(string Type, double Time, double OnPath);

/// <summary>How long a root was in a stage, seconds.</summary>
/// <param name="Stage">The stage; absent for the time in none.</param>
/// <param name="Time">All its visits together.</param>
/// <param name="Waiting">Of this, while nothing below the root was at work; absent where there is nothing below it.</param>
public sealed record StageTimeView(string? Stage, double Time, double? Waiting);

/// <summary>Where the time of an operation's runs goes, over the newest of them: on the critical path, by type, at work or waiting, and by stage. What each means: docs/metrics.md.</summary>
public sealed record PathSharesView
{
    /// <summary>What is shared out, in a sentence or two.</summary>
    public required string Definition { get; init; }

    /// <summary>The window's true edges.</summary>
    public required WindowView Window { get; init; }

    /// <summary>How many runs it is of: the newest that came to success, failure, error or timeout in the window, each with all that is below it.</summary>
    public required int Traces { get; init; }

    /// <summary>How many such runs there are in the window, of the newest 20,000 that started before its end.</summary>
    public required int Of { get; init; }

    /// <summary>How many of the traces have nothing below their root: they are on the path by themselves, and in no type, work or wait.</summary>
    public required int WithoutParts { get; init; }

    /// <summary>From the start to the end of these runs, seconds: exact, of all outcomes that are judged.</summary>
    public DurationView? Duration { get; init; }

    /// <summary>What the critical paths are made of, the largest mean share first, 100 at most; with <see cref="OtherShare"/> the mean shares add up to 1.</summary>
    public required IReadOnlyList<PathShareView> Path { get; init; }

    /// <summary>The mean share of what is not listed, 0..1.</summary>
    public required double OtherShare { get; init; }

    /// <summary>Every operation below the roots: what its runs cost in these traces, on the critical path or not, most time first, 100 at most.</summary>
    public required IReadOnlyList<StepCostView> Steps { get; init; }

    /// <summary>While runs of each type ran below the root, the largest mean share first; they overlap, so they need not add up to 1.</summary>
    public required IReadOnlyList<TimeShareView> Types { get; init; }

    /// <summary>While something below the root was at work; absent where no root has anything below it.</summary>
    public TimeShareView? AtWork { get; init; }

    /// <summary>While nothing was; the mean shares of both add up to 1.</summary>
    public TimeShareView? Waiting { get; init; }

    /// <summary>In each stage of the roots, the largest mean share first, in none among them; the mean shares add up to 1. Empty where no root has stages.</summary>
    public required IReadOnlyList<TimeShareView> Stages { get; init; }
}

/// <summary>A part of the critical paths of several traces.</summary>
public sealed record PathShareView
{
    /// <summary><c>run</c> or <c>wait</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Key of the operation that worked, or whose runs waited; absent for another team's.</summary>
    public string? Operation { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its type; absent for another team's.</summary>
    public string? Type { get; init; }

    /// <summary>Of a wait, the stage in which it fell; absent where it fell in none.</summary>
    public string? Stage { get; init; }

    /// <summary>Of a wait, the name of the step that was waited for; absent where nothing more came.</summary>
    public string? Next { get; init; }

    /// <summary>Mean share of the time from start to end, 0..1; traces without it count with 0.</summary>
    public required double MeanShare { get; init; }

    /// <summary>95th percentile of these shares, 0..1.</summary>
    public required double P95Share { get; init; }

    /// <summary>How many traces have it.</summary>
    public required int Traces { get; init; }

    /// <summary>Mean time on the path in the traces that have it, seconds.</summary>
    public required double MeanTime { get; init; }
}

/// <summary>What the runs of a step cost in several traces.</summary>
/// <param name="Operation">The step's operation; absent for another team's.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type; absent for another team's.</param>
/// <param name="Runs">How many runs.</param>
/// <param name="Failed">How many of them ended as failure, error or timeout.</param>
/// <param name="Time">Seconds that they took, one after the other.</param>
/// <param name="FailedTime">Seconds that the failed ones took.</param>
public sealed record StepCostView(string? Operation, string Name, string? Type, int Runs, int Failed, double Time, double FailedTime);

/// <summary>A share of the time of several traces.</summary>
/// <param name="Name">Of what: a type or a stage; absent for the time in no stage, and for work and waiting.</param>
/// <param name="MeanShare">Mean share of the time from start to end, 0..1; traces without it count with 0.</param>
/// <param name="P95Share">95th percentile of these shares, 0..1.</param>
/// <param name="Traces">How many traces have it.</param>
/// <param name="MeanTime">Mean time in the traces that have it, seconds.</param>
/// <param name="OnPath">Of a type, its mean share on the critical path, 0..1.</param>
public sealed record TimeShareView(string? Name, double MeanShare, double P95Share, int Traces, double MeanTime, double? OnPath = null);
