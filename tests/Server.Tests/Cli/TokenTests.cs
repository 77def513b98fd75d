using ValueStream.Cli;

namespace ValueStream.Server.Tests.Cli;

public sealed class TokenTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Tokens_are_twenty_characters_of_base_32_and_all_differ()
    {
        var tokens = Enumerable.Range(0, 10_000).Select(_ => Token.New(Noon)).ToHashSet();
        Assert.Equal(10_000, tokens.Count);
        Assert.All(tokens, t => Assert.Matches("^[0-9a-v]{20}$", t));
        Assert.All(tokens, t => Assert.True(Token.Is(t)));
    }

    [Fact]
    public void Tokens_sort_by_the_second() =>
        Assert.True(string.CompareOrdinal(Token.New(Noon), Token.New(Noon.AddSeconds(1))) < 0);

    [Theory]
    [InlineData("")]
    [InlineData("../../../../../../x/")]
    [InlineData("dc2h9v8coghv7cf9n7sz")]
    [InlineData("DC2H9V8COGHV7CF9N7S0")]
    [InlineData("dc2h9v8coghv7cf9n7s00")]
    public void Nothing_else_is_a_token(string text) => Assert.False(Token.Is(text));
}
