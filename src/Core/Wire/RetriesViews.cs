namespace ValueStream.Core.Wire;

/// <summary>Which failures of an operation were chance and which were the work's: what runs with the same inputs came to. What is the same, and each formula: docs/metrics.md.</summary>
public sealed record RetriesView
{
    /// <summary>What counts as the same tried again, in a sentence or two.</summary>
    public required string Definition { get; init; }

    /// <summary>The window's true edges.</summary>
    public required WindowView Window { get; init; }

    /// <summary>It is read from no more than so many runs, the newest by start that started before the window's end.</summary>
    public required int Newest { get; init; }

    /// <summary>How many of them came to success, failure, error or timeout in the window.</summary>
    public required int Runs { get; init; }

    /// <summary>How many of these say which revision they ran on; the others are only compared with other attempts of the same run.</summary>
    public required int WithRevision { get; init; }

    /// <summary>How many of them failed.</summary>
    public required int Failures { get; init; }

    /// <summary>How many different things were tried.</summary>
    public required int Subjects { get; init; }

    /// <summary>Those whose first run failed / all, 0..1; absent where there are none.</summary>
    public double? FirstErrorRate { get; init; }

    /// <summary>Those whose last run failed / all, 0..1; absent where there are none.</summary>
    public double? FinalErrorRate { get; init; }

    /// <summary>How many came to both success and failure.</summary>
    public required int Flaky { get; init; }

    /// <summary>How many runs of these failed: failures that say nothing about the work.</summary>
    public required int FlakyFailures { get; init; }

    /// <summary>How many were tried more than once and failed each time.</summary>
    public required int Broken { get; init; }

    /// <summary>Seconds that all these runs took.</summary>
    public required double Time { get; init; }

    /// <summary>Seconds that failed runs took.</summary>
    public required double FailedTime { get; init; }

    /// <summary>Seconds that runs took which tried again what had failed: the time lost to retries.</summary>
    public required double RetryTime { get; init; }

    /// <summary>What failures cost a week, seconds: failed runs and the retries that followed. Absent where older runs of the window were not read.</summary>
    public double? CostPerWeek { get; init; }

    /// <summary>What was flaky or broken, most time lost first, 20 at most.</summary>
    public required IReadOnlyList<RetriedView> Items { get; init; }
}

/// <summary>Something that was tried more than once.</summary>
public sealed record RetriedView
{
    /// <summary><c>flaky</c> or <c>broken</c>.</summary>
    public required string Verdict { get; init; }

    /// <summary>The revision; absent where it is one run's attempts and no revision is known.</summary>
    public string? Revision { get; init; }

    /// <summary>The short key of its last run.</summary>
    public required string Last { get; init; }

    /// <summary>The last run's attempt.</summary>
    public required int Attempt { get; init; }

    /// <summary>When that ended.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How many runs.</summary>
    public required int Runs { get; init; }

    /// <summary>How many of them failed.</summary>
    public required int Failed { get; init; }

    /// <summary>Seconds that failed runs and retries took; a retry that failed counts once.</summary>
    public required double Lost { get; init; }
}
