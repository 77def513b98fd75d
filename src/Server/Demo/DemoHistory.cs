using System.Globalization;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Demo;

/// <summary>
/// What a demo shows: the last 90 days of a small company. Pure: the same seed and time give the same events.
/// In it: an integration test of web that is flaky, a CI host that was bad for three weeks, docker pushes that have been
/// 60 % slower for a week, an import that hangs, an end whose start was lost, and a laptop whose clock is wrong.
/// </summary>
internal static class DemoHistory
{
    private const int Days = 90;

    /// <summary>The events of the 90 days up to a time, oldest first, none after it: what is not finished then is running.</summary>
    public static IEnumerable<EventRequest> Generate(int seed, DateTimeOffset now)
    {
        var random = new Random(seed);
        var scribe = new Scribe(random, now);
        for (var day = Days - 1; day >= 0; day--)
        {
            WriteDay(scribe, random, new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(-day), now);
        }
        WriteOddities(scribe, now);

        // Work of this very moment, whatever the hour.
        var hotfix = Company.Deploy(Company.Services[0], random, "production") with { Reason = "hotfix for login" };
        scribe.Play(WithoutFailures(hotfix), now.AddSeconds(-95));
        scribe.Play(WithoutFailures(Company.Ci(Company.Services[1], random)), now.AddSeconds(-170));
        return scribe.Events.Where(e => e.OccurredAt <= now);
    }

    /// <summary>The events of one deployment that starts at a time and takes about a minute, in order of time.</summary>
    public static IEnumerable<EventRequest> Live(int seed, DateTimeOffset start)
    {
        var random = new Random(unchecked(seed + (int)start.ToUnixTimeSeconds()));
        var scribe = new Scribe(random, start);
        scribe.Play(Company.Deploy(Company.Docs, random, "production"), start);
        return scribe.Events;
    }

    private static void WriteDay(Scribe scribe, Random random, DateTimeOffset day, DateTimeOffset now)
    {
        var isWorkday = day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
        for (var i = random.Next(isWorkday ? 12 : 0, isWorkday ? 19 : 4); i > 0; i--)
        {
            scribe.Play(Company.Ci(Company.AnyService(random), random), WorkTime(random, day));
        }
        for (var i = random.Next(isWorkday ? 3 : 0, isWorkday ? 8 : 2); i > 0; i--)
        {
            WriteDeploy(scribe, random, WorkTime(random, day));
        }
        if (isWorkday && random.NextDouble() < 0.2)
        {
            scribe.Play(Company.Migrate(Company.Services[random.NextDouble() < 0.6 ? 2 : 0], random), WorkTime(random, day));
        }
        if (day.DayOfWeek == DayOfWeek.Thursday)
        {
            WriteRelease(scribe, random, day.AddHours(14).AddMinutes(random.Next(50)));
        }
        for (var hour = 1; hour < 24; hour += 3)
        {
            scribe.Play(Company.SmokeTest(random), day.AddHours(hour).AddSeconds(random.Next(2, 30)));
        }

        var night = day.AddHours(2).AddSeconds(random.Next(1, 20));
        var import = Company.NightlyImport(random);
        var hangs = now - night > TimeSpan.FromHours(3) && now - night <= TimeSpan.FromHours(27);
        scribe.Play(hangs ? import with { HangsIn = import.Jobs[^1] } : import, night);
    }

    /// <summary>A deployment; where it fails, often a note and mostly a second try that follows it.</summary>
    private static void WriteDeploy(Scribe scribe, Random random, DateTimeOffset start)
    {
        var service = Company.AnyService(random);
        var work = Company.Deploy(service, random, random.NextDouble() < 0.6 ? "production" : "staging");
        var done = scribe.Play(work, start);
        if (done.Outcome == Outcome.Success)
        {
            return;
        }
        if (random.NextDouble() < 0.4)
        {
            scribe.Write(new()
            {
                Action = "annotate", Run = done.Run, OccurredAt = done.EndedAt.AddMinutes(random.Next(1, 9)), Actor = work.Actor,
                Note = "rolled back to the version before",
            });
        }
        if (random.NextDouble() < 0.8)
        {
            var again = work with { Reason = "second try", Links = [new(LinkKinds.Follows, done.Rendering)] };
            scribe.Play(again, done.EndedAt.AddMinutes(random.Next(2, 20)));
        }
    }

    /// <summary>The weekly release: the services to staging, then to production, each a deployment below it.</summary>
    private static void WriteRelease(Scribe scribe, Random random, DateTimeOffset start)
    {
        var run = scribe.NewRun("release", "default");
        var version = $"{start.Year}.{ISOWeek.GetWeekOfYear(start.UtcDateTime)}";
        scribe.Write(new()
        {
            Action = "start", Run = run, Name = "weekly release", OccurredAt = start, Actor = "grace", Reason = $"release {version}",
            Tags = Company.Tags(("service.version", version), ("user.name", "grace"), ("host.name", Company.Laptop("grace"))),
        });
        var at = start;
        var outcome = Outcome.Success;
        foreach (var environment in (string[])["staging", "production"])
        {
            foreach (var service in outcome == Outcome.Success ? Company.Services[..4] : [])
            {
                var work = Company.Deploy(service, random, environment) with { Parent = Scribe.Rendering(run), Reason = $"release {version}" };
                var done = scribe.Play(work, at.AddSeconds(random.Next(5, 60)));
                outcome = outcome == Outcome.Success ? done.Outcome : outcome;
                at = done.EndedAt;
            }
        }
        scribe.Write(new() { Action = "end", Run = run, OccurredAt = at.AddSeconds(20), Outcome = outcome.Text() });
    }

    private static Work WithoutFailures(Work work) =>
        work with { Jobs = [.. work.Jobs.Select(static job => job with { FailureRate = 0 })], CancelledIn = null };

    /// <summary>What happens in every company: a lost message and a wrong clock.</summary>
    private static void WriteOddities(Scribe scribe, DateTimeOffset now)
    {
        scribe.Write(new()
        {
            Action = "end", Run = scribe.NewRun("backup", "platform"), Name = "backup search", OccurredAt = now.AddHours(-31),
            Outcome = Outcome.Success.Text(), Actor = "cron", Tags = Company.Tags(("service", "search"), ("host.name", "batch-1")),
        });
        var report = scribe.NewRun("report", "payments");
        scribe.Write(new() { Action = "end", Run = report, OccurredAt = now.AddHours(-20), Outcome = Outcome.Success.Text() });
        scribe.Write(new()
        {
            Action = "start", Run = report, Name = "monthly report", OccurredAt = now.AddHours(-20).AddSeconds(42), Actor = "dmitri",
            Tags = Company.Tags(("service", "billing"), ("host.name", Company.Laptop("dmitri"))),
        });
    }

    /// <summary>A time of a working day: most before and after lunch, few early and late.</summary>
    private static DateTimeOffset WorkTime(Random random, DateTimeOffset day)
    {
        var around = random.NextDouble() < 0.45 ? 10.5 : 15.2;
        var spread = (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 3.2;
        return day.AddMilliseconds(Math.Round((around + spread) * 3_600_000));
    }
}
