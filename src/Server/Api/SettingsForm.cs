using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Api;

/// <summary>The settings of an operation as its page's form sends them.</summary>
/// <param name="form">The form.</param>
internal sealed class SettingsForm(IFormCollection form)
{
    /// <summary>So many characters are kept of a field that is to be shown again: it travels in a cookie.</summary>
    public const int MostKept = 2_000;

    private static readonly string[] Fields =
        ["name", "owner", "environment", "durationLimit", "errorRateLimit", "mergedInto", "description", "hidden", "reasonRequired", "reason"];

    /// <summary>Where the form wants to be led back to.</summary>
    public string? Then => form["then"];

    /// <summary>What was typed, by field.</summary>
    public IReadOnlyDictionary<string, string> Typed => Fields.Where(form.ContainsKey).ToDictionary(static f => f, f => Text(f) is { Length: > MostKept } text ? text[..MostKept] : Text(f));

    /// <summary>What differs from what holds, as the API takes it.</summary>
    /// <param name="held">What holds.</param>
    /// <exception cref="UnreadableException">Nothing does, or nobody says why.</exception>
    public byte[] Changes(OperationSetting held)
    {
        var changes = new JsonObject();
        Change("name", held.Name);
        Change("owner", held.Owner);
        Change("environment", held.Environment);
        Change("mergedInto", held.MergedInto);
        Change("description", held.Description);
        Limit("durationLimit", held.DurationLimit, 1);
        Limit("errorRateLimit", held.ErrorRateLimit, 100);
        Tick("hidden", held.Hidden);
        Tick("reasonRequired", held.ReasonRequired);
        if (changes.Count == 0)
        {
            throw new UnreadableException("", "Nothing was changed: every field is as it was.");
        }
        changes["reason"] = Text("reason") is { Length: > 0 } reason ? reason : throw new UnreadableException("reason", "Say why it is changed: it stays in the log.");
        return JsonSerializer.SerializeToUtf8Bytes(changes);

        void Change(string field, string? before)
        {
            if (Text(field) != (before ?? ""))
            {
                changes[field] = Text(field);
            }
        }

        void Limit(string field, double? before, double unit)
        {
            double? typed = Text(field) is not { Length: > 0 } text ? null
                : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= 0 && double.IsFinite(number) ? number / unit
                : throw new UnreadableException(field, $"“{text}” is no number; write it like 90 or 2.5, or leave the field empty for no limit.");
            if (unit == 100 && typed > 1)
            {
                throw new UnreadableException(field, "It must be from 0 to 100 %, or empty for no limit.");
            }
            // As it was shown: to three digits.
            if ((typed is null) != (before is null) || Math.Abs(typed - before ?? 0) > 0.0005 / unit)
            {
                changes[field] = typed ?? -1;
            }
        }

        void Tick(string field, bool? before)
        {
            if (form.ContainsKey(field) != (before is true))
            {
                changes[field] = form.ContainsKey(field);
            }
        }
    }

    /// <summary>What was set, as a person reads it.</summary>
    public static string InWords(JsonElement changes) => string.Join("; ", changes.EnumerateObject().Where(static c => c.Name != "reason").Select(static c => (c.Name, c.Value.ValueKind) switch
    {
        ("hidden", JsonValueKind.True) => "hidden from lists",
        ("hidden", _) => "no longer hidden",
        ("reasonRequired", JsonValueKind.True) => "its runs should say why",
        ("reasonRequired", _) => "its runs need not say why",
        ("durationLimit", _) => c.Value.GetDouble() < 0 ? "no duration limit" : string.Create(CultureInfo.InvariantCulture, $"duration limit {c.Value.GetDouble():0.###} s"),
        ("errorRateLimit", _) => c.Value.GetDouble() < 0 ? "no error rate limit" : string.Create(CultureInfo.InvariantCulture, $"error rate limit {c.Value.GetDouble() * 100:0.###} %"),
        ("mergedInto", _) => c.Value.GetString() is { Length: > 0 } into ? $"merged into {into}" : "by itself again",
        ("description", _) => c.Value.GetString() is { Length: > 0 } ? "description" : "no description",
        (var name, _) => c.Value.GetString() is { Length: > 0 } text ? $"{name} {text}" : $"no {name}",
    }));

    private string Text(string field) => form[field].ToString().Replace("\r\n", "\n", StringComparison.Ordinal).Trim();
}
