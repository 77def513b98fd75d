using System.Globalization;
using System.Runtime.InteropServices;

namespace ValueStream.Cli;

/// <summary>How far something is, in one line of the terminal that is drawn over itself and goes in the end, be it by a signal.</summary>
internal sealed class ProgressBar : IDisposable
{
    private const string Erase = "\r\e[K";
    private const int Pause = 100;
    private const int LongestBar = 30;
    private const int ShortestBar = 10;

    private readonly long _before;
    private readonly Func<double, string>? _amount;
    private readonly long _started = Environment.TickCount64;
    private readonly Lock _drawing = new();
    private readonly PosixSignalRegistration[] _signals;
    private long? _drawn;
    private bool _gone;

    private ProgressBar(long before, Func<double, string>? amount)
    {
        (_before, _amount) = (before, amount);
        // The signal then does what it would have done.
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(s => PosixSignalRegistration.Create(s, _ => Remove()))];
    }

    /// <summary>A bar when stderr is a terminal that can erase; else null.</summary>
    /// <param name="before">The position before the first one.</param>
    /// <param name="amount">How much so many are, as a text; a number where null.</param>
    public static ProgressBar? OnTerminal(long before, Func<double, string>? amount = null) =>
        Talk.Columns is not null && Settings.Variable("TERM") is not (null or "dumb") ? new ProgressBar(before, amount) : null;

    /// <summary>Draws, unless it has just been drawn.</summary>
    /// <param name="position">How far it is.</param>
    /// <param name="last">How far it goes; 0 when that is not known.</param>
    public void Show(long position, long last)
    {
        lock (_drawing)
        {
            var now = Environment.TickCount64;
            if (!_gone && !(now - _drawn < Pause) && (last == 0 || last > _before))
            {
                _drawn = now;
                var columns = Talk.Columns is > 0 and var known ? known : 80;
                Talk.Draw(Erase + Line(columns, position - _before, last == 0 ? 0 : last - _before, TimeSpan.FromMilliseconds(now - _started), _amount));
            }
        }
    }

    /// <summary>The line, shorter than the terminal is wide: what matters less is left out first.</summary>
    /// <param name="columns">Of the terminal.</param>
    /// <param name="done">How many events are done.</param>
    /// <param name="all">Of how many; 0 when that is not known.</param>
    /// <param name="elapsed">Since it began.</param>
    /// <param name="amount">How much so many are, as a text; a number where null.</param>
    public static string Line(int columns, long done, long all, TimeSpan elapsed, Func<double, string>? amount = null)
    {
        amount ??= static number => Text($"{number:N0}");
        var perSecond = Math.Max(done, 0) / Math.Max(elapsed.TotalSeconds, .001);
        if (all == 0)
        {
            string[] counts = [$"{amount(done)}  {amount(perSecond)}/s", amount(done)];
            return Array.Find(counts, l => l.Length < columns) ?? "";
        }
        done = Math.Clamp(done, 0, all);
        var part = (double)done / all;
        var percent = Text($"{Math.Floor(part * 100),3}%");
        var count = $"  {amount(done)} of {amount(all)}";
        var left = done == 0 ? "" : $"  {Time((all - done) / perSecond)} left";
        string[] lines = [$"{percent}{count}  {amount(perSecond)}/s{left}", percent + count + left, percent + left, percent];
        var line = Array.Find(lines, l => l.Length < columns) ?? "";
        var bar = Math.Min(columns - line.Length - "[] ".Length - 1, LongestBar);
        return bar < ShortestBar ? line : $"[{new string('=', (int)(part * bar)).PadRight(bar)}] {line}";
    }

    /// <summary>A line of talk, above the bar.</summary>
    public void Say(string text)
    {
        lock (_drawing)
        {
            if (!_gone && _drawn is not null)
            {
                Talk.Draw(Erase);
            }
            Talk.Say(text);
            _drawn = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Remove();
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }
    }

    /// <summary>Takes it away for good.</summary>
    public void Remove()
    {
        // A terminal that takes nothing holds whoever draws; a signal must not wait for it.
        if (!_drawing.TryEnter(Pause))
        {
            return;
        }
        try
        {
            if (!_gone && _drawn is not null)
            {
                Talk.Draw(Erase);
            }
            _gone = true;
        }
        finally
        {
            _drawing.Exit();
        }
    }

    private static string Time(double seconds) =>
        seconds < 60 ? Text($"{Math.Ceiling(seconds)} s")
        : seconds < 3600 ? Text($"{Math.Floor(seconds / 60)} min {Math.Floor(seconds % 60)} s")
        : Text($"{Math.Floor(seconds / 3600)} h {Math.Floor(seconds % 3600 / 60)} min");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
