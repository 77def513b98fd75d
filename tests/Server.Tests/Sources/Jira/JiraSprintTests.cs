using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.Jira.Said;

namespace ValueStream.Server.Tests.Sources.Jira;

public sealed class JiraSprintTests
{
    private const string Sprint = "vstrace-jira-sprint-default-37";

    [Fact]
    public void A_sprint_runs_from_its_start_until_it_is_closed()
    {
        var attempt = Assert.Single(Of(Hook("sprint_started", 2, "active"), Hook("sprint_closed", 16, "closed", $"\"completeDate\": \"{Text(Day(15))}\",")));

        Assert.Equal((Day(2), Day(15), Outcome.Success), (attempt.StartedAt!.Value, attempt.EndedAt!.Value, attempt.Outcome));
        Assert.Equal(("sprint", "closed", "37", "4", "Sprint 37"), (attempt.Name, attempt.Tags["state"].Text, attempt.Tags["sprint.id"].Text, attempt.Tags["sprint.origin_board_id"].Text, attempt.Tags["sprint.name"].Text));
        Assert.Equal(("2024-05-02T00:00:00Z", "2024-05-14T00:00:00Z"), (attempt.Tags["sprint.start_date"].Text, attempt.Tags["sprint.end_date"].Text));
    }

    [Fact]
    public void Updates_of_a_sprint_restart_nothing_whether_it_is_planned_runs_or_is_over()
    {
        string[] all = [Hook("sprint_updated", 1.5, "future", start: null), Hook("sprint_started", 2, "active"), Hook("sprint_updated", 9, "active", "\"goal\": \"sell\","),
            Hook("sprint_closed", 15, "closed"), Hook("sprint_updated", 20, "closed", $"\"completeDate\": \"{Text(Day(15))}\",")];

        var attempt = Assert.Single(Of(all));

        Assert.Equal((Day(2), Day(15), "sell"), (attempt.StartedAt!.Value, attempt.EndedAt!.Value, attempt.Tags["sprint.goal"].Text));
        Trial.EveryOrderTellsTheSame(Source, Hooks(all));
    }

    [Fact]
    public void The_end_of_a_sprint_brings_its_start_along() =>
        Assert.Equal((AttemptState.Ended, Day(2)), (Assert.Single(Of(Hook("sprint_closed", 15, "closed"))).State, Of(Hook("sprint_closed", 15, "closed"))[0].StartedAt!.Value));

    [Fact]
    public void A_sprint_starts_when_it_was_started_and_not_when_it_was_planned_to()
    {
        Assert.Equal(Day(2.5), Of(Hook("sprint_started", 2.5, "active", $"\"activatedDate\": \"{Text(Day(2.5))}\","))[0].StartedAt);
        Assert.Equal(Day(1), Of(Hook("sprint_started", 1, "active"))[0].StartedAt);
    }

    [Fact]
    public void A_sprint_that_is_opened_again_is_another_attempt()
    {
        string[] all = [Hook("sprint_started", 2, "active"), Hook("sprint_closed", 10, "closed"), Hook("sprint_updated", 12, "active", old: "closed"),
            Hook("sprint_closed", 14, "closed", $"\"completeDate\": \"{Text(Day(14))}\",")];

        Assert.Equal([(Day(2), Day(10)), (Day(12), Day(14))], Of(all).Select(static a => (a.StartedAt!.Value, a.EndedAt!.Value)));
        Trial.EveryOrderTellsTheSame(Source, Hooks(all));
    }

    [Fact]
    public void A_sprint_that_is_deleted_while_it_runs_is_cancelled_and_else_nothing()
    {
        Assert.Equal(Outcome.Cancellation, Of(Hook("sprint_started", 2, "active"), Hook("sprint_deleted", 4, "active"))[0].Outcome);
        Assert.NotNull(Source.Read(Trial.Webhook(Hook("sprint_deleted", 4, "future"))).Ignored);
    }

    [Fact]
    public void A_sprint_is_found_by_the_name_that_it_had_upstream() =>
        Assert.Contains("vstrace-jiracloud-sprint-37", Aliases.NamesOf(Source.Read(Trial.Webhook(Hook("sprint_started", 2, "active"))).Events[0].Run));

    [Fact]
    public void A_sprint_without_an_id_is_not_understood() =>
        Assert.Throws<NotUnderstoodException>(() => Source.Read(Trial.Webhook("""{ "webhookEvent": "sprint_started", "sprint": { "state": "active" } }""")));

