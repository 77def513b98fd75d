using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jira;

/// <summary>
/// Issues: from created to done, each status on the way a stage, each way back from done another attempt. A history says which status was left, but not whether that one
/// was done; so every move to a status that is not tells a start as well, which repeats the one of an attempt that is open and begins the next one where none is.
/// A status that is done is no stage: moved on from there to another one that is, an issue has ended already.
/// </summary>
internal static class Issues
{
    public static Told Read(Delivery delivery)
    {
        var isDeleted = delivery.Event == "jira:issue_deleted";
        if (!delivery.Fields.IsObject && !isDeleted)
        {
            throw new NotUnderstoodException("The issue has no fields, so nothing says what became of it.");
        }
        var old = Identity.Issue(delivery.Change("Key")["fromString"].Text);
        var isEdit = !isDeleted && delivery.Event != "jira:issue_created" && delivery.HasChanges && !delivery.Move.Exists && old is null;
        var note = NoteOf(delivery);
        var about = new EventData
        {
            Tags = IssueTags.Of(delivery),
            Parents = Relations.ParentOf(delivery) is { } parent ? [parent] : null,
            Links = Relations.LinksOf(delivery, old) is { IsEmpty: false } links ? links : null,
        };
        return Told.Of([
            .. isEdit ? [new ToolEvent(EventKind.Annotated, delivery.Run, delivery.At, about with { Note = note })] : State(delivery, about, isDeleted),
            .. note is not null && !isEdit ? [new ToolEvent(EventKind.Annotated, delivery.Run, When(delivery), new() { Note = note })] : Enumerable.Empty<ToolEvent>(),
            .. isEdit && !Relations.Changed(delivery) ? [] : Relations.ContainersOf(delivery, When(delivery)),
            .. old is not null && old != delivery.Run ? Left(delivery, old) : []]);
    }

    /// <summary>What is known of an issue whenever all of it is told: its start, and where it stands.</summary>
    private static IEnumerable<ToolEvent> State(Delivery delivery, EventData about, bool isDeleted)
    {
        var (status, actor) = (delivery.Status, Identity.Actor(delivery.User));
        if (delivery.Created is { } created)
        {
            var isCreated = delivery.Event == "jira:issue_created";
            yield return Start(delivery.Run, created, (isCreated ? about : new()) with { Actor = Identity.Actor(delivery.Fields["creator"]) ?? (isCreated ? actor : null) });
        }
        if (status is { IsDone: true })
        {
            yield return new(EventKind.Ended, delivery.Run, delivery.DoneAt, about with { Actor = actor, Outcome = OutcomeOf(delivery, status).Text() });
        }
        else if (isDeleted)
        {
            yield return new(EventKind.Ended, delivery.Run, delivery.At, about with { Actor = actor, Outcome = Outcome.Cancellation.Text() });
        }
        else if (status is not null)
        {
            var at = When(delivery);
            if (delivery.Created is { } begun && at != begun)
            {
                yield return Start(delivery.Run, at, new() { Actor = actor });
            }
            yield return new(EventKind.Transitioned, delivery.Run, at, about with { Actor = actor, Stage = Naming.Name(status.Name) });
        }
        else
        {
            yield return new(EventKind.Annotated, delivery.Run, delivery.At, about);
        }
    }

    /// <summary>An issue that moved to another project lives on there, all its time with it: what it was called before neither goes on nor counts.</summary>
    private static IEnumerable<ToolEvent> Left(Delivery delivery, RunId old)
    {
        if (delivery.Created is { } created)
        {
            yield return Start(old, created, new() { Actor = Identity.Actor(delivery.Fields["creator"]) });
        }
        yield return new(EventKind.Ended, old, delivery.At, new()
        {
            Actor = Identity.Actor(delivery.User),
            Outcome = Outcome.Skip.Text(),
            Links = [new RunLink(LinkKinds.References, delivery.Run.Rendering)],
        });
    }

    private static ToolEvent Start(RunId run, DateTimeOffset? at, EventData data) => new(EventKind.Started, run, at, data);

    private static DateTimeOffset? When(Delivery delivery) => delivery.Event == "jira:issue_created" ? delivery.Created : delivery.At;

    /// <summary>Whether it was done or given up: by the resolution, and by the status for those who have one for that.</summary>
    private static Outcome OutcomeOf(Delivery delivery, Status status)
    {
        var resolution = delivery.Change("resolution")["toString"].Text ?? delivery.Fields["resolution"]["name"].Text;
        return GivenUp.Any(word => Says(resolution, word) || Says(status.Name, word)) ? Outcome.Cancellation : Outcome.Success;

        static bool Says(string? name, string word) => name?.Replace('’', '\'').Contains(word, StringComparison.OrdinalIgnoreCase) is true;
    }

    private static readonly ImmutableArray<string> GivenUp =
        ["won't", "wont ", "will not", "duplicate", "cannot reproduce", "can't reproduce", "declined", "cancel", "abandoned", "rejected", "obsolete"];

    /// <summary>What title and description name, once they are known or were changed, and what the comment names that the delivery is for. Older servers send an issue's update for each comment.</summary>
    private static string? NoteOf(Delivery delivery)
    {
        var fields = delivery.Fields;
        var comment = Documents.Text(delivery.Payload["comment"]["body"]);
        var isOfAll = comment is null
            && (!delivery.HasChanges || delivery.Event == "jira:issue_created" || delivery.Change("summary", "description", "Key").Exists);
        return Naming.NoteOf(null, isOfAll ? [fields["summary"].Text, Documents.Text(fields["description"])] : [comment]);
    }
}
