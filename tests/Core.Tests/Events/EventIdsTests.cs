using ValueStream.Core.Events;

namespace ValueStream.Core.Tests.Events;

public sealed class EventIdsTests
{
    [Fact]
    public void The_example_of_the_RFC_gives_its_id()
    {
        var dns = new Guid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");

        Assert.Equal(new Guid("2ed6657d-e927-568b-95e1-2665a8aea6a2"), EventIds.Version5(dns, "www.example.com"u8));
    }

    [Fact]
    public void The_ids_made_so_far_stay_what_they_are() =>
        Assert.Equal(new Guid("4703ec4c-2eeb-5cab-b60f-5e7b48b017fc"), EventIds.Of("ndjson", "import-2024", "17"));

    [Fact]
    public void Texts_that_only_read_alike_when_joined_give_other_ids() =>
        Assert.Equal(3, new[] { EventIds.Of("a", "bc"), EventIds.Of("ab", "c"), EventIds.Of("abc") }.Distinct().Count());
}
