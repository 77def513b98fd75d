using ValueStream.Core.Numbers;
using static ValueStream.Core.Tests.Numbers.Reference;

namespace ValueStream.Core.Tests.Numbers;

/// <summary>What failed runs share: histories of which the cause is known, and what SciPy and statsmodels find in drawn ones.</summary>
public sealed class CorrelationTests
{
    [Fact]
    public void Drawn_histories_have_the_findings_of_scipy_and_statsmodels() => Each(static r => r.Correlations, static row =>
    {
        var (found, tried) = Correlation.Find([Table(row.Runs.Select(static r => (r[0] == 1, r.Skip(1).Select(static (value, key) => 1000L * key + value))))],
            static (_, id) => new Trait(TraitLevel.Own, $"{id / 1000}", $"{id % 1000}"));

        Assert.Equal(row.Tried, tried);
        Assert.Equal(row.Found.Count, found.Count);
        foreach (var expected in row.Found)
        {
            var actual = Assert.Single(found, c => c.Traits.Any(t => t == new Trait(TraitLevel.Own, $"{expected.Traits[0][0]}", $"{expected.Traits[0][1]}")));
            Assert.Equal(expected.Traits.Select(static t => new Trait(TraitLevel.Own, $"{t[0]}", $"{t[1]}")).ToHashSet(), actual.Traits.ToHashSet());
            Assert.Equal((expected.InGroup, expected.InRest), (actual.InGroup, actual.InRest));
            Same(expected.P, actual.P, 1e-9);
        }
    });

    [Fact]
    public void One_image_that_fails_is_what_the_failed_runs_share()
    {
        var found = Find(200, static (run, random) => (run % 4 == 0 && random.Next(10) < 8, [$"image={run % 4}", $"host={random.Next(6)}", $"user={random.Next(9)}"]));

        Assert.Equal("image=0", Text(found[0]));
        Assert.Equal((1, found[0].InGroup), (found[0].GroupShare, found[0].Group));
        Assert.Equal(found[0].GroupShare - found[0].RestShare, found[0].Score);
        Assert.All(found.Skip(1), static c => Assert.True(c.Score < 0 && Text(c).StartsWith("image=", StringComparison.Ordinal)));
    }

