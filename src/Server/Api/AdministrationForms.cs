using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using ValueStream.Core.Events;
using ValueStream.Server.Access;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store.Queries;
using ValueStream.Web;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Server.Api;

/// <summary>What the forms of an operation's and of a run's page do: the same as the API, by the same rules, answered with the page.</summary>
internal static class AdministrationForms
{
    /// <summary>Maps the forms' targets.</summary>
    public static void MapAdministrationForms(this IEndpointRouteBuilder app)
    {
        var forms = app.MapPageForms().AddEndpointFilter(static async (context, next) =>
            context.HttpContext.User.Refusal("Administering") is { } refusal ? refusal : await next(context));
        forms.MapPost("/operations/{key}/settings", Operation);
        forms.MapPost("/runs/{key}/exclusion", Exclusion);
    }

    /// <summary>It sends everything that can be set; what differs from what holds is set.</summary>
    private static async Task<IResult> Operation(
        string key, HttpContext context, ITempDataDictionaryFactory next, AdministrationQueries administration, Ingestor ingestor, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!ShortKey.TryParse(key, out var operation) || await administration.FindAsync(operation, Viewer.MaySee(context.User), cancellationToken) is not { } found)
        {
            return AdministrationApi.Unknown(key);
        }
        var form = new SettingsForm(await context.Request.ReadFormAsync(cancellationToken));
        SettingsAnswer answer;
        try
        {
            using var body = JsonReading.Parse(form.Changes(found.Setting));
            var set = await AdministrationApi.SetAsync(operation, found, body.RootElement, context.Request, administration, ingestor, time, cancellationToken);
            answer = new() { Position = set.Position, Text = SettingsForm.InWords(body.RootElement) };
        }
        catch (UnreadableException e)
        {
            answer = new() { Text = e.Sentence, Field = e.Field, Typed = form.Typed };
        }
        answer.Leave(next.GetTempData(context));
        return TypedResults.LocalRedirect(LoginApi.Local(form.Then));
    }

    private static async Task<IResult> Exclusion(
        string key, HttpContext context, ITempDataDictionaryFactory next, RunQueries runs, Ingestor ingestor, TimeProvider time, CancellationToken cancellationToken)
    {
        var form = await context.Request.ReadFormAsync(cancellationToken);
        var reason = form["reason"].ToString().Trim();
        SettingsAnswer answer;
        try
        {
            using var body = JsonReading.Parse(JsonSerializer.SerializeToUtf8Bytes(new JsonObject
            {
                ["attempt"] = int.TryParse(form["attempt"], out var attempt) ? attempt : null,
                ["excluded"] = form["excluded"] == "true",
                ["reason"] = reason,
            }));
            if (await AdministrationApi.ExcludeAsync(key, body.RootElement, context.Request, runs, ingestor, time, cancellationToken) is not { } set)
            {
                return Problems.NotFound("There is no such run, or no such attempt of it.");
            }
            answer = new() { Position = set.Position, Text = set.Excluded ? "it is left out of the numbers" : "it counts again" };
        }
        catch (UnreadableException e)
        {
            answer = new() { Text = e.Sentence, Field = e.Field, Typed = new Dictionary<string, string> { ["reason"] = reason.Length > SettingsForm.MostKept ? reason[..SettingsForm.MostKept] : reason } };
        }
        answer.Leave(next.GetTempData(context));
        return TypedResults.LocalRedirect(LoginApi.Local(form["then"]));
    }
}
