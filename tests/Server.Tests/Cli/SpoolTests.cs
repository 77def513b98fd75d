using System.Runtime.Versioning;
using System.Text;
using ValueStream.Cli;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Cli;

[UnsupportedOSPlatform("windows")]
public sealed class SpoolTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("spool-tests").FullName;
    private readonly Spool _spool;

    public SpoolTests() => _spool = new Spool(_folder);

    private string Waiting => Path.Combine(_folder, "spool");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Events_come_back_whole_and_oldest_first()
    {
        var now = DateTimeOffset.UtcNow;
        Pending[] events = [Event(now.AddMinutes(3)), Event(now.AddMinutes(1)), Event(now.AddMinutes(2))];
        Assert.False(_spool.HasEvents);
        Assert.All(events, e => Assert.Null(_spool.Add(e)));
        Assert.True(_spool.HasEvents);
        var taken = _spool.Take(10, 1 << 20);
        Assert.Equal([events[1].Id, events[2].Id, events[0].Id], taken.Select(t => t.Id));
        Assert.Equal(events[1].Json, taken[0].Json);
        Assert.Equal(3, _spool.Count);
        _spool.Remove(taken[0]);
        Assert.Equal(2, _spool.Count);
    }

    [Fact]
    public void No_more_is_taken_than_was_asked_for()
    {
        for (var i = 0; i < 5; i++)
        {
            _spool.Add(Event(DateTimeOffset.UtcNow));
        }
        Assert.Equal(3, _spool.Take(3, 1 << 20).Count);
        Assert.Single(_spool.Take(5, 1));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"eventId\":")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"eventId\":\"0198c0de-0000-7000-8000-000000000009\",\"action\":\"end\",\"run\":{\"type\":\"x\",\"id\":\"y\"}}")]
    public void A_broken_file_is_put_aside_and_stops_nothing(string text)
    {
        Directory.CreateDirectory(Waiting);
        File.WriteAllText(Path.Combine(Waiting, "00000000-0000-7000-8000-000000000000.json"), text);
        File.WriteAllText(Path.Combine(Waiting, "core"), "");
        var good = Event(DateTimeOffset.UtcNow);
        _spool.Add(good);
        Assert.Equal(good.Id, Assert.Single(_spool.Take(10, 1 << 20)).Id);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(Waiting, "broken")).Length);
        Assert.Equal(1, _spool.Count);
    }

    [Fact]
    public void A_file_that_is_being_written_is_left_alone_until_its_writer_must_be_gone()
    {
        var pending = Event(DateTimeOffset.UtcNow);
        Directory.CreateDirectory(Waiting);
        var path = Path.Combine(Waiting, pending.Id + ".tmp");
        File.WriteAllBytes(path, pending.Json);
        Assert.Empty(_spool.Take(10, 1 << 20));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-2));
        Assert.Equal(pending.Id, Assert.Single(_spool.Take(10, 1 << 20)).Id);
        Assert.Equal(1, _spool.Count);
    }

    [Fact]
    public void An_event_that_is_being_sent_is_left_to_its_sender_until_that_is_gone()
    {
        var pending = Event(DateTimeOffset.UtcNow);
        _spool.Hold(pending);
        var other = new Spool(_folder);
        Assert.False(_spool.HasEvents);
        Assert.Empty(_spool.Take(10, 1 << 20));
        Assert.Empty(other.Take(10, 1 << 20));

        // As the kernel does when its sender dies.
        var path = Path.Combine(Waiting, pending.Id + ".sending");
        File.WriteAllBytes(path + "2", pending.Json);
        File.Move(path + "2", path, overwrite: true);
        Assert.Equal(pending.Json, Assert.Single(other.Take(10, 1 << 20)).Json);
        Assert.Equal([pending.Id + ".json"], Directory.GetFiles(Waiting).Select(f => Path.GetFileName(f)!));
    }

    [Fact]
    public void An_event_that_was_held_is_kept_once_or_gone()
    {
        var (kept, sent, refused) = (Event(DateTimeOffset.UtcNow), Event(DateTimeOffset.UtcNow), Event(DateTimeOffset.UtcNow));
        Assert.All([kept, sent, refused], e => _spool.Hold(e));
        Assert.Null(_spool.Add(kept));
        _spool.Release(sent);
        _spool.Refuse(refused, "no such type");
        Assert.Equal([kept.Id + ".json"], Directory.GetFiles(Waiting).Select(f => Path.GetFileName(f)!));
        Assert.Equal(kept.Json, Assert.Single(_spool.Take(10, 1 << 20)).Json);
    }

    [Fact]
    public void A_file_that_its_sender_has_just_made_is_no_broken_one()
    {
        Directory.CreateDirectory(Waiting);
        var path = Path.Combine(Waiting, Guid.CreateVersion7() + ".sending");
        File.WriteAllText(path, "");
        Assert.Empty(_spool.Take(10, 1 << 20));
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void A_refused_event_is_kept_with_the_reason_beside_it()
    {
        var pending = Event(DateTimeOffset.UtcNow);
        _spool.Add(pending);
        _spool.Refuse(pending, "no such type");
        Assert.Equal(0, _spool.Count);
        Assert.Equal(pending.Json, File.ReadAllBytes(Path.Combine(Waiting, "refused", pending.Id + ".json")));
        Assert.Equal("no such type\n", File.ReadAllText(Path.Combine(Waiting, "refused", pending.Id + ".reason")));
    }

    [Fact]
    public void Only_one_holds_the_lock()
    {
        var right = _spool.Lock();
        Assert.NotNull(right);
        Assert.Null(new Spool(_folder).Lock());
        right.Dispose();
        using var next = new Spool(_folder).Lock();
        Assert.NotNull(next);
    }

    [Fact]
    public void It_is_full_at_its_limit()
    {
        Assert.False(_spool.IsFull);
        Directory.CreateDirectory(Waiting);
        using (var file = File.Create(Path.Combine(Waiting, "big.json")))
        {
            file.SetLength(Spool.Limit);
        }
        Assert.True(_spool.IsFull);
    }

    [Fact]
    public void Only_the_owner_can_read_what_waits()
    {
        _spool.Add(Event(DateTimeOffset.UtcNow));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Directory.GetFiles(Waiting)[0]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Waiting));
    }

    [Fact]
    public void A_server_is_left_alone_for_30_seconds_after_it_did_not_answer()
    {
        Assert.False(_spool.WasUnreachable("http://a"));
        _spool.MarkUnreachable("http://a", true);
        Assert.True(_spool.WasUnreachable("http://a"));
        Assert.False(_spool.WasUnreachable("http://b"));
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "unreachable"), DateTime.UtcNow.AddSeconds(-31));
        Assert.False(_spool.WasUnreachable("http://a"));
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "unreachable"), DateTime.UtcNow.AddHours(1));
        Assert.False(_spool.WasUnreachable("http://a"));
    }

    [Fact]
    public void Without_a_folder_nothing_is_kept_and_nothing_fails()
    {
        var none = new Spool(null);
        Assert.NotNull(none.Add(Event(DateTimeOffset.UtcNow)));
        Assert.Empty(none.Take(1, 1));
        Assert.Null(none.Lock());
        none.Hold(Event(DateTimeOffset.UtcNow));
        none.Release(Event(DateTimeOffset.UtcNow));
        none.Refuse(Event(DateTimeOffset.UtcNow), "");
        none.MarkUnreachable("x", true);
        Assert.Equal((false, false, false, 0), (none.HasEvents, none.IsFull, none.WasUnreachable("x"), none.Count));
    }

    private static Pending Event(DateTimeOffset at)
    {
        var id = Guid.CreateVersion7(at);
        var request = new EventRequest
        {
            EventId = id,
            Action = "start",
            Run = new RunRequest { Type = "build", Id = "1" },
            OccurredAt = at,
            Reason = Encoding.UTF8.GetString([0xc3, 0xa9]),
        };
        return new Pending(id, EventJson.Write(request));
    }
}
