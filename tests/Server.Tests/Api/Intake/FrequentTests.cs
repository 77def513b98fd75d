using System.Text;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Tests.Api.Intake;

public sealed class FrequentTests
{
    [Fact]
    public void A_text_that_comes_again_is_the_one_that_came_before() =>
        Assert.Same(Frequent.Find("deployment.environment.name"u8), Frequent.Find("deployment.environment.name"u8));

    [Fact]
    public void However_many_texts_came_each_is_read_as_what_it_is() => Assert.All(Enumerable.Range(0, 20_000).Select(static i => $"text {i}"), static text =>
    {
        Assert.Equal(text, Frequent.Find(Encoding.UTF8.GetBytes(text)));
        Assert.Equal("", Frequent.Find([]));
    });

    [Theory]
    [InlineData("a\\u0062c")]
    [InlineData("Grüße")]
    [InlineData("a text of more characters than are worth keeping, whatever it is")]
    public void What_has_escapes_other_letters_or_many_is_left_to_be_read(string json) => Assert.Null(Frequent.Find(Encoding.UTF8.GetBytes(json)));
}
