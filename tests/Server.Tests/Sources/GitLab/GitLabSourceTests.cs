using System.Security.Cryptography;
using System.Text;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.GitLab;

public sealed class GitLabSourceTests
{
    private const string Key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const string Stamp = "1614265330";
    private const string Signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private const string Body = """{"test": 2432232314}""";

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1614265330);

    [Fact]
    public void The_published_signature_is_right() => Assert.Equal(SignatureCheck.Right, Verify(Signature, Body, [Key]));

    [Fact]
    public void One_of_several_secrets_and_one_of_several_signatures_is_enough() =>
        Assert.Equal(SignatureCheck.Right, Verify("v1,AAAA " + Signature, Body, ["whsec_AAAA", "other", Key]));

    [Theory]
    [InlineData(Signature, """{"test": 2432232315}""", Key)]
    [InlineData(Signature, Body, "whsec_AAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", Body, Key)]
    [InlineData("sha256=00", Body, Key)]
    public void Another_body_key_or_algorithm_is_wrong(string signature, string body, string key) => Assert.Equal(SignatureCheck.Wrong, Verify(signature, body, [key]));

    [Fact]
    public void A_signature_that_is_too_old_is_wrong() => Assert.Equal(SignatureCheck.Wrong, Verify(Signature, Body, [Key], Now.AddMinutes(6)));

    [Fact]
    public void A_wrong_signature_is_wrong_whatever_the_token() => Assert.Equal(SignatureCheck.Wrong, Hooks.Source.Verify(
        Trial.Webhook(Body, ("webhook-signature", "v1,AAAA"), ("webhook-id", Id), ("webhook-timestamp", Stamp), ("X-Gitlab-Token", "s3cret")), ["s3cret"], Now));

    [Theory]
    [InlineData("s3cret", nameof(SignatureCheck.Right))]
    [InlineData("older", nameof(SignatureCheck.Right))]
    [InlineData("S3cret", nameof(SignatureCheck.Wrong))]
    [InlineData(null, nameof(SignatureCheck.Missing))]
    public void Weakness_24_the_token_is_one_of_the_secrets(string? token, string expected) =>
        Assert.Equal(expected, Hooks.Source.Verify(token is null ? Trial.Webhook("{}") : Trial.Webhook("{}", ("X-Gitlab-Token", token)), ["s3cret", "older"], Now).ToString());

    [Fact]
    public void Weakness_7_a_delivery_that_is_sent_again_has_the_name_that_it_had()
    {
        Assert.Equal("key", Hooks.Source.DeliveryId(Trial.Webhook("{}", ("Idempotency-Key", "key"), ("X-Gitlab-Event-UUID", "uuid"))));
        Assert.Equal("id", Hooks.Source.DeliveryId(Trial.Webhook("{}", ("webhook-id", "id"))));
        Assert.Null(Hooks.Source.DeliveryId(Trial.Webhook("{}")));
        Assert.Equal("uuid-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("{}"))), Hooks.Source.DeliveryId(Trial.Webhook("{}", ("X-Gitlab-Event-UUID", "uuid"))));
    }

    [Fact]
    public void Two_webhooks_of_one_request_are_two_deliveries()
    {
        var first = Trial.Webhook(Hooks.ChangeJson("approval", "12:00:00"), ("X-Gitlab-Event-UUID", "uuid"));
        var second = Trial.Webhook(Hooks.ChangeJson("approved", "12:00:00"), ("X-Gitlab-Event-UUID", "uuid"));

        Assert.NotEqual(Hooks.Source.DeliveryId(first), Hooks.Source.DeliveryId(second));
    }

    [Theory]
    [InlineData("Note Hook")]
    [InlineData("Wiki Page Hook")]
    [InlineData("Emoji Hook")]
    public void What_is_not_recorded_is_ignored(string kind) => Assert.NotNull(Hooks.Source.Read(Hooks.Hook(kind, """ "object_kind": "note" """)).Ignored);

    [Fact]
    public void Why_nothing_is_recorded_names_members_and_none_of_what_stands_in_them()
    {
        Assert.DoesNotContain("hunter2", Hooks.Source.Read(Trial.Webhook(Hooks.Of(""" "object_kind": "hunter2" """))).Ignored!, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", Hooks.Source.Read(Hooks.Hook("Release Hook", """ "tag": "v1", "action": "hunter2" """)).Ignored!, StringComparison.Ordinal);
        Assert.Contains("Note Hook", Hooks.Source.Read(Hooks.Hook("Note Hook", "\"object_kind\": \"note\"")).Ignored!, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_header_the_payload_says_what_it_is() => Assert.Single(Trial.Runs(Hooks.Source, Trial.Webhook(Hooks.PipelineJson("pending"))));

    [Fact]
    public void System_hooks_are_read_by_their_payload()
    {
        Assert.Single(Trial.Runs(Hooks.Source, Trial.Webhook(Hooks.ChangeJson("open", "12:00:00"), ("X-Gitlab-Event", "System Hook"))));
        Assert.NotNull(Hooks.Source.Read(Trial.Webhook("""{ "event_name": "project_create" }""", ("X-Gitlab-Event", "System Hook"))).Ignored);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    public void What_says_nothing_is_not_understood(string json) => Assert.Throws<NotUnderstoodException>(() => Hooks.Source.Read(Trial.Webhook(json)));

    [Fact]
    public void Weakness_16_a_job_and_its_pipeline_find_each_other_in_any_order()
    {
        Webhook[] history = [Hooks.Pipeline("success", """, "finished_at": "2026-03-02 12:10:00 UTC" """), Hooks.Job("success", """, "build_finished_at": "2026-03-02T12:09:00Z" """), Hooks.Change("merge", "12:30:00")];

        var runs = Trial.Runs(Hooks.Source, history);

        Assert.Equal("vstrace-gitlab-pipeline-acme.web-31", runs["vstrace-gitlab-job-acme.web-1977"].Attempts[1].Parent);
        Trial.EveryOrderTellsTheSame(Hooks.Source, history);
    }

    private static SignatureCheck Verify(string signature, string body, string[] secrets, DateTimeOffset? now = null) => Hooks.Source.Verify(
        Trial.Webhook(body, ("webhook-signature", signature), ("webhook-id", Id), ("webhook-timestamp", Stamp)), secrets, now ?? Now);
}
