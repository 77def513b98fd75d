using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.Jira.Said;

namespace ValueStream.Server.Tests.Sources.Jira;

public sealed class JiraIssueTests
{
    private const string Doing = "En curso";
    private const string Review = "Revisión";
    private const string Done = "Terminado";

    [Fact]
    public void An_issue_is_a_run_from_its_creation_until_it_is_done_and_its_columns_are_stages()
    {
        var attempt = Assert.Single(Attempts(Created(), Moved(3, "Por hacer", Doing), Moved(5, Doing, Review), Moved(8, Review, Done, "done", Resolution("Hecho"))));

        Assert.Equal((Day(1), Day(8), Outcome.Success), (attempt.StartedAt!.Value, attempt.EndedAt!.Value, attempt.Outcome));
        Assert.Equal([new Stage("Por hacer", Day(1), Day(3)), new Stage(Doing, Day(3), Day(5)), new Stage(Review, Day(5), Day(8))], attempt.Stages);
        Assert.Equal(("issue", "Bob", "done", Done, "Hecho"), (attempt.Name, attempt.Actor, attempt.Tags["jira.status.category"].Text, attempt.Tags["issue.status.name"].Text, attempt.Tags["issue.resolution"].Text));
        Assert.Empty(attempt.Flags);
    }

    [Fact]
    public void Two_visits_to_a_column_count_what_they_lasted_and_not_what_lay_between()
    {
        var attempt = Assert.Single(Attempts(Created(), Moved(9, "Por hacer", Doing), Moved(10, Doing, Review), Moved(12, Review, Doing), Moved(14, Doing, Done, "done")));

        Assert.Equal(TimeSpan.FromDays(3), attempt.TimeIn(Doing, Day(30)));
    }

    [Fact]
    public void Edits_of_an_issue_that_is_worked_on_or_done_restart_nothing()
    {
        string[] work = [Created(), Moved(3, "Por hacer", Doing), Moved(8, Doing, Done, "done")];
        string[] edits = [Issue("updated", 4, Doing, "indeterminate", Change("assignee", null, "ada")), Issue("updated", 9, Done, "done", Change("labels", "", "late"))];

        var plain = Assert.Single(Attempts(work));
        var edited = Assert.Single(Attempts(work.Concat(edits)));

        Assert.Equal((plain.StartedAt, plain.EndedAt, plain.Outcome), (edited.StartedAt, edited.EndedAt, edited.Outcome));
        Assert.Equal(plain.Stages, edited.Stages);
        Assert.Equal([EventKind.Annotated], Source.Read(Trial.Webhook(edits[0])).Events.Select(static e => e.Kind));
    }

    [Fact]
    public void An_edit_of_a_done_issue_that_was_never_heard_of_makes_no_orphan()
    {
        var runs = Runs(Issue("updated", 9, Done, "done", Change("labels", "", "late")));

        Assert.Empty(runs["vstrace-jira-issue-ABC-12"].Attempts);
    }

    [Fact]
    public void A_status_is_known_by_its_category_and_not_by_its_name()
    {
        var attempt = Assert.Single(Attempts(Created(), Moved(2, "Por hacer", "Done"), Moved(3, "Done", "Backlog", "done")));

        Assert.Equal((AttemptState.Ended, Day(3)), (attempt.State, attempt.EndedAt!.Value));
        Assert.Equal(["Por hacer", "Done"], Stages(attempt));
    }

    [Fact]
    public void Leaving_a_done_status_reopens_the_issue_as_another_attempt()
    {
        string[] all = [Created(), Moved(3, "Por hacer", Done, "done"), Moved(5, Done, Doing), Moved(6, Doing, Done, "done")];

        var attempts = Attempts(all);

        Assert.Equal([(1, Day(1), Day(3)), (2, Day(5), Day(6))], attempts.Select(static a => (a.Number, a.StartedAt!.Value, a.EndedAt!.Value)));
        Assert.Equal([Doing], Stages(attempts[1]));
        Assert.All(attempts, static a => Assert.Empty(a.Flags));
        Trial.EveryOrderTellsTheSame(Source, Hooks(all));
    }

    [Fact]
    public void Going_on_from_one_done_status_to_another_is_no_second_end_and_no_second_attempt()
    {
        var attempt = Assert.Single(Attempts(Created(), Moved(3, "Por hacer", "Resuelto", "done"), Moved(7, "Resuelto", "Cerrado", "done")));

        Assert.Equal(Day(3), attempt.EndedAt);
        Assert.Equal("Cerrado", attempt.Tags["issue.status.name"].Text);
    }

