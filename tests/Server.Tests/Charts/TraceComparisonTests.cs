using ValueStream.Core.Wire;
using ValueStream.Web.Charts;

namespace ValueStream.Server.Tests.Charts;

public sealed class TraceComparisonTests
{
    private static IReadOnlyList<ComparedLine> Compare(Traces here, Traces there, string top = "root", double now = 1_000) =>
        TraceComparison.Of(here.Build(), top, there.Build(), top, Traces.At(now));

    private static string Said(ComparedLine line) =>
        FormattableString.Invariant($"{line.Kind} {line.Stage ?? line.Name} {line.This?.Seconds.ToString() ?? "-"} {line.That?.Seconds.ToString() ?? "-"} {line.Difference}");

    [Fact]
    public void Steps_stand_side_by_side_the_largest_difference_first()
    {
        var lines = Compare(
            new Traces().Run("root", 0, 100).Run("build", 0, 20, "root").Run("push", 20, 80, "root", outcome: "failure").Run("new", 80, 90, "root"),
            new Traces().Run("root", 0, 80).Run("build", 0, 22, "root").Run("push", 22, 40, "root").Run("gone", 40, 45, "root"));

        Assert.Equal(["step push 60 18 42", "step new 10 - 10", "step gone - 5 -5", "step build 20 22 -2"], lines.Select(Said));
        Assert.Equal(("failure", "success"), (lines[0].This!.Look!.Word, lines[0].That!.Look!.Word));
        Assert.Equal("push", lines[0].This!.Run!.Id);
    }

    [Fact]
    public void Runs_of_an_operation_are_added_up()
    {
        var lines = Compare(
            new Traces().Run("root", 0, 100).Run("a", 0, 10, "root", name: "shard").Run("b", 0, 15, "root", name: "shard"),
            new Traces().Run("root", 0, 100).Run("a", 0, 10, "root", name: "shard"));

        var line = Assert.Single(lines);
        Assert.Equal((25, 2, null), (line.This!.Seconds, line.This.Count, line.This.Run));
        Assert.Equal((10, 1), (line.That!.Seconds, line.That.Count));
    }

    [Fact]
    public void Waits_on_the_critical_path_and_stages_are_compared_too()
    {
        var lines = Compare(
            new Traces().Run("root", 0, 100).Path("wait", "root", 10, 40).Path("wait", "root", 50, 55),
            new Traces().Run("root", 0, 100).Path("wait", "root", 10, 15));

        Assert.Equal(["wait root 35 5 30"], lines.Select(Said));
        var (here, there) = (Staged(30), Staged(90));
        Assert.Equal(["stage review 30 90 -60"], TraceComparison.Of(here, "root", there, "root", Traces.At(1_000)).Select(Said));

        static TraceView Staged(double to)
        {
            var trace = new Traces().Run("root", 0, 100).Build();
            return trace with { Runs = [trace.Runs[0] with { Stages = [new("review", Traces.At(0), Traces.At(to))] }] };
        }
    }

    [Fact]
    public void Only_what_lies_below_the_compared_runs_is_compared()
    {
        static Traces Around(double seconds) => new Traces().Run("release", 0, 500).Run("root", 0, 100, "release").Run("step", 0, seconds, "root").Run("beside", 0, seconds * 3, "release");

        Assert.Equal(["step step 20 10 10"], Compare(Around(20), Around(10)).Select(Said));
    }

    [Fact]
    public void What_runs_is_counted_up_to_now()
    {
        var lines = Compare(new Traces().Run("root", 0, null).Run("a", 10, null, "root"), new Traces().Run("root", 0, 50).Run("a", 10, 20, "root"), now: 60);

        Assert.Equal(["step a 50 10 40"], lines.Select(Said));
    }
}
