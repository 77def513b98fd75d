using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;
using ValueStream.Server.Access;
using ValueStream.Server.Forwarding;
using ValueStream.Server.Sources;
using ValueStream.Store;
using ValueStream.Store.Access;
using ValueStream.Store.Log;

namespace ValueStream.Server;

/// <summary>What the server was told, checked before it starts: a wrong setting stops the start and says which, and what to write instead.</summary>
/// <param name="ConnectionString">The database.</param>
/// <param name="Token">The bootstrap token, or null.</param>
/// <param name="Oidc">The provider that people log in with, or null.</param>
/// <param name="Public">An address that others than this machine can reach; null where there is none.</param>
/// <param name="IsDemo">Whether to play a made-up history.</param>
/// <param name="MigrateOnly">Whether to bring the database up to date and stop.</param>
/// <param name="AcceptRestored">Whether to go on from a log that was restored to an older state.</param>
/// <param name="Zone">In whose days runs are added up.</param>
/// <param name="Sources">Who may deliver webhooks to which source.</param>
/// <param name="Tracers">Where finished runs are forwarded to.</param>
/// <param name="Archive">What of the log goes into files, and where they are.</param>
internal sealed record ServerSettings(string ConnectionString, string? Token, OidcSettings? Oidc, string? Public, bool IsDemo, bool MigrateOnly, bool AcceptRestored, TimeZoneInfo Zone,
    FrozenDictionary<string, SourceSettings> Sources, ImmutableArray<TracerSettings> Tracers, ArchiveSettings Archive)
{
    /// <summary>The flags that take no value. They are ours: configuration would take the word after them for one.</summary>
    public static readonly ImmutableArray<string> Flags = ["--demo", "--migrate-only", "--accept-restored"];

    private const string Variable = "ConnectionStrings__ValueStream";
    private const string DemoDatabase = "Data Source=./data/demo.db";

    /// <summary>Reads the settings.</summary>
    /// <exception cref="WrongSettingException">One of them is wrong.</exception>
    public static ServerSettings Read(IConfiguration configuration, string[] args)
    {
        var unknown = args.FirstOrDefault(static a => a.StartsWith('-') && !a.Contains('=', StringComparison.Ordinal) && a != "--urls" && !Flags.Contains(a));
        if (unknown is not null)
        {
            throw new WrongSettingException($"'{unknown}' is not known. The server knows {string.Join(", ", Flags)}, --urls http://127.0.0.1:5000, and every setting as --Name=value.");
        }
        var configured = configuration.GetConnectionString("ValueStream");
        var demo = args.Contains("--demo");
        if (demo && configured is not null && StoreServices.IsPostgres(configured) is true)
        {
            throw new WrongSettingException($"--demo writes made-up history and refuses Postgres. Unset {Variable} to have it in ./data/demo.db.");
        }
        var connectionString = demo ? DemoDatabase : configured ?? "Data Source=./data/valuestream.db";
        Check(connectionString);
        var token = configuration[AccessControl.TokenVariable] is { Length: > 0 } given ? given : null;
        if (token is { Length: < 20 })
        {
            throw new WrongSettingException($"{AccessControl.TokenVariable} is shorter than 20 characters and could be guessed. Make one with: openssl rand -base64 32");
        }
        var tracers = TracerSettings.Read(configuration);
        return new ServerSettings(connectionString, token, OidcSettings.Read(configuration), Addresses.FirstPublic(Addresses.Configured(configuration)), demo, args.Contains("--migrate-only"), args.Contains("--accept-restored"), ReadZone(configuration["ReportingZone"]),
            SourceSettings.Read(configuration), tracers, ReadArchive(configuration.GetSection("Log"), tracers));
    }

    /// <summary>Whether who shows no token may send and read: nobody but this machine's users can reach the server, and there is neither a bootstrap token nor a provider.</summary>
    public bool IsOpen => Token is null && Oidc is null && Public is null;

    /// <summary>Nothing listens on a public address without access control.</summary>
    /// <exception cref="WrongSettingException">Nobody could log in.</exception>
    public async Task CheckAccessAsync(Tokens tokens, CancellationToken cancellationToken)
    {
        if (Token is null && Oidc is null && Public is { } address && !await tokens.AnyAdminAsync(cancellationToken))
        {
            throw new WrongSettingException(
                $"{address} can be reached from other machines, and there is no access control. Make an administrator's token with 'token create --name=me --scopes=admin', "
                + $"or set {AccessControl.TokenVariable} to a token (openssl rand -base64 32); one is then needed on every request. Or let people log in at a provider of OpenID Connect ({OidcSettings.Section}__Authority and so on: docs/operations.md, Access). Or listen on http://127.0.0.1:5000 only.");
        }
    }

    /// <summary>The database was reached for and cannot be used.</summary>
    public static WrongSettingException NoDatabase(Exception why) => why switch
    {
        MissingRightsException => MayNot(why.Message),
        // Without a right on any schema there is none to make a table in.
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.InvalidSchemaName } e => MayNot($"{e.MessageText}."),
        _ => new($"The database cannot be used: {why.Message} Look whether it runs and whether {Variable} is right."),
    };

    private static WrongSettingException MayNot(string what) =>
        new($"The database's role has too few rights: {what} Bring the schema up to date with --migrate-only as the role that owns it, run the script of "
            + "docs/operations.md, 'Database roles', after that, and start this server again.");

    private static ArchiveSettings ReadArchive(IConfigurationSection log, ImmutableArray<TracerSettings> tracers)
    {
        var days = log["ArchiveAfterDays"] is { Length: > 0 } text
            ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 36_500 ? (int?)number
                : throw new WrongSettingException($"Log__ArchiveAfterDays is '{text}'. Write a whole number of days from 1 to 36500, or leave it out: then nothing is archived by itself.")
            : null;
        return new(log["ArchiveDirectory"] is { Length: > 0 } folder ? folder : null, days is { } after ? TimeSpan.FromDays(after) : null, [.. tracers.Select(static t => t.Name)]);
    }

    private static TimeZoneInfo ReadZone(string? id) =>
        string.IsNullOrEmpty(id) ? TimeZoneInfo.Utc
        : TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone
        : throw new WrongSettingException($"ReportingZone is '{id}', which is no time zone that is known here. Write an IANA name, for example Europe/Berlin, or leave it out for UTC. "
            + "Names come from this machine's time zone database (package tzdata).");

    private static void Check(string connectionString)
    {
        const string help = "Write 'Host=localhost;Database=valuestream;Username=...;Password=...' for Postgres, "
            + "'Data Source=./data/valuestream.db' for SQLite, or leave it out for the latter.";
        try
        {
            _ = StoreServices.IsPostgres(connectionString) switch
            {
                true => (DbConnectionStringBuilder)new NpgsqlConnectionStringBuilder(connectionString),
                false => new SqliteConnectionStringBuilder(connectionString),
                null => throw new WrongSettingException($"{Variable} names no database. {help}"),
            };
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new WrongSettingException($"{Variable} cannot be read: {e.Message} {help}");
        }
    }

    /// <summary>A demo begins anew: its database goes, unless another demo is using it (the store says so then).</summary>
    public void ForgetLastDemo()
    {
        if (!IsDemo)
        {
            return;
        }
        var path = new SqliteConnectionStringBuilder(ConnectionString).DataSource;
        try
        {
            using var held = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            foreach (var file in new[] { path, path + "-wal", path + "-shm" })
            {
                File.Delete(file);
            }
        }
        catch (IOException)
        {
        }
    }
}

/// <summary>A setting is wrong; the message says which and what to do.</summary>
internal sealed class WrongSettingException(string message) : Exception(message);
