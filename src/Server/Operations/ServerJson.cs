using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Store.Log;

namespace ValueStream.Server.Operations;

/// <summary>The JSON of what vscli neither reads nor writes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReadyView))]
[JsonSerializable(typeof(Api.CliView))]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(Dictionary<string, string[]>))]
[JsonSerializable(typeof(LiveChange))]
[JsonSerializable(typeof(OperationsView))]
[JsonSerializable(typeof(OperationView))]
[JsonSerializable(typeof(MetricsView))]
[JsonSerializable(typeof(PathSharesView))]
[JsonSerializable(typeof(RetriesView))]
[JsonSerializable(typeof(OperationChangesView))]
[JsonSerializable(typeof(Api.ArchiveRequest))]
[JsonSerializable(typeof(Archived))]
[JsonSerializable(typeof(RedactAnswer))]
[JsonSerializable(typeof(RedactRequest))]
[JsonSerializable(typeof(OperationSettingRequest))]
[JsonSerializable(typeof(OperationSettingAnswer))]
[JsonSerializable(typeof(ExclusionRequest))]
[JsonSerializable(typeof(ExclusionAnswer))]
[JsonSerializable(typeof(SourceList))]
[JsonSerializable(typeof(TokenList))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(RotateRequest))]
[JsonSerializable(typeof(NewTokenView))]
[JsonSerializable(typeof(ListView<SpanSetAside>))]
internal sealed partial class ServerJson : JsonSerializerContext;

/// <summary>Something that a live view shows has changed.</summary>
/// <param name="Position">The position of the log that the projections have reached.</param>
internal sealed record LiveChange(long Position);
