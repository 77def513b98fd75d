using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ValueStream.Server.Forwarding;
using ValueStream.Server.Otlp;

namespace ValueStream.Server.Tests.Forwarding;

/// <summary>How spans are sent: TLS, headers, compression, and no more of an answer than is allowed.</summary>
public sealed class OtlpClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task By_TLS_the_authority_of_the_settings_is_trusted_and_no_other()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=tracer", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(certificate)));
        await using var app = builder.Build();
        app.Run(static _ => Task.CompletedTask);
        await app.StartAsync(Cancel);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, certificate.ExportCertificatePem(), Cancel);
            var url = app.Urls.First();
            using var trusting = new OtlpClient(Settings(("Endpoint", url), ("Certificate", file)), TimeProvider.System);
            Assert.IsType<OtlpAnswer.Accepted>(await trusting.SendAsync(new(), Cancel));
            using var other = new OtlpClient(Settings(("Endpoint", url)), TimeProvider.System);
            Assert.IsType<OtlpAnswer.Later>(await other.SendAsync(new(), Cancel));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Headers_and_token_go_along_and_what_repeats_them_is_not_shown()
    {
        await using var tracer = await FakeTracer.StartAsync();
        tracer.Answers.Enqueue((context, _) => FakeTracer.SaysAsync(context, 401, new RpcStatus { Message = $"bad: {context.Request.Headers.Authorization} {context.Request.Headers["x-key"]}" }));
        using var client = new OtlpClient(Settings(("Endpoint", tracer.Url), ("Token", "hunter2"), ("Headers:x-key", "hunter3")), TimeProvider.System);

        var denied = Assert.IsType<OtlpAnswer.Denied>(await client.SendAsync(new(), Cancel));
        Assert.Equal("401 Unauthorized: bad: … …", denied.Why);
        Assert.Equal(("Bearer hunter2", "hunter3", "gzip", "application/x-protobuf"),
            (tracer.LastHeaders.Authorization.ToString(), tracer.LastHeaders["x-key"].ToString(), tracer.LastHeaders.ContentEncoding.ToString(), tracer.LastHeaders.ContentType.ToString()));
    }

    [Fact]
    public async Task An_answer_without_end_is_read_no_further_than_it_may_be_long()
    {
        await using var tracer = await FakeTracer.StartAsync();
        tracer.Answers.Enqueue(static async (context, _) =>
        {
            var piece = new byte[1 << 20];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(piece, context.RequestAborted).AsTask().ContinueWith(static _ => { }, TaskScheduler.Default);
            }
            return true;
        });
        using var client = new OtlpClient(Settings(("Endpoint", tracer.Url)), TimeProvider.System);
        Assert.IsType<OtlpAnswer.Accepted>(await client.SendAsync(new(), Cancel));
    }

    private static TracerSettings Settings(params (string Name, string Value)[] settings) => TracerSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static s => KeyValuePair.Create($"Tracers:fake:{s.Name}", (string?)s.Value))).Build())[0];
}
