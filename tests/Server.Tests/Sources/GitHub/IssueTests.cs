using ValueStream.Core.Events;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.GitHub.Hooks;

namespace ValueStream.Server.Tests.Sources.GitHub;

public sealed class IssueTests
{
    private const string Id = "vstrace-github-issue-acme.shop.web-36";

    private static readonly Webhook Opened = Issue("opened", "");
    private static readonly Webhook Labeled = Issue("labeled", """ "labels": [{"name": "bug"}, {"name": "slow"}], "updated_at": "2026-03-02T09:30:00Z" """);
    private static readonly Webhook Closed = Issue("closed", """ "state": "closed", "state_reason": "completed", "closed_at": "2026-03-02T11:00:00Z", "updated_at": "2026-03-02T11:00:00Z" """);
    private static readonly Webhook Reopened = Issue("reopened", """ "state_reason": "reopened", "updated_at": "2026-03-02T12:00:00Z" """);
    private static readonly Webhook ClosedAgain = Issue("closed", """ "state": "closed", "state_reason": "not_planned", "closed_at": "2026-03-02T13:00:00Z", "updated_at": "2026-03-02T13:00:00Z" """);

    [Fact]
    public void An_issue_lasts_from_its_creation_to_its_closing()
    {
        var attempt = Attempt(Id, Opened, Labeled, Closed);
        Assert.Equal((At("09:00:00"), At("11:00:00"), Outcome.Success), (attempt.StartedAt, attempt.EndedAt, attempt.Outcome));
        Assert.Equal(("issue", "bob"), (attempt.Name, attempt.Actor));
        Assert.Equal(("bug, search", "cid", "v2"), (attempt.Tags["issue.labels"].Text, attempt.Tags["issue.assignees"].Text, attempt.Tags["issue.milestone"].Text));
        Assert.Equal("completed", attempt.Tags["issue.state_reason"].Text);
    }

    [Fact]
    public void A_reopened_issue_has_another_attempt_and_any_order_tells_the_same()
    {
        Webhook[] history = [Opened, Labeled, Closed, Reopened, ClosedAgain];
        var attempts = Only(Id, history).Attempts;
        Assert.Equal([1, 2], attempts.Keys);
        Assert.Equal((At("12:00:00").AddMilliseconds(1), At("13:00:00"), Outcome.Cancellation, "ann"), (attempts[2].StartedAt, attempts[2].EndedAt, attempts[2].Outcome, attempts[2].Actor));
        Trial.EveryOrderTellsTheSame(Source, history);
    }

    [Theory]
    [InlineData("not_planned", Outcome.Cancellation)]
    [InlineData("duplicate", Outcome.Cancellation)]
    [InlineData("completed", Outcome.Success)]
    [InlineData("something_new", Outcome.Success)]
    public void Why_it_was_closed_says_how_it_ended(string reason, Outcome outcome) =>
        Assert.Equal(outcome, Attempt(Id, Issue("closed", $$""" "state": "closed", "state_reason": "{{reason}}", "closed_at": "2026-03-02T11:00:00Z" """)).Outcome);

    [Theory]
    [InlineData("edited")]
    [InlineData("labeled")]
    [InlineData("assigned")]
    [InlineData("pinned")]
    [InlineData("something_new")]
    public void An_edit_restarts_nothing(string action)
    {
        var edit = Issue(action, """ "title": "Search is too slow", "updated_at": "2026-03-02T10:00:00Z" """);
        Assert.Equal([EventKind.Annotated], Source.Read(edit).Events.Select(static e => e.Kind));
        var attempt = Attempt(Id, Opened, edit, Closed);
        Assert.Equal((At("09:00:00"), At("11:00:00")), (attempt.StartedAt, attempt.EndedAt));
    }

    [Fact]
    public void The_last_label_that_is_taken_away_does_not_stay()
    {
        var attempt = Attempt(Id, Opened, Issue("unlabeled", """ "labels": [], "updated_at": "2026-03-02T10:00:00Z" """));
        Assert.Equal("none", attempt.Tags["issue.labels"].Text);
    }

    [Theory]
    [InlineData("deleted", "cancellation")]
    [InlineData("transferred", "skip")]
    public void An_open_issue_that_goes_away_ends_when_that_is_heard_of_and_of_old_deliveries_about_its_last_update(string action, string outcome)
    {
        var told = Source.Read(Issue(action, """ "updated_at": "2026-03-02T10:30:00Z" """));
        Assert.Equal([EventKind.Started, EventKind.Ended], told.Events.Select(static e => e.Kind));
        Assert.Equal((null, At("10:30:00"), outcome), (told.Events[1].At, told.Events[1].AboutWhen, told.Events[1].Data.Outcome));
    }

    [Fact]
    public void A_closed_issue_that_is_deleted_keeps_its_end()
    {
        var attempt = Attempt(Id, Opened, Closed, Issue("deleted", """ "state": "closed", "closed_at": "2026-03-02T11:00:00Z", "updated_at": "2026-03-02T11:00:00Z" """));
        Assert.Equal((At("11:00:00"), Outcome.Success), (attempt.EndedAt, attempt.Outcome));
    }

    [Fact]
    public void A_transferred_issue_and_what_became_of_it_point_at_each_other()
    {
        var there = Issue("opened", "", """ "changes": {"old_issue": {"number": 7}, "old_repository": {"full_name": "acme/old"}} """);
        var here = Issue("transferred", "", """ "changes": {"new_issue": {"number": 8}, "new_repository": {"full_name": "acme/new"}} """);
        Assert.Equal([new RunLink(LinkKinds.Follows, "vstrace-github-issue-acme.old-7")], Attempt(Id, there).Links);
        Assert.Equal([new RunLink(LinkKinds.References, "vstrace-github-issue-acme.new-8")], Attempt(Id, here).Links);
    }

    [Fact]
    public void A_sub_issue_has_its_issue_as_parent() =>
        Assert.Equal("vstrace-github-issue-acme.plan-12", Attempt(Id, Issue("opened", """ "parent_issue_url": "https://api.github.com/repos/acme/plan/issues/12" """)).Parent);

    [Fact]
    public void What_title_and_body_name_is_noted_in_full_and_closing_words_go_first()
    {
        var attempt = Attempt(Id, Issue("opened", """ "title": "After ABC-7", "body": "see #5 and acme/other#6, fixes #9" """));
        Assert.Equal(["Closes acme/shop.web#9. Names ABC-7, acme/shop.web#5, acme/other#6"], attempt.Notes);
    }

    [Fact]
    public void An_issue_without_a_number_is_not_understood() =>
        Assert.Throws<NotUnderstoodException>(static () => Source.Read(Issue("opened", """ "number": null """)));

    [Fact]
    public void Without_an_owner_the_name_is_the_namespace_and_without_a_repository_there_is_one_too()
    {
        Assert.Equal("web", Source.Read(Hook("issues", """ "action": "opened", "issue": {"number": 1}, "repository": {"name": "web"} """)).Events[0].Run.Namespace);
        Assert.Equal("default", Source.Read(Hook("issues", """ "action": "opened", "issue": {"number": 1}, "repository": null """)).Events[0].Run.Namespace);
    }
}
