using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.GitLab;

public sealed class IssueTests
{
    private const string Twelve = "vstrace-gitlab-issue-acme.web-12";

    [Fact]
    public void An_issue_is_a_run_of_its_project_from_its_opening_to_its_closing_by_GitLabs_clock()
    {
        var issue = Hooks.Only(Twelve, Hooks.Issue("open", "10:00:00"), Hooks.Issue("close", "16:30:00"));

        Assert.Equal((AttemptState.Ended, Outcome.Success, "issue", "ada"), (issue.State, issue.Outcome, issue.Name, issue.Actor));
        Assert.Equal((Hooks.At("10:00:00"), Hooks.At("16:30:00")), (issue.StartedAt, issue.EndedAt));
        Assert.Contains("Names acme/web#4", issue.Notes);
        Assert.Equal("Basket is slow", issue.Tag("issue.title"));
    }

    [Fact]
    public void Weakness_5_and_6_the_close_alone_gives_the_whole_time() =>
        Assert.Equal(TimeSpan.FromHours(6.5), Hooks.Only(Twelve, Hooks.Issue("close", "16:30:00")).Duration);

    [Fact]
    public void Weakness_8_and_13_edits_restart_nothing()
    {
        var issue = Hooks.Only(Twelve, Hooks.Issue("open", "10:00:00"), Hooks.Issue("update", "11:00:00"), Hooks.Issue("update", "12:00:00"));

        Assert.Equal((AttemptState.Running, Hooks.At("10:00:00")), (issue.State, issue.StartedAt));
    }

    [Fact]
    public void Weakness_11_tags_that_come_later_reach_the_run()
    {
        var issue = Hooks.Only(Twelve, Hooks.Issue("open", "10:00:00"),
            Hooks.Issue("update", "11:00:00", """, "labels": [{ "title": "bug" }, { "title": "urgent" }], "milestone_id": 9"""), Hooks.Issue("close", "12:00:00"));

        Assert.Equal(("bug, urgent", "9", "closed"), (issue.Tag("issue.labels"), issue.Tag("issue.milestone_id"), issue.Tag("event.state")));
    }

    [Fact]
    public void One_that_is_reopened_has_a_second_attempt()
    {
        Webhook[] history = [Hooks.Issue("open", "10:00:00"), Hooks.Issue("close", "11:00:00"), Hooks.Issue("reopen", "12:00:00"), Hooks.Issue("close", "13:00:00")];

        var attempts = Hooks.Run(Twelve, history).Attempts;

        Assert.Equal([(Hooks.At("10:00:00"), Hooks.At("11:00:00")), (Hooks.At("12:00:00"), Hooks.At("13:00:00"))], attempts.Values.Select(static a => (a.StartedAt!.Value, a.EndedAt!.Value)));
        Trial.EveryOrderTellsTheSame(Hooks.Source, history);
    }

    [Fact]
    public void A_text_that_was_rewritten_is_read_again() => Assert.Contains("Closes acme/web#5", Hooks.Only(Twelve, Hooks.Issue("open", "10:00:00"),
        Hooks.Issue("update", "11:00:00", """, "description": "fixes #5" """, """, "changes": { "description": { "previous": "", "current": "fixes #5" } }""")).Notes);

    [Fact]
    public void One_that_was_moved_or_is_a_duplicate_is_cancelled() =>
        Assert.Equal(Outcome.Cancellation, Hooks.Only(Twelve, Hooks.Issue("close", "11:00:00", """, "duplicated_to_id": 4""")).Outcome);

    [Fact]
    public void What_is_confidential_is_a_run_without_a_title()
    {
        var issue = Hooks.Only(Twelve, Hooks.Issue("open", "10:00:00", """, "confidential": true""", kind: "Confidential Issue Hook"));

        Assert.Equal((null, "true"), (issue.Tag("issue.title"), issue.Tag("issue.confidential")));
    }

