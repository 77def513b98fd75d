using System.Buffers.Text;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;

namespace ValueStream.Store.Access;

/// <summary>What the holder of a token may do.</summary>
[Flags]
public enum Scopes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Send events.</summary>
    Ingest = 1,

    /// <summary>Read everything that its namespaces have.</summary>
    Read = 2,

    /// <summary>Set, erase, and make tokens; includes the others.</summary>
    Admin = 4 | Ingest | Read,
}

/// <summary>A token as it is listed: never the token itself.</summary>
/// <param name="Id">Its number; the log says <c>token:7</c> of what it sent.</param>
/// <param name="Name">Whose it is or what for.</param>
/// <param name="Scopes">What its holder may do.</param>
/// <param name="Namespaces">In which namespaces, as patterns: <c>*</c>, <c>acme</c>, <c>acme.*</c>.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="CreatedBy">By whom, as the log names submitters.</param>
/// <param name="ExpiresAt">When it ends by itself; null for never.</param>
/// <param name="RevokedAt">When it was ended; null while it holds.</param>
/// <param name="LastUsedAt">When it was last used, to the minute; null for never.</param>
public sealed record Token(int Id, string Name, Scopes Scopes, ImmutableArray<string> Namespaces, DateTimeOffset CreatedAt, string CreatedBy,
    DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt, DateTimeOffset? LastUsedAt)
{
    /// <summary>The pattern that stands for every namespace.</summary>
    public const string AllNamespaces = "*";

    /// <summary>How the log names whoever uses it.</summary>
    public string Submitter => string.Create(CultureInfo.InvariantCulture, $"token:{Id}");

    /// <summary>Whether it opens anything at a time.</summary>
    public bool Holds(DateTimeOffset now) => RevokedAt is null && !(ExpiresAt <= now);
}

/// <summary>
/// Tokens: 256 random bits, shown once and kept as their SHA-256. Every server knows them all, and looks for what another server changed every few seconds; while the
/// database is away those that it knew go on holding.
/// </summary>
public sealed class Tokens : IDisposable
{
    /// <summary>How long a server may go on taking what another server has revoked.</summary>
    public static readonly TimeSpan Staleness = TimeSpan.FromSeconds(5);

    /// <summary>How long the secret of before holds beside the one that a rotation made, where nothing else is said.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromDays(1);

    // Uses are written down this often; a token's last use is told to the minute.
    private static readonly TimeSpan UsesEvery = TimeSpan.FromMinutes(1);

    private const string Prefix = "vs_";
    private const int SecretBytes = 32;

    private readonly IDbContextFactory<Database> _databases;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile Loaded _loaded = new(FrozenDictionary<int, TokenRow>.Empty, DateTimeOffset.MinValue);
    private DateTimeOffset _usesWritten;
    private ImmutableDictionary<int, DateTimeOffset> _used = ImmutableDictionary<int, DateTimeOffset>.Empty;

    internal Tokens(IDbContextFactory<Database> databases, TimeProvider time) => (_databases, _time) = (databases, time);

