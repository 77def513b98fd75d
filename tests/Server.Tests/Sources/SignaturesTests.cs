using System.Security.Cryptography;
using System.Text;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources;

public sealed class SignaturesTests
{
    private const string Secret = "It's a Secret to Everybody";
    private const string GitHubs = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    private const string Jiras = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
    private const string Key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string StandardSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private static readonly DateTimeOffset Sent = DateTimeOffset.FromUnixTimeSeconds(1614265330);

    [Fact]
    public void What_GitHub_and_Jira_document_is_right()
    {
        Assert.Equal(SignatureCheck.Right, Signatures.Hub(GitHubs, "Hello, World!"u8, [Secret]));
        Assert.Equal(SignatureCheck.Right, Signatures.Hub(Jiras, "Hello World!"u8, [Secret]));
        Assert.Equal(SignatureCheck.Right, Signatures.Hub(GitHubs.ToUpperInvariant().Replace("SHA256", "sha256", StringComparison.Ordinal), "Hello, World!"u8, [Secret]));
    }

    [Fact]
    public void One_of_several_secrets_is_enough_wherever_it_stands()
    {
        Assert.Equal(SignatureCheck.Right, Signatures.Hub(GitHubs, "Hello, World!"u8, [Secret, "new"]));
        Assert.Equal(SignatureCheck.Right, Signatures.Hub(GitHubs, "Hello, World!"u8, ["new", Secret]));
        Assert.Equal(SignatureCheck.Wrong, Signatures.Hub(GitHubs, "Hello, World!"u8, ["new", "newer"]));
    }

    [Fact]
    public void A_body_or_a_signature_altered_anywhere_is_wrong()
    {
        var body = "Hello, World!"u8.ToArray();
        for (var i = 0; i < body.Length; i++)
        {
            body[i] ^= 1;
            Assert.Equal(SignatureCheck.Wrong, Signatures.Hub(GitHubs, body, [Secret]));
            body[i] ^= 1;
        }
        for (var i = 0; i < GitHubs.Length; i++)
        {
            var altered = GitHubs[..i] + (GitHubs[i] == '1' ? '2' : '1') + GitHubs[(i + 1)..];
            Assert.Equal(SignatureCheck.Wrong, Signatures.Hub(altered, body, [Secret]));
        }
    }

