using ValueStream.Core.Events;
using ValueStream.Core.Runs;

namespace ValueStream.Server.Tests.Sources.Jenkins;

/// <summary>Build data of the Statistics Gatherer plugin.</summary>
public sealed class StatisticsTests
{
    [Fact]
    public void Weakness_5_a_build_has_Jenkins_own_times_and_its_wait_in_the_queue()
    {
        var build = Builds.Only(Builds.Begun(), Builds.Ended());

        Assert.Equal((AttemptState.Ended, Outcome.Success, "acme/shop/main"), (build.State, build.Outcome, build.Name));
        Assert.Equal((Builds.At("09:59:30"), Builds.At("10:05:00")), (build.StartedAt, build.EndedAt));
        Assert.Equal("queued@09:59:30 running@10:00:00", build.Stages());
        Assert.Equal(("ada", "Started by user Ada"), (build.Actor, build.Reason));
    }

    [Fact]
    public void Weakness_5_the_end_alone_begins_by_its_duration_and_not_when_it_was_sent() =>
        Assert.Equal(TimeSpan.FromMinutes(5), Builds.Only(Builds.Ended()).Duration);

    [Fact]
    public void Weakness_7_neither_order_nor_repeats_matter() => Trial.EveryOrderTellsTheSame(Builds.Source, [Builds.Begun(), Builds.Ended(), Builds.Ended()]);

    [Theory]
    [InlineData("\"2026-03-02T10:05:00.000Z\"")]
    [InlineData("\"2026-03-02T10:05:00.000+0000\"")]
    [InlineData("1772445900")]
    [InlineData("1772445900000")]
    public void Times_come_in_several_forms(string time) =>
        Assert.Equal(Builds.At("10:05:00"), Builds.Only(Trial.Webhook(Builds.EndedJson().Replace($"\"endTime\": {Builds.Ms("10:05:00")}", $"\"endTime\": {time}", StringComparison.Ordinal))).EndedAt);

    [Fact]
    public void Weakness_11_the_result_reaches_the_run_and_what_the_start_said_stays()
    {
        var build = Builds.Only(Builds.Begun("""{ "region": "eu" }"""), Builds.Ended("FAILURE"));

        Assert.Equal(("FAILURE", "failure", "FAILURE"), (build.Tag("build.result"), build.Tag("cicd.pipeline.result"), build.Tag("error.type")));
        Assert.Equal(("eu", "agent-1", "1024"), (build.Tag("build.parameter.region"), build.Tag("cicd.worker.name"), build.Tag("build.context_id")));
    }

    [Theory]
    [InlineData("SUCCESS", Outcome.Success)]
    [InlineData("UNSTABLE", Outcome.Failure)]
    [InlineData("FAILURE", Outcome.Failure)]
    [InlineData("ABORTED", Outcome.Cancellation)]
    [InlineData("NOT_BUILT", Outcome.Skip)]
    [InlineData("UNKNOWN", Outcome.Error)]
    public void Weakness_12_not_everything_but_success_is_a_failure(string result, Outcome outcome) => Assert.Equal(outcome, Builds.Only(Builds.Begun(), Builds.Ended(result)).Outcome);

    [Fact]
    public void Weakness_19_and_20_the_branch_is_the_head_in_which_references_are_found()
    {
        var build = Builds.Only(Builds.Begun());

        Assert.Null(build.Parent);
        Assert.Equal("ABC-7-faster", build.Tag("vcs.ref.head.name"));
        Assert.Contains(Mention.Of(new RunId("jenkins", "build", "acme.shop", "main-12"), build.Texts), static m => m.Text == "ABC-7");
    }

    [Fact]
    public void Weakness_20_jobs_of_one_name_in_two_folders_are_two() => Assert.Equal(2, Trial.Runs(Builds.Source, Builds.Begun(), Builds.Begun(job: "acme/stock/main")).Count);

