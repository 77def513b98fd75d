using System.Globalization;
using System.Net.Http.Headers;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Import;

/// <summary>What came of an import of saved documents so far.</summary>
internal sealed record SavedCounts
{
    /// <summary>Documents that are settled: taken, or not.</summary>
    public long Documents { get; set; }

    /// <summary>Events that were stored now, or would be.</summary>
    public long Stored { get; set; }

    /// <summary>Events that were there already.</summary>
    public long There { get; set; }

    /// <summary>Deliveries or items that tell nothing that is recorded.</summary>
    public long Ignored { get; set; }

    /// <summary>Deliveries or items that were not understood.</summary>
    public long NotUnderstood { get; set; }

    /// <summary>Documents of which nothing was taken.</summary>
    public long NotTaken { get; set; }
}

/// <summary>
/// Sends documents, each in a request of its own, one after the other. The server makes ids of what they say, so a request whose answer
/// is lost is simply sent again.
/// </summary>
/// <param name="post">Sends a request, and says for how long the server wishes to be left alone.</param>
/// <param name="source">The tool's name.</param>
/// <param name="isDry">Whether the server is only to say what would be stored.</param>
/// <param name="rejects">Is told of each document that was not taken, and of what was not understood in one.</param>
/// <param name="tell">Says a word to the user.</param>
internal sealed class SavedImporter(Persistent.Post post, string source, bool isDry, Rejects rejects, Action<string> tell)
{
    private readonly Persistent _sender = new(post, tell);

    /// <summary>What came of it so far.</summary>
    public SavedCounts Counts { get; } = new();

    /// <summary>Takes a document, or tells why there is none.</summary>
    /// <exception cref="CouldNotException">The server takes no more.</exception>
    public void Add(SavedFile file, SavedDocument document)
    {
        if (document.Problem is { } problem)
        {
            Refuse(file, document.Number, problem);
            return;
        }
        // A proxy in between may refuse what is large, and say nothing of it.
        var (answer, taken) = _sender.Send(root => Request(root, file.Name, document.Json), WireJson.Default.ImportAnswer,
            static a => a.Status == 413 || Persistent.IsRefusal(a), Why);
        if (taken is not null)
        {
            Take(file, document.Number, taken);
        }
        else
        {
            Refuse(file, document.Number, answer.Details ?? "The server takes nothing so large.");
        }
    }

    /// <summary>A document's place, for people.</summary>
    public static string Where(SavedFile file, long? number) => (file.Path == SavedFile.Stdin ? "stdin" : file.Path)
        + (Part(file, number) is { } part ? string.Create(CultureInfo.InvariantCulture, $", {(file.IsLines ? "line" : "document")} {part:N0}") : "");

    // Most files are one document.
    private static long? Part(SavedFile file, long? number) => number > 1 || file.IsLines ? number : null;

    private void Refuse(SavedFile file, long number, string problem)
    {
        Counts.Documents++;
        Counts.NotTaken++;
        rejects.Add(file.Path, Part(file, number), $"{Where(file, number)} was not taken: {problem}", problem);
    }

    private void Take(SavedFile file, long number, ImportAnswer answer)
    {
        Counts.Documents++;
        Counts.Stored += answer.Events;
        Counts.There += answer.Duplicates;
        Counts.Ignored += answer.Ignored;
        Counts.NotUnderstood += answer.NotUnderstood;
        foreach (var problem in answer.Problems ?? [])
        {
            rejects.Add(file.Path, Part(file, number), $"{Where(file, number)} was not understood: {problem}", problem);
        }
    }

    private HttpRequestMessage Request(string root, string name, ReadOnlyMemory<byte> json)
    {
        // Without the sender's clock: the times are of a past that it had no part in.
        var request = new HttpRequestMessage(HttpMethod.Post, $"{root}{Routes.Import}/{source}{(isDry ? "?dryRun=true" : "")}")
        {
            Content = new ReadOnlyMemoryContent(json),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add(Routes.SavedAsHeader, Uri.EscapeDataString(name));
        return request;
    }

    private string? Why(Answer answer) => answer.Status != 404 ? null
        : $"it answered 404: it is no ValueStream server that takes what was saved of {source}" + (answer.Details is { } details ? $" ({details})" : "");
}
