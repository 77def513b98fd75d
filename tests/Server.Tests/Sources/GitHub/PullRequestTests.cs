using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.GitHub.Hooks;

namespace ValueStream.Server.Tests.Sources.GitHub;

public sealed class PullRequestTests
{
    private const string Id = "vstrace-github-pull_request-acme.shop.web-39";

    private static readonly Webhook Opened = Pull("opened", """ "draft": true """);
    private static readonly Webhook Ready = Pull("ready_for_review", """ "updated_at": "2026-03-02T10:10:00Z" """);
    private static readonly Webhook Refused = Review("submitted", """{"state": "changes_requested", "user": {"login": "cid"}, "submitted_at": "2026-03-02T10:20:00Z"}""", "");
    private static readonly Webhook Pushed = Pull("synchronize", """ "updated_at": "2026-03-02T10:30:00Z", "head": {"ref": "index", "sha": "cccc"} """);
    private static readonly Webhook Approved = Review("submitted", """{"state": "approved", "user": {"login": "cid"}, "submitted_at": "2026-03-02T10:40:00Z"}""", "");
    private static readonly Webhook Merged = Pull("closed", """
        "state": "closed", "merged": true, "merged_by": {"login": "dee"}, "head": {"ref": "index", "sha": "cccc"},
        "updated_at": "2026-03-02T11:00:01Z", "closed_at": "2026-03-02T11:00:00Z", "merged_at": "2026-03-02T11:00:00Z"
        """);

    private static readonly Webhook[] History = [Opened, Ready, Refused, Pushed, Approved, Merged];

    [Fact]
    public void A_pull_request_passes_through_draft_review_and_approved_to_its_merge()
    {
        var attempt = Attempt(Id, History);
        Assert.Equal("draft 10:00:00-10:10:00, review 10:10:00-10:40:00, approved 10:40:00-11:00:00", Stages(attempt));
        Assert.Equal((At("10:00:00"), At("11:00:00"), Outcome.Success, "bob"), (attempt.StartedAt, attempt.EndedAt, attempt.Outcome, attempt.Actor));
        Assert.Equal(("39", "342455317", "merged"), (attempt.Tags["vcs.change.id"].Text, attempt.Tags["pull_request.id"].Text, attempt.Tags["vcs.change.state"].Text));
        Assert.Equal(("cccc", "7e57"), (attempt.Tags["vcs.ref.head.revision"].Text, attempt.Tags["vcs.change.merge.revision"].Text));
        Assert.Equal(("approved", "cid", "dee"), (attempt.Tags["review.state"].Text, attempt.Tags["review.user.name"].Text, attempt.Tags["pull_request.merged_by"].Text));
        Assert.Equal("pull_request", attempt.Name);
        Assert.False(attempt.JoinedLate);
    }

    [Fact]
    public void Any_order_tells_the_same() => Trial.EveryOrderTellsTheSame(Source, History);

    [Fact]
    public void One_that_is_closed_without_a_merge_is_cancelled_and_has_no_merge_revision()
    {
        var attempt = Attempt(Id, Opened, Pull("closed", """ "state": "closed", "closed_at": "2026-03-02T11:00:00Z" """));
        Assert.Equal((Outcome.Cancellation, "closed"), (attempt.Outcome, attempt.Tags["vcs.change.state"].Text));
        Assert.False(attempt.Tags.ContainsKey("vcs.change.merge.revision"));
    }

    [Fact]
    public void One_that_is_reopened_waits_for_its_review_in_another_attempt()
    {
        var closed = Pull("closed", """ "state": "closed", "closed_at": "2026-03-02T11:00:00Z" """);
        var reopened = Pull("reopened", """ "updated_at": "2026-03-02T12:00:00Z" """);
        var attempts = Only(Id, Opened, closed, reopened, Review("submitted", """{"state": "approved", "submitted_at": "2026-03-02T12:30:00Z"}""", "")).Attempts;
        Assert.Equal(2, attempts.Count);
        Assert.Equal((AttemptState.Running, "review 12:00:00-12:30:00, approved 12:30:00-"), (attempts[2].State, Stages(attempts[2])));
        Trial.EveryOrderTellsTheSame(Source, [Opened, closed, reopened]);
    }

