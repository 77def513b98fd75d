using System.Data.Common;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Json;
using ValueStream.Core.Wire;
using ValueStream.Server;
using ValueStream.Server.Access;
using ValueStream.Server.Api;
using ValueStream.Server.Demo;
using ValueStream.Server.Forwarding;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Server.Sources;
using ValueStream.Server.Sources.CustomHttp;
using ValueStream.Server.Sources.Otlp;
using ValueStream.Store;
using ValueStream.Store.Access;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Web;

// Settings files lie beside the program; the database lies where the command was typed.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions
{
    Args = [.. args.Where(static a => !ServerSettings.Flags.Contains(a) && a is not ("token" or "create"))],
    ContentRootPath = AppContext.BaseDirectory,
});
try
{
    if (Addresses.Configured(builder.Configuration).Count == 0)
    {
        builder.WebHost.UseUrls(Addresses.Default);
    }
    var settings = ServerSettings.Read(builder.Configuration, TokenCommand.Is(args) ? [] : args);
    settings.ForgetLastDemo();
    builder.WebHost.ConfigureKestrel(static kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Limits.RequestBytes;
    });
    builder.Services.AddSingleton(TimeProvider.System);
    builder.Services.AddSingleton(new SiteNotice(settings.IsDemo ? DemoPlayer.Notice : null));
    builder.Services.AddStore(settings.ConnectionString, settings.Zone, settings.Archive);
    builder.Services.AddSingleton<Ingestor>().AddSingleton<TokenOffice>();
    if (TokenCommand.Is(args))
    {
        await using var command = builder.Build();
        return await TokenCommand.RunAsync(args, command.Services);
    }
    builder.Services.AddSources(settings.Sources);
    builder.Services.AddRequestDecompression(static o => o.DecompressionProviders.Remove("deflate"));
    builder.Services.AddProblems().AddTelemetry(builder.Configuration).AddAccess(settings.Token, settings.Oidc, settings.IsOpen);
    builder.Services.AddProxies(builder.Configuration).AddRateLimits(builder.Configuration).AddAddressLogs();
    builder.Services.AddSingleton<LastVerified>().AddSingleton<ISystemStatus, SystemStatus>();
    builder.Services.AddSingleton(new Administering(static user => user.Refusal("Administering")?.ProblemDetails.Detail));
    builder.Services.AddValueStreamWeb();
    builder.Services.AddOpenApi("v1", ApiDescription.Configure);
    builder.Services.Configure<JsonOptions>(static json =>
    {
        json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        json.SerializerOptions.TypeInfoResolverChain.Insert(0, WireJson.Default);
        json.SerializerOptions.TypeInfoResolverChain.Insert(1, ServerJson.Default);
    });
    builder.Services.AddStoreWorkers().AddForwarding(settings.Tracers);
    if (settings.IsDemo)
    {
        builder.Services.AddHostedService<DemoPlayer>();
    }

    // Disposed at the end, so that the last metrics and traces are sent.
    await using var app = builder.Build();
    try
    {
        var epoch = await app.Services.GetRequiredService<Migrator>().MigrateAsync(app.Lifetime.ApplicationStopping, settings.AcceptRestored);
        if (settings.AcceptRestored)
        {
            Console.WriteLine($"The log is taken as it is; its epoch is now {epoch}. From now on start without --accept-restored.");
        }
    }
    catch (Exception e) when ((e.InnerException as DbException ?? e) is DbException or IOException or UnauthorizedAccessException or MissingRightsException)
    {
        throw ServerSettings.NoDatabase(e.InnerException as DbException ?? e);
    }
    if (settings.MigrateOnly)
    {
        return 0;
    }
    await settings.CheckAccessAsync(app.Services.GetRequiredService<Tokens>(), app.Lifetime.ApplicationStopping);
    app.UseProxies();
    app.UseHsts();
    // First, so that the pages that say what is wrong are compressed, too.
    app.UseValueStreamWeb();
    app.UseExceptionHandler();
    app.UseRequestRules();
    app.UseGuessLimit();
    app.UseShortWay();
    // Behind those that say themselves what is wrong.
    app.UseStatusCodePages(Problems.ExplainAsync);
    app.UseAuthentication();
    app.UseRateLimiter();
    app.UseAuthorization();
    app.UseCompressedBodies();
    app.UseAntiforgery();
    app.MapEventsIngest();
    app.MapCustomHttp();
    app.MapWebhooks();
    app.MapOtlp();
    app.MapQuarantine();
    app.MapImport();
    app.MapReads();
    app.MapOperations();
    app.MapPaths();
    app.MapWhy();
    app.MapLog();
    app.MapAdministration();
    app.MapAdministrationForms();
    app.MapSystemForms();
    app.MapTracers();
    app.MapTokens();
    app.MapLive();
    app.MapCli();
    app.MapHealth();
    app.MapMetrics();
    app.MapLogin();
    app.MapOpenApi("/openapi/{documentName:regex(^v1$)}.json");
    app.MapValueStreamWeb();
    var link = settings.IsOpen && !await app.Services.GetRequiredService<Tokens>().AnyAdminAsync(app.Lifetime.ApplicationStopping) ? app.Services.GetRequiredService<LoginLink>().Make() : null;
    await app.StartAsync();
    // For people: the line that says where to look, and the one that lets the first of them administer.
    var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
    Console.WriteLine($"ValueStream is at {string.Join(" and ", addresses)}" + (settings.IsDemo ? "  (a demo: made-up history, kept in ./data/demo.db)" : ""));
    if (link is not null)
    {
        Console.WriteLine($"To administer it, open this link within {LoginLink.Validity.TotalMinutes:0} minutes; it is good once: {addresses.First()}/login#{link}");
    }
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception e) when (e is WrongSettingException or DatabaseInUseException or LogRestoredException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}
catch (IOException e) when (e.InnerException is AddressInUseException)
{
    await Console.Error.WriteLineAsync($"{e.Message} Another program, perhaps another ValueStream, listens there: stop it, or choose another address with --urls.");
    return 2;
}
