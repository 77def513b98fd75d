using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;
using ValueStream.Server.Tests.Api;
using static ValueStream.Server.Tests.Sources.CdEvents.Occurrences;

namespace ValueStream.Server.Tests.Sources.CdEvents;

/// <summary>What events of the vocabulary become.</summary>
public sealed class VocabularyTests
{
    [Fact]
    public void A_pipeline_run_is_a_run_from_the_queue_to_its_end()
    {
        const string content = """{"pipelineName": "release", "uri": "https://ci.example.org/9"}""";
        Webhook[] story =
        [
            Binary(Json("pipelinerun.queued", "9", 0, content)), Binary(Json("pipelinerun.started", "9", 5, content)),
            Binary(Json("pipelinerun.finished", "9", 25, """{"pipelineName": "release", "outcome": "failure", "errors": "no space"}""")),
        ];

        var run = Assert.Single(Trial.Runs(Source, story));
        Assert.Equal("vstrace-cdevents-pipeline-ci.example.org.acme.web-9", run.Key);
        var attempt = Assert.Single(run.Value.Attempts).Value;
        Assert.Equal(("release", AttemptState.Ended, Outcome.Failure, 25), (attempt.Name, attempt.State, attempt.Outcome, attempt.Duration?.TotalSeconds));
        Assert.Equal(["queued", "running"], attempt.Stages.Select(static s => s.Name));
        Assert.Equal(("release", "9", "https://ci.example.org/9", "failure", "no space"), (attempt.Tags["cicd.pipeline.name"].Text, attempt.Tags["cicd.pipeline.run.id"].Text,
            attempt.Tags["cicd.pipeline.run.url.full"].Text, attempt.Tags["cicd.pipeline.result"].Text, attempt.Tags["error.message"].Text));
        Trial.EveryOrderTellsTheSame(Source, story);
    }

    [Theory]
    [InlineData("taskrun", "task", """{"taskName": "lint", "pipelineRun": {"id": "9"} }""", "lint", "vstrace-cdevents-pipeline-ci.example.org.acme.web-9")]
    [InlineData("taskrun", "task", """{"taskName": "lint", "pipelineRun": {"id": "9", "source": "https://other.example.org/x"} }""", "lint", "vstrace-cdevents-pipeline-other.example.org.x-9")]
    [InlineData("build", "build", "{}", "build", null)]
    [InlineData("testsuiterun", "test_suite", """{"testSuite": {"id": "4", "name": "Orders"} }""", "Orders", null)]
    [InlineData("testcaserun", "test", """{"testCase": {"id": "4"}, "testSuiteRun": {"id": "7"} }""", "4", "vstrace-cdevents-test_suite-ci.example.org.acme.web-7")]
    [InlineData("deployment", "deploy", """{"environment": {"id": "production"}, "artifactId": "pkg:oci/web@1"}""", "production", null)]
    [InlineData("migration", "migration", "{}", "migration", null)]
    public void What_is_started_and_finished_is_a_run_below_what_the_vocabulary_puts_it(string subject, string type, string content, string name, string? parent)
    {
        var run = Assert.Single(Trial.Runs(Source, Binary(Json($"{subject}.queued", seconds: 0, content: content)), Binary(Json($"{subject}.started", seconds: 1, content: content)), Binary(Json($"{subject}.finished", seconds: 3, content: content))));

        var attempt = Assert.Single(run.Value.Attempts).Value;
        Assert.Equal(($"vstrace-cdevents-{type}-ci.example.org.acme.web-s1", name, parent), (run.Key, attempt.Name, attempt.Parent));
        Assert.Equal((Outcome.Success, 3), (attempt.Outcome, attempt.Duration?.TotalSeconds));
    }

    [Theory]
    [InlineData("change", "created", "merged", "pull_request", "success")]
    [InlineData("change", "created", "abandoned", "pull_request", "cancellation")]
    [InlineData("ticket", "created", "closed", "issue", "success")]
    [InlineData("incident", "detected", "resolved", "incident", "success")]
    [InlineData("incident", "reported", "resolved", "incident", "success")]
    public void What_is_opened_and_closed_is_a_run(string subject, string opened, string closed, string type, string outcome)
    {
        var run = Assert.Single(Trial.Runs(Source, Binary(Json($"{subject}.{opened}", "12", 0)), Binary(Json($"{subject}.updated", "12", 5)), Binary(Json($"{subject}.{closed}", "12", 60))));

        var attempt = Assert.Single(run.Value.Attempts).Value;
        Assert.Equal(($"vstrace-cdevents-{type}-ci.example.org.acme.web-12", outcome, 60), (run.Key, attempt.Outcome?.Text(), attempt.Duration?.TotalSeconds));
    }

