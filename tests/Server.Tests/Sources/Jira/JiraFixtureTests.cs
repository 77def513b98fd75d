using System.Text.Json.Nodes;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.Jira.Said;

namespace ValueStream.Server.Tests.Sources.Jira;

/// <summary>The payloads that the original service was tested with.</summary>
public sealed class JiraFixtureTests
{
    private static readonly Dictionary<string, string> Renamed = new() { ["user.account_id"] = "user.id", ["user.display_name"] = "user.name" };

    [Fact]
    public void What_the_original_finished_is_finished_here_with_its_values()
    {
        var finished = 0;
        foreach (var file in Directory.EnumerateFiles(Trial.Fixtures("webhooks/jira"), "*.json"))
        {
            var fixture = JsonNode.Parse(File.ReadAllText(file))!;
            var hooks = HooksOf(fixture);
            var events = hooks.SelectMany(static h => Source.Read(h).Events).ToArray();
            foreach (var expected in fixture["expected"]!["finished"]!.AsArray())
            {
                finished++;
                var run = Assert.Single(events.Select(static e => e.Run).Distinct(), r => Aliases.NamesOf(r).Contains(expected!["id"]!.GetValue<string>()));
                var attempt = Assert.Single(Trial.Runs(Source, hooks)[run.Rendering].Attempts.Values);
                Assert.Equal(
                    (expected!["operation"]!.GetValue<string>(), AttemptState.Ended, Outcome.Success, (string?)expected["parent"]),
                    (attempt.Name, attempt.State, attempt.Outcome, attempt.Parent));
                foreach (var (name, value) in expected["tags"]!.AsObject().Where(static t => t.Key != "error"))
                {
                    // The original kept what the start said for ever; here a status goes on, so the value is that of an event.
                    var key = Renamed.GetValueOrDefault(name, name);
                    Assert.Contains(events, e => e.Run == run && e.Data.Tags is { } tags && tags.TryGetValue(key, out var tag) && tag.Text == value!.ToString());
                }
            }
            Trial.EveryOrderTellsTheSame(Source, hooks);
        }
        Assert.Equal(2, finished);
    }

    [Fact]
    public void An_issue_goes_from_created_to_done_by_its_own_times_where_the_original_saw_one_column_by_the_times_of_arrival()
    {
        var attempt = Assert.Single(Trial.Runs(Source, HooksOf(Read("scrum_in_progress_to_done")))["vstrace-jira-issue-TS-1"].Attempts.Values);

        Assert.Equal(
            (At("2019-11-22T17:01:13.208Z"), At("2019-11-22T18:03:17.640Z")),
            (attempt.StartedAt, attempt.EndedAt));
        Assert.Equal([new Stage("In Progress", At("2019-11-22T17:53:43.755Z")!.Value, At("2019-11-22T18:03:17.640Z"))], attempt.Stages);
        Assert.Equal(("Done", "done"), (attempt.Tags["issue.status.name"].Text, attempt.Tags["jira.status.category"].Text));
    }

    [Fact]
    public void An_issue_that_the_original_dropped_for_its_status_is_open_in_its_first_column_and_in_its_sprint()
    {
        var runs = Trial.Runs(Source, HooksOf(Read("scrum_created_in_sprint")).Concat(HooksOf(Read("sprint_started_closed"))));

        var attempt = Assert.Single(runs["vstrace-jira-issue-TS-2"].Attempts.Values);
        Assert.Equal((AttemptState.Running, At("2019-11-22T17:07:08.934Z")), (attempt.State, attempt.StartedAt));
        Assert.Equal(["To Do"], Stages(attempt));
        Assert.Equal([new RunLink(LinkKinds.Contains, "vstrace-jira-issue-TS-2")], runs["vstrace-jira-sprint-default-1"].Attempts[1].Links);
    }

    [Fact]
    public void A_sprint_lasts_from_its_start_date_to_its_completion()
    {
        var attempt = Assert.Single(Trial.Runs(Source, HooksOf(Read("sprint_started_closed")))["vstrace-jira-sprint-default-1"].Attempts.Values);

        Assert.Equal((At("2019-11-22T17:13:15.221Z"), At("2019-11-22T17:15:05.352Z")), (attempt.StartedAt, attempt.EndedAt));
    }

    [Fact]
    public void Whatever_becomes_of_the_recorded_payloads_is_taken()
    {
        foreach (var name in (string[])["scrum_created_in_sprint", "scrum_in_progress_to_done", "sprint_started_closed"])
        {
            foreach (var step in Read(name)["steps"]!.AsArray())
            {
                Trial.TakesWhateverComes(Source, step!["payload"]!.ToJsonString(), [], 50, 5);
            }
        }
    }

    private static JsonNode Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Trial.Fixtures("webhooks/jira"), name + ".json")))!;

    private static Webhook[] HooksOf(JsonNode fixture) => Hooks(fixture["steps"]!.AsArray().Select(static s => s!["payload"]!.ToJsonString()));

    private static DateTimeOffset? At(string time) => DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);
}
