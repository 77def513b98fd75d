using System.Text.Json;
using Microsoft.AspNetCore.Mvc.ViewFeatures;

namespace ValueStream.Web.Pages.Shared;

/// <summary>What became of settings that were sent: it waits for the next page in a cookie that only this server can read.</summary>
public sealed record SettingsAnswer
{
    private const string Name = "settings";

    /// <summary>The position of the event that they became; null where something is wrong.</summary>
    public long? Position { get; init; }

    /// <summary>What was set, or what is wrong.</summary>
    public required string Text { get; init; }

    /// <summary>The field that is wrong.</summary>
    public string? Field { get; init; }

    /// <summary>What was typed, by field, where something is wrong.</summary>
    public IReadOnlyDictionary<string, string> Typed { get; init; } = new Dictionary<string, string>();

    /// <summary>Leaves it for the next page.</summary>
    public void Leave(ITempDataDictionary data)
    {
        ArgumentNullException.ThrowIfNull(data);
        data[Name] = JsonSerializer.Serialize(this);
        data.Save();
    }

    /// <summary>What was left, if anything; it is there once.</summary>
    public static SettingsAnswer? Take(ITempDataDictionary data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data[Name] is string text ? JsonSerializer.Deserialize<SettingsAnswer>(text) : null;
    }
}
