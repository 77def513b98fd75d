using System.Text;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>What cannot be taken is refused with a problem that names the fault; nothing is written, and the server goes on.</summary>
public abstract class BadBodiesContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    public static TheoryData<string> Names => [.. BadBodies.Names];

    private ApiClient Client => server.Client;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_bad_body_is_refused(string what)
    {
        var bad = BadBodies.Of(what);
        var head = await Client.HeadAsync();

        var answer = await Client.SendAsync(HttpMethod.Post, Routes.Events, bad.Body, "application/json");

        answer.IsProblem(400, bad.Says, bad.Field);
        Assert.Equal(head, await Client.HeadAsync());
        Assert.Equal(200, (await Client.PostAsync(Routes.Events, Sent.Start(_ns, "1"))).Status);
    }

    [Fact]
    public async Task A_bad_event_among_good_ones_is_refused_alone_and_by_the_same_words()
    {
        var bad = BadBodies.Events.ToList();
        Assert.True(bad.Count > 50);

        var answer = await Client.PostAsync(Routes.Events, $"[{string.Join(',', bad.SelectMany(b => new[] { Sent.Start(_ns, "1"), Encoding.UTF8.GetString(b.Body) }))}]");

        Assert.Equal(200, answer.Status);
        var items = answer.Json.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(2 * bad.Count, items.Count);
        Assert.All(bad.Zip(items.Where(static (_, i) => i % 2 == 1)), static pair =>
        {
            Assert.Equal("rejected", pair.Second.Text("status"));
            Assert.StartsWith($"{pair.First.Field}: ", pair.Second.Text("problem"), StringComparison.Ordinal);
            Assert.Contains(pair.First.Says, pair.Second.Text("problem"), StringComparison.Ordinal);
        });
        Assert.All(items.Where(static (_, i) => i % 2 == 0), static i => Assert.Equal("accepted", i.Text("status")));
    }

    [Theory]
    [InlineData(Routes.Events)]
    [InlineData(Routes.CustomHttp)]
    public async Task A_request_of_more_than_25_MB_is_refused(string route)
    {
        var head = await Client.HeadAsync();

        var answer = await Client.SendAsync(HttpMethod.Post, route, new byte[(25 << 20) + 1], "application/json");

        answer.IsProblem(413, "25 MB");
        Assert.Equal(head, await Client.HeadAsync());
    }

    [Fact]
    public async Task An_event_at_every_limit_is_taken()
    {
        string Text(int length, char of = 'x') => $"\"{new string(of, length)}\"";
        var e = $$"""
            {"action":"start","run":{"type":"{{_ns.PadRight(100, 'x')}}","namespace":{{Text(100)}},"id":{{Text(200, 'é')}}},"attempt":1000000,
             "name":{{Text(200)}},"actor":{{Text(200)}},"reason":{{Text(4000)}},"note":{{Text(4000)}},
             "parents":[{{string.Join(',', Enumerable.Range(0, 1000).Select(static i => $"\"p{i}\""))}}],
             "occurredAt":"1970-01-01T00:00:00Z",
             "tags":{ {{string.Join(',', Enumerable.Range(0, 200).Select(i => $"\"{$"k{i}".PadRight(128, 'x')}\":{Text(2048)}"))}} } }
            """;

        var items = await Client.RecordAsync(e);

        var run = await Client.RunAsync(items[0]);
        Assert.Equal(200, run.GetProperty("tags").EnumerateObject().Count());
        Assert.Equal(999, run.GetProperty("links").GetArrayLength());
    }
}

[Collection(OnPostgres.Name)]
public sealed class PostgresBadBodiesTests(PostgresServer server) : BadBodiesContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteBadBodiesTests(SqliteServer server) : BadBodiesContract(server);
