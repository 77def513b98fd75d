using ValueStream.Cli.Context;

namespace ValueStream.Server.Tests.Cli.Context;

public sealed class RepositoryUrlTests
{
    [Theory]
    [InlineData("https://github.com/acme/api.git", "https://github.com/acme/api", "acme", "api", "github")]
    [InlineData("https://github.com/acme/api/", "https://github.com/acme/api", "acme", "api", "github")]
    [InlineData("git@github.com:acme/api.git", "https://github.com/acme/api", "acme", "api", "github")]
    [InlineData("github.com:acme/api", "https://github.com/acme/api", "acme", "api", "github")]
    [InlineData("ssh://git@github.com/acme/api.git", "https://github.com/acme/api", "acme", "api", "github")]
    [InlineData("ssh://git@ssh.github.com:443/acme/api.git", "https://github.com/acme/api", "acme", "api", "github")]
    [InlineData("ssh://git@git.acme.org:2222/team/api.git", "https://git.acme.org/team/api", "team", "api", null)]
    [InlineData("git+ssh://git@git.acme.org/team/api", "https://git.acme.org/team/api", "team", "api", null)]
    [InlineData("git://git.acme.org:9418/api.git", "https://git.acme.org/api", null, "api", null)]
    [InlineData("git@gitlab.com:acme/shop/api.git", "https://gitlab.com/acme/shop/api", "acme/shop", "api", "gitlab")]
    [InlineData("https://git.acme.org:8443/scm/shop/api.git", "https://git.acme.org:8443/scm/shop/api", null, "api", null)]
    [InlineData("HTTP://Git.Acme.org/Team/API.git", "http://git.acme.org/Team/API", "Team", "API", null)]
    [InlineData("git@[2001:db8::1]:team/api.git", null, null, null, null)]
    [InlineData("ssh://git@[2001:db8::1]:22/team/api.git", "https://[2001:db8::1]/team/api", "team", "api", null)]
    // An alias of the user's own ssh settings, or an internal host: nobody can tell.
    [InlineData("git@github-work:acme/api.git", null, "acme", "api", null)]
    [InlineData("gh:acme/api", null, "acme", "api", null)]
    // Folders are nobody's business but for their name.
    [InlineData("/srv/git/api.git", null, null, "api", null)]
    [InlineData("../api", null, null, "api", null)]
    [InlineData("file:///srv/git/api.git", null, null, "api", null)]
    // Credentials never go on.
    [InlineData("https://ci:hunter2@github.com/acme/api.git", "https://github.com/acme/api", "acme", "api", "github")]
    [InlineData("https://hunter2@github.com/acme/api.git", "https://github.com/acme/api", "acme", "api", "github")]
    [InlineData("https://hunter2:x-oauth-basic@git.acme.org:8443/acme/api", "https://git.acme.org:8443/acme/api", "acme", "api", null)]
    [InlineData("https://git.acme.org/acme/api?token=hunter2#hunter2", "https://git.acme.org/acme/api", "acme", "api", null)]
    [InlineData("https://ci:hun@ter2@github.com/acme/api", "https://github.com/acme/api", "acme", "api", "github")]
    [InlineData("https://ci:hun/ter2@github.com/acme/api", null, null, null, null)]
    [InlineData("https://ci:1/hunter2@github.com/acme/api", null, null, null, null)]
    [InlineData("https://ci:1?hunter2@github.com/acme/api", null, null, null, null)]
    [InlineData("https://ci:1#hunter2@github.com/acme/api", null, null, null, null)]
    [InlineData("ci:hunter2@github.com:acme/api", null, null, null, null)]
    [InlineData("https://git.acme.org/glpat-hunter2/api", null, null, null, null)]
    [InlineData("/srv/ghp_hunter2", null, null, null, null)]
    // What is none.
    [InlineData("", null, null, null, null)]
    [InlineData("https://github.com", null, null, null, null)]
    [InlineData("https:///acme/api", null, null, null, null)]
    [InlineData("https://github.com/", null, null, null, null)]
    [InlineData("https://github.com/acme api", null, null, null, null)]
    [InlineData("https://github.com/acme\u0001/api", null, null, null, null)]
    [InlineData("ext::sh -c evil", null, null, null, null)]
    [InlineData("codecommit::eu-west-1://profile@api", null, null, null, null)]
    [InlineData("ftp://acme.org/api", null, null, null, null)]
    [InlineData("..", null, null, null, null)]
    public void An_address_of_a_remote_becomes_one_for_a_browser(string url, string? full, string? owner, string? name, string? provider)
    {
        var parsed = RepositoryUrl.Parse(url);
        Assert.Equal((full, owner, name, provider), (parsed?.Full, parsed?.Owner, parsed?.Name, parsed?.Provider));
        Assert.DoesNotContain("hunter", $"{parsed}", StringComparison.Ordinal);
    }
}
