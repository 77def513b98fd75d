using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ValueStream.Server.Sources;

/// <summary>
/// How tools show that a webhook is theirs: over the raw bytes, before anything of them is read, in time that does not depend on how much is right. Of a body that is not there yet
/// (<c>default</c>, which an empty one is not) what may still turn out right is undecided.
/// </summary>
internal static class Signatures
{
    /// <summary>How far the time that a signature is made of may lie from ours.</summary>
    public static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(5);

    /// <summary><c>sha256=</c> and the hexadecimal HMAC-SHA256 of the body: GitHub's <c>X-Hub-Signature-256</c>, Jira's <c>X-Hub-Signature</c>. Another algorithm is wrong.</summary>
    public static SignatureCheck Hub(string? header, ReadOnlySpan<byte> body, IReadOnlyList<string> secrets) =>
        header is null ? SignatureCheck.Missing : header.StartsWith("sha256=", StringComparison.Ordinal) ? Hex(header["sha256=".Length..], body, secrets) : SignatureCheck.Wrong;

    /// <summary>The hexadecimal HMAC-SHA256 of the body.</summary>
    public static SignatureCheck Hex(string? header, ReadOnlySpan<byte> body, IReadOnlyList<string> secrets)
    {
        if (header is null)
        {
            return SignatureCheck.Missing;
        }
        Span<byte> given = stackalloc byte[SHA256.HashSizeInBytes];
        if (header.Length != 2 * SHA256.HashSizeInBytes
            || Convert.FromHexString(header, given, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return SignatureCheck.Wrong;
        }
        if (IsToCome(body))
        {
            return SignatureCheck.Undecided;
        }
        var right = false;
        Span<byte> made = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (var secret in secrets)
        {
            HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body, made);
            right |= CryptographicOperations.FixedTimeEquals(given, made);
        }
        return right ? SignatureCheck.Right : SignatureCheck.Wrong;
    }

    /// <summary>The secret itself, as GitLab's classic <c>X-Gitlab-Token</c> has it.</summary>
    public static SignatureCheck Equal(string? header, IReadOnlyList<string> secrets)
    {
        if (header is null)
        {
            return SignatureCheck.Missing;
        }
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(header));
        var right = false;
        foreach (var secret in secrets)
        {
            right |= CryptographicOperations.FixedTimeEquals(given, SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
        }
        return right ? SignatureCheck.Right : SignatureCheck.Wrong;
    }

    /// <summary>
    /// Standard Webhooks: <c>webhook-id</c>, <c>webhook-timestamp</c> in Unix seconds, and <c>webhook-signature</c>, a list of <c>v1,</c> and the base64 HMAC-SHA256 of <c>id.timestamp.body</c>,
    /// one of which has to be right. The key is what the part of the secret after <c>whsec_</c> decodes to; a secret that is no such one takes no part.
    /// </summary>
    public static SignatureCheck Standard(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now)
    {
        if (webhook.Header("webhook-signature") is not { } signatures)
        {
            return SignatureCheck.Missing;
        }
        if (webhook.Header("webhook-id") is not { } id || webhook.Header("webhook-timestamp") is not { } timestamp
            || !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || Math.Abs(seconds - (double)now.ToUnixTimeSeconds()) > MostSkew.TotalSeconds)
        {
            return SignatureCheck.Wrong;
        }
        List<byte[]> given = [.. signatures.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(GivenBy).OfType<byte[]>()];
        List<byte[]> keys = [.. secrets.Select(KeyOf).OfType<byte[]>()];
        if (given.Count == 0 || keys.Count == 0)
        {
            return SignatureCheck.Wrong;
        }
        if (IsToCome(webhook.Body.Span))
        {
            return SignatureCheck.Undecided;
        }
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. webhook.Body.Span];
        var right = false;
        foreach (var key in keys)
        {
            var made = HMACSHA256.HashData(key, signed);
            foreach (var signature in given)
            {
                right |= CryptographicOperations.FixedTimeEquals(signature, made);
            }
        }
        return right ? SignatureCheck.Right : SignatureCheck.Wrong;
    }

    /// <summary>How the secrets begin that are keys of Standard Webhooks.</summary>
    public const string StandardPrefix = "whsec_";

    /// <summary>Bytes of the longest key of Standard Webhooks that is tried; they are made of 24 to 64.</summary>
    public const int LongestKey = 256;

    /// <summary>The key that a secret of Standard Webhooks is; null where it is none.</summary>
    public static byte[]? KeyOf(string secret)
    {
        var key = new byte[LongestKey];
        return secret.StartsWith(StandardPrefix, StringComparison.Ordinal) && Convert.TryFromBase64String(secret[StandardPrefix.Length..], key, out var length) && length > 0
            ? key[..length] : null;
    }

    private static byte[]? GivenBy(string signature)
    {
        var given = new byte[SHA256.HashSizeInBytes];
        return signature.StartsWith("v1,", StringComparison.Ordinal) && Convert.TryFromBase64String(signature[3..], given, out var count) && count == given.Length ? given : null;
    }

    private static bool IsToCome(ReadOnlySpan<byte> body) => Unsafe.IsNullRef(ref MemoryMarshal.GetReference(body));
}
