using System.Globalization;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;
using ValueStream.Core.Wire;

namespace ValueStream.Web.Pages.Shared;

/// <summary>The moment to which a page speaks, and the zone whose clock it shows: that of the address (<c>tz=Europe/Berlin</c>), else UTC.</summary>
public sealed class Clock
{
    /// <summary>The name of the parameter.</summary>
    public const string Parameter = "tz";

    /// <summary>The clock of the request under way.</summary>
    public Clock(IHttpContextAccessor request, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(time);
        Now = time.GetUtcNow();
        // Addresses with a zone that this machine does not know show UTC, and say so.
        if (request.HttpContext?.Request.Query[Parameter].ToString() is { Length: > 0 } id && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone.HasIanaId)
        {
            Zone = zone;
        }
    }

    /// <summary>The moment that running times and "ago" refer to.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The zone.</summary>
    public TimeZoneInfo Zone { get; } = TimeZoneInfo.Utc;

    /// <summary>Whether another zone than UTC is shown.</summary>
    public bool IsLocal => Zone != TimeZoneInfo.Utc;

    /// <summary>What times are in: <c>UTC</c> or <c>Europe/Berlin</c>.</summary>
    public string Name => IsLocal ? Zone.Id : "UTC";

    /// <summary>A moment on this clock.</summary>
    public DateTimeOffset Local(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, Zone);

    /// <summary>What a form's field means that names no zone.</summary>
    public DateTimeOffset Meant(DateTime local) => new(local, Zone.GetUtcOffset(DateTime.SpecifyKind(local, DateTimeKind.Unspecified)));

    /// <summary>A moment, relative to now, with the full time in the title.</summary>
    public IHtmlContent Ago(DateTimeOffset at) => Time(at, Durations.Ago(Local(at), Now));

    /// <summary>A moment to the minute, with as much of the date as differs from today's, and the full time in the title.</summary>
    public IHtmlContent Brief(DateTimeOffset at) => Time(at, Minute(at));

    /// <summary>A moment in full.</summary>
    public IHtmlContent Full(DateTimeOffset at) => Time(at, Absolute(at));

    /// <summary>A moment as a text, with the full time in the title.</summary>
    public IHtmlContent Time(DateTimeOffset at, string text) => new HtmlString(
        $"<time datetime=\"{Durations.Iso(at)}\" title=\"{Absolute(at)}\">{HtmlEncoder.Default.Encode(text)}</time>");

    /// <summary>How long a run took, exact in the title; of a running one so far, which the script keeps counting.</summary>
    public IHtmlContent Took(RunView run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Look.Took(run, Now) is not { } took ? new HtmlString("<span class=\"dim\" title=\"not known\">–</span>")
            : run.State == "running" ? new HtmlString($"<span class=\"run\" data-since=\"{Durations.Iso(run.StartedAt!.Value)}\">{HtmlEncoder.Default.Encode(Durations.Text(took))}</span>")
            : new HtmlString($"<span title=\"{Durations.Exact(took)}\">{HtmlEncoder.Default.Encode(Durations.Text(took))}</span>");
    }

    /// <summary>A moment in full: <c>2026-10-14 14:02:11 UTC</c>, <c>2026-10-14 16:02:11 +02:00</c>.</summary>
    public string Absolute(DateTimeOffset at) => Local(at).ToString(IsLocal ? "yyyy-MM-dd HH:mm:ss zzz" : "yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>A moment to the minute: <c>14:02 UTC</c>, <c>12 Oct 14:02 UTC</c>; of a local clock, which the page names, without a zone.</summary>
    public string Minute(DateTimeOffset at)
    {
        var (local, today) = (Local(at), Local(Now));
        var format = local.Date == today.Date ? "HH:mm" : local.Year == today.Year ? "d MMM HH:mm" : "yyyy-MM-dd HH:mm";
        return local.ToString(IsLocal ? format : format + " 'UTC'", CultureInfo.InvariantCulture);
    }
}