    [Fact]
    public void Weakness_17_projects_of_one_name_in_two_groups_are_two()
    {
        var there = Trial.Webhook(Hooks.IssueJson("open", "10:00:00").Replace("acme/web", "other/team/web", StringComparison.Ordinal), ("X-Gitlab-Event", "Issue Hook"));

        Assert.Equal([Twelve, "vstrace-gitlab-issue-other.team.web-12"], Trial.Runs(Hooks.Source, Hooks.Issue("open", "10:00:00"), there).Keys);
    }

    [Fact]
    public void Weakness_23_names_and_addresses_stand_where_they_belong()
    {
        var issue = Hooks.Only(Twelve, Hooks.Issue("open", "10:00:00"));

        Assert.Equal(("web", "acme", "https://git.example.com/acme/web", "git@git.example.com:acme/web.git", "internal"),
            (issue.Tag("vcs.repository.name"), issue.Tag("vcs.owner.name"), issue.Tag("vcs.repository.url.full"), issue.Tag("project.ssh_url"), issue.Tag("project.visibility")));
        Assert.Equal(("gitlab", "ada", "Ada Lovelace", "3"), (issue.Tag("vcs.provider.name"), issue.Tag("user.name"), issue.Tag("user.full_name"), issue.Tag("user.id")));
    }

    [Fact]
    public void An_issue_without_a_number_is_not_understood() =>
        Assert.Throws<NotUnderstoodException>(() => Hooks.Source.Read(Hooks.Hook("Issue Hook", """ "object_attributes": { "action": "open" } """)));

    [Theory]
    [InlineData("acme.io/web", "vstrace-gitlab-issue-acme.io.web-4")]
    [InlineData("acme/sub/web.app", "acme/sub/web.app#4")]
    [InlineData("acme.io/sub.x/web", "vstrace-gitlab-issue-acme.io.sub.x.web-4")]
    public void What_it_names_short_is_found_whatever_its_groups_are_called(string path, string name)
    {
        var json = Hooks.IssueJson("open", "10:00:00").Replace("acme/web", path, StringComparison.Ordinal);

        var (_, run) = Assert.Single(Trial.Runs(Hooks.Source, Trial.Webhook(json, ("X-Gitlab-Event", "Issue Hook"))));

        var noted = Assert.Single(Mention.In(Assert.Single(run.Attempts[1].Notes)));
        Assert.Equal(name, noted.Text);
        Assert.Contains(name, Aliases.NamesOf(new RunId("gitlab", "issue", path.Replace('/', '.'), "4")));
    }

    [Fact]
    public void What_it_names_short_is_found_in_a_project_whose_path_is_too_long_for_a_namespace()
    {
        var path = string.Join('/', Enumerable.Repeat("many.people", 10));
        var json = Hooks.IssueJson("open", "10:00:00").Replace("acme/web", path, StringComparison.Ordinal).Replace("Follows from #4", $"Closes #4, see !5 and https://git.example.com/{path}/-/issues/6", StringComparison.Ordinal);

        var (rendering, run) = Assert.Single(Trial.Runs(Hooks.Source, Trial.Webhook(json, ("X-Gitlab-Event", "Issue Hook"))));

        var four = rendering.Replace("-12", "-4", StringComparison.Ordinal);
        Assert.Equal([four, four.Replace("-issue-", "-pull_request-", StringComparison.Ordinal)[..^1] + "5", four[..^1] + "6"],
            Mention.In(Assert.Single(run.Attempts[1].Notes)).Select(static m => m.Text));
        Assert.StartsWith("Closes vstrace-gitlab-issue-", run.Attempts[1].Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_an_issue_looks_like_is_taken() => Trial.TakesWhateverComes(Hooks.Source,
        Hooks.IssueJson("close", "16:30:00", """, "labels": [{ "title": "bug" }]""", """, "changes": { "title": { "previous": "a", "current": "b" } }"""), [("X-Gitlab-Event", "Issue Hook")], 300, 1);
}
