using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.Jira.Said;

namespace ValueStream.Server.Tests.Sources.Jira;

public sealed class JiraSavedTests
{
    [Fact]
    public void A_page_of_a_search_gives_the_stages_that_its_histories_tell()
    {
        var page = $$"""
            { "startAt": 0, "maxResults": 50, "total": 2, "issues": [
              {{Item("ABC-12", "Terminado", "done", History(5, Move("En curso", "Terminado"), Change("resolution", null, "Done")), History(3, Change("labels", "", "x")), History(2, Move("Por hacer", "En curso")))}},
              {{Item("ABC-13", "En curso", "indeterminate")}} ] }
            """;

        var runs = Unrolled(page);

        var done = Assert.Single(runs["vstrace-jira-issue-ABC-12"].Attempts.Values);
        Assert.Equal((Day(1), Day(5), Outcome.Success), (done.StartedAt!.Value, done.EndedAt!.Value, done.Outcome));
        Assert.Equal([new Stage("Por hacer", Day(1), Day(2)), new Stage("En curso", Day(2), Day(5))], done.Stages);
        Assert.Equal([new Stage("En curso", Day(1), null)], runs["vstrace-jira-issue-ABC-13"].Attempts[1].Stages);
    }

    [Fact]
    public void A_history_that_was_reopened_gives_both_attempts_each_with_its_outcome()
    {
        var issue = Item("ABC-12", "Terminado", "done", History(3, Move("Por hacer", "Terminado"), Change("resolution", null, "Won't Do")),
            History(4, Move("Terminado", "Por hacer"), Change("resolution", "Won't Do", null)), History(6, Move("Por hacer", "Terminado"), Change("resolution", null, "Done")));

        var attempts = Unrolled(issue)["vstrace-jira-issue-ABC-12"].Attempts.Values.ToArray();

        Assert.Equal([(Outcome.Cancellation, Day(3)), (Outcome.Success, Day(6))], attempts.Select(static a => (a.Outcome!.Value, a.EndedAt!.Value)));
        Assert.Equal(Day(4), attempts[1].StartedAt);
        Assert.All(attempts, static a => Assert.Empty(a.Flags));
    }

    [Fact]
    public void A_done_status_that_the_page_nowhere_explains_is_known_by_the_resolution()
    {
        var issue = Item("ABC-12", "En curso", "indeterminate", History(3, Move("Por hacer", "Cerrado"), Change("resolution", null, "Done")), History(4, Move("Cerrado", "En curso"), Change("resolution", "Done", null)));

        Assert.Equal([AttemptState.Ended, AttemptState.Running], Unrolled(issue)["vstrace-jira-issue-ABC-12"].Attempts.Values.Select(static a => a.State));
    }

    [Fact]
    public void Without_a_history_only_the_creation_and_the_present_are_told()
    {
        var saved = Item("ABC-12", "Terminado", "done").Replace("\"histories\"", "\"other\"", StringComparison.Ordinal);

        var attempt = Assert.Single(Unrolled(saved)["vstrace-jira-issue-ABC-12"].Attempts.Values);

        Assert.Equal((Day(1), Day(9)), (attempt.StartedAt!.Value, attempt.EndedAt!.Value));
        Assert.Empty(attempt.Stages);
    }

    [Fact]
    public void Where_the_page_has_only_the_latest_entries_no_first_stage_is_made_up()
    {
        var saved = Item("ABC-12", "Revisión", "indeterminate", History(5, Move("En curso", "Revisión"))).Replace("\"total\": 1", "\"total\": 120", StringComparison.Ordinal);

        var attempt = Assert.Single(Unrolled(saved)["vstrace-jira-issue-ABC-12"].Attempts.Values);

        Assert.Equal(Day(1), attempt.StartedAt);
        Assert.Equal([new Stage("Revisión", Day(5), null)], attempt.Stages);
    }

    [Fact]
    public void What_is_long_in_an_issue_is_not_repeated_for_each_entry_of_its_history()
    {
        var histories = Enumerable.Range(0, 200).Select(static i => History(2 + (i / 100.0), i % 2 == 0 ? Move("Por hacer", "En curso") : Move("En curso", "Por hacer"))).ToArray();
        var text = $"For ABC-7. {new string('x', 100_000)}";
        var saved = Item("ABC-12", "Por hacer", "new", histories).Replace("\"summary\"", $"\"description\": \"{text}\", \"customfield_10050\": \"{text}\", \"summary\"", StringComparison.Ordinal);

        Webhook[] webhooks = [.. Source.Unroll(Trial.Webhook(saved).Payload)];

        Assert.Equal(202, webhooks.Length);
        Assert.InRange(webhooks.Sum(static w => w.Body.Length), 1, 3 * saved.Length);
        var attempt = Assert.Single(Trial.Runs(Source, webhooks)["vstrace-jira-issue-ABC-12"].Attempts.Values);
        Assert.Equal((201, "Names ABC-7"), (attempt.Stages.Length, attempt.Notes[0]));
        Assert.Equal("Sell it", attempt.Tags["issue.title"].Text);
    }

    [Fact]
    public void A_history_that_moved_between_projects_is_told_under_the_key_that_it_has_now()
    {
        var saved = Item("SHOP-3", "Terminado", "done", History(2, Move("Por hacer", "En curso")), History(3, Change("Key", "ABC-12", "SHOP-3")), History(5, Move("En curso", "Terminado")));

        var runs = Unrolled(saved);

        var now = Assert.Single(runs["vstrace-jira-issue-SHOP-3"].Attempts.Values);
        Assert.Equal((Day(1), Day(5)), (now.StartedAt!.Value, now.EndedAt!.Value));
        Assert.Equal(["Por hacer", "En curso"], Stages(now));
        Assert.Equal((Outcome.Skip, Day(3)), (runs["vstrace-jira-issue-ABC-12"].Attempts[1].Outcome, runs["vstrace-jira-issue-ABC-12"].Attempts[1].EndedAt!.Value));
    }

