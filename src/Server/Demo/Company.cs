using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Server.Demo;

/// <summary>A service of the demo's company.</summary>
/// <param name="Name">Its name, and its repository's.</param>
/// <param name="Namespace">Whose it is.</param>
/// <param name="Size">How long its builds take, relative to the others.</param>
/// <param name="Share">How often it is worked on, relative to the others.</param>
/// <param name="People">Who works on it.</param>
internal sealed record Service(string Name, string Namespace, double Size, int Share, params string[] People);

/// <summary>The demo's company: who works there, on what, and what that work consists of.</summary>
internal static class Company
{
    /// <summary>The machine whose container engine fails for some weeks.</summary>
    public const string BadHost = "ci-runner-3";

    /// <summary>The service whose pipelines take about a minute.</summary>
    public static readonly Service Docs = new("docs", "default", 0.3, 2, "carol", "frank");

    /// <summary>All services.</summary>
    public static readonly Service[] Services =
    [
        new("api", "default", 1, 5, "alice", "bob", "erin"),
        new("web", "default", 1.3, 5, "alice", "carol", "frank"),
        new("billing", "payments", 1.1, 3, "bob", "dmitri"),
        new("search", "platform", 0.8, 2, "erin", "grace"),
        Docs,
    ];

    private static readonly string[] Branches =
    [
        "feature/login-throttle", "feature/dark-mode", "fix/invoice-rounding", "feature/search-synonyms", "fix/session-timeout",
        "chore/upgrade-deps", "feature/export-csv", "fix/flaky-checkout",
    ];

    private static readonly string[] Reasons =
    [
        "hotfix for login", "customer report 4182", "enable new invoices", "roll out search synonyms", "security patch",
        "config change for the sale",
    ];

    /// <summary>A service, the busier the more often.</summary>
    public static Service AnyService(Random random) =>
        Any(random, [.. Services.SelectMany(static s => Enumerable.Repeat(s, s.Share))]);

    /// <summary>A deployment from somebody's laptop, as the README's script reports it.</summary>
    public static Work Deploy(Service service, Random random, string environment)
    {
        var actor = Any(random, service.People);
        var migrates = service.Name is "api" or "billing" && random.NextDouble() < 0.15;
        var image = Tags(("type", "docker"), ("container.image.name", $"registry.acme.example/{service.Name}"));
        return new()
        {
            Namespace = service.Namespace,
            Type = "pipeline",
            Name = $"deploy {service.Name}",
            Actor = actor,
            Host = Laptop(actor),
            Reason = random.NextDouble() < 0.25 ? Any(random, Reasons) : null,
            Tags = Tags(
                Common(service, actor, Laptop(actor), "main", random), ("source", "gcloud"), ("deployment.environment.name", environment)),
            Jobs =
            [
                new("build", "docker build", 70 * service.Size) { Tags = image, FailureRate = 0.035 },
                Push(service, image) with { After = ["docker build"] },
                .. migrates ? [Migration(service) with { After = ["docker push"] }] : Array.Empty<Job>(),
                new("deploy", "gcloud app deploy", 110 * service.Size)
                {
                    Tags = Tags(("type", "gae")), After = [migrates ? $"migrate {service.Name}-db" : "docker push"], FailureRate = 0.05,
                },
            ],
        };
    }

    /// <summary>What CI does with a push: three jobs side by side, which packaging waits for.</summary>
    public static Work Ci(Service service, Random random)
    {
        var actor = Any(random, service.People);
        var host = $"ci-runner-{random.Next(1, 5)}";
        var isMain = random.NextDouble() < 0.4;
        var image = Tags(("type", "docker"), ("container.image.name", $"registry.acme.example/{service.Name}"));
        Job[] jobs =
        [
            new("checkout", "checkout", 6) { FailureRate = 0.002 },
            new("lint", "lint", 25 * service.Size) { After = ["checkout"], FailureRate = 0.035 },
            new("test", "unit tests", 140 * service.Size)
            {
                After = ["checkout"], FailureRate = 0.055, FailureTags = Failing("totals_are_rounded_per_line"),
            },
            new("build", "build", 90 * service.Size) { After = ["checkout"], FailureRate = 0.025 },
            new("package", "package", 35 * service.Size) { After = ["lint", "unit tests", "build"], Tags = image, FailureRate = 0.004 },
            new("test", "integration tests", 210 * service.Size)
            {
                After = ["package"], IsRetried = true, FailureRate = service.Name == "web" ? 0.16 : 0.025,
                FailureTags = Failing(service.Name == "web" ? "checkout_survives_a_slow_payment" : "restart_keeps_the_queue"),
            },
            .. isMain ? [Push(service, image) with { After = ["integration tests"] }] : Array.Empty<Job>(),
        ];
        return new()
        {
            Namespace = service.Namespace,
            Type = "pipeline",
            Name = $"ci {service.Name}",
            Actor = actor,
            Host = host,
            IsCi = true,
            Tags = Tags(
                Common(service, actor, host, isMain ? "main" : Any(random, Branches), random),
                ("cicd.pipeline.name", $"ci {service.Name}"), ("cicd.worker.name", host)),
            Jobs = jobs,
            CancelledIn = random.NextDouble() < 0.012 ? Any(random, jobs) : null,
        };
    }

