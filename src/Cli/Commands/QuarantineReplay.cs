using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary>Has the server try again to understand deliveries, one after the other, and says what came of it.</summary>
/// <param name="api">The server.</param>
internal sealed class QuarantineReplay(Api api)
{
    private const int MostReasons = 20;

    private readonly Dictionary<string, int> _reasons = [];
    private int _taken;
    private int _ignored;
    private int _remain;
    private int _missing;
    private long _stored;
    private long _there;

    /// <summary>The ids of all deliveries of a list, the oldest first: what came first is told first. They are read before any is replayed, for then the pages change.</summary>
    /// <param name="api">The server.</param>
    /// <param name="path">The list's address.</param>
    /// <exception cref="CouldNotException">No answer, or none to this question.</exception>
    public static List<string> OldestFirst(Api api, string path)
    {
        var all = new List<(DateTimeOffset At, string Id)>();
        foreach (var item in api.List(path, long.MaxValue))
        {
            var read = api.Read(() => item.Deserialize(WireJson.Default.QuarantineItem));
            all.Add((read.ReceivedAt, read.Id));
        }
        // Lists are newest first, also within a moment.
        all.Reverse();
        return [.. all.OrderBy(a => a.At).Select(a => a.Id)];
    }

    /// <summary>Replays them.</summary>
    /// <param name="ids">Their ids.</param>
    /// <param name="isAll">Whether they are all that there are; else each that remains is told by its id.</param>
    /// <exception cref="CouldNotException">It cannot go on.</exception>
    public int Run(List<string> ids, bool isAll)
    {
        using var bar = ProgressBar.OnTerminal(0);
        Action<string> tell = bar is null ? Talk.Say : bar.Say;
        var sender = new Persistent(api.Send, tell);
        try
        {
            foreach (var id in ids)
            {
                Replay(sender, id, isAll ? null : tell);
                bar?.Show(_taken + _remain + _missing, ids.Count);
            }
        }
        catch (CouldNotException e)
        {
            bar?.Remove();
            throw new CouldNotException(Text($"{api.Address}: could not go on after {_taken:N0} of {Many(ids.Count)} taken: {e.Message.TrimEnd('.')}. ")
                + "Run the same command again: what was taken is not stored twice");
        }
        bar?.Remove();
        using var output = new Output();
        output.Line(Text($"{Many(ids.Count)}: {_taken:N0} taken with {_stored:N0} event{(_stored == 1 ? "" : "s")} stored and {_there:N0} there already, {_ignored:N0} of them ignored, {_remain:N0} remain{(_remain == 1 ? "s" : "")}"));
        if (isAll)
        {
            Reasons(output);
        }
        output.Flush();
        return _remain == 0 && (isAll || _missing == 0) ? Query.Done : Query.Nothing;
    }

    private void Replay(Persistent sender, string id, Action<string>? tell)
    {
        var (answer, done) = sender.Send(root => new HttpRequestMessage(HttpMethod.Post, $"{root}{QuarantineCommand.PathOf(id)}/replay"), WireJson.Default.ReplayAnswer,
            static a => a.SaysThereIsNone || Persistent.IsRefusal(a), static _ => null);
        if (done is not null)
        {
            _taken++;
            _stored += done.Events;
            _there += done.Duplicates;
            _ignored += done.Ignored is null ? 0 : 1;
        }
        else if (answer.SaysThereIsNone)
        {
            // Of all, somebody else had it replayed or dropped meanwhile.
            _missing++;
            tell?.Invoke(QuarantineCommand.None(api, id));
        }
        else
        {
            _remain++;
            _reasons[answer.Details!] = _reasons.GetValueOrDefault(answer.Details!) + 1;
            tell?.Invoke($"{id} remains: {answer.Details}");
        }
    }

    /// <summary>Why they remain, each reason once, the most frequent first.</summary>
    private void Reasons(Output output)
    {
        var reasons = _reasons.OrderByDescending(r => r.Value).ThenBy(r => r.Key, StringComparer.Ordinal).ToList();
        foreach (var (reason, count) in reasons.Take(MostReasons))
        {
            output.Line(Text($"{count,7:N0}  {Printable.Clean(reason)}"));
        }
        if (reasons.Count > MostReasons)
        {
            output.Line(Text($"{"",7}  and {reasons.Count - MostReasons:N0} more reasons; `vscli quarantine list` has them"));
        }
    }

    private static string Many(int count) => Text($"{count:N0} {(count == 1 ? "delivery" : "deliveries")}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