    /// <summary>The holder of a token; null when it is none, or one that no longer holds.</summary>
    /// <param name="token">The whole token as its holder sends it.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    public async ValueTask<Token?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (!TryParse(token, out var id, out var hash))
        {
            return null;
        }
        var now = _time.GetUtcNow();
        var row = (await KnownAsync(now, cancellationToken)).GetValueOrDefault(id);
        // Compared with something in any case: how long it takes tells nothing of which tokens there are.
        var isNew = CryptographicOperations.FixedTimeEquals(hash, row?.Hash ?? new byte[SHA256.HashSizeInBytes]);
        var isOld = CryptographicOperations.FixedTimeEquals(hash, row?.OldHash ?? new byte[SHA256.HashSizeInBytes]);
        return row is not null && (isNew || (isOld && now < row.OldUntil)) ? Used(row, now) : null;
    }

    /// <summary>A token by its number, for a session that began with it; null when it no longer holds.</summary>
    public async ValueTask<Token?> FindAsync(int id, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        return (await KnownAsync(now, cancellationToken)).GetValueOrDefault(id) is { } row ? Used(row, now) : null;
    }

    /// <summary>All that were ever made, newest first.</summary>
    public async Task<IReadOnlyList<Token>> ListAsync(CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        return [.. (await database.Tokens.AsNoTracking().OrderByDescending(static t => t.Id).ToListAsync(cancellationToken)).Select(View)];
    }

    /// <summary>Whether there is one that may administer: somebody can get in.</summary>
    public async Task<bool> AnyAdminAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        return (await KnownAsync(now, cancellationToken)).Values.Select(View).Any(t => t.Holds(now) && t.Scopes.HasFlag(Scopes.Admin) && t.Namespaces.Contains(Token.AllNamespaces));
    }

    /// <summary>Makes one.</summary>
    /// <param name="name">Whose it is or what for.</param>
    /// <param name="scopes">What its holder may do.</param>
    /// <param name="namespaces">In which namespaces.</param>
    /// <param name="expiresAt">When it ends; null for never.</param>
    /// <param name="createdBy">Who makes it, as the log names submitters.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The token, and its text: the only time that it is told.</returns>
    public async Task<(Token Token, string Text)> CreateAsync(
        string name, Scopes scopes, IEnumerable<string> namespaces, DateTimeOffset? expiresAt, string createdBy, CancellationToken cancellationToken)
    {
        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        var row = new TokenRow
        {
            Name = name,
            Scopes = (short)scopes,
            Namespaces = string.Join(' ', namespaces),
            Hash = SHA256.HashData(secret),
            CreatedAt = Micros.Truncate(_time.GetUtcNow()),
            CreatedBy = createdBy,
            ExpiresAt = expiresAt is { } end ? Micros.Truncate(end) : null,
        };
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        database.Tokens.Add(row);
        await database.SaveChangesAsync(cancellationToken);
        await ForgetAsync(cancellationToken);
        return (View(row), Text(row.Id, secret));
    }

    /// <summary>Gives a token another secret; the one of before holds for a while, so that its holders can change over.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="overlap">For how long.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The new text: the only time that it is told. Null when there is no such token that holds.</returns>
    public async Task<(Token Token, string Text)?> RotateAsync(int id, TimeSpan overlap, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        if (await database.Tokens.SingleOrDefaultAsync(t => t.Id == id, cancellationToken) is not { } row || !View(row).Holds(now))
        {
            return null;
        }
        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        (row.OldHash, row.OldUntil, row.Hash) = (row.Hash, Micros.Truncate(now + overlap), SHA256.HashData(secret));
        await database.SaveChangesAsync(cancellationToken);
        await ForgetAsync(cancellationToken);
        return (View(row), Text(row.Id, secret));
    }

    /// <summary>Ends a token and the sessions that began with it; null when there is no such token. One that has ended stays as it is.</summary>
    public async Task<Token?> RevokeAsync(int id, CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        if (await database.Tokens.SingleOrDefaultAsync(t => t.Id == id, cancellationToken) is not { } row)
        {
            return null;
        }
        row.RevokedAt ??= Micros.Truncate(_time.GetUtcNow());
        await database.SaveChangesAsync(cancellationToken);
        await ForgetAsync(cancellationToken);
        return View(row);
    }

    /// <summary>What is known is out of date. A look that is under way may have missed what changed, so this waits for it.</summary>
    private async Task ForgetAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        _loaded = _loaded with { At = DateTimeOffset.MinValue };
        _loading.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => _loading.Dispose();

    private Token? Used(TokenRow row, DateTimeOffset now)
    {
        var token = View(row);
        if (!token.Holds(now))
        {
            return null;
        }
        if (!_used.TryGetValue(row.Id, out var at) || now - at > UsesEvery)
        {
            ImmutableInterlocked.AddOrUpdate(ref _used, row.Id, now, (_, _) => now);
        }
        return token;
    }

    private async ValueTask<FrozenDictionary<int, TokenRow>> KnownAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var loaded = _loaded;
        if ((now - loaded.At).Duration() < Staleness)
        {
            return loaded.Rows;
        }
        // Who finds another looking goes on with what is known, unless nothing is.
        if (!await _loading.WaitAsync(loaded.At == DateTimeOffset.MinValue ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, cancellationToken))
        {
            return loaded.Rows;
        }
        try
        {
            if (_loaded is { } other && other != loaded && (now - other.At).Duration() < Staleness)
            {
                return other.Rows;
            }
            await using var database = await _databases.CreateDbContextAsync(cancellationToken);
            if (now - _usesWritten > UsesEvery)
            {
                foreach (var (id, at) in Interlocked.Exchange(ref _used, ImmutableDictionary<int, DateTimeOffset>.Empty))
                {
                    await database.Tokens.Where(t => t.Id == id).ExecuteUpdateAsync(s => s.SetProperty(static t => t.LastUsedAt, Micros.Truncate(at)), cancellationToken);
                }
                _usesWritten = now;
            }
            var rows = await database.Tokens.AsNoTracking().ToListAsync(cancellationToken);
            _loaded = new(rows.ToFrozenDictionary(static t => t.Id), now);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or InvalidOperationException { InnerException: System.Data.Common.DbException })
        {
            // The database is away: what was known holds, and is not asked for again at every request.
            _loaded = loaded with { At = now };
        }
        finally
        {
            _loading.Release();
        }
        return _loaded.Rows;
    }

    private static Token View(TokenRow row) => new(row.Id, row.Name, (Scopes)row.Scopes, [.. row.Namespaces.Split(' ', StringSplitOptions.RemoveEmptyEntries)], row.CreatedAt, row.CreatedBy,
        row.ExpiresAt, row.RevokedAt, row.LastUsedAt);

    private static string Text(int id, byte[] secret) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{id}_{Base64Url.EncodeToString(secret)}");

    private static bool TryParse(string token, out int id, out byte[] hash)
    {
        (id, hash) = (0, []);
        if (!token.StartsWith(Prefix, StringComparison.Ordinal) || token.IndexOf('_', Prefix.Length) is not (> 0 and var end)
            || !int.TryParse(token.AsSpan(Prefix.Length, end - Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out id))
        {
            return false;
        }
        Span<byte> secret = stackalloc byte[SecretBytes];
        var text = token.AsSpan(end + 1);
        if (Base64Url.GetMaxDecodedLength(text.Length) != SecretBytes || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, secret, out var written) || written != SecretBytes)
        {
            return false;
        }
        hash = SHA256.HashData(secret);
        return true;
    }

    private sealed record Loaded(FrozenDictionary<int, TokenRow> Rows, DateTimeOffset At);
}
