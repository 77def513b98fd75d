using ValueStream.Cli.Context;

namespace ValueStream.Server.Tests.Cli.Context;

/// <summary>One table for each CI system: the variables of a job as it sets them, and what is told of them.</summary>
public sealed class CiContextTests
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private static readonly string[] GitHub =
    [
        "CI=true", "GITHUB_ACTIONS=true", "GITHUB_ACTOR=ada", "GITHUB_TRIGGERING_ACTOR=bob", "GITHUB_BASE_REF=", "GITHUB_HEAD_REF=", "GITHUB_EVENT_NAME=push", "GITHUB_JOB=deploy",
        "GITHUB_REF=refs/heads/main", "GITHUB_REF_NAME=main", "GITHUB_REF_TYPE=branch", "GITHUB_REPOSITORY=acme/api", "GITHUB_REPOSITORY_OWNER=acme", "GITHUB_RUN_ATTEMPT=1",
        "GITHUB_RUN_ID=9753949763", "GITHUB_RUN_NUMBER=12", "GITHUB_SERVER_URL=https://github.com", $"GITHUB_SHA={Commit}", "GITHUB_WORKFLOW=Deploy API", "RUNNER_NAME=GitHub Actions 2",
    ];

    private static readonly string[] GitLab =
    [
        "CI=true", "GITLAB_CI=true", "CI_COMMIT_BRANCH=main", "CI_COMMIT_REF_NAME=main", $"CI_COMMIT_SHA={Commit}", "CI_JOB_ID=1212", "CI_JOB_NAME=deploy prod", "CI_JOB_STAGE=deploy",
        "CI_JOB_URL=https://gitlab.acme.org/shop/web/api/-/jobs/1212", "CI_PIPELINE_ID=99", "CI_PIPELINE_SOURCE=push", "CI_PIPELINE_URL=https://gitlab.acme.org/shop/web/api/-/pipelines/99",
        "CI_PROJECT_NAME=api", "CI_PROJECT_NAMESPACE=shop/web", "CI_PROJECT_PATH=shop/web/api", "CI_PROJECT_URL=https://gitlab.acme.org/shop/web/api", "CI_RUNNER_DESCRIPTION=runner 3",
        "CI_RUNNER_ID=3", "CI_ENVIRONMENT_NAME=production", "GITLAB_USER_LOGIN=ada", "CI_REPOSITORY_URL=https://gitlab-ci-token:hunter2@gitlab.acme.org/shop/web/api.git",
    ];

    private static readonly string[] Jenkins =
    [
        "JENKINS_URL=https://jenkins.acme.org/", "JOB_NAME=shop/api/feature%2Fx", "JOB_BASE_NAME=feature%2Fx", "BRANCH_NAME=feature/x", "BUILD_NUMBER=7", "BUILD_ID=7",
        "BUILD_TAG=jenkins-shop-api-feature%2Fx-7", "BUILD_URL=https://jenkins.acme.org/job/shop/job/api/job/feature%252Fx/7/", "NODE_NAME=agent-2", "STAGE_NAME=Deploy",
        "GIT_URL=https://ci:hunter2@github.com/acme/api.git", "GIT_BRANCH=feature/x", $"GIT_COMMIT={Commit}", "BUILD_USER_ID=ada",
    ];

    private static readonly string[] Buildkite =
    [
        "CI=true", "BUILDKITE=true", "BUILDKITE_AGENT_ID=a-1", "BUILDKITE_AGENT_NAME=agent-1", "BUILDKITE_BRANCH=main", "BUILDKITE_BUILD_CREATOR=Ada", "BUILDKITE_BUILD_ID=b-1",
        "BUILDKITE_BUILD_NUMBER=5", "BUILDKITE_BUILD_URL=https://buildkite.com/acme/api/builds/5", $"BUILDKITE_COMMIT={Commit}", "BUILDKITE_JOB_ID=j-1", "BUILDKITE_LABEL=:rocket: Deploy",
        "BUILDKITE_STEP_KEY=deploy", "BUILDKITE_PIPELINE_NAME=API", "BUILDKITE_PIPELINE_SLUG=api", "BUILDKITE_PULL_REQUEST=false", "BUILDKITE_PULL_REQUEST_BASE_BRANCH=",
        "BUILDKITE_REPO=git@github.com:acme/api.git", "BUILDKITE_TAG=",
    ];

    private static readonly string[] CircleCi =
    [
        "CI=true", "CIRCLECI=true", "CIRCLE_BRANCH=main", "CIRCLE_BUILD_NUM=41", "CIRCLE_BUILD_URL=https://circleci.com/gh/acme/api/41", "CIRCLE_JOB=deploy", "CIRCLE_PROJECT_REPONAME=api",
        "CIRCLE_PROJECT_USERNAME=acme", "CIRCLE_REPOSITORY_URL=git@github.com:acme/api.git", $"CIRCLE_SHA1={Commit}", "CIRCLE_USERNAME=ada", "CIRCLE_WORKFLOW_ID=w-1",
        "CIRCLE_WORKFLOW_JOB_ID=j-1",
    ];

    private static readonly string[] AcmeApi =
        ["vcs.owner.name=acme", "vcs.provider.name=github", "vcs.repository.name=api", "vcs.repository.url.full=https://github.com/acme/api", $"vcs.ref.head.revision={Commit}"];

    [Fact]
    public void GitHub_Actions() => AssertTells(
        "bob", GitHub,
        [
            .. AcmeApi, "cicd.pipeline.name=Deploy API", "cicd.pipeline.run.id=9753949763", "cicd.pipeline.run.url.full=https://github.com/acme/api/actions/runs/9753949763",
            "cicd.pipeline.task.name=deploy", "cicd.worker.name=GitHub Actions 2", "vcs.ref.head.name=main", "vcs.ref.head.type=branch",
        ]);

    [Fact]
    public void GitHub_Actions_run_again_for_a_tag()
    {
        var (_, tags) = Read([.. GitHub, "GITHUB_REF_NAME=v1", "GITHUB_REF_TYPE=tag", "GITHUB_RUN_ATTEMPT=2"]);
        Assert.Equal(("v1", "tag"), (tags["vcs.ref.head.name"], tags["vcs.ref.head.type"]));
        Assert.Equal("https://github.com/acme/api/actions/runs/9753949763/attempts/2", tags["cicd.pipeline.run.url.full"]);
    }

    [Theory]
    [InlineData("""{"action":"opened","number":12,"pull_request":{"number":12,"head":{"ref":"feature/x","sha":"abc"}}}""", "abc")]
    [InlineData("""{"pull_request":{"number":12}}""", Commit)]
    [InlineData("""{"pull_request":{"number":12,"head":"abc"}}""", Commit)]
    [InlineData("{\"pull_request\":", Commit)]
    [InlineData("[]", Commit)]
    [InlineData(null, Commit)]
    public void GitHub_Actions_for_a_pull_request_with_the_commit_that_was_proposed(string? payload, string revision)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, payload);
            var (_, tags) = Read(
            [
                .. GitHub, "GITHUB_EVENT_NAME=pull_request", "GITHUB_REF=refs/pull/12/merge", "GITHUB_REF_NAME=12/merge", "GITHUB_HEAD_REF=feature/x", "GITHUB_BASE_REF=main",
                $"GITHUB_EVENT_PATH={(payload is null ? "/nowhere" : path)}",
            ]);
            Assert.Equal(
                ("12", "feature/x", "branch", "main", "branch", revision),
                (tags["vcs.change.id"], tags["vcs.ref.head.name"], tags["vcs.ref.head.type"], tags["vcs.ref.base.name"], tags["vcs.ref.base.type"], tags["vcs.ref.head.revision"]));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_schedule_is_nobodys_doing()
    {
        Assert.Null(Read([.. GitHub, "GITHUB_EVENT_NAME=schedule"]).Who);
        Assert.Null(Read([.. GitLab, "CI_PIPELINE_SOURCE=schedule"]).Who);
    }

    [Fact]
    public void GitLab_CI() => AssertTells(
        "ada", GitLab,
        [
            "cicd.pipeline.name=shop/web/api", "cicd.pipeline.run.id=99", "cicd.pipeline.run.url.full=https://gitlab.acme.org/shop/web/api/-/pipelines/99",
            "cicd.pipeline.task.name=deploy prod", "cicd.pipeline.task.run.id=1212", "cicd.pipeline.task.run.url.full=https://gitlab.acme.org/shop/web/api/-/jobs/1212",
            "cicd.worker.id=3", "cicd.worker.name=runner 3", "deployment.environment.name=production", "vcs.owner.name=shop/web", "vcs.provider.name=gitlab", "vcs.ref.head.name=main",
            $"vcs.ref.head.revision={Commit}", "vcs.ref.head.type=branch", "vcs.repository.name=api", "vcs.repository.url.full=https://gitlab.acme.org/shop/web/api",
        ]);

    [Fact]
    public void GitLab_CI_for_a_merge_request_and_for_a_tag()
    {
        var (_, tags) = Read(
        [
            .. GitLab, "CI_COMMIT_BRANCH=", "CI_MERGE_REQUEST_IID=33", "CI_MERGE_REQUEST_TITLE=Faster", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=fast", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=abc",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main", "CI_PIPELINE_NAME=Review",
        ]);
        Assert.Equal(
            ("33", "Faster", "fast", "abc", "main", "Review"),
            (tags["vcs.change.id"], tags["vcs.change.title"], tags["vcs.ref.head.name"], tags["vcs.ref.head.revision"], tags["vcs.ref.base.name"], tags["cicd.pipeline.name"]));

        tags = Read([.. GitLab, "CI_COMMIT_BRANCH=", "CI_COMMIT_TAG=v1"]).Tags;
        Assert.Equal(("v1", "tag"), (tags["vcs.ref.head.name"], tags["vcs.ref.head.type"]));
    }

    [Fact]
    public void Jenkins_in_a_multibranch_project() => AssertTells(
        "ada", Jenkins,
        [
            .. AcmeApi, "cicd.pipeline.name=shop/api", "cicd.pipeline.run.id=jenkins-shop-api-feature%2Fx-7",
            "cicd.pipeline.run.url.full=https://jenkins.acme.org/job/shop/job/api/job/feature%252Fx/7/", "cicd.pipeline.task.name=Deploy", "cicd.worker.name=agent-2",
            "vcs.ref.head.name=feature/x", "vcs.ref.head.type=branch",
        ]);

    [Theory]
    [InlineData("GIT_BRANCH=origin/main", "main")]
    [InlineData("GIT_BRANCH=refs/remotes/origin/release/2", "release/2")]
    [InlineData("GIT_BRANCH=detached", null)]
    [InlineData("GIT_LOCAL_BRANCH=main", "main")]
    public void Jenkins_in_a_job_of_one_branch(string variable, string? branch)
    {
        var (_, tags) = Read(["JENKINS_HOME=/var/jenkins", "JOB_NAME=nightly/api", "BUILD_NUMBER=7", variable]);
        Assert.Equal(("nightly/api", "7", branch), (tags["cicd.pipeline.name"], tags["cicd.pipeline.run.id"], tags.GetValueOrDefault("vcs.ref.head.name")));
    }

    [Fact]
    public void Jenkins_for_a_pull_request()
    {
        var (_, tags) = Read(
            [.. Jenkins, "JOB_NAME=shop/api/PR-12", "BRANCH_NAME=PR-12", "CHANGE_ID=12", "CHANGE_BRANCH=fast", "CHANGE_TARGET=main", "CHANGE_TITLE=Faster", "GIT_BRANCH=PR-12"]);
        Assert.Equal(
            ("shop/api", "12", "fast", "main", "Faster"),
            (tags["cicd.pipeline.name"], tags["vcs.change.id"], tags["vcs.ref.head.name"], tags["vcs.ref.base.name"], tags["vcs.change.title"]));
    }

    [Fact]
    public void Buildkite_() => AssertTells(
        "Ada", Buildkite,
        [
            .. AcmeApi, "cicd.pipeline.name=API", "cicd.pipeline.run.id=b-1", "cicd.pipeline.run.url.full=https://buildkite.com/acme/api/builds/5", "cicd.pipeline.task.name=:rocket: Deploy",
            "cicd.pipeline.task.run.id=j-1", "cicd.pipeline.task.run.url.full=https://buildkite.com/acme/api/builds/5#j-1", "cicd.worker.id=a-1", "cicd.worker.name=agent-1",
            "vcs.ref.head.name=main", "vcs.ref.head.type=branch",
        ]);

    [Fact]
    public void Buildkite_for_a_pull_request_before_the_commit_is_known()
    {
        var (_, tags) = Read([.. Buildkite, "BUILDKITE_PULL_REQUEST=12", "BUILDKITE_PULL_REQUEST_BASE_BRANCH=main", "BUILDKITE_COMMIT=HEAD", "BUILDKITE_LABEL="]);
        Assert.Equal(("12", "main", "deploy"), (tags["vcs.change.id"], tags["vcs.ref.base.name"], tags["cicd.pipeline.task.name"]));
        Assert.DoesNotContain("vcs.ref.head.revision", tags);
    }

    [Fact]
    public void CircleCI_() => AssertTells(
        "ada", CircleCi,
        [
            .. AcmeApi, "cicd.pipeline.name=api", "cicd.pipeline.run.id=w-1", "cicd.pipeline.run.url.full=https://app.circleci.com/pipelines/workflows/w-1", "cicd.pipeline.task.name=deploy",
            "cicd.pipeline.task.run.id=j-1", "cicd.pipeline.task.run.url.full=https://circleci.com/gh/acme/api/41", "vcs.ref.head.name=main", "vcs.ref.head.type=branch",
        ]);

    [Fact]
    public void CircleCI_for_a_pull_request_and_on_a_server_of_ones_own()
    {
        var (_, tags) = Read([.. CircleCi, "CIRCLE_PULL_REQUEST=https://github.com/acme/api/pull/12", "CIRCLE_BUILD_URL=https://circle.acme.org/gh/acme/api/41"]);
        Assert.Equal("12", tags["vcs.change.id"]);
        Assert.DoesNotContain("cicd.pipeline.run.url.full", tags);
    }

    [Theory]
    [InlineData("CI=true")]
    [InlineData("CI=true BUILD_NUMBER=3 JOB_NAME=x GIT_COMMIT=y")]
    [InlineData("GITHUB_TOKEN=x GITHUB_ACTIONS=false")]
    public void Any_other_gives_nothing(string variables)
    {
        var (who, tags) = Read(variables.Split(' '));
        Assert.Null(who);
        Assert.Empty(tags);
    }

    [Theory]
    [InlineData("GITHUB_ACTIONS=true")]
    [InlineData("GITLAB_CI=true")]
    [InlineData("JENKINS_URL=x BUILD_NUMBER=1")]
    [InlineData("BUILDKITE=true")]
    [InlineData("CIRCLECI=true")]
    public void One_that_says_no_more_than_its_name_hurts_nobody(string variables) => Assert.True(Read(variables.Split(' ')).Tags.Count <= 1);

    private static void AssertTells(string who, string[] variables, string[] expected)
    {
        var read = Read(variables);
        Assert.Equal(who, read.Who);
        Assert.Equal(expected.Order(StringComparer.Ordinal), read.Tags.Select(static t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal));
    }

    private static (string? Who, Found Tags) Read(string[] variables)
    {
        var environment = new Dictionary<string, string>();
        foreach (var variable in variables)
        {
            environment[variable[..variable.IndexOf('=')]] = variable[(variable.IndexOf('=') + 1)..];
        }
        var found = new Found();
        var who = CiContext.Read(name => environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null, found);
        Assert.DoesNotContain(found, static t => t.Value.Contains("hunter2", StringComparison.Ordinal));
        return (who, found);
    }
}
