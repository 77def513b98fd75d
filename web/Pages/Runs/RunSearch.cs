using System.Globalization;
using Microsoft.AspNetCore.Http;
using ValueStream.Core.Events;
using ValueStream.Store.Queries;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Pages.Runs;

/// <summary>What the address of the Runs page asks for, as typed, so that the form and every link can say it again.</summary>
internal sealed class RunSearch
{
    /// <summary>The parameters that the form has no field for; they are kept when it is sent.</summary>
    public static readonly IReadOnlyList<string> Unlisted = ["source", "id", "name", "operation", "reason", "minDuration", "maxDuration"];

    private static readonly string[] Fields = ["q", "state", "outcome", "type", "namespace", "actor", "period", "from", "to", .. Unlisted];

    private static readonly string[] States = ["running", "ended", "abandoned", "orphan"];

    private readonly Dictionary<string, string> _values;
    private readonly List<string> _problems = [];
    private readonly Clock _clock;

    private RunSearch(Dictionary<string, string> values, IReadOnlyList<string> tags, string? cursor, Clock clock)
    {
        _clock = clock;
        _values = values;
        Tags = tags;
        Cursor = cursor;
        Filter = Read();
    }

    /// <summary>Tags as typed: <c>key:value</c> or <c>key=value</c>.</summary>
    public IReadOnlyList<string> Tags { get; }

    /// <summary>Where the page begins.</summary>
    public string? Cursor { get; }

    /// <summary>The query.</summary>
    public RunFilter Filter { get; }

    /// <summary>What could not be understood and was left out, in words.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>What is asked for, a name and a value each.</summary>
    public IEnumerable<(string Field, string Value)> Active =>
        Fields.Where(_values.ContainsKey).Select(f => (f, _values[f])).Concat(Tags.Select(static t => ("tag", t)));

    /// <summary>A field as typed; empty where it is not asked for.</summary>
    public string this[string field] => _values.GetValueOrDefault(field, "");

    /// <summary>Which of <see cref="Period.Choices"/>; null where from or to are given, or nothing is.</summary>
    public string? PeriodName => Text("from") is null && Text("to") is null && Period.Choices.Any(c => c.Name == Text("period")) ? Text("period") : null;