    /// <summary>The import of every night.</summary>
    public static Work NightlyImport(Random random) => new()
    {
        Namespace = "platform",
        Type = "import",
        Name = "nightly import",
        Actor = "cron",
        Host = "batch-1",
        Tags = Tags(
            ("service", "warehouse"), ("host.name", "batch-1"), ("deployment.environment.name", "production"),
            ("rows", $"{random.Next(180_000, 260_000)}")),
        Jobs =
        [
            new("extract", "extract orders", 540),
            new("extract", "extract customers", 260),
            new("transform", "join and clean", 700) { After = ["extract orders", "extract customers"] },
            new("load", "load warehouse", 900) { After = ["join and clean"], FailureRate = 0.04, Limit = 7200 },
        ],
    };

    /// <summary>A check of what users see, from outside, every few hours.</summary>
    public static Work SmokeTest(Random random)
    {
        var environment = random.NextDouble() < 0.7 ? "production" : "staging";
        return new()
        {
            Namespace = "platform",
            Type = "test",
            Name = "smoke tests",
            Actor = "cron",
            Host = "batch-1",
            Tags = Tags(("host.name", "batch-1"), ("deployment.environment.name", environment)),
            Jobs =
            [
                new("test", "browse", 20),
                new("test", "order", 35) { After = ["browse"], FailureRate = 0.02, FailureTags = Failing("order_is_confirmed") },
            ],
        };
    }

    /// <summary>A migration by hand, which only one person does.</summary>
    public static Work Migrate(Service service, Random random) => new()
    {
        Namespace = service.Namespace,
        Type = "pipeline",
        Name = $"migrate {service.Name}",
        Actor = "dmitri",
        Host = Laptop("dmitri"),
        Reason = Any(random, "add index on orders", "split address column", "drop unused tables"),
        Tags = Tags(
            Common(service, "dmitri", Laptop("dmitri"), "main", random),
            ("deployment.environment.name", "production"), ("db.system.name", "postgresql")),
        Jobs = [new("backup", "backup", 300), Migration(service) with { After = ["backup"], FailureRate = 0.05 }],
    };

    /// <summary>The laptop of a person.</summary>
    public static string Laptop(string person) => $"{person}-laptop";

    /// <summary>Tags, sorted as the log sorts them.</summary>
    public static ImmutableSortedDictionary<string, TagValue> Tags(params (string Key, TagValue Value)[] tags) => Tags(Event.NoTags, tags);

    private static ImmutableSortedDictionary<string, TagValue> Tags(
        ImmutableSortedDictionary<string, TagValue> tags, params (string Key, TagValue Value)[] more) =>
        tags.SetItems(more.Select(static t => KeyValuePair.Create(t.Key, t.Value)));

    private static ImmutableSortedDictionary<string, TagValue> Common(Service service, string actor, string host, string branch, Random random) => Tags(
        ("service", service.Name), ("user.name", actor), ("host.name", host), ("vcs.repository.name", service.Name),
        ("vcs.ref.head.name", branch), ("vcs.ref.head.revision", random.GetHexString(40, lowercase: true)));

    private static ImmutableSortedDictionary<string, TagValue> Failing(string test) =>
        Tags(("error.type", "assertion"), ("process.exit.code", "1"), ("test.case.name", test));

    private static Job Push(Service service, ImmutableSortedDictionary<string, TagValue> image) =>
        new("push", "docker push", 38 * Math.Min(service.Size, 1)) { Tags = image };

    private static Job Migration(Service service) =>
        new("migration", $"migrate {service.Name}-db", 14) { Tags = Tags(("db.system.name", "postgresql")), FailureRate = 0.02 };

    private static T Any<T>(Random random, params T[] choices) => choices[random.Next(choices.Length)];
}
