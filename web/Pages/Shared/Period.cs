using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace ValueStream.Web.Pages.Shared;

/// <summary>The stretch of time that a page is about: one of a few lengths up to now (<c>period=7d</c>), or from and to.</summary>
internal sealed record Period
{
    /// <summary>The lengths that pages offer.</summary>
    public static readonly IReadOnlyList<(string Name, string Text, TimeSpan Length)> Choices =
    [
        ("1h", "1 h", TimeSpan.FromHours(1)), ("6h", "6 h", TimeSpan.FromHours(6)), ("24h", "24 h", TimeSpan.FromHours(24)),
        ("7d", "7 d", TimeSpan.FromDays(7)), ("28d", "28 d", TimeSpan.FromDays(28)), ("90d", "90 d", TimeSpan.FromDays(90)), ("1y", "1 y", TimeSpan.FromDays(365)),
    ];

    /// <summary>Which of <see cref="Choices"/>; null where from or to are given.</summary>
    public string? Name { get; private init; }

    /// <summary>Which of <see cref="Choices"/> the page offers.</summary>
    public IReadOnlyList<(string Name, string Text, TimeSpan Length)> Offered { get; init; } = Choices;

    /// <summary>Where it begins.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Where it ends.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>What in the address could not be understood, as a sentence; null where nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>Its length.</summary>
    public TimeSpan Length => To - From;

    /// <summary>In words: <c>the last 7 d</c>, <c>1 Oct 00:00 UTC to 8 Oct 00:00 UTC</c>.</summary>
    public string Text(Clock clock) => Name is { } name ? "the last " + Choices.First(c => c.Name == name).Text : $"{clock.Minute(From)} to {clock.Minute(To)}";

    /// <summary>Reads an address.</summary>
    /// <param name="query">Its parameters.</param>
    /// <param name="clock">The page's clock.</param>
    /// <param name="standard">The length that an address means that says nothing.</param>
    public static Period Of(IQueryCollection query, Clock clock, string standard)
    {
        var (from, to) = (Time(query["from"], clock), Time(query["to"], clock));
        var (givenFrom, givenTo) = (query["from"].ToString().Length > 0, query["to"].ToString().Length > 0);
        var name = query["period"].ToString();
        if (givenFrom || givenTo)
        {
            var end = to ?? clock.Now;
            if ((!givenFrom || from is not null) && (!givenTo || to is not null) && (from ?? DateTimeOffset.MinValue) < end)
            {
                return new() { From = from ?? end - Choices.First(c => c.Name == standard).Length, To = end };
            }
            return Last(standard, clock) with
            {
                Problem = from >= end ? "“from” must be before “to”. Both were left out." : "“from” and “to” are times such as 2026-10-14T14:02. They were left out.",
            };
        }
        return name.Length == 0 || Choices.Any(c => c.Name == name) ? Last(name.Length == 0 ? standard : name, clock)
            : Last(standard, clock) with { Problem = $"“period” is one of {string.Join(", ", Choices.Select(static c => c.Name))}. It was left out." };
    }

    /// <summary>A time of an address: with its zone, or on the page's clock.</summary>
    public static DateTimeOffset? Time(string? text, Clock clock) =>
        // Without a zone it is of the unspecified kind, and with one it is not.
        DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time) && time.Year is > 1 and < 9999
            ? time.Kind == DateTimeKind.Unspecified ? clock.Meant(time).ToUniversalTime() : new DateTimeOffset(time) : null;

    private static Period Last(string name, Clock clock) => new() { Name = name, From = clock.Now - Choices.First(c => c.Name == name).Length, To = clock.Now };
}
