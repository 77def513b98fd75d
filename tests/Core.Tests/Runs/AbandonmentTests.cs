using ValueStream.Core.Runs;
using static ValueStream.Core.Tests.Build;
using static ValueStream.Core.Tests.Runs.InEveryOrder;

namespace ValueStream.Core.Tests.Runs;

public sealed class AbandonmentTests
{
    private const int Minute = 60;
    private const int Hour = 60 * Minute;
    private const int Day = 24 * Hour;

    /// <summary>What happened to a run that was recorded at 0, and when it is due: seconds, or null for never.</summary>
    /// <param name="Source">Its source.</param>
    /// <param name="Type">Its type.</param>
    /// <param name="Due">When it is due.</param>
    public sealed record Case(string Source, string Type, double? Due)
    {
        public double LastSign { get; init; }

        public double? Lease { get; init; }

        public double? ParentEnd { get; init; }

        public bool IsImported { get; init; }
    }

    public static TheoryData<string, Case> Cases => new()
    {
        { "a script that is not heard of again", new("customhttp", "deploy", Day) },
        { "a script that said something after an hour", new("customhttp", "deploy", Hour + Day) { LastSign = Hour } },
        { "a script whose lease ran out", new("customhttp", "deploy", Hour + 90) { Lease = Hour + 90 } },
        { "a script whose lease ran out in its first minutes", new("customhttp", "deploy", 15 * Minute) { Lease = 90 } },
        { "a script whose lease is renewed for days", new("customhttp", "deploy", (3 * Day) + 90) { Lease = (3 * Day) + 90 } },
        { "a script whose lease runs and that says something meanwhile", new("customhttp", "deploy", Hour + 90) { Lease = Hour + 90, LastSign = Hour + 60 } },
        { "a script that said something after its lease had run out", new("customhttp", "deploy", (2 * Hour) + Day) { Lease = Hour, LastSign = 2 * Hour } },
        { "a step whose parent ended", new("customhttp", "step", Hour + (5 * Minute)) { ParentEnd = Hour } },
        { "a step whose parent ended in its first minutes", new("customhttp", "step", 15 * Minute) { ParentEnd = 2 * Minute } },
        { "a step whose parent had ended before", new("customhttp", "step", 15 * Minute) { ParentEnd = -Hour } },
        { "a step that said something after its parent's end", new("customhttp", "step", (2 * Hour) + (5 * Minute)) { ParentEnd = Hour, LastSign = 2 * Hour } },
        { "a step that goes on renewing its lease after its parent's end", new("customhttp", "step", 3 * Hour) { ParentEnd = Hour, Lease = 3 * Hour } },
        { "a step whose lease had run out when its parent ended", new("customhttp", "step", Hour + (5 * Minute)) { ParentEnd = Hour, Lease = Minute, LastSign = 2 * Minute } },
        { "a step whose parent ends long after it fell silent", new("customhttp", "step", Day) { ParentEnd = 30 * Hour } },
        { "a workflow on GitHub", new("github", "workflow", 35 * Day) },
        { "a job on GitHub that a script's run started", new("github", "job", Hour + (35 * Day)) { LastSign = Hour, ParentEnd = 2 * Hour } },
        { "a pipeline on GitLab", new("gitlab", "pipeline", 35 * Day) },
        { "a job on GitLab", new("gitlab", "job", 35 * Day) },
        { "a job on Jenkins", new("jenkins", "build", 35 * Day) },
        { "an issue on GitHub", new("github", "issue", null) { LastSign = Hour } },
        { "a pull request", new("github", "pull_request", null) },
        { "a merge request", new("gitlab", "merge_request", null) },
        { "a sprint", new("jira", "sprint", null) },
        { "anything on a board", new("jira", "epic", null) },
        { "an issue that a script reports", new("customhttp", "issue", null) { ParentEnd = Hour, Lease = Hour } },
        { "imported history", new("customhttp", "deploy", null) { IsImported = true, Lease = Hour, ParentEnd = Hour } },
        { "imported history of a CI system", new("jenkins", "build", null) { IsImported = true } },
        { "a span", new("otlp", "checkout", Day) },
        { "a pipeline that CDEvents told of", new("cdevents", "pipeline", 35 * Day) },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_run_is_abandoned_when_it_is_due(string what, Case run)
    {
        var due = Abandonment.DueAt(
            run.Source, run.Type, At(0), At(run.LastSign), run.Lease is { } lease ? At(lease) : null, run.ParentEnd is { } end ? At(end) : null, run.IsImported);

        Assert.True(due == (run.Due is { } seconds ? At(seconds) : null), $"{what}: {Show.Text(due)}");
    }

    [Fact]
    public void A_laptop_that_slept_through_its_lease_is_abandoned_and_lives_again_when_it_wakes()
    {
        var start = Start(0) with { RecordedAt = At(0) };
        var asleep = Only(start);
        var due = Due(asleep, lease: Hour + 90);
        Assert.Equal(At(Hour + 90), due);

        var abandoned = Abandon(Hour + 90) with { RecordedAt = At(Hour + 90) };
        Assert.Equal(AttemptState.Abandoned, Only(start, abandoned).State);

        // It wakes after eight hours: the heartbeat renews the lease, and is logged because the run was abandoned.
        var heartbeat = Annotate(9 * Hour) with { RecordedAt = At(9 * Hour) };
        var awake = Only(start, abandoned, heartbeat);
        Assert.Equal(AttemptState.Running, awake.State);
        Assert.Equal(At((9 * Hour) + 90), Due(awake, lease: (9 * Hour) + 90));

        var ended = Only(start, abandoned, heartbeat, End(10 * Hour));
        Assert.Equal((AttemptState.Ended, TimeSpan.FromHours(10)), (ended.State, ended.Duration));
    }

    private static DateTimeOffset? Due(Attempt attempt, double lease) =>
        Abandonment.DueAt("customhttp", "deploy", attempt.StartRecordedAt!.Value, attempt.LastSignRecordedAt, At(lease), null, attempt.IsImported);
}
