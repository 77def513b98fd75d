using ValueStream.Core.Events;
using static ValueStream.Server.Tests.Sources.GitHub.Hooks;

namespace ValueStream.Server.Tests.Sources.GitHub;

public sealed class PushTests
{
    private const string Members = """
        "ref": "refs/heads/feature/x", "before": "1111111111111111111111111111111111111111", "after": "2222222222222222222222222222222222222222", "deleted": false, "forced": false,
        "pusher": {"name": "bob"}, "commits": [{"id": "aaaa", "message": "Index, for #36"}, {"id": "2222222222222222222222222222222222222222", "message": "Test it"}],
        "head_commit": {"id": "2222222222222222222222222222222222222222", "message": "Test it\n\nABC-9", "timestamp": "2026-03-02T08:00:00Z"}
        """;

    [Fact]
    public void A_push_begins_and_ends_when_it_reached_the_repository()
    {
        var (rendering, run) = Assert.Single(Trial.Runs(Source, Hook("push", PushedAt("1772445600") + Members)));
        var attempt = Assert.Single(run.Attempts).Value;
        Assert.StartsWith("vstrace-github-push-acme.shop.web-2222222222222222222222222222222222222222-", rendering, StringComparison.Ordinal);
        Assert.Equal((At("10:00:00"), At("10:00:00"), Outcome.Success), (attempt.StartedAt, attempt.EndedAt, attempt.Outcome));
        Assert.Equal(("push", "ann", "Test it"), (attempt.Name, attempt.Actor, attempt.Reason));
        Assert.Equal(("feature/x", "branch"), (attempt.Tags["vcs.ref.head.name"].Text, attempt.Tags["vcs.ref.head.type"].Text));
        Assert.Equal(("1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"), (attempt.Tags["vcs.ref.base.revision"].Text, attempt.Tags["vcs.ref.head.revision"].Text));
        Assert.Equal(("aaaa 2222222222222222222222222222222222222222", "true", "2"),
            (attempt.Tags["vcs.push.revisions"].Text, attempt.Tags["vcs.push.revisions.complete"].Text, attempt.Tags["vcs.push.commits"].Text));
        Assert.Equal(["Names acme/shop.web#36"], attempt.Notes);
    }

    [Fact]
    public void Of_two_ways_to_write_the_time_either_is_read_and_without_one_it_is_the_commits()
    {
        Assert.Equal(At("10:00:00"), Source.Read(Hook("push", PushedAt("\"2026-03-02T10:00:00Z\"") + Members)).Events[0].At);
        Assert.Equal(At("08:00:00"), Source.Read(Hook("push", Members)).Events[0].At);
    }

    [Fact]
    public void One_commit_on_two_branches_is_two_pushes() =>
        Assert.Equal(2, Trial.Runs(Source, Hook("push", Members), Hook("push", Members.Replace("feature/x", "feature/y", StringComparison.Ordinal))).Count);

    [Fact]
    public void A_push_that_is_sent_again_is_the_same_one() => Trial.EveryOrderTellsTheSame(Source, [Hook("push", PushedAt("1772445600") + Members)]);

    [Fact]
    public void Commits_that_do_not_fit_are_left_out_whole_and_it_says_so()
    {
        var commits = string.Join(", ", Enumerable.Range(0, 60).Select(static i => $$"""{"id": "{{i:x40}}"}"""));
        var tags = Source.Read(Hook("push", Merged("{" + Members + "}", $"\"commits\": [{commits}]")[1..^1])).Events[0].Data.Tags!;
        Assert.Equal(49, tags["vcs.push.revisions"].Text.Split(' ').Length);
        Assert.All(tags["vcs.push.revisions"].Text.Split(' '), static s => Assert.Equal(40, s.Length));
        Assert.Equal(("false", "60"), (tags["vcs.push.revisions.complete"].Text, tags["vcs.push.commits"].Text));
    }

    [Fact]
    public void A_branch_of_what_was_there_has_no_message_of_its_own()
    {
        var branch = Merged("{" + PushedAt("1772445600") + Members + "}", """ "commits": [], "created": true, "before": "0000000000000000000000000000000000000000" """)[1..^1];
        var data = Source.Read(Hook("push", branch)).Events[0].Data;
        Assert.Null(data.Reason);
        Assert.False(data.Tags!.ContainsKey("vcs.ref.head.message"));
        Assert.False(data.Tags.ContainsKey("vcs.ref.base.revision"));
        Assert.Equal(("0", "true"), (data.Tags["vcs.push.commits"].Text, data.Tags["vcs.push.revisions.complete"].Text));
    }

    [Fact]
    public void Where_nothing_else_says_when_it_was_pushed_its_head_is_the_nearest() =>
        Assert.Equal(At("08:00:00"), Source.Read(Hook("push", Merged("{" + Members + "}", """ "commits": [] """)[1..^1])).Events[0].At);

    [Fact]
    public void A_deleted_branch_is_no_push() =>
        Assert.NotNull(Source.Read(Hook("push", """ "ref": "refs/heads/x", "deleted": true, "after": "0000000000000000000000000000000000000000" """)).Ignored);

    private static string PushedAt(string time) => $"\"repository\": {Merged(Repository, $"\"pushed_at\": {time}")}, ";
}
