using Microsoft.AspNetCore.Html;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Web.Pages.Shared;

/// <summary>The few pieces of markup that every page repeats. Whatever came from outside is encoded.</summary>
internal static class Show
{
    private static readonly string[] FirstTags =
        ["service", "deployment.environment.name", "vcs.ref.head.name", "vcs.repository.name", "error.type", "host.name", "user.name"];

    /// <summary>The address of one attempt of a run.</summary>
    public static string Address(RunView run) => $"/runs/{run.Key}?attempt={run.Attempt}";

    /// <summary>The text by which other runs refer to a run.</summary>
    public static string Rendering(RunView run) => new RunId(run.Source, run.Type, run.Namespace, run.Id).Rendering;

    /// <summary>Whether a reference is a rendering that a search can find; what stands for another team's run is not.</summary>
    public static bool CanFind(string reference) => reference.StartsWith("vstrace-", StringComparison.Ordinal);

    /// <summary>Where a reason is from that the run did not give itself, in words.</summary>
    public static string ReasonFrom(string from) => from switch
    {
        "change" => "the change's title",
        "issue" => "the issue's title",
        _ => "the commit's message",
    };

    /// <summary>A run's glyph and word.</summary>
    public static IHtmlContent State(Look look) => new HtmlString(
        $"<span class=\"st {look.Css}\"><span class=\"gl\" aria-hidden=\"true\">{look.Glyph}</span> {look.Word}</span>");

    /// <summary>A run's glyph alone, with its word for those who do not see it.</summary>
    public static IHtmlContent Glyph(Look look) => new HtmlString(
        $"<span class=\"gl {look.Css}\" role=\"img\" aria-label=\"{look.Word}\">{look.Glyph}</span>");

    /// <summary>Who did it and where: <c>alice@laptop</c>; null where neither is known.</summary>
    public static string? Who(RunView run) =>
        (run.Actor, run.Tags.TryGetValue("host.name", out var host) ? host.Text : null) switch
        {
            (null or "", var where) => where,
            (var who, null or "") => who,
            var (who, where) => who.Contains('@', StringComparison.Ordinal) ? $"{who} on {where}" : $"{who}@{where}",
        };

    /// <summary>A text cut to a length, with an ellipsis. A surrogate pair is not cut in half.</summary>
    public static string Short(string text, int length) =>
        text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 2]) ? length - 2 : length - 1)] + "…";

    /// <summary>The last characters of a text, behind an ellipsis: the part of a rendering that tells runs apart.</summary>
    public static string Tail(string text, int length) =>
        text.Length <= length ? text : "…" + text[(char.IsLowSurrogate(text[^length]) ? ^(length - 1) : ^length)..];

    /// <summary>Tags with those first that tell runs apart best: what, where to, from which branch.</summary>
    public static IEnumerable<KeyValuePair<string, TagValue>> MostTellingFirst(IEnumerable<KeyValuePair<string, TagValue>> tags) =>
        tags.OrderBy(static t => Array.IndexOf(FirstTags, t.Key) is var place and >= 0 ? place : FirstTags.Length)
            .ThenBy(static t => t.Key, StringComparer.Ordinal);

    /// <summary>Whether a tag's value is understood without its key: <c>api</c>, <c>production</c>, <c>main</c>.</summary>
    public static bool SpeaksForItself(string key) =>
        key is "service" or "deployment.environment.name" or "vcs.ref.head.name" or "vcs.repository.name" or "host.name" or "user.name";
}
