using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;

namespace ValueStream.Server.Operations;

/// <summary>The JSON of answers that only the server knows.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReadyView))]
[JsonSerializable(typeof(Api.CliView))]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(Dictionary<string, string[]>))]
[JsonSerializable(typeof(LiveChange))]
internal sealed partial class ServerJson : JsonSerializerContext;

/// <summary>Something that a live view shows has changed.</summary>
/// <param name="Position">The position of the log that the projections have reached.</param>
internal sealed record LiveChange(long Position);
