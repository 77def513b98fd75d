using ValueStream.Core.Events;

namespace ValueStream.Core.Tests.Events;

public sealed class AliasesTests
{
    [Fact]
    public void An_issue_of_github_is_known_without_its_owner_and_as_people_write_it() =>
        Assert.Equal(["vstrace-github-issue-web.app-12", "acme/web.app#12"], Of(SourceNames.GitHub, "issue", "acme.web.app", "12"));

    [Fact]
    public void A_pull_request_is_known_alike() =>
        Assert.Equal(["vstrace-github-pull_request-web-7", "acme/web#7"], Of(SourceNames.GitHub, "pull_request", "acme.web", "7"));

    [Fact]
    public void Other_runs_of_a_code_host_have_no_number_to_be_known_by() =>
        Assert.Equal(["vstrace-github-build-web-99"], Of(SourceNames.GitHub, "build", "acme.web", "99"));

    [Fact]
    public void Where_the_groups_of_gitlab_end_and_the_project_begins_is_tried_everywhere() => Assert.Equal(
        ["vstrace-gitlab-issue-sub.web-3", "acme/sub.web#3", "vstrace-gitlab-issue-web-3", "acme/sub/web#3"], Of(SourceNames.GitLab, "issue", "acme.sub.web", "3"));

    [Fact]
    public void A_merge_request_has_numbers_of_its_own() =>
        Assert.Equal(["vstrace-gitlab-pull_request-web-3", "acme/web!3"], Of(SourceNames.GitLab, "pull_request", "acme.web", "3"));

    [Theory]
    [InlineData("pipeline")]
    [InlineData("job")]
    public void Pipelines_and_jobs_of_gitlab_are_known_as_the_builds_that_upstream_took_them_for(string type) => Assert.Equal(
        [$"vstrace-gitlab-{type}-sub.web-31", "vstrace-gitlab-build-sub.web-31", $"vstrace-gitlab-{type}-web-31", "vstrace-gitlab-build-web-31"],
        Of(SourceNames.GitLab, type, "acme.sub.web", "31"));

    [Fact]
    public void A_pipeline_of_a_project_without_a_known_group_is_known_as_a_build_too() =>
        Assert.Equal(["vstrace-gitlab-build-web-31"], Of(SourceNames.GitLab, "pipeline", "web", "31"));

    [Fact]
    public void No_other_source_has_the_builds_of_gitlab() => Assert.Equal(["vstrace-github-job-web-31"], Of(SourceNames.GitHub, "job", "acme.web", "31"));

    [Theory]
    [InlineData("build", "default")]
    [InlineData("deploy", "acme.shop")]
    public void A_run_of_jenkins_is_known_without_its_folder(string type, string folder) =>
        Assert.Equal([$"vstrace-jenkins-{type}-web-12"], Of(SourceNames.Jenkins, type, folder, "web-12"));

    [Theory]
    [InlineData("ABC-123")]
    [InlineData("123")]
    public void An_issue_of_jira_is_known_by_its_key_and_by_upstreams_source(string id)
    {
        var aliases = Of(SourceNames.Jira, "issue", "ABC", id);

        Assert.Contains("ABC-123", aliases);
        Assert.Contains("vstrace-jiracloud-issue-ABC-123", aliases);
        Assert.Equal(3, aliases.Distinct().Count());
    }

    [Fact]
    public void An_issue_that_moved_is_known_by_the_key_that_it_has() => Assert.Contains("ABC-123", Of(SourceNames.Jira, "issue", "DEF", "ABC-123"));

    [Fact]
    public void A_sprint_of_jira_is_known_by_upstreams_source_and_has_no_key() =>
        Assert.Equal(["vstrace-jiracloud-sprint-7", "vstrace-jiracloud-sprint-ABC-7"], Of(SourceNames.Jira, "sprint", "ABC", "7"));

    [Fact]
    public void Scripts_have_none() => Assert.Empty(Of(SourceNames.CustomHttp, "issue", "acme.web", "12"));

    [Fact]
    public void A_span_is_known_by_its_ids_alone() =>
        Assert.Equal([Aliases.OfSpan("0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7")], Of(SourceNames.Otlp, "task", "shop", "0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7"));

    [Fact]
    public void A_run_of_CDEvents_is_known_by_the_ids_of_its_events()
    {
        var tags = Event.NoTags.Add(Aliases.CdEventId + "started", "a1").Add(Aliases.CdEventId + "finished", "a2").Add("other", "a3");

        var aliases = Aliases.ByTags(new RunId(SourceNames.CdEvents, "build", "ci", "1"), tags).ToList();

        Assert.Equal([Aliases.OfCdEvent("a2"), Aliases.OfCdEvent("a1")], aliases);
        Assert.All(aliases, static a => Assert.True(Aliases.MayBeByTags(a)));
        Assert.Empty(Aliases.ByTags(new RunId(SourceNames.GitHub, "job", "o.r", "1"), tags));
    }

    private static System.Collections.Immutable.ImmutableArray<string> Of(string source, string type, string ns, string id) => Aliases.Of(new RunId(source, type, ns, id));
}
