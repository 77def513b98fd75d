using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jira;

/// <summary>Comments: recorded for the runs that they name.</summary>
internal static class Comments
{
    public static Told Read(Payload payload)
    {
        if (!payload["issue"].IsObject)
        {
            return Told.Nothing("The webhook does not say whose comment it is; the issue's own webhook tells of it.");
        }
        var comment = payload["comment"];
        var delivery = new Delivery(payload);
        return Naming.NoteOf(null, Documents.Text(comment["body"])) is { } note
            ? Told.Of(new ToolEvent(EventKind.Annotated, delivery.Run, comment["updated"].Time ?? comment["created"].Time ?? delivery.At, new() { Note = note }))
            : Told.Nothing("The comment names no run.");
    }
}