    [Theory]
    [InlineData("sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("sha512=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1")]
    [InlineData("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17 ")]
    [InlineData("sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("sha256=")]
    [InlineData("")]
    public void Another_algorithm_and_what_is_no_signature_is_wrong_and_not_missing(string header) =>
        Assert.Equal(SignatureCheck.Wrong, Signatures.Hub(header, "Hello, World!"u8, [Secret]));

    [Fact]
    public void Before_the_body_is_there_only_what_no_body_could_make_right_is_wrong()
    {
        Assert.Equal("Undecided", $"{Signatures.Hub(GitHubs, default, [Secret])}");
        Assert.Equal("Undecided", $"{Signatures.Hex(GitHubs["sha256=".Length..], default, [Secret])}");
        Assert.Equal("Wrong", $"{Signatures.Hub(GitHubs[..^1], default, [Secret])}");
        Assert.Equal("Wrong", $"{Signatures.Hub("sha1=" + GitHubs["sha256=".Length..], default, [Secret])}");
        // An empty body is one.
        Assert.Equal("Wrong", $"{Signatures.Hub(GitHubs, ""u8, [Secret])}");

        string Check(string signature, string time, string secret) => $"{Signatures.Standard(
            new Webhook(new Dictionary<string, string> { ["webhook-id"] = "1", ["webhook-timestamp"] = time, ["webhook-signature"] = signature }, default, default), [secret], Sent)}";
        Assert.Equal("Undecided", Check("v1,AAAA " + StandardSignature, "1614265330", Key));
        Assert.Equal("Wrong", Check(StandardSignature, "1614265029", Key));
        Assert.Equal("Wrong", Check("v1,AAAA", "1614265330", Key));
        Assert.Equal("Wrong", Check(StandardSignature, "1614265330", "plain"));
    }

    [Fact]
    public void No_signature_is_missing()
    {
        Assert.Equal(SignatureCheck.Missing, Signatures.Hub(null, "Hello, World!"u8, [Secret]));
        Assert.Equal(SignatureCheck.Missing, Signatures.Hex(null, "Hello, World!"u8, [Secret]));
        Assert.Equal(SignatureCheck.Missing, Signatures.Equal(null, [Secret]));
        Assert.Equal(SignatureCheck.Missing, Signatures.Standard(Trial.Webhook("{}"), [Key], Sent));
    }

    [Fact]
    public void A_token_is_right_where_it_is_one_of_the_secrets_to_the_letter()
    {
        Assert.Equal(SignatureCheck.Right, Signatures.Equal("tökén", ["old", "tökén"]));
        Assert.All((string[])["Tökén", "tökén ", "", "tök"], static t => Assert.Equal(SignatureCheck.Wrong, Signatures.Equal(t, ["old", "tökén"])));
    }

    [Fact]
    public void The_vector_of_Standard_Webhooks_is_right() => Assert.Equal(SignatureCheck.Right, Standard());

    [Fact]
    public void One_right_signature_of_a_list_is_enough_and_other_versions_do_not_count()
    {
        Assert.Equal(SignatureCheck.Right, Standard(signature: $"v1a,{StandardSignature[3..]} v1,AAAA {StandardSignature}"));
        Assert.Equal(SignatureCheck.Wrong, Standard(signature: $"v1a,{StandardSignature[3..]}"));
        Assert.Equal(SignatureCheck.Wrong, Standard(signature: StandardSignature[3..]));
        Assert.Equal(SignatureCheck.Wrong, Standard(signature: "v1,"));
    }

    [Fact]
    public void Several_keys_are_tried_and_a_secret_that_is_no_key_takes_no_part()
    {
        Assert.Equal(SignatureCheck.Right, Standard(secrets: ["plain", "whsec_", "whsec_???", "whsec_AAAA", Key]));
        Assert.Equal(SignatureCheck.Wrong, Standard(secrets: ["plain", "whsec_", "whsec_???", "whsec_AAAA"]));
    }

    [Fact]
    public void Id_time_and_body_are_all_signed()
    {
        Assert.Equal(SignatureCheck.Wrong, Standard(id: "msg_other"));
        Assert.Equal(SignatureCheck.Wrong, Standard(id: null));
        Assert.Equal(SignatureCheck.Wrong, Standard(time: "1614265331"));
        Assert.Equal(SignatureCheck.Wrong, Standard(time: null));
        Assert.Equal(SignatureCheck.Wrong, Standard(body: """{"test": 2432232315}"""));
    }

    [Theory]
    [InlineData(300, nameof(SignatureCheck.Right))]
    [InlineData(-300, nameof(SignatureCheck.Right))]
    [InlineData(301, nameof(SignatureCheck.Wrong))]
    [InlineData(-301, nameof(SignatureCheck.Wrong))]
    public void It_holds_for_five_minutes_either_way(int seconds, string expected) => Assert.Equal(expected, $"{Standard(now: Sent.AddSeconds(seconds))}");

    [Theory]
    [InlineData("yesterday")]
    [InlineData("-1614265330")]
    [InlineData(" 1614265330")]
    [InlineData("9223372036854775807")]
    [InlineData("99999999999999999999")]
    public void A_time_that_is_none_is_wrong(string time)
    {
        var signature = $"v1,{Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Key["whsec_".Length..]), Encoding.UTF8.GetBytes($"msg_p5jXN8AQM9LWM0D4loKWxJek.{time}.{{}}")))}";
        Assert.Equal(SignatureCheck.Wrong, Standard(signature: signature, time: time, body: "{}"));
    }

    private static SignatureCheck Standard(
        string? id = "msg_p5jXN8AQM9LWM0D4loKWxJek", string? time = "1614265330", string signature = StandardSignature, string body = """{"test": 2432232314}""",
        string[]? secrets = null, DateTimeOffset? now = null)
    {
        (string Name, string? Value)[] headers = [("Webhook-Id", id), ("Webhook-Timestamp", time), ("Webhook-Signature", signature)];
        return Signatures.Standard(Trial.Webhook(body, [.. headers.Where(static h => h.Value is not null).Select(static h => (h.Name, h.Value!))]), secrets ?? [Key], now ?? Sent);
    }
}
