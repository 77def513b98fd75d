using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Core.Events;
using ValueStream.Server.Api;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store.Access;
using ValueStream.Store.Log;

namespace ValueStream.Server.Access;

/// <summary><c>/api/v1/tokens</c>: making, rotating and revoking tokens. Each act stands in the log as an <c>administered</c> event of the token.</summary>
internal static class TokensApi
{
    private const string Route = "/api/v1/tokens";

    /// <summary>Maps the routes, and the targets of the System page's forms.</summary>
    public static void MapTokens(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup(Route).WithTags("Tokens").AddEndpointFilter(Administrators).ProducesProblem(403).ProducesProblem(503);
        api.MapGet("/", List).WithName("ListTokens").WithSummary("All tokens that were made, newest first, never their secrets");
        api.MapPost("/", Create).WithName("CreateToken").WithSummary("Make a token; its text is in this answer and nowhere else")
            .Accepts<TokenRequest>("application/json").ProducesProblem(400);
        api.MapPost("/{id:int}/rotate", Rotate).WithName("RotateToken").WithSummary("Give a token another secret; the one of before holds a while longer").ProducesProblem(400).ProducesProblem(404);
        api.MapDelete("/{id:int}", Revoke).WithName("RevokeToken").WithSummary("End a token and the sessions that began with it").ProducesProblem(404);
        var forms = app.MapPageForms().MapGroup("/system/tokens").AddEndpointFilter(Administrators);
        forms.MapPost("", CreateForm);
        forms.MapPost("/{id:int}/rotate", async (int id, ClaimsPrincipal user, TokenOffice office, CancellationToken cancellationToken) =>
            (IResult)(await office.RotateAsync(id, Tokens.Overlap, user.Submitter(), user.Actor(null), null, cancellationToken) is { } made ? Shown(made) : None(id)));
        forms.MapPost("/{id:int}/revoke", async (int id, ClaimsPrincipal user, TokenOffice office, CancellationToken cancellationToken) =>
            (IResult)(await office.RevokeAsync(id, user.Submitter(), user.Actor(null), null, cancellationToken) is null ? None(id) : TypedResults.LocalRedirect("/system?said=revoked#tokens")));
    }

    private static async ValueTask<object?> Administrators(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.User.Refusal("Administering tokens", everywhere: true) is { } refusal ? refusal : await next(context);

    private static async Task<Ok<TokenList>> List(Tokens tokens, CancellationToken cancellationToken) =>
        TypedResults.Ok(new TokenList([.. (await tokens.ListAsync(cancellationToken)).Select(TokenView.Of)], null));

    private static async Task<Results<Ok<NewTokenView>, ProblemHttpResult>> Create(TokenRequest request, ClaimsPrincipal user, TokenOffice office, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return TypedResults.Ok(View(await office.CreateAsync(request.ToSpecification(time.GetUtcNow()), user.Submitter(), user.Actor(request.Actor), request.Reason, cancellationToken)));
        }
        catch (UnreadableException e)
        {
            return Problems.Invalid(e.Field, e.What);
        }
    }

    private static async Task<Results<Ok<NewTokenView>, ProblemHttpResult>> Rotate(int id, RotateRequest? request, ClaimsPrincipal user, TokenOffice office, CancellationToken cancellationToken)
    {
        var overlap = request?.Overlap is { } seconds ? TimeSpan.FromSeconds(seconds) : Tokens.Overlap;
        return overlap < TimeSpan.Zero || overlap > TimeSpan.FromDays(30) ? Problems.Invalid("overlap", "It must be 0 to 2,592,000 seconds (30 days).")
            : await office.RotateAsync(id, overlap, user.Submitter(), user.Actor(request?.Actor), request?.Reason, cancellationToken) is { } made ? TypedResults.Ok(View(made)) : None(id);
    }

    private static async Task<Results<Ok<TokenView>, ProblemHttpResult>> Revoke(int id, string? actor, string? reason, ClaimsPrincipal user, TokenOffice office, CancellationToken cancellationToken) =>
        await office.RevokeAsync(id, user.Submitter(), user.Actor(actor), reason, cancellationToken) is { } revoked ? TypedResults.Ok(TokenView.Of(revoked)) : None(id);