    [Fact]
    public void Where_only_the_second_done_status_was_told_of_the_cloud_says_when_the_first_was_reached()
    {
        var attempt = Assert.Single(Attempts(Moved(7, "Resuelto", "Cerrado", "done", $"\"statuscategorychangedate\": \"{Text(Day(3))}\",")));

        Assert.Equal((Day(1), Day(3)), (attempt.StartedAt!.Value, attempt.EndedAt!.Value));
    }

    [Theory]
    [InlineData("Won't Do", Outcome.Cancellation)]
    [InlineData("Won’t Fix", Outcome.Cancellation)]
    [InlineData("Wont Fix", Outcome.Cancellation)]
    [InlineData("Duplicate", Outcome.Cancellation)]
    [InlineData("Cannot Reproduce", Outcome.Cancellation)]
    [InlineData("DECLINED", Outcome.Cancellation)]
    [InlineData("Canceled", Outcome.Cancellation)]
    [InlineData("Fixed", Outcome.Success)]
    [InlineData("Hecho", Outcome.Success)]
    public void A_resolution_that_gives_up_is_a_cancellation_and_every_other_one_a_success(string resolution, Outcome outcome)
    {
        Assert.Equal(outcome, Assert.Single(Attempts(Moved(3, Doing, Done, "done", Resolution(resolution)))).Outcome);
        Assert.Equal(outcome, Assert.Single(Attempts(Moved(3, Doing, Done, "done", changes: ", " + Change("resolution", null, resolution)))).Outcome);
    }

    [Fact]
    public void A_done_status_that_says_cancelled_is_a_cancellation_too() =>
        Assert.Equal(Outcome.Cancellation, Assert.Single(Attempts(Moved(3, Doing, "Cancelled", "done", Resolution("Done")))).Outcome);

    [Fact]
    public void An_end_that_comes_alone_brings_its_start_along()
    {
        var attempt = Assert.Single(Attempts(Moved(8, Doing, Done, "done")));

        Assert.Equal((AttemptState.Ended, Day(1), Day(8), "Bob"), (attempt.State, attempt.StartedAt!.Value, attempt.EndedAt!.Value, attempt.Actor));
    }

    [Fact]
    public void A_move_that_comes_alone_brings_the_start_along()
    {
        var attempt = Assert.Single(Attempts(Moved(4, "Por hacer", Doing)));

        Assert.Equal((Day(1), false), (attempt.StartedAt!.Value, attempt.JoinedLate));
        Assert.Equal([new Stage(Doing, Day(4), null)], attempt.Stages);
    }

    [Fact]
    public void An_issue_that_is_created_done_starts_and_ends()
    {
        var attempt = Assert.Single(Attempts(Issue("created", 1, Done, "done")));

        Assert.Equal((AttemptState.Ended, Day(1), Day(1)), (attempt.State, attempt.StartedAt!.Value, attempt.EndedAt!.Value));
    }

    [Fact]
    public void A_deleted_issue_is_cancelled_unless_it_was_done()
    {
        Assert.Equal((Outcome.Cancellation, Day(4)), End(Attempts(Created(), Issue("deleted", 4, Doing, "indeterminate"))));
        Assert.Equal((Outcome.Success, Day(3)), End(Attempts(Created(), Moved(3, "Por hacer", Done, "done"), Issue("deleted", 4, Done, "done"))));
        Assert.Equal((Outcome.Cancellation, Day(4)), End(Attempts($$"""{ "webhookEvent": "jira:issue_deleted", "timestamp": {{Day(4).ToUnixTimeMilliseconds()}}, "issue": { "key": "ABC-12" } }""")));

        static (Outcome?, DateTimeOffset?) End(Attempt[] attempts) => (Assert.Single(attempts).Outcome, attempts[0].EndedAt);
    }

    [Fact]
    public void A_hook_that_does_not_say_what_changed_tells_where_the_issue_stands()
    {
        string[] all = [Created(), Moved(3, "Por hacer", Doing), Issue("updated", 4, Doing, "indeterminate"), Issue("updated", 6, Review, "indeterminate"), Issue("updated", 9, Done, "done", fields: $"\"resolutiondate\": \"{Text(Day(8))}\",")];

        var attempt = Assert.Single(Attempts(all));

        Assert.Equal(Day(8), attempt.EndedAt);
        Assert.Equal([new Stage("Por hacer", Day(1), Day(3)), new Stage(Doing, Day(3), Day(6)), new Stage(Review, Day(6), Day(8))], attempt.Stages);
        Trial.EveryOrderTellsTheSame(Source, Hooks(all));
    }