    [Theory]
    [InlineData(""" "customfield_10020": [{ "id": 37, "name": "Sprint 37", "state": "future", "boardId": 4 }], """)]
    [InlineData(""" "customfield_10104": ["com.atlassian.greenhopper.service.sprint.Sprint@3877e566[id=37,rapidViewId=4,state=FUTURE,name=Sprint, 37,goal=]"], """)]
    [InlineData(""" "customfield_10104": ["com.atlassian.greenhopper.service.sprint.Sprint@3877e566[completeDate=<null>,rapidViewId=4,id=37,name=x]"], """)]
    [InlineData(""" "sprint": { "id": 37, "state": "future" }, """)]
    public void An_issue_in_a_sprint_is_held_by_it_from_before_it_starts(string field)
    {
        string[] all = [Created(fields: field), Hook("sprint_started", 2, "active")];
        var runs = Runs(all);

        Assert.Equal([new RunLink(LinkKinds.Contains, "vstrace-jira-issue-ABC-12")], runs[Sprint].Attempts[1].Links);
        Assert.Null(runs["vstrace-jira-issue-ABC-12"].Attempts[1].Parent);
        Trial.EveryOrderTellsTheSame(Source, Hooks(all));
    }

    [Fact]
    public void An_issue_that_is_added_to_a_running_sprint_is_held_by_it()
    {
        var added = Issue("updated", 4, "Por hacer", "new", """{ "field": "Sprint", "fieldtype": "custom", "from": "36", "fromString": "Old", "to": "36, 37", "toString": "Old, Sprint 37" }""");

        var runs = Runs(Hook("sprint_started", 2, "active"), added);

        Assert.Equal([new RunLink(LinkKinds.Contains, "vstrace-jira-issue-ABC-12")], runs[Sprint].Attempts[1].Links);
        Assert.Empty(runs["vstrace-jira-sprint-default-36"].Attempts);
    }

    [Theory]
    [InlineData(""" "parent": { "key": "ABC-1", "fields": { "issuetype": { "name": "Épica", "hierarchyLevel": 1 } } }, """)]
    [InlineData(""" "customfield_10014": "ABC-1", """)]
    [InlineData(""" "epic": { "id": 9, "key": "ABC-1" }, """)]
    public void An_epic_holds_its_issues_and_is_not_their_parent(string field)
    {
        var epic = Issue("created", 1, "Por hacer", "new", key: "ABC-1");
        var runs = Runs(Created(fields: field), epic);

        Assert.Equal([new RunLink(LinkKinds.Contains, "vstrace-jira-issue-ABC-12")], runs["vstrace-jira-issue-ABC-1"].Attempts[1].Links);
        Assert.Null(runs["vstrace-jira-issue-ABC-12"].Attempts[1].Parent);
    }

    [Fact]
    public void An_epic_that_is_chosen_later_holds_the_issue_too()
    {
        var chosen = Issue("updated", 2, "Por hacer", "new", """{ "field": "Epic Link", "fieldtype": "custom", "from": null, "fromString": null, "to": "77404", "toString": "ABC-1" }""");

        Assert.Equal([new RunLink(LinkKinds.Contains, "vstrace-jira-issue-ABC-12")], Runs(Issue("created", 1, "x", "new", key: "ABC-1"), chosen)["vstrace-jira-issue-ABC-1"].Attempts[1].Links);
    }

    [Fact]
    public void A_subtask_is_below_its_issue()
    {
        var subtask = Created(fields: "\"parent\": { \"key\": \"ABC-2\" },").Replace("\"subtask\": false", "\"subtask\": true", StringComparison.Ordinal);
        var runs = Runs(subtask);

        Assert.Equal("vstrace-jira-issue-ABC-2", runs["vstrace-jira-issue-ABC-12"].Attempts[1].Parent);
        Assert.Single(runs);
    }

    [Fact]
    public void Linked_issues_are_referred_to()
    {
        var links = """
            "issuelinks": [ { "id": "1", "type": { "name": "Blocks" }, "outwardIssue": { "key": "WEB-7" } }, { "id": "2", "type": { "name": "Relates" }, "inwardIssue": { "key": "ABC-3" } }, { "id": "3" } ],
            """;

        Assert.Equal(["vstrace-jira-issue-WEB-7", "vstrace-jira-issue-ABC-3"], Attempts(Created(fields: links))[0].Links.Where(static l => l.Kind == LinkKinds.References).Select(static l => l.Run));
    }

    private static Attempt[] Of(params IEnumerable<string> payloads) => [.. Runs(payloads)[Sprint].Attempts.Values];

    internal static string Hook(string kind, double day, string state, string more = "", double? start = 2, string? old = null) => $$"""
        { "timestamp": {{Day(day).ToUnixTimeMilliseconds()}}, "webhookEvent": "{{kind}}"
          , "sprint": { "id": 37, "self": "https://acme.atlassian.net/rest/agile/1.0/sprint/37", {{more}} {{(start is { } s ? $"\"startDate\": \"{Text(Day(s))}\", \"endDate\": \"{Text(Day(14))}\"," : "")}}
            "name": "Sprint 37", "state": "{{state}}", "originBoardId": 4 }
          {{(old is null ? "" : $", \"oldValue\": {{ \"id\": 37, \"state\": \"{old}\" }}")}} }
        """;
}