    private static async Task<IResult> CreateForm(HttpRequest request, ClaimsPrincipal user, TokenOffice office, TimeProvider time, CancellationToken cancellationToken)
    {
        var form = await request.ReadFormAsync(cancellationToken);
        try
        {
            var days = form["days"].ToString().Trim();
            var asked = new TokenRequest(form["name"], [.. form["scopes"].OfType<string>()], form["namespaces"].ToString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries),
                days.Length == 0 ? null : int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 3650 ? time.GetUtcNow().AddDays(number)
                    : throw new UnreadableException("days", "Write a whole number of days from 1 to 3,650, or nothing for a token that does not end."), null, null);
            return Shown(await office.CreateAsync(asked.ToSpecification(time.GetUtcNow()), user.Submitter(), user.Actor(null), null, cancellationToken));
        }
        catch (UnreadableException e)
        {
            return PlainPage.Of("No token was made", $"<p class=\"problem\" role=\"alert\">{HtmlEncoder.Default.Encode(e.Sentence)}</p><p><a href=\"/system#tokens\">Back to System</a></p>", StatusCodes.Status400BadRequest);
        }
    }

    /// <summary>The one time that a token's text is shown. No cache keeps it.</summary>
    private static TokenPage Shown((Token Token, string Text) made) => new(PlainPage.Of($"Token {made.Token.Id} for {made.Token.Name}", $"""
        <p>Copy it now: it is kept nowhere, and this page cannot be opened again.</p>
        <p><code class="secret">{HtmlEncoder.Default.Encode(made.Text)}</code></p>
        <p>Scripts take it from <code>VALUESTREAM_TOKEN</code>; anything else sends it as <code>Authorization: Bearer</code>.</p>
        <p><a href="/system#tokens">Back to System</a></p>
        """));

    private static NewTokenView View((Token Token, string Text) made) => new(TokenView.Of(made.Token), made.Text);

    private static ProblemHttpResult None(int id) => Problems.NotFound($"There is no token {id} that holds. {Route} lists all.");

    private sealed class TokenPage(IResult page) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.CacheControl = "no-store";
            return page.ExecuteAsync(httpContext);
        }
    }
}

/// <summary>Makes and ends tokens, and says so in the log.</summary>
internal sealed class TokenOffice(Tokens tokens, GroupCommit log, TimeProvider time)
{
    /// <summary>The namespace and type under which the acts on tokens stand in the log. Nobody but who sees every namespace sees them, unless a token names it.</summary>
    public const string Namespace = "valuestream";

    /// <summary>See <see cref="Namespace"/>.</summary>
    public const string Type = "token";

    /// <summary>Makes one. What the log does not take is not made.</summary>
    public async Task<(Token Token, string Text)> CreateAsync(TokenSpecification asked, string submitter, string? actor, string? reason, CancellationToken cancellationToken)
    {
        var made = await tokens.CreateAsync(asked.Name, asked.Scopes, asked.Namespaces, asked.ExpiresAt, submitter, cancellationToken);
        try
        {
            await TellAsync(made.Token, $"made for {asked.Name}: scopes {string.Join(", ", TokenView.Words(asked.Scopes))}; namespaces {string.Join(", ", asked.Namespaces)}"
                + (asked.ExpiresAt is { } end ? string.Create(CultureInfo.InvariantCulture, $"; until {end:u}") : ""), submitter, actor, reason);
        }
        catch
        {
            await tokens.RevokeAsync(made.Token.Id, CancellationToken.None);
            throw;
        }
        return made;
    }

    /// <summary>Gives one another secret; null where there is none that holds.</summary>
    public async Task<(Token Token, string Text)?> RotateAsync(int id, TimeSpan overlap, string submitter, string? actor, string? reason, CancellationToken cancellationToken)
    {
        if (await tokens.RotateAsync(id, overlap, cancellationToken) is not { } made)
        {
            return null;
        }
        await TellAsync(made.Token, string.Create(CultureInfo.InvariantCulture, $"rotated; the secret of before holds for {overlap.TotalSeconds:0} seconds"), submitter, actor, reason);
        return made;
    }

    /// <summary>Ends one; null where there is none. It has ended even where the log cannot say so yet: ending it again says it.</summary>
    public async Task<Token?> RevokeAsync(int id, string submitter, string? actor, string? reason, CancellationToken cancellationToken)
    {
        if (await tokens.RevokeAsync(id, cancellationToken) is not { } token)
        {
            return null;
        }
        await TellAsync(token, "revoked", submitter, actor, reason);
        return token;
    }

    private async Task TellAsync(Token token, string note, string submitter, string? actor, string? reason)
    {
        var run = new RunId(SourceNames.ValueStream, Type, Namespace, token.Id.ToString(CultureInfo.InvariantCulture));
        var e = EventReader.Make(EventKind.Administered, run, new EventData { Actor = actor, Reason = reason, Note = note }, new Sending(submitter, time.GetUtcNow(), null));
        if ((await log.AppendAsync([e]))[0] is not AppendResult.Accepted)
        {
            throw new LogUnavailableException("The log did not take that the token was changed. Try again in a moment.");
        }
    }
}

