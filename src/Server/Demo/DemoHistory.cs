using ValueStream.Core.Wire;
namespace ValueStream.Server.Demo;
#pragma warning disable
internal static class DemoHistory
{
    public static IEnumerable<EventRequest> Generate(int seed, DateTimeOffset now) => [];
    public static IEnumerable<EventRequest> Live(int seed, DateTimeOffset now) => [];
}
