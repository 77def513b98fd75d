using Microsoft.Extensions.Configuration;
using ValueStream.Server.Forwarding;

namespace ValueStream.Server.Tests.Forwarding;

/// <summary>Settings of tracers, and what is said of wrong ones.</summary>
public sealed class TracerSettingsTests
{
    [Theory]
    [InlineData("http://localhost:4318", "http://localhost:4318/v1/traces")]
    [InlineData("http://localhost:4318/", "http://localhost:4318/v1/traces")]
    [InlineData("https://otlp.example/otlp", "https://otlp.example/otlp/v1/traces")]
    [InlineData("https://otlp.example/v1/traces", "https://otlp.example/v1/traces")]
    [InlineData("https://otlp.example/v1/traces/", "https://otlp.example/v1/traces/")]
    [InlineData("https://otlp.example?key=1", "https://otlp.example/v1/traces?key=1")]
    public void The_path_of_traces_is_added_unless_it_is_there(string endpoint, string becomes) =>
        Assert.Equal(becomes, Read(("Endpoint", endpoint)).Endpoint.ToString());

    [Fact]
    public void What_is_not_said_is_what_serves_most()
    {
        var tracer = Read(("Endpoint", "http://localhost:4318"));
        Assert.Equal(("jaeger", false, true, TimeSpan.FromSeconds(30)), (tracer.Name, tracer.IsJson, tracer.IsCompressed, tracer.Timeout));
        Assert.True(tracer.Filter.Includes("any", "thing", isImported: false));
        Assert.False(tracer.Filter.Includes("any", "thing", isImported: true));
    }

    [Theory]
    [InlineData("acme.*", "acme.web", true)]
    [InlineData("acme.*", "acme", false)]
    [InlineData("acme", "acme", true)]
    [InlineData("*web", "acme.web", true)]
    [InlineData("ACME", "acme", false)]
    public void Patterns_say_which_namespaces_count(string pattern, string ns, bool counts) =>
        Assert.Equal(counts, Read(("Endpoint", "http://localhost"), ("Namespaces:0", pattern)).Filter.Includes(ns, "x", false));

    [Fact]
    public void A_token_is_a_header_and_nothing_shows_it()
    {
        var tracer = Read(("Endpoint", "https://user.example?key=hunter2"), ("Token", "hunter3"));
        Assert.Equal(("Authorization", "Bearer hunter3"), (tracer.Headers.Single().Key, tracer.Headers.Single().Value));
        Assert.DoesNotContain("hunter", tracer.Shown + tracer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "Endpoint is missing")]
    [InlineData("Endpoint", "localhost:4318", "http://localhost:4318")]
    [InlineData("Endpoint", "grpc://localhost:4317", "http://localhost:4318")]
    [InlineData("Endpoint", "https://me:hunter2@localhost", "Headers:Authorization")]
    [InlineData("Protocol", "grpc", "http/protobuf or http/json")]
    [InlineData("Gzip", "yes", "true or false")]
    [InlineData("Colour", "red", "is not known")]
    [InlineData("Headers:x key", "hunter2", "cannot be sent")]
    [InlineData("Headers:x-key", "hunter2\n", "cannot be sent")]
    [InlineData("Headers:Content-Type", "text/plain", "leave it out")]
    [InlineData("Certificate", "/nowhere/ca.pem", "PEM")]
    [InlineData("Link", "http://jaeger/trace", "{traceId}")]
    [InlineData("Link", "javascript:{traceId}", "http://")]
    [InlineData("Timeout", "soon", "1 to 600")]
    public void A_wrong_setting_stops_the_start_and_says_what_to_write(string setting, string value, string says)
    {
        (string, string)[] settings = setting is "Endpoint" or "" ? [(setting.Length > 0 ? setting : "Gzip", setting.Length > 0 ? value : "true")] : [("Endpoint", "http://localhost:4318"), (setting, value)];
        var message = Assert.Throws<WrongSettingException>(() => Read(settings)).Message;
        Assert.Contains("Tracers:jaeger", message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
    }

    private static TracerSettings Read(params (string Name, string Value)[] settings) => Assert.Single(TracerSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static s => KeyValuePair.Create($"Tracers:jaeger:{s.Name}", (string?)s.Value))).Build()));
}