    [Theory]
    [InlineData("deployed")]
    [InlineData("upgraded")]
    [InlineData("rolledback")]
    public void Each_change_of_a_services_version_is_a_deploy_of_its_own(string predicate)
    {
        const string content = """{"environment": {"id": "production"}, "artifactId": "pkg:oci/web@sha256:1"}""";

        var runs = Trial.Runs(Source, Binary(Json($"service.{predicate}", "web", 0, content)), Binary(Json($"service.{predicate}", "web", 60, content)));

        Assert.Equal(2, runs.Count);
        Assert.All(runs, static r => Assert.StartsWith("vstrace-cdevents-deploy-ci.example.org.acme.web-web@", r.Key, StringComparison.Ordinal));
        Assert.All(runs.Values, r => Assert.Equal(("web", Outcome.Success, "production", "pkg:oci/web@sha256:1", predicate), Assert.Single(r.Attempts).Value is var a
            ? (a.Name, a.Outcome, a.Tags["deployment.environment.name"].Text, a.Tags["artifact.purl"].Text, a.Tags["cdevents.predicate"].Text) : default));
    }

    [Fact]
    public void A_test_that_was_not_run_is_skipped_with_its_reason()
    {
        var run = Assert.Single(Trial.Runs(Source, Binary(Json("testcaserun.skipped", content: """{"reason": "not here", "testCase": {"id": "4", "name": "Log in"} }""")))).Value;

        Assert.Equal(("Log in", Outcome.Skip, "not here"), Assert.Single(run.Attempts).Value is var a ? (a.Name, a.Outcome, a.Tags["cdevents.reason"].Text) : default);
    }

    [Theory]
    [InlineData("success", null, "success")]
    [InlineData("failure", null, "failure")]
    [InlineData("cancel", null, "cancellation")]
    [InlineData("error", null, "error")]
    [InlineData("Succeeded", null, "success")]
    [InlineData("TIMED_OUT", null, "timeout")]
    [InlineData("what a tool says", "it broke", "failure")]
    [InlineData(null, "it broke", "failure")]
    [InlineData(null, null, "success")]
    public void The_outcome_is_what_is_said_and_else_whether_there_were_errors(string? outcome, string? errors, string expected)
    {
        var content = System.Text.Json.JsonSerializer.Serialize(new { outcome, errors });

        Assert.Equal(expected, Assert.Single(Source.Read(Binary(Json("taskrun.finished", content: content))).Events).Data.Outcome);
    }

    [Fact]
    public void An_outcome_that_nobody_knows_is_not_taken_for_a_success() =>
        Assert.Throws<NotUnderstoodException>(static () => Source.Read(Binary(Json("taskrun.finished", content: """{"outcome": "what a tool says"}"""))));

    [Theory]
    [InlineData("artifact.packaged")]
    [InlineData("artifact.signed")]
    [InlineData("artifact.published")]
    [InlineData("artifact.downloaded")]
    [InlineData("artifact.deleted")]
    [InlineData("branch.created")]
    [InlineData("branch.deleted")]
    [InlineData("repository.created")]
    [InlineData("repository.modified")]
    [InlineData("repository.deleted")]
    [InlineData("environment.created")]
    [InlineData("environment.modified")]
    [InlineData("environment.deleted")]
    [InlineData("service.published")]
    [InlineData("service.removed")]
    [InlineData("change.updated")]
    [InlineData("change.reviewed")]
    [InlineData("ticket.updated")]
    [InlineData("testoutput.published")]
    [InlineData("changewindow.opened")]
    [InlineData("something.happened")]
    public void Everything_else_is_a_note(string what)
    {
        var told = Assert.Single(Source.Read(Binary(Json(what))).Events);

        Assert.Equal((EventKind.Annotated, what.Replace('.', ' '), Sent.Noon), (told.Kind, told.Data.Note, told.At));
    }

