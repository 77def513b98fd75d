using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jira;

/// <summary>A webhook about an issue.</summary>
internal sealed class Delivery
{
    private static readonly TimeSpan OneMoment = TimeSpan.FromSeconds(5);

    /// <exception cref="NotUnderstoodException">It names no issue.</exception>
    public Delivery(Payload payload)
    {
        Payload = payload;
        Issue = payload["issue"].IsObject ? payload["issue"] : payload;
        Run = Identity.Issue(Issue["key"].Text) ?? throw new NotUnderstoodException("The issue has no key like ABC-123, so nobody can tell which one it is.");
    }

    /// <summary>All of it.</summary>
    public Payload Payload { get; }

    /// <summary>What it is of; null where a workflow or an automation rule sent it.</summary>
    public string? Event => Payload["webhookEvent"].Text;

    /// <summary>The issue.</summary>
    public Payload Issue { get; }

    /// <summary>Its fields.</summary>
    public Payload Fields => Issue["fields"];

    /// <summary>Which run it is.</summary>
    public RunId Run { get; }

    /// <summary>Who caused the delivery.</summary>
    public Payload User => Payload["user"];

    /// <summary>When that was.</summary>
    public DateTimeOffset? At => Payload["timestamp"].Time ?? Fields["updated"].Time;

    /// <summary>When the issue was created.</summary>
    public DateTimeOffset? Created => Fields["created"].Time ?? (Event == "jira:issue_created" ? At : null);

    /// <summary>Whether it says what was changed.</summary>
    public bool HasChanges => Payload["changelog"]["items"].Items.Any();

    /// <summary>The change of a field; nothing where it was not changed.</summary>
    /// <param name="names">What versions of Jira call it, by id or in English, which the history always is in.</param>
    public Payload Change(params ReadOnlySpan<string> names)
    {
        var found = default(Payload);
        foreach (var item in Payload["changelog"]["items"].Items)
        {
            foreach (var name in names)
            {
                if (string.Equals(item["fieldId"].Text, name, StringComparison.OrdinalIgnoreCase) || string.Equals(item["field"].Text, name, StringComparison.OrdinalIgnoreCase))
                {
                    found = item;
                }
            }
        }
        return found;
    }

    /// <summary>The change of its status.</summary>
    public Payload Move => Change("status");

    /// <summary>The status that it has now: by what was changed, since the fields may be newer than that; null where nothing says.</summary>
    public Status? Status
    {
        get
        {
            var shown = Fields["status"];
            var (id, name) = (Move["to"].Text, Move["toString"].Text);
            if (name is not null && name != shown["name"].Text && (id is null || id != shown["id"].Text))
            {
                return new(id, name, Change("resolution")["toString"].Exists ? Jira.Status.Done : null);
            }
            return shown["name"].Text is { } now
                ? new(shown["id"].Text, now, shown["statusCategory"]["key"].Text ?? (Fields["resolution"].IsObject ? Jira.Status.Done : null))
                : null;
        }
    }

    /// <summary>Since when an issue that is done is so.</summary>
    public DateTimeOffset? DoneAt
    {
        get
        {
            var changed = Fields["statuscategorychangedate"].Time;
            // All moves by one clock; only from done to done, the first of them counts.
            return Move.Exists ? (changed < At - OneMoment ? changed : At) : changed ?? Fields["resolutiondate"].Time ?? At;
        }
    }
}

/// <summary>A status.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name, in whatever language.</param>
/// <param name="Category"><c>new</c>, <c>indeterminate</c> or <c>done</c>, the same in every language; null where it is not known.</param>
internal sealed record Status(string? Id, string Name, string? Category)
{
    /// <summary>The category of what is finished.</summary>
    public const string Done = "done";

    /// <summary>Whether an issue in it is finished.</summary>
    public bool IsDone => Category == Done;
}
