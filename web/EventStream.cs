using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;

namespace ValueStream.Web;

/// <summary>
/// All events that a search of the log finds, as CSV or NDJSON, written as they are read: of an answer of any length only a slice is in memory. An
/// answer that fails on the way ends without its last chunk, so that what came of it is not taken for the whole.
/// </summary>
/// <param name="export">The events.</param>
/// <param name="type">The content type, one that <see cref="Wanted"/> gives.</param>
/// <param name="glances">Where the names of runs are found, for CSV.</param>
/// <param name="visible">What the caller may see.</param>
/// <param name="file">What it is called where it is to be kept as a file; null where it is not.</param>
public sealed class EventStream(EventExport export, string type, GlanceQueries glances, Visible visible, string? file = null) : IResult, IActionResult
{
    /// <summary>The content type of CSV.</summary>
    public const string Csv = "text/csv";

    /// <summary>So many bytes are sent at once.</summary>
    private const int Piece = 32 << 10;

    private static readonly string[] Columns =
    [
        "position", "recordedAt", "occurredAt", "effectiveAt", "actor", "submitter", "kind", "run", "key", "attempt", "name", "type", "namespace", "source", "outcome", "reason",
        "erased", "eventId", "digest", "data",
    ];

    /// <summary>The content type that a request wants most, where that is one of a stream; else null.</summary>
    public static string? Wanted(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Where(static a => a.Quality is not 0).OrderByDescending(static a => a.Quality ?? 1).Select(static a => a.MediaType.Value)
            .FirstOrDefault(static t => t is Csv or Routes.Ndjson or "application/json" or "application/*" or "*/*") is (Csv or Routes.Ndjson) and var type ? type : null;

    /// <summary>How a run ended, where the event says it.</summary>
    public static string? Outcome(EventView e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e.Kind == "ended" && e.Erased is not true ? e.Data.Outcome ?? (e.Data.Error is true ? "failure" : "success") : null;
    }

    /// <inheritdoc/>
    public Task ExecuteResultAsync(ActionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ExecuteAsync(context.HttpContext);
    }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var (response, cancellationToken) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = type == Csv ? Csv + "; charset=utf-8" : type;
        response.Headers[Routes.AsOfHeader] = export.AsOf.ToString(CultureInfo.InvariantCulture);
        response.Headers[Routes.HeadHeader] = $"{export.Head.Position.ToString(CultureInfo.InvariantCulture)} {export.Head.Hash}";
        response.Headers[Routes.ProjectedHeader] = export.Projected.ToString(CultureInfo.InvariantCulture);
        if (file is not null)
        {
            response.Headers.ContentDisposition = $"attachment; filename={file}.{(type == Csv ? "csv" : "ndjson")}";
        }
        if (type == Csv)
        {
            await response.WriteAsync(Pages.Shared.Csv.Line(Columns), cancellationToken);
        }
        // One for all slices, and small: large ones that come and go stay in memory until the whole heap is collected.
        using var buffer = new MemoryStream(2 * Piece);
        await foreach (var slice in export.Slices.WithCancellation(cancellationToken))
        {
            var names = type == Csv ? await glances.NamesAsync(slice.Select(static e => e.Key), visible, cancellationToken) : null;
            foreach (var e in slice)
            {
                if (names is not null)
                {
                    buffer.Write(Encoding.UTF8.GetBytes(Pages.Shared.Csv.Line(
                    [
                        e.Position, e.RecordedAt, e.OccurredAt, e.EffectiveAt, e.Actor, e.Submitter, e.Kind, e.Run, e.Key, e.Attempt, names.GetValueOrDefault(e.Key), e.Type, e.Namespace,
                        e.Source, Outcome(e), e.Reason, e.Erased is true ? "true" : null, e.EventId.ToString(), e.Digest, e.Data.ToJson(),
                    ])));
                }
                else
                {
                    JsonSerializer.Serialize(buffer, e, WireJson.Default.EventView);
                    buffer.WriteByte((byte)'\n');
                }
                if (buffer.Length > Piece)
                {
                    await SendAsync();
                }
            }
            await SendAsync();
        }

        async Task SendAsync()
        {
            await response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), cancellationToken);
            buffer.SetLength(0);
        }
    }
}
