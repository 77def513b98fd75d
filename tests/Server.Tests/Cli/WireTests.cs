using System.Text;
using System.Text.Json;
using ValueStream.Cli;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Cli;

/// <summary>What vscli reads and writes by hand is what the serializer and HTTP say.</summary>
public sealed class WireTests
{
    [Fact]
    public void An_event_written_by_hand_is_the_serializers()
    {
        var full = new EventRequest
        {
            EventId = Guid.CreateVersion7(),
            Action = "end",
            Run = new RunRequest { Type = "build", Namespace = "team", Id = "d3kq0g8abcdefghijklm" },
            Name = "api \"é\" <b>\ud800",
            Parents = ["a", "b"],
            Links = [new RunLink("follows", "c"), new RunLink("contains", "d")],
            Outcome = "failure",
            OccurredAt = DateTimeOffset.UtcNow,
            Actor = "ann",
            Reason = "because\n+",
            Note = "built",
            Tags = new Dictionary<string, TagValue> { ["k"] = "v", ["process.exit.code"] = new("3", JsonValueKind.Number) },
            Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        };
        var least = new EventRequest
        {
            EventId = Guid.NewGuid(),
            Action = "start",
            Run = new RunRequest { Type = "x", Id = "y" },
            OccurredAt = DateTimeOffset.UtcNow,
        };
        foreach (var request in new[] { full, least })
        {
            var written = Encoding.UTF8.GetString(EventJson.Write(request));
            Assert.Equal(JsonSerializer.Serialize(request, WireJson.Default.EventRequest), written);
        }
    }

    [Fact]
    public void A_promised_sign_of_life_stands_beside_the_event_and_comes_without_one()
    {
        var start = new EventRequest { EventId = Guid.Empty, Action = "start", Run = new RunRequest { Type = "x", Namespace = "n", Id = "y" }, OccurredAt = DateTimeOffset.UnixEpoch };
        Assert.EndsWith(""","occurredAt":"1970-01-01T00:00:00+00:00","lease":90}""", Encoding.UTF8.GetString(EventJson.Write(start, 90)), StringComparison.Ordinal);
        Assert.Equal("""{"action":"heartbeat","run":{"type":"x","namespace":"n","id":"y"},"lease":90}""", Encoding.UTF8.GetString(EventJson.Heartbeat(start.Run, 90)));
    }

    [Fact]
    public void An_answer_read_by_hand_is_the_serializers()
    {
        var answer = new IngestAnswer
        {
            Accepted = 1,
            Duplicates = 1,
            Rejected = 1,
            Items =
            [
                new IngestItem { Index = 2, Status = "rejected", Problem = "no such type" },
                new IngestItem { Index = 0, Status = "accepted", Position = 7, EventId = Guid.NewGuid(), Run = "r", Key = "k" },
                new IngestItem { Index = 1, Status = "duplicate" },
            ],
        };
        var verdicts = EventJson.ReadAnswer(JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Default.IngestAnswer), 3);
        Assert.Equal([Fate.Stored, Fate.Stored, Fate.Refused], verdicts!.Select(v => v.Fate));
        Assert.Equal("no such type", verdicts![2].Reason);
    }

    [Theory]
    [InlineData("""{"detail":"run.type: It is long.","errors":{"run.type":["It is long."]}}""", "run.type: It is long.")]
    [InlineData("""{"detail":"Two are wrong.","errors":{"1":["It is long."]}}""", """Two are wrong. {"1":["It is long."]}""")]
    [InlineData("""{"detail":"No."}""", "No.")]
    [InlineData("no", "it answered 400 no")]
    public void Why_a_server_refused_is_told_once(string body, string why) =>
        Assert.Equal(why, new Answer(400, Encoding.UTF8.GetBytes(body)).Why);

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("success")]
    [InlineData("{\"items\":[]}")]
    [InlineData("{\"items\":[{\"index\":1,\"status\":\"accepted\"}]}")]
    [InlineData("{\"items\":[{\"index\":-1,\"status\":\"accepted\"}]}")]
    [InlineData("{\"items\":[{\"index\":\"0\",\"status\":\"accepted\"}]}")]
    [InlineData("{\"items\":[{\"index\":0,\"status\":\"lost\"}]}")]
    [InlineData("{\"items\":[{\"index\":0}]}")]
    [InlineData("{\"items\":[{\"index\":0,\"status\":\"accepted\"")]
    [InlineData("{\"items\":{\"index\":0,\"status\":\"accepted\"}}")]
    public void Anything_else_is_no_answer(string body) => Assert.Null(EventJson.ReadAnswer(Encoding.UTF8.GetBytes(body), 1));

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, 200, "ok")]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nok and more", false, 200, "ok")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 422 X\r\nContent-Length: 0\r\n\r\n", false, 422, "")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", false, 204, "")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nuntil the end", true, 200, "until the end")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n", false, 200, "ok0123456789")]
    [InlineData("SSH-2.0-OpenSSH", false, 0, "")]
    [InlineData("HTTP/1.1 abc\r\n\r\n", false, 0, "")]
    public void A_response_is_read_whole(string received, bool closed, int status, string body)
    {
        var answer = PlainAnswer.Read(Encoding.UTF8.GetBytes(received), closed);
        Assert.Equal((status, body), (answer!.Value.Status, Encoding.UTF8.GetString(answer.Value.Body)));
    }

    [Fact]
    public void A_response_is_incomplete_until_its_last_byte()
    {
        foreach (var whole in new[]
        {
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
        })
        {
            for (var length = 0; length < whole.Length; length++)
            {
                Assert.Null(PlainAnswer.Read(Encoding.UTF8.GetBytes(whole[..length]), closed: false));
            }
            Assert.Equal(200, PlainAnswer.Read(Encoding.UTF8.GetBytes(whole), closed: false)?.Status);
        }
        Assert.Null(PlainAnswer.Read("HTTP/1.0 200 OK\r\n\r\nsome"u8, closed: false));
    }

    [Theory]
    [InlineData("http://127.0.0.1:5000/api/v1/events", "127.0.0.1", 5000, "/api/v1/events")]
    [InlineData("http://vs.acme", "vs.acme", 80, "/")]
    [InlineData("http://[::1]:81/x", "::1", 81, "/x")]
    [InlineData("http://[::1]/x", "::1", 80, "/x")]
    public void An_address_is_taken_apart(string address, string host, int port, string path)
    {
        var target = Transport.Target.Parse(address)!;
        Assert.Equal((host, port, path), (target.Host, target.Port, target.Path));
    }

    [Theory]
    [InlineData("https://vs.acme/")]
    [InlineData("http://user:secret@vs.acme/")]
    [InlineData("http://vs.acme:x/")]
    [InlineData("http://vs.acme:99999/")]
    [InlineData("http:///x")]
    [InlineData("http://vs acme/\r\nX: y")]
    public void Other_addresses_are_left_to_the_full_client(string address) => Assert.Null(Transport.Target.Parse(address));
}