/// <summary>What a token is to be, checked.</summary>
internal sealed record TokenSpecification(string Name, Scopes Scopes, IReadOnlyList<string> Namespaces, DateTimeOffset? ExpiresAt);

/// <summary>A token to be made.</summary>
/// <param name="Name">Whose it is or what for; 1 to 200 characters.</param>
/// <param name="Scopes">Some of ingest, read, admin; admin includes the others.</param>
/// <param name="Namespaces">Patterns: * (all, where absent), a namespace, or a prefix as acme.*</param>
/// <param name="ExpiresAt">When it ends by itself; absent for never.</param>
/// <param name="Actor">Who asks for it, as the audit is to say.</param>
/// <param name="Reason">Why.</param>
internal sealed record TokenRequest(string? Name, IReadOnlyList<string>? Scopes, IReadOnlyList<string>? Namespaces, DateTimeOffset? ExpiresAt, string? Actor, string? Reason)
{
    private const int MostNamespaces = 50;

    /// <summary>The same, checked.</summary>
    /// <exception cref="UnreadableException">Something of it is wrong.</exception>
    public TokenSpecification ToSpecification(DateTimeOffset now)
    {
        var name = JsonReading.Checked(Name?.Trim() ?? "", "name", Limits.Id);
        var scopes = (Scopes ?? []).Aggregate(Store.Access.Scopes.None, static (sum, word) => sum | word.Trim() switch
        {
            "ingest" => Store.Access.Scopes.Ingest,
            "read" => Store.Access.Scopes.Read,
            "admin" => Store.Access.Scopes.Admin,
            _ => throw new UnreadableException("scopes", $"'{word}' is not known; say some of ingest, read, admin."),
        });
        string[] namespaces = Namespaces is null or [] ? [Token.AllNamespaces] : [.. Namespaces.Select(static n => n.Trim()).Distinct()];
        JsonReading.Checked(Actor ?? "", "actor", Limits.Id);
        JsonReading.Checked(Reason ?? "", "reason", Limits.Reason);
        return name.Length == 0 ? throw new UnreadableException("name", "It is missing; say whose the token is or what for.")
            : scopes == Store.Access.Scopes.None ? throw new UnreadableException("scopes", "They are missing; say some of ingest, read, admin.")
            : namespaces.Length > MostNamespaces ? throw new UnreadableException("namespaces", $"There are {namespaces.Length}; {MostNamespaces} are the most.")
            : namespaces.FirstOrDefault(static n => !IsPattern(n)) is { } wrong
                ? throw new UnreadableException("namespaces", $"'{wrong}' must be * (all), a namespace (letters, digits, '_', '.' and '-'), or a prefix of some as acme.*")
            : ExpiresAt <= now ? throw new UnreadableException("expiresAt", "It lies in the past.")
            : new TokenSpecification(name, scopes, namespaces, ExpiresAt);
    }

    private static bool IsPattern(string text)
    {
        var name = text.EndsWith(".*", StringComparison.Ordinal) ? text[..^2] : text;
        return text == Token.AllNamespaces || (name.Length is > 0 and <= Limits.Word && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'));
    }
}

/// <summary>A rotation.</summary>
/// <param name="Overlap">For how many seconds the secret of before holds; a day where absent.</param>
/// <param name="Actor">Who asks for it.</param>
/// <param name="Reason">Why.</param>
internal sealed record RotateRequest(double? Overlap, string? Actor, string? Reason);

/// <summary>A token as it is listed.</summary>
internal sealed record TokenView(int Id, string Name, IReadOnlyList<string> Scopes, IReadOnlyList<string> Namespaces, DateTimeOffset CreatedAt, string CreatedBy,
    DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt, DateTimeOffset? LastUsedAt)
{
    public static TokenView Of(Token token) => new(token.Id, token.Name, Words(token.Scopes), token.Namespaces, token.CreatedAt, token.CreatedBy, token.ExpiresAt, token.RevokedAt, token.LastUsedAt);

    /// <summary>Scopes as they are written.</summary>
    public static IReadOnlyList<string> Words(Scopes scopes) => scopes.HasFlag(Store.Access.Scopes.Admin) ? ["admin"]
        : [.. new[] { (Store.Access.Scopes.Ingest, "ingest"), (Store.Access.Scopes.Read, "read") }.Where(s => scopes.HasFlag(s.Item1)).Select(static s => s.Item2)];
}

/// <summary>A token that was just made or rotated.</summary>
/// <param name="Token">As it is listed.</param>
/// <param name="Secret">Its text, told this once.</param>
internal sealed record NewTokenView(TokenView Token, string Secret);

/// <summary>All tokens.</summary>
internal sealed record TokenList(IReadOnlyList<TokenView> Items, string? Next);
