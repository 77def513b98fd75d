using System.Diagnostics;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ValueStream.Server.Access;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>A way into the server.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Pattern">The address, with names in braces.</param>
/// <param name="IsAnonymous">Whether it is open to those who do not say who they are.</param>
/// <param name="Policy">What a caller needs.</param>
internal sealed record ServerRoute(string Method, string Pattern, bool IsAnonymous, string Policy);

/// <summary>Every route of the server, as its own program maps them.</summary>
internal static class RouteTable
{
    private static readonly AsyncLocal<TaskCompletionSource<IHost>?> Awaited = new();
    private static readonly Lazy<Task<IReadOnlyList<ServerRoute>>> Routes = new(AskAsync);

    /// <summary>The routes, in the order of their addresses.</summary>
    public static Task<IReadOnlyList<ServerRoute>> ReadAsync() => Routes.Value;

    /// <summary>Runs the program in this process, asks it for its routes, and stops it.</summary>
    private static async Task<IReadOnlyList<ServerRoute>> AskAsync()
    {
        using var folder = new TemporaryFolder();
        using var listening = DiagnosticListener.AllListeners.Subscribe(new Listeners());
        var built = new TaskCompletionSource<IHost>(TaskCreationOptions.RunContinuationsAsynchronously);
        var program = Task.Run(() =>
        {
            Awaited.Value = built;
            return typeof(AccessControl).Assembly.EntryPoint!.Invoke(null, [new[] { "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:ValueStream={folder.Database}" }]);
        });
        var host = await built.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        await Until.HoldsAsync("the program has started", () => Task.FromResult(lifetime.ApplicationStarted.IsCancellationRequested));
        var routes = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(static e => (e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                .Select(m => new ServerRoute(m, $"/{e.RoutePattern.RawText!.TrimStart('/')}", e.Metadata.GetMetadata<IAllowAnonymous>() is not null,
                    e.Metadata.GetMetadata<IAllowAnonymous>() is not null ? "anonymous" : string.Join(", ", e.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(static d => d.Policy).DefaultIfEmpty(AccessControl.Read)))))
            .Distinct().OrderBy(static r => r.Pattern, StringComparer.Ordinal).ThenBy(static r => r.Method, StringComparer.Ordinal).ToList();
        lifetime.StopApplication();
        await program.WaitAsync(TimeSpan.FromSeconds(30));
        return routes;
    }

    /// <summary>The framework tells diagnostic listeners of every host that is built; ours is the one that this flow of control built.</summary>
    private sealed class Listeners : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.Extensions.Hosting")
            {
                value.Subscribe(this);
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value is { Key: "HostBuilt", Value: IHost host })
            {
                Awaited.Value?.TrySetResult(host);
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
