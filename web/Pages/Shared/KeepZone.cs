using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace ValueStream.Web.Pages.Shared;

/// <summary>Keeps the zone of a page's clock in every address that leads from it to another page of ours.</summary>
[HtmlTargetElement("a", Attributes = "href")]
[HtmlTargetElement("form", Attributes = "action")]
public sealed class KeepZone(Clock clock) : TagHelper
{
    /// <inheritdoc/>
    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(output);
        if (!clock.IsLocal)
        {
            return;
        }
        if (context.TagName == "form")
        {
            if (!output.Attributes.TryGetAttribute("method", out _))
            {
                output.PreContent.AppendHtml($"<input type=\"hidden\" name=\"{Clock.Parameter}\" value=\"{HtmlEncoder.Default.Encode(clock.Zone.Id)}\">");
            }
            return;
        }
        var href = Text(output.Attributes["href"].Value);
        if (href is ['/', ..] && !href.Contains(Clock.Parameter + "=", StringComparison.Ordinal))
        {
            var anchor = href.IndexOf('#', StringComparison.Ordinal) is var at and >= 0 ? at : href.Length;
            var separator = href.AsSpan(0, anchor).Contains('?') ? '&' : '?';
            output.Attributes.SetAttribute("href", $"{href.AsSpan(0, anchor)}{separator}{Clock.Parameter}={Uri.EscapeDataString(clock.Zone.Id)}{href.AsSpan(anchor)}");
        }
    }

    /// <summary>An attribute as it was before it was encoded for the page.</summary>
    private static string Text(object? value) => value switch
    {
        string text => text,
        Microsoft.AspNetCore.Html.IHtmlContent html => System.Net.WebUtility.HtmlDecode(Write(html)),
        _ => value?.ToString() ?? "",
    };

    private static string Write(Microsoft.AspNetCore.Html.IHtmlContent html)
    {
        using var writer = new StringWriter();
        html.WriteTo(writer, HtmlEncoder.Default);
        return writer.ToString();
    }
}
