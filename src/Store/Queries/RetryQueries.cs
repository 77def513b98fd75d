using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Queries;

/// <summary>Reads which failures of an operation were chance and which were the work's.</summary>
public sealed class RetryQueries
{
    /// <summary>So many of what was flaky or broken are listed.</summary>
    public const int MostListed = 20;

    private const string Definition =
        "Attempts of one run, and runs with the same vcs.ref.head.revision, service and deployment.environment.name, are the same thing tried again. Flaky: it came to both success and failure. "
        + "Broken: tried more than once, failed each time. A retry began after a run of it had failed and before one succeeded.";

    private readonly Snapshot.Source _snapshots;
    private readonly TimeProvider _time;

    internal RetryQueries(Snapshot.Source snapshots, TimeProvider time) => (_snapshots, _time) = (snapshots, time);

    /// <summary>It is read from no more than so many runs.</summary>
    internal int Newest { get; init; } = 20_000;

    /// <summary>What an operation's runs with the same inputs came to; null when it is not there or not to be seen.</summary>
    /// <exception cref="BadArgumentException">There is no such window.</exception>
    public async Task<RetriesView?> OfAsync(ShortKey key, DateTimeOffset? from, DateTimeOffset? to, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (await JudgedRuns.OfAsync(snapshot, key, from, to, _time.GetUtcNow(), Newest, visible, cancellationToken, tags: true) is not { } judged)
        {
            return null;
        }
        var revisions = new Dictionary<string, string>(StringComparer.Ordinal);
        var tries = judged.Runs.Select(r => new Try(r.Key, r.Attempt, r.At, r.EndedAt, r.Failed, r.Duration, Inputs(r.Tags!, revisions))).ToList();
        var subjects = Retries.Of(tries);
        var (failed, retried) = (subjects.Sum(static s => s.FailedMicros), subjects.Sum(static s => s.RetryMicros));
        return new()
        {
            Definition = Definition,
            Window = judged.Window.View,
            Newest = Newest,
            Runs = tries.Count,
            WithRevision = tries.Count(static t => t.Inputs is not null),
            Failures = tries.Count(static t => t.Failed),
            Subjects = subjects.Count,
            FirstErrorRate = Share(subjects.Count(static s => s.Tries[0].Failed), subjects.Count),
            FinalErrorRate = Share(subjects.Count(static s => s.Tries[^1].Failed), subjects.Count),
            Flaky = subjects.Count(static s => s.IsFlaky),
            FlakyFailures = subjects.Where(static s => s.IsFlaky).Sum(static s => s.Failures),
            Broken = subjects.Count(static s => s.IsBroken),
            Time = tries.Sum(static t => t.Micros) / 1e6,
            FailedTime = failed / 1e6,
            RetryTime = retried / 1e6,
            CostPerWeek = judged.IsAll ? subjects.Sum(static s => s.LostMicros) / 1e6 / judged.Window.Days * 7 : null,
            Items = [.. subjects.Where(static s => s.IsFlaky || s.IsBroken).Take(MostListed).Select(s => View(s, revisions))],
        };
    }

    /// <summary>What a run says that it was run on, as one text; null where it names no revision.</summary>
    private static string? Inputs(string tags, Dictionary<string, string> revisions)
    {
        var values = TagText.Values(tags, "vcs.ref.head.revision", "service", "deployment.environment.name");
        if (values[0] is not { Length: > 0 } revision)
        {
            return null;
        }
        var inputs = string.Join('\n', values);
        revisions.TryAdd(inputs, revision);
        return inputs;
    }

    private static double? Share(int part, int of) => of == 0 ? null : (double)part / of;

    private static RetriedView View(Subject subject, Dictionary<string, string> revisions) => new()
    {
        Verdict = subject.IsFlaky ? "flaky" : "broken",
        Revision = subject.Inputs is { } inputs ? revisions[inputs] : null,
        Last = new ShortKey(subject.Tries[^1].Run).ToString(),
        Attempt = subject.Tries[^1].Attempt,
        At = subject.Tries[^1].EndedAt,
        Runs = subject.Tries.Count,
        Failed = subject.Failures,
        Lost = subject.LostMicros / 1e6,
    };
}
