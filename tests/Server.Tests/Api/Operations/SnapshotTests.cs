namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>What others build on changes only where somebody meant it.</summary>
[Collection(OnSqlite.Name)]
public sealed class SnapshotTests(SqliteServer server)
{
    [Fact]
    public async Task The_description_of_the_API_is_as_it_was()
    {
        var answer = await server.Client.GetAsync("/openapi/v1.json");

        Assert.Equal(200, answer.Status);
        Snapshot.Matches("openapi.snapshot.json", answer.Text.ReplaceLineEndings("\n").TrimEnd('\n') + "\n");
    }

    [Fact]
    public async Task The_routes_and_who_may_call_them_are_as_they_were()
    {
        var routes = await RouteTable.ReadAsync();

        Assert.True(routes.Count > 15);
        Snapshot.Matches("routes.snapshot.txt", string.Concat(routes.Select(static r => $"{r.Method,-6} {r.Pattern,-42} {r.Policy}\n")));
    }
}
