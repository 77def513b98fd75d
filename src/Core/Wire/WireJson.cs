using System.Text.Json.Serialization;
using ValueStream.Core.Events;

namespace ValueStream.Core.Wire;

/// <summary>The JSON of the HTTP contract: camelCase, absent instead of null. Only what vscli reads or writes: each type here is part of its binary.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EventRequest))]
[JsonSerializable(typeof(EventRequest[]))]
[JsonSerializable(typeof(IngestAnswer))]
[JsonSerializable(typeof(RejectedLine))]
[JsonSerializable(typeof(StreamAnswer))]
[JsonSerializable(typeof(ListView<RunView>))]
[JsonSerializable(typeof(EventsView))]
[JsonSerializable(typeof(ListView<ProjectionView>))]
[JsonSerializable(typeof(ListView<string>))]
[JsonSerializable(typeof(TraceView))]
[JsonSerializable(typeof(CorrelationsView))]
[JsonSerializable(typeof(HeadView))]
[JsonSerializable(typeof(VerifyRequest))]
[JsonSerializable(typeof(VerifyProgress))]
[JsonSerializable(typeof(ImportAnswer))]
[JsonSerializable(typeof(QuarantineList))]
[JsonSerializable(typeof(QuarantineItem))]
[JsonSerializable(typeof(QuarantineEntry))]
[JsonSerializable(typeof(ReplayAnswer))]
[JsonSerializable(typeof(ListView<TracerView>))]
[JsonSerializable(typeof(TracerView))]
[JsonSerializable(typeof(ResendRequest))]
[JsonSerializable(typeof(ResendAnswer))]
[JsonSerializable(typeof(EventData))]
public sealed partial class WireJson : JsonSerializerContext;
