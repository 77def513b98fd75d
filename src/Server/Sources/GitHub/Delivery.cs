using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>A delivery, and what all kinds of them have in common.</summary>
internal sealed class Delivery(Payload payload)
{
    private const int LongestFullName = 200;

    /// <summary>All of it.</summary>
    public Payload Payload => payload;

    /// <summary>What happened; empty where the kind has no actions.</summary>
    public string Action => payload["action"].Text ?? "";

    /// <summary>The repository.</summary>
    public Payload Repository => payload["repository"];

    /// <summary><c>owner/repository</c>; null where the payload does not say.</summary>
    public string? FullName => Repository["full_name"].Text is { Length: <= LongestFullName } name && name.Contains('/', StringComparison.Ordinal) ? name : null;

    /// <summary>The login of who caused the delivery.</summary>
    public string? Sender => Login(payload["sender"]);

    /// <summary>A run of this repository.</summary>
    public RunId Run(string type, string id) =>
        new(SourceNames.GitHub, type, Naming.Namespace(FullName ?? Repository["name"].Text ?? "default"), Naming.Id(id));

    /// <summary>The rendering of a run of this repository that has a number; null where there is no such number.</summary>
    public string? Reference(string type, Payload number) => number.Integer is > 0 and var n ? Run(type, $"{n}").Rendering : null;

    /// <summary>The pull requests of a list that are this repository's own: GitHub also names those by which forks take over the same branch.</summary>
    public ImmutableArray<string> PullRequestsIn(Payload list) =>
        [.. list.Items.Where(p => p["base"]["repo"]["id"].Text is { } id && id == Repository["id"].Text)
            .Select(p => Reference("pull_request", p["number"])).OfType<string>().Distinct().Take(Mention.Most)];

    /// <summary>A note of what texts name, <c>#12</c> being of this repository.</summary>
    public string? NoteOf(params IEnumerable<string?> texts) => Naming.NoteOf(FullName, texts);

    /// <summary>Tags of the repository, to be added to.</summary>
    public Tagging Tags() => new()
    {
        { "vcs.provider.name", "github" },
        { "vcs.repository.name", Repository["name"] },
        { "vcs.owner.name", Repository["owner"]["login"].Text ?? FullName?[..FullName.IndexOf('/', StringComparison.Ordinal)] },
        { "vcs.repository.url.full", Repository["html_url"] },
        { "scm.repository.id", Repository["id"] },
        { "scm.repository.url", Repository["url"] },
        { "scm.repository.full_name", Repository["full_name"] },
        { "scm.repository.private", Repository["private"] },
    };

    /// <summary>The positive number in a member, as text.</summary>
    /// <exception cref="NotUnderstoodException">It has none, and so nothing tells it from others.</exception>
    public static string Number(Payload number, string what) =>
        number.Integer is > 0 and var n ? $"{n}" : throw new NotUnderstoodException($"{what} is missing, or no positive number.");

    /// <summary>A user's login, as an actor.</summary>
    public static string? Login(Payload user) => user["login"].Text is { } login ? Naming.Name(login) : null;

    /// <summary>The members' values, as a list to read.</summary>
    public static string? Join(Payload list, string member) => string.Join(", ", list.Items.Select(i => i[member].Text).OfType<string>());

    /// <summary>A message's first line.</summary>
    public static string? FirstLine(string? message) => message?.Split('\n', 2)[0].Trim() is { Length: > 0 } line ? Naming.Name(line) : null;
}
