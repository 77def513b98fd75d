using Microsoft.Extensions.Configuration;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>Which settings are wrong, and what is said of them. That it ends the start is tested with the program.</summary>
public sealed class ServerSettingsTests
{
    private const string Token = "VALUESTREAM_BOOTSTRAP_TOKEN";
    private const string Database = "ConnectionStrings:ValueStream";

    [Theory]
    [InlineData("urls", "http://0.0.0.0:5000")]
    [InlineData("urls", "http://*:5000")]
    [InlineData("urls", "http://+:5000")]
    [InlineData("urls", "http://[::]:5000")]
    [InlineData("urls", "https://valuestream.example")]
    [InlineData("urls", "http://127.0.0.1:5000;http://192.168.1.1:5000")]
    [InlineData("urls", "http://localhost.example:5000")]
    [InlineData("http_ports", "8080")]
    [InlineData("https_ports", "8081")]
    [InlineData("Kestrel:Endpoints:Public:Url", "http://0.0.0.0:5000")]
    public void An_address_that_others_can_reach_needs_a_token(string setting, string value)
    {
        Assert.False(Read([(setting, value)]).IsOpen);
        Assert.False(Read([(setting, value), (Token, new('t', 20))]).IsOpen);
    }

    [Theory]
    [InlineData("http://localhost:5000")]
    [InlineData("http://127.0.0.1:5000;http://[::1]:5000")]
    [InlineData("http://127.1.2.3:5000")]
    [InlineData("http://unix:/run/valuestream.sock")]
    public void This_machines_own_addresses_do_not_unless_there_is_one_or_a_login_provider(string urls)
    {
        Assert.True(Read([("urls", urls)]).IsOpen);
        Assert.False(Read([("urls", urls), (Token, new('t', 20))]).IsOpen);
        Assert.False(Read([("urls", urls), ("Oidc:Authority", "https://login.example"), ("Oidc:ClientId", "x"), ("Oidc:ClientSecret", "y"), ("Oidc:Roles:0:Value", "z"), ("Oidc:Roles:0:Scopes", "read")]).IsOpen);
    }

    [Fact]
    public void A_token_that_could_be_guessed_is_refused() => Assert.Contains("openssl rand", Refused((Token, new('t', 19))), StringComparison.Ordinal);

    [Theory]
    [InlineData("--dmeo")]
    [InlineData("-d")]
    [InlineData("--help")]
    public void A_flag_that_is_not_known_is_refused(string flag) =>
        Assert.Contains($"'{flag}'", Assert.Throws<WrongSettingException>(() => Read([], flag)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("valuestream.db", "Data Source=./data/valuestream.db")]
    [InlineData("", "Data Source=./data/valuestream.db")]
    [InlineData("Host=127.0.0.1;Colour=red;Password=hunter2", "colour")]
    [InlineData("Host=127.0.0.1;Port=many;Password=hunter2", "Port")]
    [InlineData("Host=127.0.0.1;=;Password=hunter2", "Host=localhost")]
    [InlineData("Data Source=x.db;Colour=red", "colour")]
    [InlineData("Data Source=x.db;Mode=Sometimes", "Host=localhost")]
    public void A_connection_string_that_cannot_be_read_is_refused_without_its_password(string connectionString, string says)
    {
        var message = Refused((Database, connectionString));

        Assert.Contains("ConnectionStrings__ValueStream", message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Europe/Atlantis")]
    [InlineData("+02:00")]
    [InlineData("/etc/passwd")]
    public void A_reporting_zone_that_is_none_is_refused(string zone) => Assert.Contains($"'{zone}'", Refused(("ReportingZone", zone)), StringComparison.Ordinal);

    [Fact]
    public void The_reporting_zone_is_UTC_unless_it_is_said()
    {
        Assert.Equal("UTC", Read([]).Zone.Id);
        Assert.Equal("UTC", Read([("ReportingZone", "")]).Zone.Id);
        Assert.Equal("Europe/Berlin", Read([("ReportingZone", "Europe/Berlin")]).Zone.Id);
    }

    [Fact]
    public void Without_any_setting_it_is_SQLite_where_the_command_was_typed()
    {
        var settings = Read([]);

        Assert.Equal(("Data Source=./data/valuestream.db", null, false, false), (settings.ConnectionString, settings.Token, settings.IsDemo, settings.MigrateOnly));
    }

    [Fact]
    public void A_demo_has_a_database_of_its_own_and_refuses_Postgres()
    {
        Assert.Equal("Data Source=./data/demo.db", Read([(Database, "Data Source=precious.db")], "--demo").ConnectionString);
        Assert.Contains("Postgres", Assert.Throws<WrongSettingException>(() => Read([(Database, "Host=localhost")], "--demo")).Message, StringComparison.Ordinal);
    }

    private static string Refused(params (string Name, string Value)[] settings) => Assert.Throws<WrongSettingException>(() => Read(settings)).Message;

    private static ServerSettings Read((string Name, string Value)[] settings, params string[] arguments) => ServerSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static s => new KeyValuePair<string, string?>(s.Name, s.Value))).Build(), arguments);
}
