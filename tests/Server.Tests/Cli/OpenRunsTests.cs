using System.Runtime.Versioning;
using ValueStream.Cli;

namespace ValueStream.Server.Tests.Cli;

[UnsupportedOSPlatform("windows")]
public sealed class OpenRunsTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly string _folder = Directory.CreateTempSubdirectory("open-runs-tests").FullName;
    private readonly OpenRuns _runs;

    public OpenRunsTests() => _runs = new OpenRuns(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("api")]
    [InlineData(null)]
    [InlineData("two\nlines and 'quotes'")]
    public void A_run_is_remembered_by_its_token(string? name)
    {
        var run = new OpenRun(Token.New(Now), "build", "team.a", name);
        _runs.Save(run);
        Assert.Equal(run, _runs.Find(run.Id));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "open", run.Id)));
    }

    [Fact]
    public void A_run_is_found_by_its_rendering_whole()
    {
        var run = new OpenRun(Token.New(Now), "build", "team-a", null);
        _runs.Save(run);
        Assert.Equal(run, _runs.FindReferenced($"vstrace-customhttp-build-team-a-{run.Id}"));
        Assert.Equal(run, _runs.FindReferenced(run.Id));
        Assert.Null(_runs.FindReferenced($"vstrace-customhttp-deploy-team-a-{run.Id}"));
        Assert.Null(_runs.FindReferenced("vstrace-github-issue-o.r-12"));
    }

    [Fact]
    public void An_ended_run_is_open_no_more_but_can_still_be_named()
    {
        var run = new OpenRun(Token.New(Now), "build", "default", "api");
        _runs.Save(run);
        _runs.Close(run.Id);
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder, "open")));
        Assert.Equal(run, _runs.Find(run.Id));
    }

    [Fact]
    public void What_is_stale_is_removed_once_a_day()
    {
        var old = Remember(daysAgo: 31, ended: false);
        var open = Remember(daysAgo: 29, ended: false);
        var endedLongAgo = Remember(daysAgo: 8, ended: true);
        var ended = Remember(daysAgo: 1, ended: true);
        _runs.Tidy(Now);
        Assert.Equal([false, true, false, true], new[] { old, open, endedLongAgo, ended }.Select(id => _runs.Find(id) is not null));
        var again = Remember(daysAgo: 31, ended: false);
        _runs.Tidy(Now.AddHours(1));
        Assert.NotNull(_runs.Find(again));
        _runs.Tidy(Now.AddHours(25));
        Assert.Null(_runs.Find(again));
    }

    [Fact]
    public void A_file_cut_short_and_an_id_that_is_a_path_are_no_run()
    {
        var run = new OpenRun(Token.New(Now), "build", "default", null);
        _runs.Save(run);
        File.WriteAllText(Path.Combine(_folder, "open", run.Id), "build\0def");
        Assert.Null(_runs.Find(run.Id));
        Assert.Null(_runs.Find("../tidied"));
        Assert.Null(new OpenRuns(null).Find(run.Id));
    }

    private string Remember(int daysAgo, bool ended)
    {
        var run = new OpenRun(Token.New(Now), "build", "default", null);
        _runs.Save(run);
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "open", run.Id), Now.UtcDateTime.AddDays(-daysAgo));
        if (ended)
        {
            _runs.Close(run.Id);
        }
        return run.Id;
    }
}