    [Fact]
    public void Whatever_was_saved_is_taken()
    {
        var issue = Item("ABC-12", "Terminado", "done", History(2, Move("Por hacer", "En curso"), Change("Sprint", "", "37")), History(5, Move("En curso", "Terminado"), Change("resolution", null, "Done")));
        Trial.TakesWhateverComes(new Unrolling(), $$"""{ "issues": [ {{issue}} ] }""", [], 200, 1);
        Trial.TakesWhateverComes(new Unrolling(), $$"""{ "values": [ { "id": 1, "state": "closed", "startDate": "{{Text(Day(1))}}", "completeDate": "{{Text(Day(14))}}" } ] }""", [], 100, 2);
    }

    [Fact]
    public void What_was_seen_live_and_what_is_imported_are_one_history()
    {
        string[] live = [Created(), Moved(2, "Por hacer", "En curso"), Moved(5, "En curso", "Terminado", "done")];
        var saved = Source.Unroll(Trial.Webhook(Item("ABC-12", "Terminado", "done", History(2, Move("Por hacer", "En curso")), History(5, Move("En curso", "Terminado")))).Payload);

        var attempt = Assert.Single(Trial.Runs(Source, Hooks(live).Concat(saved))["vstrace-jira-issue-ABC-12"].Attempts.Values);

        Assert.Equal((Day(1), Day(5)), (attempt.StartedAt!.Value, attempt.EndedAt!.Value));
        Assert.Equal(["Por hacer", "En curso"], Stages(attempt));
    }

    [Fact]
    public void A_page_of_sprints_gives_those_that_began()
    {
        var page = $$"""
            { "maxResults": 50, "isLast": true, "values": [
              { "id": 1, "state": "closed", "name": "One", "startDate": "{{Text(Day(1))}}", "completeDate": "{{Text(Day(14))}}", "originBoardId": 4 },
              { "id": 2, "state": "active", "name": "Two", "startDate": "{{Text(Day(15))}}", "originBoardId": 4 },
              { "id": 3, "state": "future", "name": "Three", "originBoardId": 4 } ] }
            """;

        var runs = Unrolled(page);

        Assert.Equal((Day(1), Day(14)), (runs["vstrace-jira-sprint-default-1"].Attempts[1].StartedAt!.Value, runs["vstrace-jira-sprint-default-1"].Attempts[1].EndedAt!.Value));
        Assert.Equal((Day(15), AttemptState.Running), (runs["vstrace-jira-sprint-default-2"].Attempts[1].StartedAt!.Value, runs["vstrace-jira-sprint-default-2"].Attempts[1].State));
        Assert.Empty(runs["vstrace-jira-sprint-default-3"].Attempts);
    }

    [Fact]
    public void An_empty_page_gives_nothing_and_other_things_are_not_understood()
    {
        Assert.Empty(Source.Unroll(Trial.Webhook("""{ "issues": [] }""").Payload));
        Assert.All((string[])["{}", "3", "[3]", """{ "values": [{ "id": 3, "name": "a board" }] }""", """{ "issues": [{ "key": "ABC-1" }] }"""],
            static saved => Assert.Throws<NotUnderstoodException>(() => Source.Unroll(Trial.Webhook(saved).Payload)));
    }

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, RunState> Unrolled(string saved)
    {
        Webhook[] webhooks = [.. Source.Unroll(Trial.Webhook(saved).Payload)];
        Trial.EveryOrderTellsTheSame(Source, webhooks);
        return Trial.Runs(Source, webhooks);
    }

    private static string Item(string key, string status, string category, params string[] histories) => $$"""
        { "id": "1", "key": "{{key}}", "self": "https://acme.atlassian.net/rest/api/3/issue/1", "fields": {
            "summary": "Sell it", "created": "{{Text(Day(1))}}", "updated": "{{Text(Day(10))}}", "creator": { "displayName": "Bob" },
            {{(category == "done" && histories.Length == 0 ? $"\"resolutiondate\": \"{Text(Day(9))}\"," : "")}} {{(category == "done" ? Resolution("Done") : "")}}
            "status": { "id": "{{Id(status)}}", "name": "{{status}}", "statusCategory": { "key": "{{category}}" } } },
          "changelog": { "startAt": 0, "total": {{histories.Length}}, "histories": [ {{string.Join(", ", histories)}} ] } }
        """;

    private static string History(double day, params string[] items) =>
        $$"""{ "id": "{{day * 10}}", "author": { "displayName": "Ada" }, "created": "{{Text(Day(day))}}", "items": [ {{string.Join(", ", items)}} ] }""";

    /// <summary>What is saved, read as what is sent is.</summary>
    private sealed class Unrolling : ISource
    {
        public string Name => Source.Name;

        public SignatureCheck Verify(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now) => SignatureCheck.Missing;

        public string? DeliveryId(Webhook webhook) => null;

        public Told Read(Webhook webhook) => Told.Of(Unroll(webhook.Payload).SelectMany(static w => Source.Read(w).Events));

        public IEnumerable<Webhook> Unroll(Payload saved) => Source.Unroll(saved);
    }
}