    [Fact]
    public void A_rule_may_send_the_bare_issue()
    {
        var attempt = Assert.Single(Attempts($$"""
            { "key": "ABC-12", "fields": { "created": "{{Text(Day(1))}}", "updated": "{{Text(Day(2))}}", "status": { "name": "En curso", "statusCategory": { "key": "indeterminate" } } } }
            """));

        Assert.Equal([new Stage(Doing, Day(2), null)], attempt.Stages);
    }

    [Fact]
    public void Where_a_server_knows_no_categories_the_resolution_says_what_is_done()
    {
        var attempt = Assert.Single(Attempts(Created(), Moved(3, Doing, "Cerrado", "", Resolution("Fixed")).Replace("statusCategory", "ignored", StringComparison.Ordinal)));

        Assert.Equal(Day(3), attempt.EndedAt);
    }

    [Fact]
    public void Fields_that_are_newer_than_the_change_end_nothing_early()
    {
        var late = Issue("updated", 3, Done, "done", Move("Por hacer", Doing));
        var attempt = Assert.Single(Attempts(Created(), late, Moved(5, Doing, Done, "done")));

        Assert.Equal(Day(5), attempt.EndedAt);
        Assert.Equal(["Por hacer", Doing], Stages(attempt));
    }

    [Fact]
    public void An_issue_that_moves_to_another_project_goes_on_there_and_no_longer_counts_here()
    {
        var move = Issue("updated", 4, Doing, "indeterminate", Change("project", "7", "8") + ", " + Change("Key", "ABC-12", "SHOP-3"), key: "SHOP-3");
        string[] all = [Created(), Moved(2, "Por hacer", Doing), move];
        var runs = Runs(all);

        var (old, now) = (runs["vstrace-jira-issue-ABC-12"].Attempts[1], runs["vstrace-jira-issue-SHOP-3"].Attempts[1]);
        Assert.Equal((Outcome.Skip, Day(4)), (old.Outcome, old.EndedAt));
        Assert.Equal([new RunLink(LinkKinds.References, "vstrace-jira-issue-SHOP-3")], old.Links);
        Assert.Equal((AttemptState.Running, Day(1)), (now.State, now.StartedAt!.Value));
        Assert.Equal([new Stage(Doing, Day(4), null)], now.Stages);
        Assert.Equal([new RunLink(LinkKinds.Follows, "vstrace-jira-issue-ABC-12")], now.Links);
        Trial.EveryOrderTellsTheSame(Source, Hooks(all));
    }

    [Fact]
    public void What_title_and_description_name_is_noted_whether_text_or_document()
    {
        var text = Created(fields: "\"description\": \"See WEB-7\",");
        var document = Created(fields: """
            "description": { "type": "doc", "version": 1, "content": [
              { "type": "paragraph", "content": [ { "type": "text", "text": "Fixes " }, { "type": "text", "text": "acme/shop#4", "marks": [ { "type": "strong" } ] } ] },
              { "type": "paragraph", "content": [ { "type": "inlineCard", "attrs": { "url": "https://acme.atlassian.net/browse/WEB-7" } } ] } ] },
            """);

        Assert.Equal(["Names WEB-7"], Assert.Single(Attempts(text)).Notes);
        Assert.Equal(["Closes acme/shop#4. Names WEB-7"], Assert.Single(Attempts(document)).Notes);
    }

    [Fact]
    public void A_comment_is_noted_for_what_it_names()
    {
        var comment = """{ "id": "1", "body": "blocked by WEB-7", "created": "2024-05-03T00:00:00.000+0000" }""";
        var cloud = $$"""{ "timestamp": 1714700000000, "webhookEvent": "comment_created", "comment": {{comment}}, "issue": { "key": "ABC-12", "fields": { "summary": "WEB-8" } } }""";
        var server = Issue("updated", 3, "Por hacer", "new", more: $"\"issue_event_type_name\": \"issue_commented\", \"comment\": {comment},");

        Assert.Equal(["Names WEB-7"], Assert.Single(Attempts(Created(), cloud)).Notes);
        Assert.Equal(["Names WEB-7"], Assert.Single(Attempts(Created(), server)).Notes);
        Assert.NotNull(Source.Read(Trial.Webhook("""{ "webhookEvent": "comment_created", "comment": { "id": "1", "self": "https://j/rest/api/2/issue/10148/comment/1", "body": "WEB-7" } }""")).Ignored);
    }