    [Fact]
    public void Weakness_21_a_parameter_does_not_decide_what_the_run_is()
    {
        var build = Builds.Only(Builds.Begun("""{ "type": "deploy" }"""), Builds.Ended());

        Assert.Equal((AttemptState.Ended, "deploy"), (build.State, build.Tag("build.parameter.type")));
    }

    [Theory]
    [InlineData("deploy:api", "vstrace-jenkins-deploy-default-deploy:api-12")]
    [InlineData("acme/deploy", "vstrace-jenkins-deploy-acme-deploy-12")]
    [InlineData("acme/api_deploy", "vstrace-jenkins-deploy-acme-api_deploy-12")]
    [InlineData("acme/Deploy to prod", "vstrace-jenkins-deploy-acme-Deploy to prod-12")]
    [InlineData("acme/redeployment", "vstrace-jenkins-build-acme-redeployment-12")]
    [InlineData("deploy/acme", "vstrace-jenkins-build-deploy-acme-12")]
    [InlineData("deploy-api/feature%2Fdark-mode", "vstrace-jenkins-deploy-deploy-api-feature/dark-mode-12")]
    [InlineData("acme/deploy/AXIS=x", "vstrace-jenkins-deploy-acme.deploy-AXIS=x-12")]
    [InlineData("api/fix%2Fdeploy", "vstrace-jenkins-build-api-fix/deploy-12")]
    public void A_job_whose_own_name_has_the_word_deploy_deploys(string job, string rendering) =>
        Assert.Equal(rendering, Builds.Name(Builds.Begun(job: job), Builds.Ended(job: job)));

    [Fact]
    public void The_parameter_vstrace_trace_id_is_the_parent() =>
        Assert.Equal("vstrace-customhttp-release-default-7", Builds.Only(Builds.Begun("""{ "vstrace-trace-id": "vstrace-customhttp-release-default-7" }""")).Parent);

    [Fact]
    public void A_trace_that_is_handed_over_goes_on()
    {
        const string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

        Assert.Equal(trace, Builds.Only(Builds.Begun($$"""{ "TRACEPARENT": "{{trace}}" }"""), Builds.Ended()).Traceparent?.ToString());
        Assert.Null(Builds.Only(Builds.Begun("""{ "TRACEPARENT": "nonsense" }""")).Traceparent);
    }

    [Fact]
    public void Weakness_27_parameters_are_of_any_type()
    {
        var build = Builds.Only(Builds.Begun("""{ "dry": true, "count": 3, "none": null, "list": [1, "a"], "map": { "a": 1 } }"""));

        Assert.Equal(("true", "3", null, """[1, "a"]""", """{ "a": 1 }"""), (build.Tag("build.parameter.dry"), build.Tag("build.parameter.count"),
            build.Tag("build.parameter.none"), build.Tag("build.parameter.list"), build.Tag("build.parameter.map")));
    }

    [Fact]
    public void What_may_be_a_secret_is_not_shown()
    {
        var build = Builds.Only(Builds.Begun("""{ "DB_PASSWORD": "x1", "apiToken": "x2", "SSH_KEY": "x3", "credentialsId": "x4", "clientSecret": 5, "config": { "password": "x6" }, "region": "eu" }"""));

        Assert.All(["DB_PASSWORD", "apiToken", "SSH_KEY", "credentialsId", "clientSecret", "config"], p => Assert.Equal("***", build.Tag($"build.parameter.{p}")));
        Assert.Equal("https://git.example.com/acme/shop", build.Tag("vcs.repository.url.full"));
        Assert.Equal("eu", build.Tag("build.parameter.region"));
    }

    [Fact]
    public void Weakness_26_and_27_whatever_a_build_looks_like_is_taken()
    {
        Trial.TakesWhateverComes(Builds.Source, Builds.BegunJson("""{ "vstrace-trace-id": "vstrace-a-b-c-d", "TRACEPARENT": "x", "n": 1 }"""), [], 300, 1);
        Trial.TakesWhateverComes(Builds.Source, Builds.EndedJson("FAILURE"), [], 300, 2);
    }
}
