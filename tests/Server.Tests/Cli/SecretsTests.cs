using System.Diagnostics;
using ValueStream.Cli;

namespace ValueStream.Server.Tests.Cli;

public sealed class SecretsTests
{
    private static readonly Dictionary<string, string> Environment = new()
    {
        ["DEPLOY_TOKEN"] = "open sesame",
        ["db_password"] = "tr0ub4dor",
        ["SERVICE_ACCOUNT_KEY"] = "first line of the key\nsecond line of the key\n",
        ["HTTP_AUTH"] = "a/b+c==",
        ["SHORT_SECRET"] = "abc",
        ["PWD"] = "/srv/deploy",
        ["AUTHOR"] = "ada.lovelace",
        ["PATH"] = "/usr/bin:/bin",
    };

    /// <summary>Words parted by ¦ because secrets may hold anything else.</summary>
    public static TheoryData<string, string> Commands => new()
    {
        // Flags, both ways.
        { "deploy¦--password=hunter2¦--env=prod", "deploy --password=*** --env=prod" },
        { "deploy¦--password¦hunter2¦--env¦prod", "deploy --password *** --env prod" },
        { "deploy¦-password¦hunter2", "deploy -password ***" },
        { "deploy¦--db.passwd=a b \"c", "deploy --db.passwd=***" },
        { "deploy¦--api-key¦k1¦--apikey=k2¦--access-key¦k3¦--private_key=k4¦--auth¦k5", "deploy --api-key *** --apikey=*** --access-key *** --private_key=*** --auth ***" },
        { "deploy¦--client-secret¦-starts-with-a-dash", "deploy --client-secret ***" },
        { "deploy¦--token¦--password¦hunter2", "deploy --token *** ***" },
        { "deploy¦--password=", "deploy --password=" },
        { "deploy¦--password", "deploy --password" },
        { "docker¦login¦-u¦ci¦--password-stdin¦registry", "docker login -u ci --password-stdin registry" },
        { "java¦-Djavax.net.ssl.keyStorePassword=changeit¦-jar¦app.jar", "java -Djavax.net.ssl.keyStorePassword=*** -jar app.jar" },
        { "git¦commit¦--author=Ada", "git commit --author=Ada" },
        // One letter.
        { "mysql¦-phunter¦-h¦db", "mysql -p*** -h db" },
        { "docker¦exec¦db¦/usr/bin/mysqldump¦-phunter", "docker exec db /usr/bin/mysqldump -p***" },
        { "dbtool¦-pS3cret", "dbtool -p***" },
        { "sshpass¦-p¦hunter2¦ssh¦host", "sshpass -p *** ssh host" },
        { "docker¦login¦-u¦ci¦-p¦hunter2", "docker login -u ci -p ***" },
        { "redis-cli¦-a¦hunter2", "redis-cli -a ***" },
        { "curl¦-sSu¦ci:hunter2¦https://acme.org", "curl -sSu *** https://acme.org" },
        { "curl¦--user¦ci:hunter2", "curl --user ***" },
        { "docker¦run¦-p¦8080:80¦-p8081:81¦api", "docker run -p 8080:80 -p8081:81 api" },
        { "mkdir¦-p¦/srv/api", "mkdir -p /srv/api" },
        { "find¦.¦-print¦-path¦x", "find . -print -path x" },
        // Words with a value in them.
        { "env¦DB_PASSWORD=hunter2¦HOME=/root¦deploy", "env DB_PASSWORD=*** HOME=/root deploy" },
        { "docker¦build¦--build-arg¦NPM_TOKEN=abc¦-eFOO_SECRET=x¦.", "docker build --build-arg NPM_TOKEN=*** -eFOO_SECRET=*** ." },
        { "helm¦--set=image=api,db.password=x,y=z", "helm --set=image=api,db.password=***" },
        { "bash¦-c¦export GITHUB_PAT=abc; deploy --env prod", "bash -c 'export GITHUB_PAT=*** deploy --env prod'" },
        { "bash¦-c¦x; PASSWORD=\"a b\" deploy", "bash -c 'x; PASSWORD=\"***\" deploy'" },
        { "npm¦config¦set¦//registry/:_authToken¦abc", "npm config set //registry/:_authToken abc" },
        { "aws¦configure¦set¦aws_secret_access_key¦abc", "aws configure set aws_secret_access_key ***" },
        { "sqlcmd¦Server=x;Password=a b&c;Encrypt=true", "sqlcmd 'Server=x;Password=***;Encrypt=true'" },
        // Headers and bodies.
        { "curl¦-H¦Authorization: Bearer abc.def¦https://acme.org/x", "curl -H 'Authorization: ***' https://acme.org/x" },
        { "curl¦-HX-Api-Key:abc", "curl -HX-Api-Key:***" },
        { "http¦Authorization:Bearer abc", "http Authorization:***" },
        { "curl¦--header=PRIVATE-TOKEN: abc", "curl '--header=PRIVATE-TOKEN: ***'" },
        { "curl¦-H¦Authorization:¦Bearer¦abc", "curl -H Authorization: *** ***" },
        { "curl¦-d¦{\"user\":\"ci\",\"password\":\"a\\\"b\",\"x\":1}", "curl -d '{\"user\":\"ci\",\"password\":\"***\",\"x\":1}'" },
        { "curl¦-d¦{\\\"password\\\": \\\"ab\\\",\\\"x\\\":1}", "curl -d '{\\\"password\\\": \\\"***\\\",\\\"x\\\":1}'" },
        { "curl¦-d¦{'token' : 12345}", "curl -d '{'\\''token'\\'' : ***'" },
        { "echo¦basic dXNlcjpwYXNz", "echo 'basic ***'" },
        // Addresses.
        { "git¦clone¦https://ci:hunter2@github.com/acme/api", "git clone https://***@github.com/acme/api" },
        { "git¦clone¦https://abcdef@github.com/acme/api", "git clone https://***@github.com/acme/api" },
        { "psql¦postgres://u:p/a@ss@db:5432/x?sslmode=require", "psql 'postgres://***@db:5432/x?sslmode=require'" },
        { "curl¦https://acme.org/x?user=me&access_token=abc&y=2#z", "curl 'https://acme.org/x?user=me&access_token=***&y=2#z'" },
        { "curl¦https://acme.org/x?sv=1&sig=abc", "curl 'https://acme.org/x?sv=1&sig=***'" },
        { "mongo¦ci:p@ss@db/x", "mongo ci:***@db/x" },
        { "docker¦pull¦acme/auth-api:1.2@sha256:0f", "docker pull acme/auth-api:1.2@sha256:0f" },
        { "ssh¦git@github.com:acme/api.git", "ssh git@github.com:acme/api.git" },
        // Shapes.
        { "x¦ghp_16C7e42F292c6912E7710c838347Ae178B4a", "x ***" },
        { "x¦a=github_pat_11ABC_def¦glpat-abc¦xoxb-1-2-abc¦AKIAIOSFODNN7EXAMPLE", "x a=*** *** *** ***" },
        { "x¦say eyJhbGciOiJIUzI1NiJ9.e30.abc-_ now", "x 'say *** now'" },
        { "x¦-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest", "x '***\nrest'" },
        { "x¦-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "x ***" },
        { "x¦-----BEGIN CERTIFICATE-----\nabc", "x '-----BEGIN CERTIFICATE-----\nabc'" },
        { "x¦task-definition-of-the-whole-company-and-more", "x task-definition-of-the-whole-company-and-more" },
        // Values of the environment.
        { "x¦open sesame¦--say=open sesame!", "x *** '--say=***!'" },
        { "x¦pretr0ub4dorpost", "x pre***post" },
        { "x¦second line of the key", "x ***" },
        { "x¦a%2Fb%2Bc%3D%3D", "x ***" },
        { "x¦abc¦/srv/deploy¦/usr/bin:/bin¦ada.lovelace", "x abc /srv/deploy /usr/bin:/bin ada.lovelace" },
        // Quoting.
        { "echo¦it's¦¦$HOME¦*.cs¦a b", "echo 'it'\\''s' '' '$HOME' '*.cs' 'a b'" },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public void What_looks_like_a_secret_becomes_stars(string command, string expected) =>
        Assert.Equal(expected, Secrets.Mask(command.Split('¦'), Environment));

    [Fact]
    public void Nothing_gives_nothing() => Assert.Equal("", Secrets.Mask([], Environment));

    [Theory]
    [InlineData("a=")]
    [InlineData("ab=ab:")]
    [InlineData("token=")]
    [InlineData("https://")]
    [InlineData("://a:b/")]
    [InlineData("u:p@")]
    [InlineData("eyJ")]
    [InlineData("eyJ.eyJhbGciOiJ ")]
    [InlineData("-----BEGIN ")]
    [InlineData("-----BEGIN PRIVATE KEY")]
    [InlineData("bearer ")]
    [InlineData("\\\"")]
    [InlineData("password\":\"")]
    [InlineData("tr0ub4do")]
    [InlineData("aaaaaaaaaaaaaaaa")]
    public void Two_megabytes_of_anything_take_no_time(string piece)
    {
        const int longest = 128 << 10; // of one argument; the kernel takes no longer one
        var argument = string.Concat(Enumerable.Repeat(piece, longest / piece.Length));
        var environment = Enumerable.Range(0, 2000).Select(i => KeyValuePair.Create($"TOKEN_{i}", $"tr0ub4doX{i}"));
        var watch = Stopwatch.StartNew();
        Secrets.Mask(Enumerable.Repeat(argument, 16), environment);
        Secrets.Mask(argument.Chunk(8).Select(static c => new string(c)), environment);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"took {watch.Elapsed}");
    }
}
