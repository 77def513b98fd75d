using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using ValueStream.Cli.Context;

namespace ValueStream.Server.Tests.Cli.Context;

public sealed class GitContextTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private const string Other = "fedcba9876543210fedcba9876543210fedcba98";

    private readonly string _root = Directory.CreateTempSubdirectory("vscli-git").FullName;
    private readonly Dictionary<string, string> _variables = [];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Branch_commit_and_origin_are_read_from_any_folder_below()
    {
        Repository("");
        Directory.CreateDirectory(At("src/deep"));
        Assert.Equal(
            ["vcs.owner.name=acme", "vcs.provider.name=github", "vcs.ref.head.name=main", $"vcs.ref.head.revision={Commit}", "vcs.ref.head.type=branch",
            "vcs.repository.name=api", "vcs.repository.url.full=https://github.com/acme/api"],
            Read("src/deep"));
    }

    [Fact]
    public void Without_a_repository_there_is_nothing() => Assert.Empty(Read(""));

    [Fact]
    public void A_detached_head_has_a_commit_and_no_branch()
    {
        Repository("", head: Other);
        Assert.Equal([$"vcs.ref.head.revision={Other}"], Head(""));
    }

    [Fact]
    public void Before_the_first_commit_there_is_only_a_branch()
    {
        Repository("", head: "ref: refs/heads/new");
        Assert.Equal(["vcs.ref.head.name=new", "vcs.ref.head.type=branch"], Head(""));
    }

    [Fact]
    public void A_ref_that_stands_for_another_is_followed()
    {
        Repository("", head: "ref: refs/heads/alias");
        Write(".git/refs/heads/alias", "ref: refs/heads/main\n");
        Assert.Equal(["vcs.ref.head.name=main", $"vcs.ref.head.revision={Commit}", "vcs.ref.head.type=branch"], Head(""));
    }

    [Fact]
    public void The_file_of_a_ref_counts_more_than_the_packed_one()
    {
        Repository("", head: "ref: refs/heads/packed");
        Write(".git/packed-refs", $"# pack-refs with: peeled fully-peeled sorted \n{Other} refs/heads/main\n{Commit} refs/heads/packed\n{Other} refs/tags/v1\n^{Commit}\n");
        Assert.Contains($"vcs.ref.head.revision={Commit}", Head(""));
        Write(".git/HEAD", "ref: refs/heads/main\n");
        Assert.Contains($"vcs.ref.head.revision={Commit}", Head(""));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Each_of_many_packed_refs_is_found(bool isSorted)
    {
        Repository("");
        var names = Enumerable.Range(0, 10_000).Select(static i => $"refs/heads/f{i}").Order(StringComparer.Ordinal).ToList();
        var lines = new StringBuilder(isSorted ? "# pack-refs with: peeled fully-peeled sorted \n" : "# pack-refs with: peeled \n");
        foreach (var name in isSorted ? names : names.AsEnumerable().Reverse())
        {
            lines.Append($"{CommitOf(name)} {name}\n^{Other}\n");
        }
        Write(".git/packed-refs", lines.ToString());
        for (var i = 0; i < names.Count; i += i is < 10 or > 9_980 ? 1 : 97)
        {
            Assert.Equal(CommitOf(names[i]), PackedRefs.Find(At(".git/packed-refs"), names[i]));
        }
        Assert.Null(PackedRefs.Find(At(".git/packed-refs"), "refs/heads/a"));
        Assert.Null(PackedRefs.Find(At(".git/packed-refs"), "refs/heads/f55555"));
        Assert.Null(PackedRefs.Find(At(".git/packed-refs"), "refs/heads/g"));

        static string CommitOf(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..40];
    }

    [Fact]
    public void A_worktree_has_a_head_of_its_own_and_shares_the_rest()
    {
        Repository("main");
        Write("main/.git/refs/heads/fix", Other + "\n");
        Write("main/.git/worktrees/tree/HEAD", "ref: refs/heads/fix\n");
        Write("main/.git/worktrees/tree/commondir", "../..\n");
        Write("tree/.git", $"gitdir: {At("main/.git/worktrees/tree")}\n");
        Assert.Contains("vcs.ref.head.name=fix", Read("tree"));
        Assert.Contains($"vcs.ref.head.revision={Other}", Read("tree"));
        Assert.Contains("vcs.repository.url.full=https://github.com/acme/api", Read("tree"));
    }

    [Fact]
    public void A_submodule_is_a_repository_of_its_own()
    {
        Repository("");
        Repository("", at: ".git/modules/lib", head: Other, url: "git@gitlab.com:acme/shop/lib.git");
        Write("lib/.git", "gitdir: ../.git/modules/lib\n");
        Assert.Contains("vcs.repository.url.full=https://gitlab.com/acme/shop/lib", Read("lib"));
        Assert.DoesNotContain("vcs.ref.head.name=main", Read("lib"));
    }

    [Fact]
    public void GIT_DIR_and_GIT_CEILING_DIRECTORIES_count_as_for_git()
    {
        Repository("one");
        Repository("two", head: "ref: refs/heads/other");
        Directory.CreateDirectory(At("one/sub/deep"));
        _variables["GIT_DIR"] = "../two/.git";
        Assert.Contains("vcs.ref.head.name=other", Read("one"));
        _variables["GIT_DIR"] = At("nowhere");
        Assert.Empty(Read("one"));
        _variables.Remove("GIT_DIR");
        _variables["GIT_CEILING_DIRECTORIES"] = $"/nowhere:{At("one/sub")}";
        Assert.Empty(Read("one/sub/deep"));
        Assert.NotEmpty(Read("one"));
    }

    [Theory]
    [InlineData("[remote \"origin\"]\n\turl = https://github.com/acme/api.git", "https://github.com/acme/api.git")]
    [InlineData("[remote \"fork\"]\nurl = a\n[remote \"origin\"]\nfetch = x\nURL=b # why\n[branch \"main\"]\nurl=c", "b")]
    [InlineData("[Remote \"fork\"]\nurl = \"a b;\" ; why\n[remote \"other\"]\nurl = c", "a b;")]
    [InlineData("[remote \"origin\"] url = a\\\\b\\\"", "a\\b\"")]
    [InlineData("[core]\nurl = x\n[remotes]\nurl = y\n# [remote \"origin\"]\n;url = z\n[remote]\nurl = w", null)]
    [InlineData("[remote \"origin\"\nurl = x", null)]
    [InlineData("[remote \"origin\"]\nurl\nurl =\n", null)]
    [InlineData("", null)]
    public void The_address_is_origins_or_the_first_remotes(string config, string? url) => Assert.Equal(url, GitConfig.RemoteUrl(config));

    [Fact]
    public void A_remote_with_a_password_gives_none_of_it()
    {
        Repository("", url: "https://ci:hunter2@git.acme.org/team/api.git");
        Assert.Contains("vcs.repository.url.full=https://git.acme.org/team/api", Read(""));
        Assert.DoesNotContain(Read(""), t => t.Contains("hunter2", StringComparison.Ordinal) || t.Contains("ci:", StringComparison.Ordinal));
    }

    [Fact]
    public void Long_names_are_cut_to_the_limit_of_a_value()
    {
        Repository("", head: "ref: refs/heads/" + new string('x', 3000));
        Assert.Contains("vcs.ref.head.name=" + new string('x', 2048), Read(""));
    }

    /// <summary>What a folder of that name may hold, from a mistake or from malice. None of it may hurt, wait or be told.</summary>
    public static TheoryData<string> Broken =>
    [
        "ref: refs/heads/../../../secret", "ref: /etc/passwd", "ref: refs/heads/", "ref: refs/heads/.invalid", "ref: HEAD", "ref:", "", "\0\0\0", "main", "ref: refs/heads/a\u0001b",
        "ref: refs/heads/loop1", "0123456789abcdef0123456789abcdef0123456Z", "gitdir: .", new string('x', 1 << 20),
    ];

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_head_that_is_none_gives_nothing(string head)
    {
        Repository("", head: head);
        Write("secret", Commit);
        Write(".git/refs/heads/loop1", "ref: refs/heads/loop2\n");
        Write(".git/refs/heads/loop2", "ref: refs/heads/loop1\n");
        Assert.Empty(Read(""));
    }

    [Fact]
    public void A_link_that_leads_nowhere_or_in_a_circle_gives_nothing_and_not_the_repository_above()
    {
        Repository("");
        Write("gone/.git", "gitdir: /nowhere\n");
        Write("self/.git", "gitdir: .git\n");
        Write("noise/.git", "\0\u0001gitdir");
        Assert.All(["gone", "self", "noise"], f => Assert.Empty(Read(f)));

        Directory.CreateDirectory(At("circle"));
        File.CreateSymbolicLink(At("circle/.git"), At("circle/.git"));
        Directory.CreateDirectory(At("empty/.git"));
        Assert.All(["circle", "empty"], f => Assert.Contains("vcs.ref.head.name=main", Read(f)));
    }

    [Fact]
    public async Task Pipes_and_devices_are_not_waited_for()
    {
        Directory.CreateDirectory(At(".git/refs/heads"));
        foreach (var pipe in (string[])["HEAD2", "packed-refs", "config", "commondir", "refs/heads/pipe"])
        {
            await Process.Start("mkfifo", [At(".git/" + pipe)]).WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Write(".git/HEAD", "ref: refs/heads/pipe\n");
        Assert.Equal(["vcs.ref.head.name=pipe", "vcs.ref.head.type=branch"], Read(""));
        File.Delete(At(".git/HEAD"));
        File.CreateSymbolicLink(At(".git/HEAD"), "/dev/zero");
        Assert.Empty(Read(""));
        File.Delete(At(".git/HEAD"));
        File.Move(At(".git/HEAD2"), At(".git/HEAD"));
        Assert.Empty(Read(""));
    }

    [Fact]
    public void Huge_files_take_no_time()
    {
        Repository("", head: "ref: refs/heads/packed");
        foreach (var name in (string[])["packed-refs", "config", "commondir"])
        {
            using var file = File.OpenWrite(At(".git/" + name));
            file.Write("# pack-refs with: peeled fully-peeled sorted \n"u8);
            file.SetLength(50L << 30);
        }
        var watch = Stopwatch.StartNew();
        Read("");
        File.Delete(At(".git/commondir"));
        Assert.Contains("vcs.ref.head.name=packed", Read(""));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"took {watch.Elapsed}");
    }

    [Fact]
    public async Task What_git_itself_makes_is_read_as_git_reads_it()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/git"), "there is no git");
        var repository = At("repository");
        await Git(_root, "init", "-q", "-b", "trunk", repository);
        await Git(repository, "remote", "add", "origin", "git@github.com:acme/api.git");
        Assert.Equal(["vcs.ref.head.name=trunk", "vcs.ref.head.type=branch"], Head("repository"));
        await Git(repository, "commit", "-q", "--allow-empty", "-m", "first");
        await Same("repository");
        await Git(repository, "branch", "feature/a");
        await Git(repository, "tag", "-a", "v1", "-m", "v1");
        await Git(repository, "pack-refs", "--all", "--prune");
        Assert.False(File.Exists(At("repository/.git/refs/heads/trunk")));
        await Same("repository");
        await Git(repository, "worktree", "add", "-q", At("tree"), "feature/a");
        await Git(At("tree"), "commit", "-q", "--allow-empty", "-m", "second");
        await Same("tree");
        await Git(At("tree"), "checkout", "-q", "--detach");
        await Same("tree");
        await Git(repository, "symbolic-ref", "refs/heads/alias", "refs/heads/trunk");
        await Git(repository, "symbolic-ref", "HEAD", "refs/heads/alias");
        await Same("repository");
        await Git(_root, "init", "-q", "-b", "outer", At("outer"));
        await Git(At("outer"), "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", repository, "lib");
        Assert.True(File.Exists(At("outer/lib/.git")));
        await Same("outer/lib");
        Assert.Contains("vcs.repository.name=repository", Read("outer/lib"));
        await Git(_root, "clone", "-q", "--bare", repository, At("bare.git"));
        _variables["GIT_DIR"] = ".";
        await Same("bare.git");
    }

    private async Task Same(string folder)
    {
        var branch = await Git(At(folder), "branch", "--show-current");
        var commit = await Git(At(folder), "rev-parse", "HEAD");
        Assert.Equal(
            branch.Length == 0 ? [$"vcs.ref.head.revision={commit}"] : [$"vcs.ref.head.name={branch}", $"vcs.ref.head.revision={commit}", "vcs.ref.head.type=branch"],
            Head(folder));
    }

    private async Task<string> Git(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (var (name, value) in (Dictionary<string, string>)new()
        {
            ["HOME"] = _root, ["GIT_CONFIG_NOSYSTEM"] = "1", ["GIT_AUTHOR_NAME"] = "a", ["GIT_AUTHOR_EMAIL"] = "a@acme.org",
            ["GIT_COMMITTER_NAME"] = "a", ["GIT_COMMITTER_EMAIL"] = "a@acme.org",
        })
        {
            start.Environment[name] = value;
        }
        start.Environment.Remove("GIT_DIR");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return output.Trim();
    }

    private void Repository(string folder, string at = ".git", string head = "ref: refs/heads/main", string url = "git@github.com:acme/api.git")
    {
        var git = Path.Combine(folder, at);
        Write(Path.Combine(git, "HEAD"), head + "\n");
        Write(Path.Combine(git, "refs/heads/main"), Commit + "\n");
        Write(Path.Combine(git, "config"), $"[core]\n\tbare = false\n[remote \"origin\"]\n\turl = {url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n");
    }

    private string At(string path) => Path.Combine(_root, path);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    private List<string> Read(string folder)
    {
        var found = new Found();
        GitContext.Read(At(folder), name => _variables.GetValueOrDefault(name), found);
        return [.. found.Select(static t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal)];
    }

    private List<string> Head(string folder) => [.. Read(folder).Where(static t => t.StartsWith("vcs.ref.", StringComparison.Ordinal))];
}
