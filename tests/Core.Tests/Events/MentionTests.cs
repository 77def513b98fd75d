using ValueStream.Core.Events;

namespace ValueStream.Core.Tests.Events;

/// <summary>What is found in texts.</summary>
public sealed class MentionTests
{
    [Theory]
    [InlineData("")]
    [InlineData("main")]
    [InlineData("deploy-api")]
    [InlineData("feature/login-page")]
    [InlineData("abc-123 is no key")]
    [InlineData("A-1")]
    [InlineData("fixABC-123")]
    [InlineData("2ABC-123")]
    [InlineData("äABC-123")]
    [InlineData("ABC-")]
    [InlineData("ABC-x1")]
    [InlineData("ABC-123x")]
    [InlineData("ABC-1.2")]
    [InlineData("#12")]
    [InlineData("repo#12")]
    [InlineData("owner/#12")]
    [InlineData("owner/repo#")]
    [InlineData("owner/repo#12a")]
    [InlineData("wow!! 12 # 3 - 4")]
    [InlineData("vstrace-")]
    [InlineData("vstrace-customhttp-build")]
    [InlineData("xvstrace-customhttp-build-default-1")]
    [InlineData("2026-03-02")]
    public void Names_nobody(string text) => Assert.Empty(Mention.In(text));

    [Theory]
    [InlineData("ABC-123", "ABC-123")]
    [InlineData("ABC-123-fix", "ABC-123")]
    [InlineData("ABC-123_fix", "ABC-123")]
    [InlineData("feature/ABC-123/more", "ABC-123")]
    [InlineData("fix_ABC-123", "ABC-123")]
    [InlineData("MY_2ND-7: see", "MY_2ND-7")]
    [InlineData("[ABC-123] Fix", "ABC-123")]
    [InlineData("Fix ABC-123.", "ABC-123")]
    [InlineData("Fix „ABC-123“ für Ünal 🚀", "ABC-123")]
    [InlineData("🚀ABC-123🚀, ABC-124", "ABC-124")]
    [InlineData("ABC-123, ABC-124;DEF-1", "ABC-123", "ABC-124", "DEF-1")]
    [InlineData("acme/web#12", "acme/web#12")]
    [InlineData("Fixes acme/web.app#12!", "acme/web.app#12")]
    [InlineData("(acme/sub/web!3)", "acme/sub/web!3")]
    [InlineData("https://acme/web#12", "acme/web#12")]
    [InlineData("acme/ABC-12#3 and ABC-9", "acme/ABC-12#3", "ABC-9")]
    [InlineData("ABC-1 then acme/web#2 then ABC-3", "ABC-1", "acme/web#2", "ABC-3")]
    [InlineData("see vstrace-customhttp-build-default-a1 and ABC-1", "vstrace-customhttp-build-default-a1", "ABC-1")]
    [InlineData("`vstrace-a-b-c-1`,vstrace-a-b-c-2;<vstrace-a-b-c-3>", "vstrace-a-b-c-1", "vstrace-a-b-c-2", "vstrace-a-b-c-3")]
    [InlineData("vstrace-jira-issue-ABC-ABC-1/x DEF-2", "vstrace-jira-issue-ABC-ABC-1/x", "DEF-2")]
    public void Names_these(string text, params string[] expected) => Assert.Equal(expected, Mention.In(text).Select(static m => m.Text));

