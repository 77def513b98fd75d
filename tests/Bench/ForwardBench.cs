using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>How fast a backlog goes to a tracer on the same machine, and what memory the server takes for it.</summary>
internal static class ForwardBench
{
    private const int Runs = 100_000;

    // Sent before, so that the server has compiled what it uses most; they come last in the log.
    private const int WarmUp = 20_000;

    private const string Token = "a token for the benchmark alone";

    /// <summary>The rate of a backlog on both databases, and what senders feel of tracers in every state.</summary>
    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await foreach (var figure in BesideAsync())
        {
            yield return figure;
        }
        foreach (var isPostgres in (bool[])[true, false])
        {
            var what = $"spans forwarded to a receiver on the same machine, a backlog of {Runs.ToString("n0", CultureInfo.InvariantCulture)} runs with 15 tags, {(isPostgres ? "Postgres" : "SQLite")}";
            using var database = isPostgres ? await TestDatabase.PostgresAsync() : TestDatabase.Sqlite();
            if (database is null)
            {
                yield return Figure.Missing(what, "5,000/s", "it needs Postgres");
                continue;
            }
            await using (var store = await Filled.StartAsync(database.ConnectionString, new MadeUpHistory(Runs + WarmUp, DateTimeOffset.UtcNow), 20))
            {
                await store.ProjectAsync();
            }
            await using var receiver = await Receiver.StartAsync();
            await using var server = await ServerProcess.StartAsync(database.ConnectionString, null, new Dictionary<string, string>
            {
                ["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token,
                ["Tracers__bench__Endpoint"] = receiver.Url,
            });
            server.Http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
            // It leads when the lease of the store before has run out, and is at the end of the log then.
            await Until.AsksAsync(() => TracerAsync(server), static t => t.GetProperty("position").GetInt64() > 0, TimeSpan.FromSeconds(60));
            await ResendAsync(server, 2 * Runs);
            while ((await TracerAsync(server)).GetProperty("lagEvents").GetInt64() > 0)
            {
                await Task.Delay(500);
            }
            var (sent, requests, bytes) = (-Sent(await TracerAsync(server)), -receiver.Requests, -receiver.Bytes);
            var before = Tool.Resident(server.Id);
            var most = before;
            var began = Stopwatch.GetTimestamp();
            await ResendAsync(server, 0);
            for (var tracer = await TracerAsync(server); tracer.GetProperty("position").GetInt64() < 2 * Runs; tracer = await TracerAsync(server))
            {
                // Seldom: each question costs the server something, too.
                await Task.Delay(500);
                most = Math.Max(most, Tool.Resident(server.Id));
            }
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            (sent, requests, bytes) = (sent + Sent(await TracerAsync(server)), requests + receiver.Requests, bytes + receiver.Bytes);
            yield return new(what, "5,000/s", string.Create(CultureInfo.InvariantCulture, $"{sent / seconds:n0}/s"),
                string.Create(CultureInfo.InvariantCulture, $"{sent:n0} spans in {requests:n0} requests of {bytes / 1e6:n0} MB in all, {seconds:n1} s; server's memory {before} MB before, {most} MB at most"));
        }
    }

    /// <summary>One event at 500 a second, with a backlog for a tracer that is down, one that hangs, one that takes it as fast as it comes, and for none.</summary>
    private static async IAsyncEnumerable<Figure> BesideAsync()
    {
        const string What = "one event at 500 a second, Postgres, ";
        using var database = await TestDatabase.PostgresAsync();
        if (database is null || !File.Exists("/usr/bin/wrk"))
        {
            yield return Figure.Missing(What + "beside tracers", "p99 as beside none", "it needs Postgres and wrk");
            yield break;
        }
        await using (var store = await Filled.StartAsync(database.ConnectionString, new MadeUpHistory(Runs, DateTimeOffset.UtcNow), 20))
        {
            await store.ProjectAsync();
        }
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start(); // It accepts connections and never says anything.
        await using var receiver = await Receiver.StartAsync();
        // First without one, which is not told: the database is still busy with what was filled in.
        foreach (var (tracer, url) in new[] { ("", null), ("a tracer that is down", "http://127.0.0.1:9"), ("a tracer that hangs", $"http://{silent.LocalEndpoint}"), ("a tracer that takes a backlog", receiver.Url), ("no tracer", null) })
        {
            var variables = new Dictionary<string, string> { ["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token };
            if (url is not null)
            {
                variables["Tracers__bench__Endpoint"] = url;
            }
            await using var server = await ServerProcess.StartAsync(database.ConnectionString, null, variables);
            server.Http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
            await Wrk.PostAsync(server.Url, "one", 10, 8, "19", Token);
            if (url is not null)
            {
                await Until.AsksAsync(() => TracerAsync(server), static t => t.TryGetProperty("position", out _), TimeSpan.FromSeconds(60));
                await ResendAsync(server, 0);
            }
            var wrk = await Wrk.PostAsync(server.Url, "one", 10, 10, "19", Token);
            if (tracer.Length == 0)
            {
                continue;
            }
            var sent = url is null ? 0 : Sent(await TracerAsync(server));
            yield return new($"{What}beside {tracer}", url is null ? "" : "p99 as beside none", $"p99 {Figure.Ms(wrk.P99)}", string.Create(CultureInfo.InvariantCulture, $"p50 {Figure.Ms(wrk.P50)}, {sent:n0} spans sent"));
        }
    }

    private static async Task ResendAsync(ServerProcess server, long position) =>
        (await server.Http.PostAsJsonAsync("/api/v1/tracers/bench/resend", new { position })).EnsureSuccessStatusCode();

    private static long Sent(JsonElement tracer) => tracer.GetProperty("sent").GetInt64();

    private static async Task<JsonElement> TracerAsync(ServerProcess server) =>
        (await server.Http.GetFromJsonAsync<JsonElement>("/api/v1/tracers")).GetProperty("items")[0];

    /// <summary>Takes everything and keeps nothing, but unpacks it, as a tracer would.</summary>
    private sealed class Receiver(WebApplication app) : IAsyncDisposable
    {
        private long _requests;
        private long _bytes;

        public string Url => app.Urls.First();

        public long Requests => _requests;

        public long Bytes => _bytes;

        public static async Task<Receiver> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var receiver = new Receiver(builder.Build());
            receiver.Listen();
            await receiver.StartListeningAsync();
            return receiver;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private void Listen() => app.Run(async context =>
        {
            using var body = new MemoryStream();
            await using var unpacked = new GZipStream(context.Request.Body, CompressionMode.Decompress);
            await unpacked.CopyToAsync(body);
            Interlocked.Increment(ref _requests);
            Interlocked.Add(ref _bytes, body.Length);
            context.Response.ContentType = "application/x-protobuf";
        });

        private Task StartListeningAsync() => app.StartAsync();
    }
}
