using ValueStream.Core.Events;

namespace ValueStream.Core.Tests.Events;

public sealed class RunIdTests
{
    [Fact]
    public void A_rendering_joins_the_four_members() =>
        Assert.Equal("vstrace-customhttp-pipeline-default-bq8e2h3fd6e2qpqd6lcg",
            new RunId("customhttp", "pipeline", "default", "bq8e2h3fd6e2qpqd6lcg").Rendering);

    [Fact]
    public void Runs_that_share_a_rendering_are_different_runs_with_different_keys()
    {
        var build = new RunId("customhttp", "build", "team-a", "1");
        var other = new RunId("customhttp", "build-team", "a", "1");

        Assert.Equal(build.Rendering, other.Rendering);
        Assert.NotEqual(build, other);
        Assert.Equal("9fhnrg8ge2p37", build.Key.ToString());
        Assert.Equal("fnqbak2a91a5n", other.Key.ToString());
    }

    [Fact]
    public void Identity_is_ordinal_and_of_all_four_members()
    {
        var run = new RunId("github", "issue", "o.r", "12");

        Assert.Equal(run, new RunId("github", "issue", "o.r", "12"));
        Assert.Equal(run.GetHashCode(), new RunId("github", "issue", "o.r", "12").GetHashCode());
        Assert.All(
            [run with { Source = "gitlab" }, run with { Type = "Issue" }, run with { Namespace = "o" }, run with { Id = "012" }],
            other => Assert.NotEqual(run, other));
    }

    [Fact]
    public void A_copy_with_another_id_has_its_own_key()
    {
        var run = new RunId("github", "issue", "o.r", "12");
        var before = run.Key;

        Assert.NotEqual(before, (run with { Id = "13" }).Key);
    }
}