    [Theory]
    [InlineData("vstrace-github-issue-o.r-12-fix-login",
        "vstrace-github-issue-o.r-12-fix-login", "vstrace-github-issue-o.r-12-fix", "vstrace-github-issue-o.r-12", "vstrace-github-issue-o.r")]
    [InlineData("feature/vstrace-github-issue-o.r-12/login", "vstrace-github-issue-o.r-12/login", "vstrace-github-issue-o.r-12", "vstrace-github-issue-o.r")]
    [InlineData("vstrace-jiracloud-sprint-7", "vstrace-jiracloud-sprint-7")]
    [InlineData("(vstrace-a-b-c-v1.2).", "vstrace-a-b-c-v1.2", "vstrace-a-b-c")]
    [InlineData("vstrace-a-b-c-1, and", "vstrace-a-b-c-1", "vstrace-a-b-c")]
    [InlineData("vstrace-a-b-c-1: and", "vstrace-a-b-c-1", "vstrace-a-b-c")]
    [InlineData("vstrace-a-b-c-1@2?", "vstrace-a-b-c-1@2", "vstrace-a-b-c-1", "vstrace-a-b-c")]
    [InlineData("vstrace-a-b-c-é1\u00a0x", "vstrace-a-b-c-é1", "vstrace-a-b-c")]
    [InlineData("vstrace-a-b-c-1🚀", "vstrace-a-b-c-1🚀", "vstrace-a-b-c")]
    public void A_rendering_is_read_up_to_every_place_where_a_name_can_end_the_longest_first(string text, params string[] expected) =>
        Assert.Equal(expected, Assert.Single(Mention.In(text)).Readings);

    [Fact]
    public void A_branch_that_goes_on_for_long_after_its_run_still_names_it()
    {
        var mention = Assert.Single(Mention.In("vstrace-github-issue-o.r-12-" + string.Join('-', Enumerable.Repeat("and", 100))));

        Assert.Equal(Mention.MostReadings, mention.Readings.Length);
        Assert.Contains("vstrace-github-issue-o.r-12", mention.Readings);
        Assert.Equal(mention.Readings.OrderByDescending(static r => r.Length), mention.Readings);
    }

    [Theory]
    [InlineData("vstrace-a-b-c-", 'x')]
    [InlineData("", '.')]
    [InlineData("ABC-1", '.')]
    [InlineData("o/r#1", '!')]
    [InlineData("", '-')]
    [InlineData("vstrace-a-b-c-1", '-')]
    [InlineData("", 'A')]
    public void The_longest_reasons_are_read_in_no_time(string begin, char rest)
    {
        var reason = begin + new string(rest, 4_000 - begin.Length);

        Assert.All(Mention.In(reason), static m => Assert.All(m.Readings, static r => Assert.InRange(r.Length, 5, 500)));
    }

    [Fact]
    public void A_reason_that_names_many_names_the_first_of_them() =>
        Assert.Equal(Enumerable.Range(1, Mention.Most).Select(static i => $"ABC-{i}"),
            Mention.Of(Build.Run("1"), [string.Join(' ', Enumerable.Range(1, 500).Select(static i => $"ABC-{i}"))]).Select(static m => m.Text));

    [Fact]
    public void What_is_named_twice_counts_once_where_it_is_named_first() =>
        Assert.Equal(["ABC-2", "ABC-1"], Mention.Of(Build.Run("1"), ["ABC-2-x", "ABC-1 ABC-2", "ABC-1"]).Select(static m => m.Text));

    [Fact]
    public void A_run_does_not_mean_itself_by_any_of_its_names()
    {
        var issue = new RunId(SourceNames.Jira, "issue", "ABC", "ABC-1");

        Assert.Equal(["ABC-2"], Mention.Of(issue, ["ABC-1", $"{issue.Rendering} vstrace-jiracloud-issue-ABC-1", "ABC-2"]).Select(static m => m.Text));
        Assert.Equal([$"{issue.Rendering}-fix"], Assert.Single(Mention.Of(issue, [$"{issue.Rendering}-fix"])).Readings);
    }

    [Theory]
    [InlineData("vstrace-jira-sprint-ABC-7", true, true)]
    [InlineData("vstrace-jira-issue-ABC-ABC-7", true, false)]
    [InlineData("acme/web#12", true, false)]
    [InlineData("UTF-8", false, false)]
    public void Some_can_be_nothing_but_names_and_some_of_those_name_groupings(string text, bool isCertain, bool isGrouping)
    {
        var mention = Assert.Single(Mention.In(text));

        Assert.Equal((isCertain, isGrouping), (mention.IsCertain, mention.IsGrouping));
    }
}
