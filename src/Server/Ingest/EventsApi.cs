using System.Text.Json;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Server.Api;
using ValueStream.Server.Operations;
using ValueStream.Web;

namespace ValueStream.Server.Ingest;

/// <summary><c>POST /api/v1/events</c>: one event, an array, or a stream of lines.</summary>
internal static class EventsApi
{
    /// <summary>Maps the route.</summary>
    public static void MapEventsIngest(this IEndpointRouteBuilder app)
    {
        var (ingestor, time, stopping) = (app.ServiceProvider.GetRequiredService<Ingestor>(), app.ServiceProvider.GetRequiredService<TimeProvider>(),
            app.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        // As a delegate of any kind, which is described; as a RequestDelegate it would not be.
        app.MapPost(Routes.Events, (Delegate)((HttpContext context) => TakeAsync(context, ingestor, time, stopping)))
            .RequireAuthorization(AccessControl.Ingest).WithName("TakeEvents").WithTags("Events")
            .WithSummary("Take one event, an array of events, or a stream of one event a line")
            .WithDescription("Answers after the events are durable. An array is answered item by item; 422 when every item is rejected. "
                + "A stream (application/x-ndjson) may have any length, its lines 256 kB; the answer begins with the first events that are durable, "
                + "has one line for each line that was not stored, and at last the counts. Bodies may be compressed with gzip or br.")
            .AddOpenApiOperationTransformer(ApiDescription.TakesEvents)
            .Produces<IngestAnswer>().ProducesProblem(400).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).Produces<IngestAnswer>(422).ProducesProblem(503);
    }

    private static async Task TakeAsync(HttpContext context, Ingestor ingestor, TimeProvider time, CancellationToken stopping)
    {
        var request = context.Request;
        var receivedAt = time.GetUtcNow();
        try
        {
            if (EventStream.Is(request.ContentType))
            {
                EventStream.LiftLimits(context);
                await new EventStream(context, ingestor, time).TakeAsync(stopping);
                return;
            }
            IReadOnlyList<(IngestItem Item, string? Field)> answers;
            bool isOne;
            using (var body = await JsonReading.ParseAsync(request, context.RequestAborted))
            {
                (var items, var sentAt, isOne) = Items(body.RootElement);
                var sending = new Sending(context.User.Submitter(), receivedAt, sentAt ?? request.SentAt()) { Writes = Viewer.MaySee(context.User) };
                answers = await ingestor.TakeAsync(items, sending, context.RequestAborted);
            }
            await (isOne && answers is [{ Item: { Status: "rejected" } rejected, Field: var field }] ? RefuseAsync(context, rejected, field) : AnswerAsync(context.Response, answers));
        }
        catch (UnreadableException e)
        {
            await Problems.Invalid(e.Field, e.What).ExecuteAsync(context);
        }
    }

    private static Task RefuseAsync(HttpContext context, IngestItem rejected, string? field) =>
        (field is null && rejected.Position is null && rejected.Problem!.StartsWith("conflict", StringComparison.Ordinal)
            ? Problems.Conflict(rejected.Problem)
            : Problems.Invalid(field ?? "", field is { Length: > 0 } ? rejected.Problem![(field.Length + 2)..] : rejected.Problem!)).ExecuteAsync(context);

    private static async Task AnswerAsync(HttpResponse response, IReadOnlyList<(IngestItem Item, string? Field)> answers)
    {
        var items = new IngestItem[answers.Count];
        var (accepted, duplicates) = (0, 0);
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = answers[i].Item;
            accepted += items[i].Status == "accepted" ? 1 : 0;
            duplicates += items[i].Status == "duplicate" ? 1 : 0;
        }
        var rejected = items.Length - accepted - duplicates;
        response.StatusCode = rejected > 0 && rejected == items.Length ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status200OK;
        response.ContentType = "application/json; charset=utf-8";
        // At once, into the buffer that is sent: an answer has a bound, as its request has. Nothing leaves before the flush, so that its length is known by then.
        using (var json = new Utf8JsonWriter(response.BodyWriter))
        {
            JsonSerializer.Serialize(json, new IngestAnswer { Accepted = accepted, Duplicates = duplicates, Rejected = rejected, Items = items }, WireJson.Default.IngestAnswer);
            json.Flush();
            response.ContentLength = json.BytesCommitted;
        }
        await response.BodyWriter.FlushAsync();
    }

    /// <summary>The events of a body: an array, one object, or <c>{"sentAt": ..., "items": [...]}</c>.</summary>
    private static (IReadOnlyList<JsonElement> Items, DateTimeOffset? SentAt, bool IsOne) Items(JsonElement root) => root.ValueKind switch
    {
        JsonValueKind.Array => (root.Elements("$", Limits.Events), null, false),
        JsonValueKind.Object when root.Member("items") is { } items =>
            (items.Elements("items", Limits.Events), root.Member("sentAt")?.Time("sentAt"), false),
        JsonValueKind.Object => ([root], root.Member("sentAt")?.Time("sentAt"), true),
        _ => throw new UnreadableException("", "The body must be one event (an object) or an array of events."),
    };
}

/// <summary>Reads bodies.</summary>
internal static class Bodies
{
    private const int MostAtOnce = 64 << 10;

    /// <summary>The whole body; the server's limit ends one that is too long.</summary>
    /// <exception cref="BadHttpRequestException">It is longer than the limit, or was cut off.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(this HttpRequest request, CancellationToken cancellationToken)
    {
        // What a header claims takes no memory: the buffer grows with what comes.
        var buffer = new MemoryStream((int)Math.Clamp(request.ContentLength ?? 0, 1024, MostAtOnce));
        await request.Body.CopyToAsync(buffer, cancellationToken);
        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    /// <summary>Whether a compressed body could not be unpacked. Brotli has no exception of its own for it.</summary>
    public static bool IsBroken(Exception exception) =>
        exception is InvalidDataException or InvalidOperationException { Source: "System.IO.Compression.Brotli" };

    /// <summary>The sender's time of the sending, where its header says it.</summary>
    /// <exception cref="UnreadableException">It is not a time.</exception>
    public static DateTimeOffset? SentAt(this HttpRequest request) =>
        request.Headers[Routes.SentAtHeader].ToString() is not { Length: > 0 } text ? null
        : DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time)
            ? JsonReading.CheckedTime(time, Routes.SentAtHeader)
            : throw new UnreadableException(Routes.SentAtHeader, "It must be a time in ISO 8601, for example 2026-03-02T12:00:00Z.");

    /// <summary>
    /// Unpacks compressed bodies. The limit of a request holds for what comes out, too; a body that is not compressed passes by.
    /// </summary>
    public static void UseCompressedBodies(this WebApplication app) => app.UseWhen(
        static context => context.Request.Headers.ContentEncoding.Count > 0,
        static compressed => compressed
            .Use(static (context, next) =>
            {
                // Before the unpacking, which keeps the limit that it finds.
                if (EventStream.Is(context.Request.ContentType))
                {
                    EventStream.LiftLimits(context);
                }
                return next(context);
            })
            .UseRequestDecompression()
            // It takes the header away when it knows the encoding.
            .Use(static (context, next) => context.Request.Headers.ContentEncoding.Count == 0 ? next(context)
                : Problems.Invalid("Content-Encoding", $"'{context.Request.Headers.ContentEncoding}' is not known; say gzip or br, or send the body as it is.",
                    StatusCodes.Status415UnsupportedMediaType).ExecuteAsync(context)));
}