    [Fact]
    public void Two_causes_at_once_are_both_found()
    {
        var found = Find(600, static (run, random) =>
        {
            var (host, branch) = (random.Next(6), random.Next(5));
            return (host == 2 || branch == 3 ? random.Next(10) < 7 : random.Next(20) == 0, [$"host={host}", $"branch={branch}", $"user={random.Next(9)}"]);
        });

        Assert.Equal(["branch=3", "host=2"], found.Where(static c => c.Score > 0).Select(Text).Order());
        Assert.DoesNotContain(found, static c => Text(c).StartsWith("user=", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_cause_nothing_is_found() =>
        Assert.Empty(Find(500, static (_, random) => (random.Next(10) == 0, [$"host={random.Next(6)}", $"branch={random.Next(20)}", $"user={random.Next(9)}"])));

    [Fact]
    public void What_selects_the_same_runs_stands_on_one_line_and_is_tried_once()
    {
        var once = FindAll(200, static (run, _) => (run % 4 == 0, [$"image={run % 4}"]));
        var twice = FindAll(200, static (run, _) => (run % 4 == 0, [$"image={run % 4}", $"digest={run % 4 + 100}"]));

        Assert.Equal(["digest=100 image=0"], twice.Found.Where(static c => c.Score > 0).Select(static c => string.Join(' ', c.Traits.Select(static t => $"{t.Key}={t.Value}"))));
        Assert.Equal(once.Tried, twice.Tried);
        Assert.Equal(once.Found.Select(static c => c.P), twice.Found.Select(static c => c.P));
    }

    [Fact]
    public void What_all_runs_carry_or_fewer_than_five_is_not_tried()
    {
        var (found, tried) = FindAll(100, static (run, _) => (run < 10, [.. run < 4 ? ["rare=yes"] : Array.Empty<string>(), "all=yes"]));

        Assert.Empty(found);
        Assert.Equal(0, tried);
        Assert.Equal((1, 1), FindAll(100, static (run, _) => (run < 10, run < 5 ? ["rare=yes"] : [])) is var five ? (five.Found.Count, five.Tried) : default);
    }

    [Fact]
    public void A_trait_that_a_run_has_twice_counts_once() =>
        Assert.Equal((10, 0), Find(100, static (run, _) => (run < 10, run < 10 ? ["step=a", "step=a"] : [])).Single() is var c ? (c.InGroup, c.InRest) : default);

    [Fact]
    public void Levels_are_told_apart_and_corrected_together()
    {
        var (own, above) = (new TraitTable(), new TraitTable());
        for (var run = 0; run < 100; run++)
        {
            own.Begin(run, run < 20);
            own.Add(run % 3);
            if (run % 2 == 0)
            {
                above.Begin(run, run < 20);
                above.Add(run < 18 ? 1 : 0);
            }
        }

        var (found, tried) = Correlation.Find([own, above], static (table, id) => new Trait(table == 0 ? TraitLevel.Own : TraitLevel.Ancestor, "k", $"{id}"));

        Assert.Equal(5, tried);
        Assert.Equal([(TraitLevel.Ancestor, "1"), (TraitLevel.Ancestor, "0")], found.Select(static c => (c.Traits.Single().Level, c.Traits.Single().Value)));
        Assert.Equal((9, 10, 0, 40), (found[0].InGroup, found[0].Group, found[0].InRest, found[0].Rest));
    }

    [Fact]
    public void Nothing_is_found_where_one_of_the_groups_is_empty() =>
        Assert.Equal((0, 0), FindAll(50, static (run, _) => (true, [$"a={run % 2}"])) is var none ? (none.Found.Count, none.Tried) : default);

    [Theory]
    [InlineData("error.type")]
    [InlineData("process.exit.code")]
    [InlineData("exit_code")]
    [InlineData("cicd.pipeline.run.url.full")]
    [InlineData("cicd.pipeline.result")]
    [InlineData("vcs.ref.head.revision")]
    [InlineData("vcs.change.id")]
    [InlineData("issue.number")]
    [InlineData("build.before_sha")]
    [InlineData("jira.status.category")]
    [InlineData("test.case.name")]
    public void Keys_that_follow_from_the_outcome_or_name_one_thing_are_left_out(string key) => Assert.False(TellingKeys.Includes(key));

    [Theory]
    [InlineData("host.name")]
    [InlineData("service")]
    [InlineData("container.image.id")]
    [InlineData("oci.manifest.digest")]
    [InlineData("vcs.ref.head.name")]
    [InlineData("statistics")]
    [InlineData("identity.provider")]
    [InlineData("id.provider")]
    [InlineData("")]
    public void Keys_that_say_who_where_or_with_what_are_compared(string key) => Assert.True(TellingKeys.Includes(key));

    [Fact]
    public void A_key_whose_values_are_nearly_all_of_one_run_names_runs() => Assert.Equal(["build"], TellingKeys.NamesOfRuns(
    [
        .. Enumerable.Repeat(("build", 1), 19), ("build", 2), .. Enumerable.Repeat(("branch", 1), 18), .. Enumerable.Repeat(("branch", 3), 2), .. Enumerable.Repeat(("rare", 1), 4),
    ]));

    private static string Text(Correlation c) => $"{c.Traits[0].Key}={c.Traits[0].Value}";

    private static IReadOnlyList<Correlation> Find(int runs, Func<int, Random, (bool, string[])> make) => FindAll(runs, make).Found;

    private static (IReadOnlyList<Correlation> Found, int Tried) FindAll(int runs, Func<int, Random, (bool InGroup, string[] Traits)> make)
    {
        var random = new Random(7);
        var texts = new List<string>();
        var table = Table(Enumerable.Range(0, runs).Select(run => make(run, random)).Select(r => (r.InGroup, r.Traits.Select(t =>
        {
            var at = texts.IndexOf(t);
            if (at < 0)
            {
                at = texts.Count;
                texts.Add(t);
            }
            return (long)at;
        }))));
        return Correlation.Find([table], (_, id) => texts[(int)id].Split('=') is [var key, var value] ? new Trait(TraitLevel.Own, key, value) : null);
    }

    private static TraitTable Table(IEnumerable<(bool InGroup, IEnumerable<long> Traits)> runs)
    {
        var table = new TraitTable();
        var number = 0;
        foreach (var (inGroup, traits) in runs)
        {
            table.Begin(number++, inGroup);
            foreach (var trait in traits)
            {
                table.Add(trait);
            }
        }
        return table;
    }
}
