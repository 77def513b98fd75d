using System.Globalization;
using ValueStream.Core.Runs;

namespace ValueStream.Core.Tests.Runs;

/// <summary>States as text, so that two of them can be compared by what they hold.</summary>
internal static class Show
{
    public static string Text(RunState state) => string.Join('\n', state.Attempts.Values.Select(Text));

    public static string Text(Attempt a) => string.Join(' ',
        $"#{a.Number}", a.State, a.Name, Text(a.StartedAt), Text(a.EndedAt), a.Outcome, a.Actor, a.Reason, a.Submitter, a.Parent,
        string.Join(',', a.Links), a.Traceparent, string.Join(',', a.Tags), string.Join(',', a.Flags), string.Join(',', a.Stages.Select(Text)),
        Text(a.AbandonedAt), a.ExcludedBecause, a.IsImported, Text(a.StartRecordedAt), Text(a.EndRecordedAt), Text(a.LastSignRecordedAt), string.Join('|', a.Texts));

    public static string Text(Stage s) => $"{s.Name} {Text(s.From)}..{(s.To is null ? "" : Text(s.To))}";

    public static string Text(Trace t) => string.Join('\n',
        [t.TraceId, .. t.Runs.Select((r, i) => $"{i} {Text(r)} parent {t.Parents[i]} depth {t.Depths[i]}"), .. t.Edges.Select(static e => e.ToString()),
            $"refused {string.Join(',', t.Refused)}"]);

    public static string Text(TraceRun run) => $"{run.Id.Namespace}/{run.Id}#{run.Attempt}";

    public static string Text(DateTimeOffset? at) => at is { } time ? (time - Build.Zero).TotalSeconds.ToString(CultureInfo.InvariantCulture) : "-";
}