    [Fact]
    public void What_a_tool_calls_its_own_is_a_note_whatever_happened()
    {
        var json = Json("x").Replace("dev.cdevents.x.0.3.0", "dev.cdeventsx.mytool-resource.started.0.1.0", StringComparison.Ordinal);

        var told = Assert.Single(Source.Read(Binary(json)).Events);

        Assert.Equal((EventKind.Annotated, "mytool-resource"), (told.Kind, told.Run.Type));
    }

    [Fact]
    public void A_tests_output_is_a_note_of_the_test()
    {
        var told = Assert.Single(Source.Read(Binary(Json("testoutput.published", "o1", content: """{"outputType": "video", "uri": "https://x.example/v", "testCaseRun": {"id": "7"} }"""))).Events);

        Assert.Equal(("vstrace-cdevents-test-ci.example.org.acme.web-7", "https://x.example/v"), (told.Run.Rendering, told.Data.Tags!["cdevents.uri"].Text));
    }

    [Fact]
    public void All_that_is_told_is_kept_as_tags()
    {
        var tags = Assert.Single(Source.Read(Binary(Json("ticket.updated", content: """{"summary": "Log in", "assignees": ["ann", "bob"], "priority": "high", "group": {"id": "a", "deep": {"er": 1} }, "updatedBy": "cid"}""",
            more: """ "customData": {"metric": "p99", "value": 3} """))).Events);

        Assert.Equal("cid", tags.Data.Actor);
        Assert.Equal(("Log in", "ann, bob", "high", "a", "1", "p99", "3"), (tags.Data.Tags!["vcs.change.title"].Text, tags.Data.Tags["cdevents.assignees"].Text, tags.Data.Tags["cdevents.priority"].Text,
            tags.Data.Tags["cdevents.group.id"].Text, tags.Data.Tags["cdevents.group.deep.er"].Text, tags.Data.Tags["cdevents.custom.metric"].Text, tags.Data.Tags["cdevents.custom.value"].Text));
    }

    [Fact]
    public void A_chain_is_a_trace_and_what_an_event_follows_is_its_parent()
    {
        const string chain = "\"chainId\": \"4c8cb7dd-3448-41de-8768-eec704e2829b\"";

        var start = Source.Read(Binary(Json("pipelinerun.queued", context: $"{chain}, {Links(("PATH", "merged-1"), ("TRIGGER", "closed-2"), ("COMPOSITION", "other-3"), ("END", "last-4"))}"))).Events[0];

        Assert.Equal("4c8cb7dd344841de8768eec704e2829b", Traceparent.Parse(start.Data.Traceparent)?.TraceId);
        Assert.Equal(["vstrace-cdevents-event-merged-1", "vstrace-cdevents-event-closed-2", "vstrace-cdevents-event-last-4"], start.Data.Parents!);
        Assert.Equal([new RunLink("references", "vstrace-cdevents-event-other-3")], start.Data.Links!);
        Assert.Contains(Aliases.OfCdEvent(Id("pipelinerun.queued", "s1", 0)), Aliases.ByTags(start.Run, start.Data.Tags!));
    }

    [Fact]
    public void What_an_end_follows_is_no_parent()
    {
        var end = Assert.Single(Source.Read(Binary(Json("pipelinerun.finished", context: Links(("PATH", "started-1"))))).Events);

        Assert.Null(end.Data.Parents);
        Assert.Equal([new RunLink("follows", "vstrace-cdevents-event-started-1")], end.Data.Links!);
    }

    [Theory]
    [InlineData("https://ci.example.org/acme/web/", "ci.example.org.acme.web")]
    [InlineData("https://ci.example.org:8443/acme?x=1", "ci.example.org.acme")]
    [InlineData("/event/source/123", "event.source.123")]
    [InlineData("dev/jenkins", "dev.jenkins")]
    [InlineData("/", "default")]
    [InlineData("urn:acme:ci", "urn:acme:ci")]
    public void The_namespace_is_the_sources_host_and_path_with_dots(string source, string expected) =>
        Assert.Equal(expected, Source.Read(Binary(Json("build.started", source: source))).Events[0].Run.Namespace);
}
