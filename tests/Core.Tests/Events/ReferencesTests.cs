using ValueStream.Core.Events;

namespace ValueStream.Core.Tests.Events;

public sealed class ReferencesTests
{
    private static readonly RunId Mine = Build.Run("1", ns: "team-a", type: "build");
    private static readonly RunId Theirs = Build.Run("1", ns: "a", type: "build-team");
    private static readonly RunId Third = Build.Run("a-1", ns: "team", type: "build");

    [Fact]
    public void The_hash_of_a_rendering_is_known() =>
        Assert.Equal(9049451267709284856, References.Hash("vstrace-customhttp-pipeline-default-x1"));

    [Fact]
    public void A_reference_that_one_run_has_means_it_from_everywhere() => Assert.Equal(Theirs, References.Choose([Theirs], "team-a"));

    [Fact]
    public void Ones_own_namespace_comes_first() => Assert.Equal(Mine, References.Choose([Theirs, Mine, Third], "team-a"));

    [Fact]
    public void An_ambiguous_reference_means_nothing()
    {
        Assert.Null(References.Choose([Theirs, Mine], "elsewhere"));
        Assert.Null(References.Choose([Mine, Mine with { Source = "github" }], "team-a"));
        Assert.Null(References.Choose([], "team-a"));
    }

    [Theory]
    [InlineData(-5, 1)]
    [InlineData(0, 1)]
    [InlineData(10, 1)]
    [InlineData(15, 1)]
    [InlineData(20, 2)]
    [InlineData(99, 3)]
    public void A_reference_means_the_attempt_that_holds_the_start_else_the_last_before(double start, int attempt)
    {
        (int Number, double From, double? To)[] attempts = [(1, 0, 10), (2, 20, 30), (3, 40, null)];

        Assert.Equal(attempt, References.AttemptAt(attempts, Build.At(start),
            static a => (Build.At(a.From), a.To is { } to ? Build.At(to) : null)).Number);
    }
}
