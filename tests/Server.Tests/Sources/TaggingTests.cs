using System.Text;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources;

public sealed class TaggingTests
{
    [Theory]
    [InlineData("postgres://u:p@h/db", "postgres://***@h/db")]
    [InlineData("DB_URL=postgres://u:p@h and amqp://a:b@c:5672/x", "DB_URL=postgres://***@h and amqp://***@c:5672/x")]
    [InlineData("redis://:p@h:6379", "redis://***@h:6379")]
    [InlineData("https://ghp_abc@github.com/a/b.git", "https://***@github.com/a/b.git")]
    [InlineData("mysql://u:p@ss@h/db", "mysql://***@h/db")]
    [InlineData("mysql://u:p/w#x@h/db", "mysql://***@h/db")]
    [InlineData("ssh://git@git.example.com:2222/acme/web.git", "ssh://git@git.example.com:2222/acme/web.git")]
    [InlineData("git@git.example.com:acme/web.git", "git@git.example.com:acme/web.git")]
    [InlineData("https://h:8080/a@b?c=d@e", "https://h:8080/a@b?c=d@e")]
    [InlineData("https://h/@scope/name", "https://h/@scope/name")]
    [InlineData("https://h by ann@example.com", "https://h by ann@example.com")]
    public void Of_an_address_the_credentials_are_left_out(string text, string tag)
    {
        var payload = Payload.Parse(Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Serialize(new { text })));

        Assert.Equal((tag, tag), (Of(static (tags, t) => tags.Add("k", t), text), Of((tags, _) => tags.Add("k", payload["text"]), text)));
    }

    [Fact]
    public void What_is_cut_shows_no_half_of_a_password() =>
        Assert.Equal("postgres://***@h", Of(static (tags, t) => tags.Add("k", t), $"postgres://u:{new string('p', 3000)}@h"));

    [Fact]
    public void Numbers_and_booleans_stay_what_they_are()
    {
        var payload = Payload.Parse("""{ "n": 1.50, "b": true, "s": "", "o": {}, "z": null }"""u8.ToArray());
        var tags = new Tagging();
        foreach (var (name, value) in payload.Members)
        {
            tags.Add(name, value);
        }

        Assert.Equal("b=true n=1.50", string.Join(' ', tags.Select(static t => $"{t.Key}={t.Value}")));
        Assert.Equal(System.Text.Json.JsonValueKind.Number, tags.ToTags()["n"].Kind);
    }

    [Fact]
    public void A_text_of_nothing_but_schemes_takes_no_time() => Assert.NotNull(Of(static (tags, t) => tags.Add("k", t), string.Concat(Enumerable.Repeat("a://b:", 20_000)) + "@"));

    private static string Of(Action<Tagging, string> add, string text)
    {
        var tags = new Tagging();
        add(tags, text);
        return tags.ToTags()["k"].Text;
    }
}
