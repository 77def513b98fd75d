using Microsoft.AspNetCore.Mvc.RazorPages;
using ValueStream.Core.Wire;
using ValueStream.Store.Access;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Web.Pages.Status;

/// <summary>System: does everything arrive, and is it read?</summary>
internal sealed class IndexModel(ISystemStatus status, ProjectionQueries projections, EventQueries events, HealthQueries health, Quarantine quarantine, ITracerStatus tracers, Tokens tokens,
    Administering administering) : PageModel
{
    /// <summary>So many deliveries of the quarantine are shown.</summary>
    public const int MostQuarantined = 20;

    /// <summary>What the host knows.</summary>
    public ISystemStatus Status => status;

    /// <summary>The sources.</summary>
    public SourceList? Sources { get; private set; }

    /// <summary>Where the projections stand.</summary>
    public IReadOnlyList<ProjectionView> Projections { get; private set; } = [];

    /// <summary>The tracers.</summary>
    public IReadOnlyList<TracerView> Tracers { get; private set; } = [];

    /// <summary>The tokens that were made, newest first; null where who looks may not administer them.</summary>
    public IReadOnlyList<Token>? MadeTokens { get; private set; }

    /// <summary>Whether who looks may see what belongs to no namespace or to all: sources, quarantine, tracers.</summary>
    public bool SeesAll => Viewer.MaySee(User).All;

    /// <summary>Whether who looks may set and destroy what belongs to all namespaces; else such forms are not offered.</summary>
    public bool MayAdminister => SeesAll && administering.Refusal(User) is null;

    /// <summary>The end of the log.</summary>
    public HeadView Head { get; private set; } = null!;

    /// <summary>The database, its version and its size.</summary>
    public (string Product, string Version, long Bytes) Database { get; private set; }

    /// <summary>The newest deliveries that were not understood, one more than are shown where there are more.</summary>
    public IReadOnlyList<QuarantinedItem> Quarantined { get; private set; } = [];

    /// <summary>What became of what a form of this page asked for, as a sentence; null where none did.</summary>
    public string? Said { get; private set; }

    /// <summary>What is wrong, as the page's first line says it.</summary>
    public IReadOnlyList<(string Text, string Anchor)> Worries =>
    [
        .. Projections.Where(static p => p.LagSeconds > 10).Select(static p => ($"projection {p.Name} is {p.LagEvents:n0} events behind", "projections")),
        .. Projections.Where(static p => p.SetAside.Count > 0).Select(static p => ($"{p.SetAside.Count} events set aside", "projections")),
        .. Tracers.Where(static t => !t.IsWell).Select(static t => ($"tracer {t.Name} does not take what it is sent", "tracers")),
        .. Quarantined.Count > 0 ? new[] { ($"{(Quarantined.Count > MostQuarantined ? $"more than {MostQuarantined}" : Quarantined.Count)} deliveries in quarantine", "quarantine") } : [],
        .. Sources?.Items.Where(static s => s.Ways.Contains("unsigned")).Select(static s => ($"anybody may deliver to {s.Source}", "sources")) ?? [],
        .. status.Verified?.Result.Fault is { } fault ? new[] { ($"the log fails its check at position {fault.Position:n0}", "log") } : [],
    ];

    /// <summary>The page.</summary>
    /// <param name="said">What a form's answer says.</param>
    /// <param name="cancellationToken">The request's end.</param>
    public async Task OnGetAsync(string? said, CancellationToken cancellationToken)
    {
        Projections = (await projections.ListAsync(Viewer.MaySee(User), cancellationToken)).Items;
        Head = await events.HeadAsync(cancellationToken);
        Database = await health.DescribeAsync(cancellationToken);
        if (SeesAll)
        {
            Sources = status.Sources;
            Tracers = await tracers.ListAsync(cancellationToken);
            Quarantined = await quarantine.ListAsync(null, null, MostQuarantined + 1, cancellationToken);
        }
        MadeTokens = MayAdminister ? await tokens.ListAsync(cancellationToken) : null;
        Said = said switch
        {
            "replayed" => "The delivery is understood now: its events are in the log.",
            "still" => "The delivery still cannot be understood. It is kept.",
            "dropped" => "The delivery was thrown away.",
            "gone" => "There is no such delivery any more.",
            "rebuild" => "The projections are being computed anew, beside the live ones.",
            "resend" => "It is sent again, under the same ids.",
            "unclear" => "Nothing is sent again: write a position of the log, or a time as 2026-03-01 12:00.",
            "revoked" => "The token is revoked, and the sessions that began with it have ended.",
            "rebuilding" => "A rebuild is under way already.",
            _ => null,
        };
    }

    /// <summary>What a token opens, in words.</summary>
    public static string May(Scopes scopes) => scopes.HasFlag(Scopes.Admin) ? "administer"
        : string.Join(", ", new[] { (Scopes.Ingest, "send"), (Scopes.Read, "look") }.Where(s => scopes.HasFlag(s.Item1)).Select(static s => s.Item2));

    /// <summary>How deliveries to a source get in, in words.</summary>
    public static string Way(string way) => way switch
    {
        "signed" => "signed by a secret",
        "key" => "a key in the address",
        "token" => "a token in a header",
        "unsigned" => "anybody",
        "loopback" => "anybody on this machine",
        _ => way,
    };

    /// <summary>A size as people say it: <c>12 MB</c>.</summary>
    public static string Size(long bytes) => bytes switch
    {
        < 10_000 => FormattableString.Invariant($"{bytes:n0} bytes"),
        < 10_000_000 => FormattableString.Invariant($"{bytes / 1e3:n0} kB"),
        < 10_000_000_000 => FormattableString.Invariant($"{bytes / 1e6:n0} MB"),
        _ => FormattableString.Invariant($"{bytes / 1e9:n0} GB"),
    };
}
