using System.Security.Cryptography;
using System.Text;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.GitHub.Hooks;

namespace ValueStream.Server.Tests.Sources.GitHub;

public sealed class SignatureTests
{
    private const string Secret = "It's a Secret to Everybody";
    private const string Published = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    private const string Body = "Hello, World!";

    [Fact]
    public void The_signature_that_github_publishes_is_right() => Assert.Equal(Signed.Right, Verify(Body, $"sha256={Published}", Secret));

    [Fact]
    public void One_of_several_secrets_is_enough() => Assert.Equal(Signed.Right, Verify(Body, $"sha256={Published}", "the next one", Secret, "an old one"));

    [Fact]
    public void A_body_with_one_byte_altered_is_wrong() => Assert.Equal(Signed.Wrong, Verify("Hello, World?", $"sha256={Published}", Secret));

    [Fact]
    public void Another_secret_is_wrong() => Assert.Equal(Signed.Wrong, Verify(Body, $"sha256={Published}", "another"));

    [Theory]
    [InlineData("sha1=" + Published)]
    [InlineData("sha512=" + Published)]
    [InlineData(Published)]
    [InlineData("sha256=")]
    [InlineData("sha256=757107")]
    [InlineData("sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    public void What_is_no_sha256_of_the_body_is_wrong(string signature) => Assert.Equal(Signed.Wrong, Verify(Body, signature, Secret));

    [Fact]
    public void Without_a_signature_it_is_missing_and_the_old_one_alone_counts_for_nothing()
    {
        Assert.Equal(Signed.Missing, Verify(Body, null, Secret));
        Assert.Equal(Signed.Missing, Source.Verify(Raw(Body, ("X-Hub-Signature", "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59")), [Secret], DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void A_form_is_signed_as_it_came_and_read_as_what_it_holds()
    {
        var form = Encoding.UTF8.GetBytes($"payload={Uri.EscapeDataString(Json($"\"action\": \"opened\", \"issue\": {IssueMembers}"))}");
        var signature = $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), form))}";
        var webhook = Issue("opened", "") with
        {
            Body = form,
            Headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["x-github-event"] = "issues", ["x-hub-signature-256"] = signature },
        };
        Assert.Equal(Signed.Right, Source.Verify(webhook, [Secret], DateTimeOffset.UnixEpoch));
        Assert.NotEmpty(Source.Read(webhook).Events);
    }

    [Fact]
    public void A_delivery_is_known_by_its_id() => Assert.Equal("72d3162e-cc78-11e3-81ab-4c9367dc0958", Source.DeliveryId(Issue("opened", "")));

    private static Signed Verify(string body, string? signature, params string[] secrets) =>
        Source.Verify(signature is null ? Raw(body) : Raw(body, ("X-Hub-Signature-256", signature)), secrets, DateTimeOffset.UnixEpoch);

    private static Webhook Raw(string body, params (string Name, string Value)[] headers) =>
        new(headers.ToDictionary(static h => h.Name, static h => h.Value, StringComparer.OrdinalIgnoreCase), Encoding.UTF8.GetBytes(body), default);
}
