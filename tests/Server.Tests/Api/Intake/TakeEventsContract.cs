using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>What <c>POST /api/v1/events</c> answers to events that it understands.</summary>
public abstract class TakeEventsContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task One_event_is_answered_with_its_position_and_its_run()
    {
        var head = await Client.HeadAsync();

        var answer = await Client.PostAsync(Routes.Events,
            $$"""{"eventId":"{{Guid.CreateVersion7()}}","action":"start","run":{"type":"build","namespace":"{{_ns}}","id":"1"} }""");

        Assert.Equal(200, answer.Status);
        Assert.Equal("application/json", answer.ContentType);
        Assert.Equal((1, 0, 0), Counts(answer));
        var item = answer.Json.GetProperty("items")[0];
        Assert.Equal((0, "accepted", head + 1), (item.GetProperty("index").GetInt32(), item.Text("status"), item.GetProperty("position").GetInt64()));
        Assert.Equal(Sent.Rendering(_ns, "1"), item.Text("run"));
        Assert.Matches("^[0-9a-v]{13}$", item.Text("key"));
        Assert.Null(item.Text("problem"));
    }

    [Fact]
    public async Task An_array_is_answered_item_by_item_in_the_order_sent()
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"), Sent.Start(_ns, "2"), Sent.End(_ns, "1", 5));

        Assert.Equal([0, 1, 2], items.Select(static i => i.GetProperty("index").GetInt32()));
        Assert.Equal([Sent.Rendering(_ns, "1"), Sent.Rendering(_ns, "2"), Sent.Rendering(_ns, "1")], items.Select(static i => i.Text("run")));
        var positions = items.Select(static i => i.GetProperty("position").GetInt64()).ToList();
        Assert.Equal([positions[0], positions[0] + 1, positions[0] + 2], positions);
    }

    [Fact]
    public async Task Items_may_stand_beside_the_time_they_were_sent_at()
    {
        var answer = await Client.PostAsync(Routes.Events, $$"""{"sentAt":"{{DateTimeOffset.UtcNow:O}}","items":[{{Sent.Start(_ns, "1")}},{{Sent.End(_ns, "1", 5)}}]}""");

        Assert.Equal((200, (2, 0, 0)), (answer.Status, Counts(answer)));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"items":[]}""")]
    public async Task Nothing_is_an_array_too(string body)
    {
        var answer = await Client.PostAsync(Routes.Events, body);

        Assert.Equal((200, (0, 0, 0)), (answer.Status, Counts(answer)));
    }

    [Fact]
    public async Task The_same_event_again_is_a_duplicate_with_the_position_it_has()
    {
        var e = WithId(Guid.CreateVersion7(), Sent.Start(_ns, "1", more: """ "tags":{"b":1,"a":"x"} """));
        var first = await Client.PostAsync(Routes.Events, e);

        var again = await Client.PostAsync(Routes.Events, e.Replace("""{"b":1,"a":"x"}""", """{ "a": "x", "b": 1 }""", StringComparison.Ordinal));

        Assert.Equal((200, (0, 1, 0)), (again.Status, Counts(again)));
        Assert.Equal("duplicate", again.Json.GetProperty("items")[0].Text("status"));
        Assert.Equal(first.Json.GetProperty("items")[0].GetProperty("position").GetInt64(), again.Json.GetProperty("items")[0].GetProperty("position").GetInt64());
    }

    [Fact]
    public async Task Events_without_an_id_are_events_of_their_own()
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"), Sent.Start(_ns, "1"));

        Assert.Equal(2, items.Select(static i => i.GetProperty("eventId").GetGuid()).Distinct().Count());
    }

    [Fact]
    public async Task A_known_id_with_other_content_is_a_conflict_that_says_where_the_stored_event_is()
    {
        var id = Guid.CreateVersion7();
        var first = await Client.PostAsync(Routes.Events, WithId(id, Sent.Start(_ns, "1")));
        var head = await Client.HeadAsync();

        var other = await Client.PostAsync(Routes.Events, WithId(id, Sent.Start(_ns, "2")));

        other.IsProblem(409, $"position {first.Json.GetProperty("items")[0].GetProperty("position").GetInt64()}");
        Assert.EndsWith(":conflict", other.Json.Text("type"), StringComparison.Ordinal);
        Assert.Contains(id.ToString(), other.Json.Text("detail"), StringComparison.Ordinal);
        Assert.Equal(head, await Client.HeadAsync());
    }

    [Fact]
    public async Task In_an_array_a_conflict_is_the_matter_of_one_item()
    {
        var id = Guid.CreateVersion7();
        await Client.RecordAsync(WithId(id, Sent.Start(_ns, "1")));

        var answer = await Client.PostAsync(Routes.Events, $"[{Sent.Start(_ns, "2")},{WithId(id, Sent.Start(_ns, "3"))},{Sent.Start(_ns, "4")}]");

        Assert.Equal((200, (2, 0, 1)), (answer.Status, Counts(answer)));
        var conflict = answer.Json.GetProperty("items")[1];
        Assert.Equal("rejected", conflict.Text("status"));
        Assert.StartsWith("conflict: ", conflict.Text("problem"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_can_be_understood_is_taken_and_the_rest_says_what_is_wrong_with_it()
    {
        var answer = await Client.PostAsync(Routes.Events, $$"""[{{Sent.Start(_ns, "1")}},{"action":"start"},7,{{Sent.Start(_ns, "2")}}]""");

        Assert.Equal((200, (2, 0, 2)), (answer.Status, Counts(answer)));
        Assert.Equal(["accepted", "rejected", "rejected", "accepted"], answer.Json.Each("status"));
        Assert.StartsWith("run: ", answer.Json.GetProperty("items")[1].Text("problem"), StringComparison.Ordinal);
        Assert.Contains("JSON object", answer.Json.GetProperty("items")[2].Text("problem"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"action":"start"},{}]""", 2)]
    [InlineData("""[{}]""", 1)]
    [InlineData("""{"items":[{}]}""", 1)]
    public async Task An_array_of_which_nothing_is_taken_is_422_and_still_answered_item_by_item(string body, int rejected)
    {
        var head = await Client.HeadAsync();

        var answer = await Client.PostAsync(Routes.Events, body);

        Assert.Equal((422, (0, 0, rejected)), (answer.Status, Counts(answer)));
        Assert.All(answer.Json.GetProperty("items").EnumerateArray(), static i => Assert.NotEmpty(i.Text("problem")!));
        Assert.Equal(head, await Client.HeadAsync());
    }

    [Fact]
    public async Task Senders_that_write_at_once_get_positions_of_their_own_without_gaps()
    {
        var head = await Client.HeadAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Client.PostAsync(Routes.Events, Sent.Start(_ns, $"{i}"))));

        Assert.Equal(Enumerable.Range(1, 40).Select(i => head + i),
            answers.Select(static a => a.Json.GetProperty("items")[0].GetProperty("position").GetInt64()).Order());
    }

    private static (int Accepted, int Duplicates, int Rejected) Counts(Answer answer) =>
        (answer.Json.GetProperty("accepted").GetInt32(), answer.Json.GetProperty("duplicates").GetInt32(), answer.Json.GetProperty("rejected").GetInt32());

    private static string WithId(Guid id, string e) => $$"""{"eventId":"{{id}}",{{e[1..]}}""";
}

[Collection(OnPostgres.Name)]
public sealed class PostgresTakeEventsTests(PostgresServer server) : TakeEventsContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteTakeEventsTests(SqliteServer server) : TakeEventsContract(server);
