using FsCheck.Xunit;
using ValueStream.Core.Events;

namespace ValueStream.Core.Tests.Events;

public sealed class ShortKeyTests
{
    // Computed with Python: sha256 over (4-byte big-endian length + UTF-8) of each member, first 8 bytes, base 32.
    [Theory]
    [InlineData("274f9hqd3a85m", 2563086461632323766, "customhttp", "pipeline", "default", "bq8e2h3fd6e2qpqd6lcg")]
    [InlineData("63ot0otkv9kn5", 7053658219728917221, "github", "issue", "o.r", "Grüße-€-😀")]
    [InlineData("9fhnrg8ge2p37", -7510038792277760921, "customhttp", "build", "team-a", "1")]
    [InlineData("3eho8vvrn37el", 3983162290893594069, "", "", "", "")]
    [InlineData("3nrtsi2jq796j", 4318877897145427155, "default", "pipeline", "deploy api")]
    public void Known_identities_have_known_keys(string text, long value, params string[] identity)
    {
        var key = ShortKey.Of(identity);

        Assert.Equal(value, key.Value);
        Assert.Equal(text, key.ToString());
    }

    [Fact]
    public void Members_do_not_run_into_each_other() => Assert.NotEqual(ShortKey.Of("ab", "c"), ShortKey.Of("a", "bc"));

    [Theory]
    [InlineData(0, "0000000000000")]
    [InlineData(31, "000000000000v")]
    [InlineData(long.MaxValue, "7vvvvvvvvvvvv")]
    [InlineData(long.MinValue, "8000000000000")]
    [InlineData(-1, "fvvvvvvvvvvvv")]
    public void A_key_is_its_64_bits_in_base_32(long value, string text) => Assert.Equal(text, new ShortKey(value).ToString());

    [Property(MaxTest = 200)]
    public bool A_key_reads_back_from_its_text(long value) =>
        ShortKey.TryParse(new ShortKey(value).ToString(), out var read) && read.Value == value;

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("274f9hqd3a85")]
    [InlineData("274f9hqd3a85m0")]
    [InlineData("274F9HQD3A85M")]
    [InlineData("274f9hqd3a85w")]
    [InlineData("274f9hqd3a85-")]
    [InlineData("g000000000000")]
    public void What_is_no_key_is_refused(string? text) => Assert.False(ShortKey.TryParse(text, out _));
}
