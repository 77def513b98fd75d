using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.Jenkins;

/// <summary>Phases of the Notification plugin.</summary>
public sealed class NotificationTests
{
    private static readonly Webhook[] History =
    [
        Builds.Phase("QUEUED", "09:59:30", "FAILURE"), Builds.Phase("STARTED", "10:00:00", "FAILURE"),
        Builds.Phase("COMPLETED", "10:05:00", "SUCCESS"), Builds.Phase("FINALIZED", "10:05:20", "SUCCESS"),
    ];

    [Fact]
    public void A_build_goes_through_queue_and_work_to_its_completion()
    {
        var build = Builds.Only(History);

        Assert.Equal((AttemptState.Ended, Outcome.Success, "acme/shop/main"), (build.State, build.Outcome, build.Name));
        Assert.Equal((Builds.At("09:59:30"), Builds.At("10:05:00")), (build.StartedAt, build.EndedAt));
        Assert.Equal("queued@09:59:30 running@10:00:00", build.Stages());
    }

    [Fact]
    public void Weakness_7_neither_order_nor_repeats_matter() => Trial.EveryOrderTellsTheSame(Builds.Source, History);

    [Fact]
    public void The_status_of_what_has_begun_is_that_of_another_build()
    {
        var build = Builds.Only(History[..2]);

        Assert.Equal((AttemptState.Running, null, null), (build.State, build.Tag("build.result"), build.Tag("error.type")));
    }

    [Fact]
    public void The_finalization_ends_it_where_nothing_else_did()
    {
        var build = Builds.Only(History[3]);

        Assert.Equal((AttemptState.Ended, Builds.At("10:05:20"), TimeSpan.FromMinutes(5)), (build.State, build.EndedAt, build.Duration!.Value));
    }

    [Fact]
    public void Weakness_11_the_end_brings_tests_and_artifacts()
    {
        var build = Builds.Only(History);

        Assert.Equal(("10", "1", "shop.jar", "ada, bob", "SUCCESS"),
            (build.Tag("build.tests.total"), build.Tag("build.tests.failed"), build.Tag("build.artifacts"), build.Tag("build.culprits"), build.Tag("build.result")));
    }

    [Fact]
    public void Both_plugins_tell_of_one_run()
    {
        Webhook[] both = [.. History, Builds.Begun(), Builds.Ended()];

        Assert.Equal(Builds.Twelve, Builds.Name(both));
        Assert.Equal(Builds.At("10:05:00"), Builds.Only(both).EndedAt);
        Trial.EveryOrderTellsTheSame(Builds.Source, both);
    }

    [Theory]
    [InlineData("shop", "vstrace-jenkins-build-default-shop-12")]
    [InlineData("acme/shop/feature%2FABC-7", "vstrace-jenkins-build-acme.shop-feature/ABC-7-12")]
    [InlineData("acme/Web Shop", "vstrace-jenkins-build-acme-Web Shop-12")]
    [InlineData("job/job", "vstrace-jenkins-build-job-job-12")]
    public void Weakness_20_the_path_of_a_job_is_the_same_however_it_is_written(string job, string rendering)
    {
        Assert.Equal(rendering, Builds.Name(Builds.Begun(job: job), Builds.Ended(job: job), Builds.Phase("STARTED", "10:00:00", job: job)));
        var withoutName = Trial.Webhook(Builds.BegunJson(job: job).Replace("fullJobName", "x", StringComparison.Ordinal));
        Assert.Equal(rendering, Builds.Name(withoutName));
        var withoutRoot = Trial.Webhook(Builds.PhaseJson("STARTED", "10:00:00", job: job).Replace("full_url", "x", StringComparison.Ordinal));
        Assert.Equal(rendering, Builds.Name(withoutRoot));
    }

    [Fact]
    public void One_that_came_into_the_queue_at_no_known_time_has_not_started_yet() =>
        Assert.Empty(Assert.Single(Trial.Runs(Builds.Source, Trial.Webhook(Builds.PhaseJson("QUEUED", "10:00:00").Replace($"\"timestamp\": {Builds.Ms("10:00:00")}", "\"timestamp\": 0", StringComparison.Ordinal)))).Value.Attempts);

    [Fact]
    public void What_somebody_notes_in_a_step_is_an_annotation()
    {
        var noted = Trial.Webhook(Builds.PhaseJson("NONE", "10:02:00").Replace("\"notes\": \"\"", "\"notes\": \"for ABC-9\"", StringComparison.Ordinal));

        var build = Builds.Only([.. History, noted]);

        Assert.Equal((Builds.At("10:05:00"), Outcome.Success), (build.EndedAt, build.Outcome));
        Assert.Contains("for ABC-9", build.Notes);
    }

    [Fact]
    public void Its_upstream_name_finds_it() =>
        Assert.Contains("vstrace-jenkins-build-main-12", Aliases.NamesOf(new RunId("jenkins", "build", "acme.shop", "main-12")));

    [Fact]
    public void Weakness_26_and_27_whatever_a_phase_looks_like_is_taken()
    {
        foreach (var (phase, seed) in new[] { ("QUEUED", 1), ("STARTED", 2), ("COMPLETED", 3), ("FINALIZED", 4) })
        {
            Trial.TakesWhateverComes(Builds.Source, Builds.PhaseJson(phase, "10:05:00", "UNSTABLE", """{ "vstrace-trace-id": "vstrace-a-b-c-d", "flag": true }"""), [], 150, seed);
        }
    }
}
