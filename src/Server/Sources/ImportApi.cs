using System.Collections.Immutable;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store.Log;

namespace ValueStream.Server.Sources;

/// <summary><c>POST /api/v1/import/{source}</c>: what was saved of a tool, deliveries and pages of its API, becomes the events that its webhooks would have become.</summary>
internal static class ImportApi
{
    private const int MostProblems = 20;

    // One append's worth: what is read of a page of thousands must not wait in memory for the last.
    private const int Piece = 500;

    /// <summary>Maps the route.</summary>
    public static void MapImport(this IEndpointRouteBuilder app) =>
        app.MapPost(Routes.Import + "/{source}", TakeAsync).RequireAuthorization(AccessControl.Operate).WithName("Import").WithTags("Sources")
            .WithSummary("Take a saved document of a tool as history: a delivery {headers, payload}, a body alone, or a page or an object of its API")
            .WithDescription("The same document again stores nothing twice. X-Saved-As may name the file that it is from: GitHub's deliveries are told apart by it where no headers were saved (pull_request.closed.json).")
            .Accepts<object>("application/json").Produces<ImportAnswer>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(413).ProducesProblem(503);

    private static async Task<Results<Ok<ImportAnswer>, ProblemHttpResult>> TakeAsync(
        string source, HttpRequest request, Ingestor ingestor, TimeProvider time, [FromQuery] bool dryRun = false, CancellationToken cancellationToken = default)
    {
        if (AllSources.All.FirstOrDefault(s => s.Name == source) is not { } tool)
        {
            return Problems.NotFound($"'{source}' is no source. They are {string.Join(", ", AllSources.All.Select(static s => s.Name))}.");
        }
        var now = time.GetUtcNow();
        var (events, duplicates, ignored, problems) = (0, 0, 0, new List<string>());
        try
        {
            var document = Payload.Parse(await request.ReadBodyAsync(cancellationToken));
            var waiting = new List<NewEvent>();
            using var webhooks = Webhooks(tool, document, request.Headers[Routes.SavedAsHeader].ToString()).GetEnumerator();
            var mayFail = 1 + document.Items.Count() + document.Members.Sum(static m => m.Value.Items.Count());
            while (Next(webhooks, problems, ref mayFail))
            {
                var webhook = webhooks.Current;
                try
                {
                    var told = Mapping.Read(tool, webhook);
                    ignored += told.Ignored is null ? 0 : 1;
                    waiting.AddRange(Mapping.Events(tool, webhook, told, new Sending(request.HttpContext.User.Submitter(), now, null, new Delivery(webhook.Body.Span, now)), import: true));
                }
                catch (NotUnderstoodException e)
                {
                    problems.Add(e.Message);
                }
                if (waiting.Count >= Piece)
                {
                    await StoreAsync(waiting);
                }
            }
            await StoreAsync(waiting);
        }
        catch (NotUnderstoodException e)
        {
            return Problems.Invalid("", e.Message);
        }
        return TypedResults.Ok(new ImportAnswer
        {
            Events = events,
            Duplicates = duplicates,
            Ignored = ignored,
            NotUnderstood = problems.Count,
            Problems = [.. problems.Distinct().Take(MostProblems)],
        });

        async Task StoreAsync(List<NewEvent> waiting)
        {
            var results = dryRun ? [.. waiting.Select(static _ => new AppendResult.Accepted(0))] : await ingestor.TakeAsync(waiting);
            waiting.Clear();
            events += results.Count(static r => r is AppendResult.Accepted);
            duplicates += results.Count(static r => r is AppendResult.Duplicate);
            problems.AddRange(results.OfType<AppendResult.Refused>().Select(static r => r.Problem));
        }
    }

    /// <summary>Goes on to the next webhook. An item that none is made of is passed over and told; no more of a document can be such than it has items.</summary>
    private static bool Next(IEnumerator<Webhook> webhooks, List<string> problems, ref int mayFail)
    {
        while (true)
        {
            try
            {
                return webhooks.MoveNext();
            }
            catch (Exception e)
            {
                problems.Add(Mapping.Why(e));
                if (--mayFail <= 0)
                {
                    return false;
                }
            }
        }
    }

    /// <summary>The webhooks that a document is, or that would have told it.</summary>
    /// <exception cref="NotUnderstoodException">It is nothing of the tool that is known.</exception>
    private static IEnumerable<Webhook> Webhooks(ISource source, Payload document, string savedAs)
    {
        if (document["headers"].IsObject && document["payload"].Exists)
        {
            return [Saved(document)];
        }
        if (document.IsArray && document.Items.FirstOrDefault() is var first && first["headers"].IsObject && first["payload"].Exists)
        {
            return document.Items.Select(Saved);
        }
        // Only the name of its file can say what a body of GitHub is a delivery of; the other tools' bodies say it themselves.
        if (source.Name == SourceNames.GitHub && document["sender"].IsObject && Uri.UnescapeDataString(savedAs).Split('/')[^1].Split('.') is [{ Length: > 0 } kind, _, ..])
        {
            return [Webhook.Of(document, ("X-GitHub-Event", kind))];
        }
        try
        {
            return source.Unroll(document);
        }
        catch (NotUnderstoodException) when (document.IsObject)
        {
            return [Webhook.Of(document)];
        }
        catch (Exception e) when (e is not NotUnderstoodException)
        {
            throw new NotUnderstoodException(Mapping.Why(e));
        }
    }

    private static Webhook Saved(Payload delivery)
    {
        var headers = delivery["headers"].Members.Where(static h => h.Value.Text is not null)
            .DistinctBy(static h => h.Name, StringComparer.OrdinalIgnoreCase).ToImmutableDictionary(static h => h.Name, static h => h.Value.Text!, StringComparer.OrdinalIgnoreCase);
        if (delivery["payload"].Text is not { } body)
        {
            return new Webhook(headers, delivery["payload"].ToBytes(), delivery["payload"]);
        }
        var webhook = new Webhook(headers, Encoding.UTF8.GetBytes(body), default);
        return webhook with { Payload = Payload.Parse(Mapping.Json(webhook)) };
    }
}