    /// <summary>Reads an address.</summary>
    /// <param name="query">Its parameters.</param>
    /// <param name="clock">The page's clock: times without a zone are meant on it.</param>
    public static RunSearch Of(IQueryCollection query, Clock clock)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in Fields)
        {
            if (query[field].ToString().Trim() is { Length: > 0 } value)
            {
                values[field] = value;
            }
        }
        return new(values, [.. query["tag"].OfType<string>().Select(static t => t.Trim()).Where(static t => t.Length > 0).Distinct()],
            query["cursor"] is [{ Length: > 0 } cursor] ? cursor : null, clock);
    }

    /// <summary>The address of the same search with one member changed; null leaves it out. Any change goes back to the first page.</summary>
    public string With(string field, string? value) => Address(
        Active.Where(a => a.Field != field).Append((field, value ?? "")));

    /// <summary>The address of the same search of the last so long; of all time where that is null.</summary>
    public string Last(string? period) => Address(OfAnyTime.Append(("period", period ?? "")));

    /// <summary>The address of the same search between two times.</summary>
    public string Between(DateTimeOffset from, DateTimeOffset to) => Address(OfAnyTime.Append(("from", Moment(from))).Append(("to", Moment(to))));

    /// <summary>The address of the same search with one tag more.</summary>
    public string WithTag(string tag) => Address(Active.Append(("tag", tag)).Distinct());

    /// <summary>The address of the same search with one of its members taken away.</summary>
    public string Without(string field, string value) => Address(Active.Where(a => a != (field, value)));

    /// <summary>A member's value in words.</summary>
    public string Said(string field, string value) => field switch
    {
        "from" when Filter.From is { } from => _clock.Minute(from),
        "to" when Filter.To is { } to => _clock.Minute(to),
        "period" when PeriodName is { } name => "the last " + Period.Choices.First(c => c.Name == name).Text,
        _ => value,
    };

    /// <summary>How a script gets the same list.</summary>
    public CopyAs CopyAs()
    {
        var times = new[] { ("from", Filter.From), ("to", Filter.To) }.Where(static t => t.Item2 is not null).Select(static t => (t.Item1, Durations.Iso(t.Item2!.Value)));
        var flags = OfAnyTime.Select(static a => a switch
        {
            ("minDuration", var seconds) => $"-min-duration={seconds}s",
            ("maxDuration", var seconds) => $"-max-duration={seconds}s",
            _ => $"-{a.Field}={a.Value}",
        });
        // What moves with the clock stays so in a command.
        var since = PeriodName switch
        {
            "1y" => "365d",
            { } name => name,
            null => Filter.From is { } from ? Durations.Iso(from) : null,
        };
        return new(Here.To(Core.Wire.Routes.Runs, [.. OfAnyTime, .. times]), Text("q") is null
            ? ["runs", .. flags, .. since is null ? [] : new[] { "-from=" + since }, .. Filter.To is { } to ? [$"-to={Durations.Iso(to)}"] : Array.Empty<string>()] : null);
    }

    private IEnumerable<(string Field, string Value)> OfAnyTime => Active.Where(static a => a.Field is not ("period" or "from" or "to"));

    /// <summary>A time of an address, the same on every clock.</summary>
    private static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm'Z'", CultureInfo.InvariantCulture);

    private static string Address(IEnumerable<(string Field, string Value)> members) => Here.To("/runs", members.Where(static m => m.Value.Length > 0));

    private RunFilter Read() => new()
    {
        State = OneOf("state", States),
        Outcome = OneOf("outcome", Outcomes.All.Split(", ")),
        Source = Text("source"),
        Type = Text("type"),
        Namespace = Text("namespace"),
        Name = Text("name"),
        Text = Text("q"),
        Actor = Text("actor"),
        Id = Text("id"),
        Operation = Key("operation"),
        WithoutReason = OneOf("reason", ["missing"]) is not null,
        MinDuration = Seconds("minDuration"),
        MaxDuration = Seconds("maxDuration"),
        From = Time("from") ?? Since(),
        To = Time("to"),
        Tags = [.. Tags.Where(IsTag)],
        Cursor = Cursor,
    };

    private string? Text(string field) => _values.GetValueOrDefault(field);

    private string? OneOf(string field, string[] allowed) => Parse<string>(field, value =>
        allowed.Contains(value) ? value : null, $"is one of {string.Join(", ", allowed)}");

    private ShortKey? Key(string field) => ParseValue<ShortKey>(field, static value =>
        ShortKey.TryParse(value, out var key) ? key : null, "is a key of 13 characters");

    private double? Seconds(string field) => ParseValue<double>(field, static value =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0 && double.IsFinite(seconds) ? seconds : null,
        "is a number of seconds");

    private DateTimeOffset? Time(string field) => ParseValue(field, value => Period.Time(value, _clock),
        $"is a time such as 2026-10-14T14:02, in {_clock.Name} where it names no zone");

    private DateTimeOffset? Since()
    {
        Check("period", !Period.Choices.Any(c => c.Name == Text("period")), $"is one of {string.Join(", ", Period.Choices.Select(static c => c.Name))}");
        return PeriodName is { } name ? _clock.Now - Period.Choices.First(c => c.Name == name).Length : null;
    }

    private bool IsTag(string text)
    {
        if (RunFilter.IsTag(text))
        {
            return true;
        }
        _problems.Add("A tag is written key:value, for example service:api.");
        return false;
    }

    private T? Parse<T>(string field, Func<string, T?> parse, string should)
        where T : class
    {
        var parsed = Text(field) is { } value ? parse(value) : null;
        Check(field, parsed is null, should);
        return parsed;
    }

    private T? ParseValue<T>(string field, Func<string, T?> parse, string should)
        where T : struct
    {
        var parsed = Text(field) is { } value ? parse(value) : null;
        Check(field, parsed is null, should);
        return parsed;
    }

    private void Check(string field, bool failed, string should)
    {
        if (failed && _values.ContainsKey(field))
        {
            _problems.Add($"“{field}” {should}. It was left out.");
        }
    }
}
