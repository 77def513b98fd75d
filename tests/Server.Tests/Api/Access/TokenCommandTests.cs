using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary><c>token create</c>: the way to the first token.</summary>
public sealed class TokenCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_first_token_is_made_before_the_first_start_and_lets_the_server_listen_for_others(bool postgres)
    {
        var database = postgres ? await TestPostgres.NewDatabaseAsync() : _folder.Database;
        Assert.SkipWhen(database is null, "Postgres is not installed here.");
        var (code, output) = await ServerProcess.CommandAsync(database, "token", "create", "--name=me", "--scopes=admin");
        Assert.True(code == 0, output);
        var token = output.Split('\n')[0];

        await using var server = await ServerProcess.StartAsync(database, "http://0.0.0.0:0");
        var client = new ApiClient(new HttpClient { BaseAddress = new Uri(server.Url.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "127.0.0.1", StringComparison.Ordinal)) });

        (await client.GetAsync("/api/v1/runs")).IsProblem(401);
        var log = await client.GetAsync("/api/v1/events", ("Authorization", $"Bearer {token}"));
        Assert.Equal(200, log.Status);
        Assert.Equal(["console"], log.Json.Each("submitter"));
        Assert.DoesNotContain(token, log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_works_beside_a_running_server_which_takes_the_token_within_seconds()
    {
        await using var server = await ServerProcess.StartAsync(_folder.Database);
        var client = new ApiClient(server.Http);
        await client.RecordAsync(Sent.Start("default", "1"));

        var (code, output) = await ServerProcess.CommandAsync(_folder.Database, "token", "create", "--name=me", "--scopes=admin");

        Assert.True(code == 0, output);
        var bearer = ("Authorization", $"Bearer {output.Split('\n')[0]}");
        await Until.HoldsAsync("the server knows the token", async () => (await client.GetAsync("/api/v1/tokens", bearer)).Status == 200);
        await client.RecordAsync(Sent.End("default", "1", 5));
        Assert.Equal(["ended", "administered", "started"], (await client.GetAsync("/api/v1/events")).Json.Each("kind"));
        var verified = await client.PostAsync(Routes.VerifyLog, "");
        Assert.DoesNotContain("fault", verified.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("token", "create")]
    [InlineData("token", "create", "--name=me")]
    [InlineData("token", "create", "--name=me", "--scopes=all")]
    [InlineData("token", "create", "--name=me", "--scopes=read", "--days=0")]
    [InlineData("token", "make", "--name=me", "--scopes=read")]
    public async Task What_it_does_not_understand_it_says_and_how_to_say_it(params string[] arguments)
    {
        var (code, output) = await ServerProcess.CommandAsync(_folder.Database, arguments);

        Assert.Equal(2, code);
        Assert.Contains("token create --name=", output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