    [Fact]
    public void One_that_is_closed_and_reopened_within_a_second_is_open()
    {
        var closed = Pull("closed", """ "state": "closed", "closed_at": "2026-03-02T11:00:00Z", "updated_at": "2026-03-02T11:00:00Z" """);
        var reopened = Pull("reopened", """ "updated_at": "2026-03-02T11:00:00Z" """);
        Assert.Equal([AttemptState.Ended, AttemptState.Running], Only(Id, Opened, closed, reopened).Attempts.Values.Select(static a => a.State));
        Trial.EveryOrderTellsTheSame(Source, [Opened, closed, reopened]);
    }

    [Theory]
    [InlineData("ready_for_review")]
    [InlineData("converted_to_draft")]
    public void What_is_declared_after_the_end_opens_no_other_attempt(string action)
    {
        var closed = Pull("closed", """ "state": "closed", "closed_at": "2026-03-02T11:00:00Z" """);
        var late = Pull(action, """ "state": "closed", "closed_at": "2026-03-02T11:00:00Z", "updated_at": "2026-03-02T12:00:00Z" """);
        Assert.Equal([AttemptState.Ended], Only(Id, Opened, closed, late).Attempts.Values.Select(static a => a.State));
    }

    [Fact]
    public void Back_to_draft_and_a_dismissed_approval_move_it_back()
    {
        var dismissed = Review("dismissed", """{"state": "dismissed", "submitted_at": "2026-03-02T10:40:00Z"}""", """ "updated_at": "2026-03-02T10:50:00Z" """);
        Assert.Equal("draft 10:00:00-10:10:00, review 10:10:00-10:40:00, approved 10:40:00-10:50:00, review 10:50:00-", Stages(Attempt(Id, Opened, Ready, Approved, dismissed)));
        var back = Pull("converted_to_draft", """ "draft": true, "updated_at": "2026-03-02T10:15:00Z" """);
        Assert.Equal("draft 10:00:00-10:10:00, review 10:10:00-10:15:00, draft 10:15:00-", Stages(Attempt(Id, Opened, Ready, back)));
    }

    [Theory]
    [InlineData("submitted", "commented")]
    [InlineData("edited", "approved")]
    public void A_review_that_decides_nothing_moves_nothing(string action, string state) =>
        Assert.Equal([EventKind.Annotated], Source.Read(Review(action, $$"""{"state": "{{state}}"}""", "")).Events.Select(static e => e.Kind));

    [Fact]
    public void An_approval_after_the_merge_opens_no_other_attempt()
    {
        var late = Review("submitted", """{"state": "approved", "submitted_at": "2026-03-02T12:00:00Z"}""", """ "state": "closed", "merged_at": "2026-03-02T11:00:00Z", "closed_at": "2026-03-02T11:00:00Z" """);
        Assert.Equal(At("11:00:00"), Attempt(Id, [.. History, late]).EndedAt);
    }

    [Fact]
    public void A_merge_alone_gives_the_whole_duration()
    {
        var attempt = Attempt(Id, Merged);
        Assert.Equal((TimeSpan.FromHours(1), "bob"), (attempt.Duration, attempt.Actor));
    }

    [Fact]
    public void Title_body_and_branch_name_other_runs()
    {
        var attempt = Attempt(Id, Pull("opened", """ "title": "ABC-7: index", "body": "Closes #36\r\nand https://github.com/acme/other/issues/5" """));
        Assert.Equal(["Closes acme/shop.web#36. Names ABC-7, acme/other#5"], attempt.Notes);
        Assert.Equal(("index", "ABC-7: index"), (attempt.Tags["vcs.ref.head.name"].Text, attempt.Tags["vcs.change.title"].Text));
    }

    [Fact]
    public void One_without_a_number_has_its_database_id()
    {
        Assert.Equal("342455317", Source.Read(Hook("pull_request", """ "action": "opened", "pull_request": {"id": 342455317} """)).Events[0].Run.Id);
        Assert.Throws<NotUnderstoodException>(static () => Source.Read(Hook("pull_request", """ "action": "opened", "pull_request": {} """)));
    }
}
