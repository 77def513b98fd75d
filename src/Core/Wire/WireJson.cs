using System.Text.Json.Serialization;
using ValueStream.Core.Events;

namespace ValueStream.Core.Wire;

/// <summary>The JSON of the HTTP contract: camelCase, absent instead of null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EventRequest))]
[JsonSerializable(typeof(EventRequest[]))]
[JsonSerializable(typeof(IngestAnswer))]
[JsonSerializable(typeof(RejectedLine))]
[JsonSerializable(typeof(StreamAnswer))]
[JsonSerializable(typeof(ListView<RunView>))]
[JsonSerializable(typeof(ListView<EventView>))]
[JsonSerializable(typeof(ListView<ProjectionView>))]
[JsonSerializable(typeof(ListView<string>))]
[JsonSerializable(typeof(TraceView))]
[JsonSerializable(typeof(OperationsView))]
[JsonSerializable(typeof(OperationView))]
[JsonSerializable(typeof(MetricsView))]
[JsonSerializable(typeof(HeadView))]
[JsonSerializable(typeof(RedactRequest))]
[JsonSerializable(typeof(RedactAnswer))]
[JsonSerializable(typeof(OperationSettingRequest))]
[JsonSerializable(typeof(OperationSettingAnswer))]
[JsonSerializable(typeof(ExclusionRequest))]
[JsonSerializable(typeof(ExclusionAnswer))]
[JsonSerializable(typeof(VerifyRequest))]
[JsonSerializable(typeof(VerifyProgress))]
[JsonSerializable(typeof(SourceList))]
[JsonSerializable(typeof(ImportAnswer))]
[JsonSerializable(typeof(QuarantineList))]
[JsonSerializable(typeof(QuarantineItem))]
[JsonSerializable(typeof(QuarantineEntry))]
[JsonSerializable(typeof(ReplayAnswer))]
[JsonSerializable(typeof(EventData))]
public sealed partial class WireJson : JsonSerializerContext;
