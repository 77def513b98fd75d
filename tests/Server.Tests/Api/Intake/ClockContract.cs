using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>Whose clock an event's time is by.</summary>
public abstract class ClockContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    [InlineData(-3)]
    public async Task A_senders_clock_that_is_more_than_two_seconds_off_is_corrected(double off)
    {
        var sentAt = DateTimeOffset.UtcNow.AddSeconds(off);
        var occurredAt = sentAt.AddSeconds(-10);

        Assert.Equal(200, (await Client.PostAsync(Routes.Events, Event(occurredAt), (Routes.SentAtHeader, Text(sentAt)))).Status);

        var e = await Client.LastEventAsync();
        Assert.Equal(occurredAt, e.GetProperty("occurredAt").GetDateTimeOffset(), TimeSpan.FromMicroseconds(1));
        // Ten seconds before it was sent, whatever the sender's clock said; the rest is the time on the way.
        Assert.InRange(RecordedAt(e) - EffectiveAt(e), TimeSpan.FromSeconds(9.9), TimeSpan.FromSeconds(12));
        Assert.Equal(-off, e.GetProperty("data").GetProperty("derived").GetProperty("clockOffset").GetDouble(), 2.0);
    }

    [Fact]
    public async Task Clocks_that_agree_within_two_seconds_are_left_alone()
    {
        var sentAt = DateTimeOffset.UtcNow;
        var occurredAt = sentAt.AddSeconds(-10);

        Assert.Equal(200, (await Client.PostAsync(Routes.Events, Event(occurredAt), (Routes.SentAtHeader, Text(sentAt)))).Status);

        var e = await Client.LastEventAsync();
        Assert.Equal(e.GetProperty("occurredAt").GetDateTimeOffset(), EffectiveAt(e));
        Assert.False(e.GetProperty("data").GetProperty("derived").TryGetProperty("clockOffset", out _));
    }

    [Fact]
    public async Task What_stands_beside_the_items_counts_more_than_the_header()
    {
        var sentAt = DateTimeOffset.UtcNow.AddHours(-1);

        var answer = await Client.PostAsync(Routes.Events, $$"""{"sentAt":"{{Text(sentAt)}}","items":[{{Event(sentAt.AddSeconds(-10))}}]}""",
            (Routes.SentAtHeader, Text(DateTimeOffset.UtcNow)));

        Assert.Equal(200, answer.Status);
        var e = await Client.LastEventAsync();
        Assert.InRange(RecordedAt(e) - EffectiveAt(e), TimeSpan.FromSeconds(9.9), TimeSpan.FromSeconds(12));
    }

    [Fact]
    public async Task Nothing_happens_after_it_was_received()
    {
        Assert.Equal(200, (await Client.PostAsync(Routes.Events, Event(DateTimeOffset.UtcNow.AddDays(1)))).Status);

        var e = await Client.LastEventAsync();
        Assert.True(EffectiveAt(e) <= RecordedAt(e));
    }

    [Fact]
    public async Task An_event_without_a_time_happened_when_it_was_received()
    {
        var before = DateTimeOffset.UtcNow;

        Assert.Equal(200, (await Client.PostAsync(Routes.Events, $$"""{"action":"start","run":{"type":"build","namespace":"{{_ns}}","id":"1"} }""")).Status);

        var e = await Client.LastEventAsync();
        Assert.False(e.TryGetProperty("occurredAt", out _));
        Assert.InRange(EffectiveAt(e), before.AddMilliseconds(-1), RecordedAt(e));
    }

    [Fact]
    public async Task The_same_event_sent_again_by_another_clock_is_a_duplicate()
    {
        var e = $$"""{"eventId":"{{Guid.CreateVersion7()}}",{{Event(Sent.Noon)[1..]}}""";
        await Client.PostAsync(Routes.Events, e, (Routes.SentAtHeader, Sent.At(5)));

        var again = await Client.PostAsync(Routes.Events, e, (Routes.SentAtHeader, Sent.At(500)));

        Assert.Equal("duplicate", again.Json.GetProperty("items")[0].Text("status"));
    }

    [Fact]
    public async Task A_clock_that_is_a_century_off_puts_runs_where_lists_still_find_them()
    {
        foreach (var id in new[] { "1", "2" })
        {
            Assert.Equal(200, (await Client.PostAsync(Routes.Events,
                $$"""{"action":"start","run":{"type":"build","namespace":"{{_ns}}","id":"{{id}}"},"occurredAt":"1970-01-01T00:00:00Z"}""",
                (Routes.SentAtHeader, "2190-01-01T00:00:00Z"))).Status);
        }
        await Client.CaughtUpAsync();

        var first = await Client.ReadAsync($"/api/v1/runs?namespace={_ns}&limit=1");
        var second = await Client.ReadAsync($"/api/v1/runs?namespace={_ns}&limit=1&cursor={first.Text("next")}");

        Assert.Equal(["1", "2"], first.Each("id").Concat(second.Each("id")).Order());
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("1969-12-31T23:59:59Z")]
    [InlineData("2201-01-01T00:00:00Z")]
    public async Task A_sending_time_that_is_none_is_refused(string sentAt)
    {
        (await Client.PostAsync(Routes.Events, Event(Sent.Noon), (Routes.SentAtHeader, sentAt))).IsProblem(400, field: Routes.SentAtHeader);
        (await Client.PostAsync(Routes.Events, $$"""{"sentAt":"{{sentAt}}","items":[]}""")).IsProblem(400, field: "sentAt");
    }

    private string Event(DateTimeOffset occurredAt) =>
        $$"""{"action":"start","run":{"type":"build","namespace":"{{_ns}}","id":"1"},"occurredAt":"{{Text(occurredAt)}}"}""";

    private static string Text(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset EffectiveAt(JsonElement e) => e.GetProperty("effectiveAt").GetDateTimeOffset();

    private static DateTimeOffset RecordedAt(JsonElement e) => e.GetProperty("recordedAt").GetDateTimeOffset();
}

[Collection(OnPostgres.Name)]
public sealed class PostgresClockTests(PostgresServer server) : ClockContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteClockTests(SqliteServer server) : ClockContract(server);
