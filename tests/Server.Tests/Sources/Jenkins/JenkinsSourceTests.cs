using System.Text;
using System.Text.Json.Nodes;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.Jenkins;

public sealed class JenkinsSourceTests
{
    private const string Job = """
        { "fullName": "acme/shop/main", "builds": [
          { "number": 12, "result": "UNSTABLE", "building": false, "timestamp": 1772445600000, "duration": 300000, "url": "https://ci.example.com/job/acme/job/shop/job/main/12/",
            "fullDisplayName": "acme » shop » main #12", "builtOn": "agent-1", "actions": [
              { "_class": "hudson.model.CauseAction", "causes": [{ "shortDescription": "Started by user Ada", "userId": "ada", "userName": "Ada Lovelace" }] }, {}, null,
              { "_class": "hudson.model.ParametersAction", "parameters": [{ "name": "region", "value": "eu" }, { "name": "dry", "value": true }, { "name": "SECRET" }] },
              { "_class": "jenkins.metrics.impl.TimeInQueueAction", "queuingDurationMillis": 30000 },
              { "_class": "hudson.plugins.git.util.BuildData", "lastBuiltRevision": { "SHA1": "bcbb", "branch": [{ "SHA1": "bcbb", "name": "origin/ABC-7-faster" }] }, "remoteUrls": ["https://git.example.com/acme/shop.git"] }] },
          { "number": 13, "result": null, "timestamp": 1772445960000, "duration": 0, "url": "https://ci.example.com/job/acme/job/shop/job/main/13/", "actions": [] }] }
        """;

    [Fact]
    public void Jenkins_signs_nothing_but_a_proxy_may()
    {
        string[] secrets = ["other", "It's a Secret to Everybody", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
        var now = DateTimeOffset.FromUnixTimeSeconds(1614265330);
        (string, string)[] standard = [("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("webhook-timestamp", "1614265330"), ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")];
        var hello = new Webhook(new Dictionary<string, string> { ["X-Hub-Signature-256"] = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" }, "Hello, World!"u8.ToArray(), default);

        Assert.Equal(SignatureCheck.Missing, Builds.Source.Verify(Builds.Begun(), secrets, now));
        Assert.Equal(SignatureCheck.Right, Builds.Source.Verify(Trial.Webhook("""{"test": 2432232314}""", standard), secrets, now));
        Assert.Equal(SignatureCheck.Wrong, Builds.Source.Verify(Trial.Webhook("""{"test": 2432232315}""", standard), secrets, now));
        Assert.Equal(SignatureCheck.Right, Builds.Source.Verify(hello, secrets, now));
        Assert.Equal(SignatureCheck.Wrong, Builds.Source.Verify(hello with { Body = "Hello, World?"u8.ToArray() }, secrets, now));
    }

    [Fact]
    public void A_delivery_is_named_by_its_body() => Assert.Null(Builds.Source.DeliveryId(Builds.Begun()));

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{ "fullJobName": "a", "number": 1 }""")]
    [InlineData("""{ "fullJobName": "a", "result": "SUCCESS" }""")]
    [InlineData("""{ "build": { "number": 1, "phase": "STARTED" } }""")]
    [InlineData("""{ "name": "a", "build": { "number": 1 } }""")]
    public void What_does_not_say_which_build_it_is_is_not_understood(string json) => Assert.Throws<NotUnderstoodException>(() => Builds.Source.Read(Trial.Webhook(json)));

    [Fact]
    public void The_builds_of_a_job_are_told_of_as_its_webhooks_would_have()
    {
        var runs = Trial.Runs(Builds.Source, Builds.Source.Unroll(Parsed(Job)));

        var build = Assert.Single(runs[Builds.Twelve].Attempts).Value;
        Assert.Equal((Outcome.Failure, Builds.At("09:59:30"), Builds.At("10:05:00"), "queued@09:59:30 running@10:00:00"), (build.Outcome, build.StartedAt, build.EndedAt, build.Stages()));
        Assert.Equal(("eu", "true", "ABC-7-faster", "bcbb"), (build.Tag("build.parameter.region"), build.Tag("build.parameter.dry"), build.Tag("vcs.ref.head.name"), build.Tag("vcs.ref.head.revision")));
        Assert.Equal(("ada", "Started by user Ada", "agent-1"), (build.Actor, build.Reason, build.Tag("cicd.worker.name")));
        Assert.Equal(AttemptState.Running, Assert.Single(runs["vstrace-jenkins-build-acme.shop-main-13"].Attempts).Value.State);
    }

    [Fact]
    public void One_build_and_the_jobs_of_a_folder_are_told_of_too()
    {
        var one = JsonNode.Parse(Job)!["builds"]![0]!.ToJsonString();

        Assert.Equal([Builds.Twelve], Trial.Runs(Builds.Source, Builds.Source.Unroll(Parsed(one))).Keys);
        Assert.Equal(2, Trial.Runs(Builds.Source, Builds.Source.Unroll(Parsed($$"""{ "jobs": [{{Job}}, { "name": "empty" }] }"""))).Count);
        Assert.Throws<NotUnderstoodException>(() => Builds.Source.Unroll(Parsed("""{ "name": "shop" }""")));
    }

    [Fact]
    public void What_was_hooked_and_what_was_saved_is_one_attempt() =>
        Assert.Single(Trial.Runs(Builds.Source, Builds.Source.Unroll(Parsed(Job)).Concat([Builds.Begun(), Builds.Ended()]))[Builds.Twelve].Attempts);

    [Fact]
    public void Half_a_character_in_what_was_saved_costs_the_text_that_it_is_in_and_no_more()
    {
        var broken = Job.Replace("\"eu\"", "\"\\ud800\"", StringComparison.Ordinal).Replace("agent-1", "\\udc00", StringComparison.Ordinal)
            .Replace("\"value\": true", "\"value\": { \"a\": \"\\ud800\" }", StringComparison.Ordinal);

        var build = Assert.Single(Trial.Runs(Builds.Source, Builds.Source.Unroll(Parsed(broken)))[Builds.Twelve].Attempts).Value;

        Assert.Equal((Outcome.Failure, null, null, "ada"), (build.Outcome, build.Tag("build.parameter.region"), build.Tag("cicd.worker.name"), build.Actor));
    }

    [Fact]
    public void Whatever_was_saved_is_taken() => Trial.TakesWhateverComes(new Unrolling(), Job, [], 300, 3);

    /// <summary>What is saved, read as what is sent is.</summary>
    private sealed class Unrolling : ISource
    {
        public string Name => Builds.Source.Name;

        public SignatureCheck Verify(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now) => SignatureCheck.Missing;

        public string? DeliveryId(Webhook webhook) => null;

        public Told Read(Webhook webhook) => Told.Of(Unroll(webhook.Payload).SelectMany(static w => Builds.Source.Read(w).Events));

        public IEnumerable<Webhook> Unroll(Payload saved) => Builds.Source.Unroll(saved);
    }

    private static Payload Parsed(string json) => Payload.Parse(Encoding.UTF8.GetBytes(json));
}
