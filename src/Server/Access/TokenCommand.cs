using System.Data.Common;
using System.Globalization;
using ValueStream.Server.Ingest;
using ValueStream.Store;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;

namespace ValueStream.Server.Access;

/// <summary><c>token create</c>: the way to the first token, for whoever can run the server's program beside its database, whether it runs or not.</summary>
internal static class TokenCommand
{
    private const string Usage = "token create --name=NAME --scopes=ingest,read,admin [--namespaces='acme.*,other'] [--days=90]";

    private static readonly string[] Known = ["--name=", "--scopes=", "--namespaces=", "--days="];

    /// <summary>Whether the program was called for this.</summary>
    public static bool Is(string[] args) => args is ["token", ..];

    /// <summary>Makes the token and prints it.</summary>
    /// <param name="args">All arguments.</param>
    /// <param name="services">The store's services.</param>
    /// <exception cref="WrongSettingException">The arguments are wrong.</exception>
    public static async Task<int> RunAsync(string[] args, IServiceProvider services)
    {
        var asked = Read(args, services.GetRequiredService<TimeProvider>().GetUtcNow());
        try
        {
            await services.GetRequiredService<Migrator>().MigrateAsync(CancellationToken.None);
        }
        catch (DatabaseInUseException)
        {
            // A server runs on it: its schema is there.
        }
        catch (Exception e) when ((e.InnerException as DbException ?? e) is DbException or IOException or UnauthorizedAccessException or MissingRightsException)
        {
            throw ServerSettings.NoDatabase(e.InnerException as DbException ?? e);
        }
        var log = services.GetRequiredService<GroupCommit>();
        await log.StartAsync(CancellationToken.None);
        try
        {
            var (token, text) = await services.GetRequiredService<TokenOffice>().CreateAsync(asked, "console", Environment.UserName, null, CancellationToken.None);
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"Token {token.Id} for {token.Name}: {string.Join(", ", TokenView.Words(token.Scopes))} in {string.Join(", ", token.Namespaces)}. It is shown this once:"));
            Console.WriteLine(text);
            return 0;
        }
        finally
        {
            await log.StopAsync(CancellationToken.None);
        }
    }

    private static TokenSpecification Read(string[] args, DateTimeOffset now)
    {
        var flags = args.Skip(2).Where(static a => !a.StartsWith("--ConnectionStrings", StringComparison.OrdinalIgnoreCase)).ToList();
        if (args is not ["token", "create", ..] || flags.FirstOrDefault(static a => !Known.Any(k => a.StartsWith(k, StringComparison.Ordinal))) is not null)
        {
            throw new WrongSettingException($"Say: {Usage}");
        }
        try
        {
            return new TokenRequest(Value("--name="), Value("--scopes=")?.Split(','), Value("--namespaces=")?.Split(',', StringSplitOptions.RemoveEmptyEntries),
                Value("--days=") is not { } days ? null
                    : int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 3650 ? now.AddDays(number)
                    : throw new UnreadableException("days", "It must be a whole number from 1 to 3,650."), null, null).ToSpecification(now);
        }
        catch (UnreadableException e)
        {
            throw new WrongSettingException($"{e.Sentence} Say: {Usage}");
        }

        string? Value(string flag) => flags.FindLast(f => f.StartsWith(flag, StringComparison.Ordinal))?[flag.Length..];
    }
}
