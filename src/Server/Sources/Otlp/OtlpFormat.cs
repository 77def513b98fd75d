using System.Buffers;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using ValueStream.Core.Wire;
using ValueStream.Server.Otlp;

namespace ValueStream.Server.Sources.Otlp;

/// <summary>How OTLP is written over HTTP: an answer is of the same content type as its request.</summary>
internal static class OtlpFormat
{
    /// <summary>The content type of protobuf.</summary>
    public const string Protobuf = "application/x-protobuf";

    /// <summary>The content type of JSON.</summary>
    public const string Json = "application/json";

    /// <summary>Which of the two a request's content type is; null for neither.</summary>
    public static string? Of(string? contentType) =>
        !MediaTypeHeaderValue.TryParse(contentType, out var type) ? null
        : type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase) ? Json
        : type.MediaType.Equals(Protobuf, StringComparison.OrdinalIgnoreCase) ? Protobuf : null;

    /// <summary>The answer to spans that were taken, all of them or in part.</summary>
    public static IResult Answer(string format, TakenSpans taken)
    {
        if (format == Protobuf)
        {
            var response = new ExportTraceServiceResponse();
            if (taken.Message is { } message)
            {
                response.PartialSuccess = new ExportTracePartialSuccess { RejectedSpans = taken.Rejected, ErrorMessage = message };
            }
            return TypedResults.Bytes(response.ToByteArray(), Protobuf);
        }
        return TypedResults.Bytes(Written(writer =>
        {
            if (taken.Message is { } message)
            {
                writer.WriteStartObject("partialSuccess"u8);
                writer.WriteString("rejectedSpans"u8, $"{taken.Rejected}");
                writer.WriteString("errorMessage"u8, message);
                writer.WriteEndObject();
            }
        }), Json);
    }

    /// <summary>A google.rpc.Status.</summary>
    public static byte[] Status(string format, int code, string message) => format == Protobuf ? new RpcStatus { Code = code, Message = message }.ToByteArray() : Written(writer =>
    {
        writer.WriteNumber("code"u8, code);
        writer.WriteString("message"u8, message);
    });

    private static byte[] Written(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}

/// <summary>Writes every problem of OTLP's route as its senders read it: a google.rpc.Status.</summary>
internal sealed class OtlpProblems : IProblemDetailsWriter
{
    /// <inheritdoc/>
    public bool CanWrite(ProblemDetailsContext context) => context.HttpContext.Request.Path.StartsWithSegments(Routes.Traces, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (request, response) = (context.HttpContext.Request, context.HttpContext.Response);
        var format = OtlpFormat.Of(request.ContentType) ?? OtlpFormat.Json;
        response.StatusCode = context.ProblemDetails.Status ?? response.StatusCode;
        response.ContentType = format;
        await response.Body.WriteAsync(OtlpFormat.Status(format, CodeOf(response.StatusCode), MessageOf(context.ProblemDetails)), context.HttpContext.RequestAborted);
    }

    private static string MessageOf(ProblemDetails problem) => problem.Detail ?? problem.Title ?? "";

    /// <summary>The code of google.rpc.Code that stands for an HTTP status.</summary>
    private static int CodeOf(int status) => status switch
    {
        401 => 16,
        403 => 7,
        404 or 405 => 12,
        413 or 429 => 8,
        503 => 14,
        >= 500 => 13,
        _ => 3,
    };
}