    [Fact]
    public void An_issue_is_found_by_its_key_and_by_the_names_that_it_had_upstream()
    {
        var run = Source.Read(Trial.Webhook(Created())).Events[0].Run;

        Assert.Equal(new RunId("jira", "issue", "ABC", "12"), run);
        Assert.All((string[])["vstrace-jira-issue-ABC-12", "vstrace-jiracloud-issue-ABC-12", "ABC-12"], name => Assert.Contains(name, Aliases.NamesOf(run)));
    }

    [Fact]
    public void Its_tags_are_as_of_the_last_delivery_and_what_was_taken_away_is_away()
    {
        var named = """
            "labels": ["a", "b"], "components": [{ "name": "api" }], "fixVersions": [{ "name": "1.0" }], "assignee": { "displayName": "Cy" }, "reporter": { "name": "dee" }, "priority": null,
            """;
        var tags = Assert.Single(Attempts(Created(fields: named))).Tags;
        Assert.Equal(("a, b", "api", "1.0", "Cy", "dee"), (tags["issue.labels"].Text, tags["issue.components"].Text, tags["issue.fix_versions"].Text, tags["issue.assignee"].Text, tags["issue.reporter"].Text));
        Assert.Equal(("5b10", "Ada", "atlassian"), (tags["user.id"].Text, tags["user.name"].Text, tags["user.account_type"].Text));
        Assert.Equal(("https://acme.atlassian.net/browse/ABC-12", "Sell it"), (tags["issue.url"].Text, tags["issue.title"].Text));

        var cleared = Issue("updated", 2, "Por hacer", "new", Change("labels", "a b", "") + ", " + Change("assignee", "cy", null), "\"labels\": [], \"assignee\": null,");
        tags = Assert.Single(Attempts(Created(fields: named), cleared)).Tags;
        Assert.Equal(("none", "none", "api"), (tags["issue.labels"].Text, tags["issue.assignee"].Text, tags["issue.components"].Text));
    }

    [Fact]
    public void A_server_names_its_users_by_login()
    {
        var server = Moved(2, "Por hacer", Doing).Replace("\"accountId\": \"5b10\", \"accountType\": \"atlassian\", \"displayName\": \"Ada\"", "\"name\": \"ada\", \"key\": \"JIRAUSER10100\"", StringComparison.Ordinal);

        var tags = Assert.Single(Attempts(server)).Tags;

        Assert.Equal(("JIRAUSER10100", "ada"), (tags["user.id"].Text, tags["user.name"].Text));
    }

    [Theory]
    [InlineData("""{ "webhookEvent": "jira:issue_created", "issue": { "key": "ABC-12" } }""")]
    [InlineData("""{ "webhookEvent": "jira:issue_updated", "issue": { "key": "ABC", "fields": {} } }""")]
    [InlineData("""{ "webhookEvent": "jira:issue_updated", "issue": { "fields": {} } }""")]
    [InlineData("""{ "webhookEvent": "jira:issue_updated" }""")]
    [InlineData("""{ "hello": "world" }""")]
    [InlineData("[]")]
    public void What_names_no_issue_or_has_no_fields_is_not_understood_and_breaks_nothing(string payload) =>
        Assert.Throws<NotUnderstoodException>(() => Source.Read(Trial.Webhook(payload)));

    [Theory]
    [InlineData("issuelink_created")]
    [InlineData("worklog_created")]
    [InlineData("jira:version_released")]
    [InlineData("comment_deleted")]
    public void Other_events_are_taken_and_ignored(string kind) =>
        Assert.NotNull(Source.Read(Trial.Webhook($$"""{ "webhookEvent": "{{kind}}" }""")).Ignored);

    [Fact]
    public void Every_order_of_an_issues_deliveries_tells_the_same() =>
        Trial.EveryOrderTellsTheSame(Source, Hooks(Created(), Moved(3, "Por hacer", Doing), Issue("updated", 4, Doing, "indeterminate", Change("assignee", null, "ada")),
            Moved(5, Doing, Done, "done", Resolution("Won't Do")), Moved(6, Done, Review), Moved(7, Review, "Resuelto", "done"), Moved(8, "Resuelto", "Cerrado", "done"), Issue("deleted", 9, "Cerrado", "done")));
}
