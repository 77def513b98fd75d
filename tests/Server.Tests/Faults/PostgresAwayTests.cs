using System.Diagnostics;
using System.Net;

namespace ValueStream.Server.Tests.Faults;

/// <summary>Postgres cannot be reached for a while: nobody listens, or nobody answers.</summary>
[Collection(FaultTests.Name)]
public sealed class PostgresAwayTests
{
    [Fact]
    public async Task While_Postgres_is_stopped_events_are_refused_and_afterwards_taken()
    {
        await using var cluster = await Trial.NewClusterAsync();
        await using var trial = await Trial.StartAsync(cluster.ConnectionString);

        await trial.RunAsync(async _ =>
        {
            cluster.Stop();
            await trial.RefusesAsync();
            cluster.Start();
        });

        await trial.AssertNothingLostAsync();
    }

    [Fact]
    public async Task While_Postgres_hangs_the_server_answers_in_time_that_it_cannot_and_afterwards_goes_on()
    {
        await using var cluster = await Trial.NewClusterAsync();
        await using var trial = await Trial.StartAsync(cluster.ConnectionString);

        await trial.RunAsync(async _ =>
        {
            cluster.Pause();
            var began = Stopwatch.GetTimestamp();
            using var ready = await trial.Servers[0].Http.GetAsync("/readyz", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(8));
            await trial.RefusesAsync();
            cluster.Continue();
        });

        await trial.AssertNothingLostAsync();
    }
}
