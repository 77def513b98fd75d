using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Runs;
using ValueStream.Core.Spans;

namespace ValueStream.Core.Tests.Runs;

/// <summary>What holds of the traces of any runs: few ids, so that cycles, attempts and ambiguous references are common.</summary>
[Properties(MaxTest = 200, Arbitrary = [typeof(TraceProperties)])]
public sealed class TraceProperties
{
    [Property]
    public void Every_order_of_loading_gives_the_same_trace(TraceRun[] loaded, int seed)
    {
        var shuffled = Shuffle.By(seed, loaded);

        Assert.All(loaded, run => Assert.Equal(Show.Text(Of(loaded, run)), Show.Text(Of(shuffled, run))));
    }

    [Property]
    public void Every_run_of_a_trace_gives_that_trace_so_each_run_is_in_one(TraceRun[] loaded) => Assert.All(loaded, run =>
    {
        var trace = Of(loaded, run);

        Assert.Contains(run, trace.Runs);
        Assert.All(trace.Runs, member => Assert.Equal(Show.Text(trace), Show.Text(Of(loaded, member))));
    });

    [Property]
    public void A_trace_has_no_cycle_and_parents_stand_before_their_children(TraceRun[] loaded) => Assert.All(loaded, run =>
    {
        var trace = Of(loaded, run);

        Assert.Equal(-1, trace.Parents[0]);
        Assert.All(Enumerable.Range(0, trace.Runs.Length), i =>
        {
            Assert.InRange(trace.Parents[i], -1, i - 1);
            Assert.Equal(trace.Parents[i] < 0 ? 0 : trace.Depths[trace.Parents[i]] + 1, trace.Depths[i]);
        });
        Assert.Equal(trace.Runs.Length, trace.Runs.Distinct().Count());
    });

    [Property]
    public void A_trace_contains_every_descendant(TraceRun[] loaded)
    {
        // By the plainest reading of references: those that exactly one loaded run has.
        var byRendering = loaded.GroupBy(static r => r.Id.Rendering).Where(static g => g.Count() == 1).ToDictionary(static g => g.Key, static g => g.Single());

        Assert.All(loaded.Where(r => r.Parent is { } p && byRendering.ContainsKey(p)), child =>
            Assert.Contains(child, Of(loaded, byRendering[child.Parent!]).Runs));
    }

    [Property]
    public void Runs_without_a_parent_are_together_only_by_their_trace_id(TraceRun[] loaded) => Assert.All(loaded, run =>
    {
        var trace = Of(loaded, run);

        Assert.All(Enumerable.Range(0, trace.Runs.Length).Where(i => trace.Parents[i] < 0).Select(i => trace.Runs[i]), root =>
            Assert.Equal(trace.TraceId, root.Traceparent?.TraceId ?? SpanIds.TraceId(root.Id, root.Attempt)));
    });

    [Property]
    public void Edges_are_the_parents_and_links_that_the_runs_gave(TraceRun[] loaded) => Assert.All(loaded, run =>
    {
        var trace = Of(loaded, run);

        Assert.Equal(
            Enumerable.Range(0, trace.Runs.Length).Where(i => trace.Parents[i] >= 0).Select(i => new TraceEdge(trace.Parents[i], i, LinkKinds.Parent)),
            trace.Edges.Where(static e => e.Kind == LinkKinds.Parent).OrderBy(static e => e.To));
        Assert.All(trace.Edges.Where(static e => e.Kind != LinkKinds.Parent), e => Assert.True(
            trace.Runs[e.From].Links.Contains(new(e.Kind, trace.Runs[e.To].Id.Rendering))
            || (trace.Refused.Contains(e.From) && e.Kind == LinkKinds.References && trace.Runs[e.From].Parent == trace.Runs[e.To].Id.Rendering)));
    });

    [Property]
    public void The_pieces_of_a_critical_path_are_the_roots_interval_without_gaps_or_overlaps(TraceRun[] loaded) => Assert.All(loaded, run =>
    {
        var now = Build.At(20);
        var trace = Of(loaded, run);
        var root = trace.Runs[0];
        var pieces = CriticalPath.Of(trace, now);

        var at = root.StartedAt;
        Assert.All(pieces, piece =>
        {
            Assert.Equal(at, piece.From);
            Assert.True(piece.To > piece.From);
            at = piece.To;
        });
        Assert.Equal(root.EndedAt ?? now, at);
    });

    [Property]
    public void A_run_works_on_the_critical_path_only_while_it_runs(TraceRun[] loaded) => Assert.All(loaded, run =>
    {
        var now = Build.At(20);
        var trace = Of(loaded, run);

        Assert.All(CriticalPath.Of(trace, now), piece =>
        {
            Assert.True(trace.Runs[piece.Run].StartedAt <= piece.From);
            Assert.True((trace.Runs[piece.Run].EndedAt ?? now) >= piece.To);
            Assert.Equal(piece.IsWait, trace.Parents.Contains(piece.Run));
        });
        Assert.All(CriticalPath.Of(trace, now).Where(static p => p.IsWait), wait =>
            Assert.DoesNotContain(Enumerable.Range(0, trace.Runs.Length), i =>
                trace.Parents[i] == wait.Run && Overlap(trace.Runs[i], wait) > TimeSpan.Zero));
    });

    [Property]
    public void Waits_are_cut_at_the_stages_of_the_run_that_waits_and_named_by_them(TraceRun[] loaded) => Assert.All(loaded, run =>
    {
        var trace = Of(loaded, run);

        Assert.All(CriticalPath.Of(trace, Build.At(20)), piece => Assert.Equal(
            piece.IsWait ? trace.Runs[piece.Run].Stages.Where(s => s.From < piece.To && (s.To ?? piece.To) > piece.From).Select(static s => s.Name) : [],
            piece.Stage is null ? [] : [piece.Stage]));
    });

    [Property]
    public void Below_a_root_that_has_its_trace_to_itself_is_that_trace(TraceRun[] loaded)
    {
        var tops = loaded.Select(static r => (r.Id, r.Attempt)).ToList();

        Assert.All(Trace.Below(loaded, tops).Zip(loaded, (below, run) => (below, run, whole: Of(loaded, run))), t =>
        {
            Assert.Equal(t.run, t.below.Runs[0]);
            Assert.All(t.below.Runs, r => Assert.Contains(r, t.whole.Runs));
            if (t.whole.Runs[0] == t.run && t.whole.Parents.Count(static p => p < 0) == 1)
            {
                Assert.Equal(Show.Text(t.whole), Show.Text(t.below));
            }
        });
    }

    [Property]
    public void A_critical_path_over_many_traces_is_the_sum_of_theirs_and_its_shares_add_up_to_one(TraceRun[] loaded)
    {
        var now = Build.At(20);
        var paths = Trace.Below(loaded, loaded.Select(static r => (r.Id, r.Attempt))).Select(t => CriticalPath.Of(t, now).Select(p => ((t.Runs[p.Run].Id, p.IsWait), p.Duration)).ToList())
            .Where(static p => p.Count > 0).ToList();

        var shares = TimeShares.Of([.. paths.Select(static p => (new TimeSpan(p.Sum(static x => x.Duration.Ticks)), p.AsEnumerable()))]);

        Assert.Equal(paths.Count == 0 ? 0 : 1, shares.Sum(static s => s.MeanShare), 9);
        Assert.Equal(paths.Sum(static p => p.Sum(static x => x.Duration.Ticks)), shares.Sum(static s => s.Total.Ticks));
        Assert.All(shares, share =>
        {
            var own = paths.ConvertAll(p => p.Where(x => x.Item1 == share.Part).Sum(static x => x.Duration.Ticks));
            Assert.Equal((own.Sum(), own.Count(static t => t > 0)), (share.Total.Ticks, share.Traces));
            Assert.Equal(own.Zip(paths, static (part, p) => (double)part / p.Sum(static x => x.Duration.Ticks)).Average(), share.MeanShare, 9);
            Assert.InRange(share.P95Share, 0, 1);
        });
    }

    [Property]
    public void A_lead_time_is_work_and_waiting_and_the_stages_add_up_to_it(TraceRun[] loaded) => Assert.All(loaded, run =>
    {
        var now = Build.At(20);
        var trace = Trace.Below(loaded, [(run.Id, run.Attempt)]).Single();
        var lead = LeadTime.Of(trace, CriticalPath.Of(trace, now), now, i => trace.Runs[i].Id.Type);

        Assert.InRange(lead.AtWork ?? TimeSpan.Zero, TimeSpan.Zero, lead.Whole);
        Assert.All(lead.Types, t => Assert.InRange(t.OnPath, TimeSpan.Zero, t.Time));
        Assert.All(lead.Types, t => Assert.InRange(t.Time, TimeSpan.Zero, lead.Whole));
        Assert.All(lead.Stages, s => Assert.InRange(s.Waiting, TimeSpan.Zero, s.Time));
        if (!lead.Stages.IsEmpty)
        {
            Assert.Equal(lead.Whole, new(lead.Stages.Sum(static s => s.Time.Ticks)));
            Assert.Equal(lead.Waiting ?? lead.Whole, new(lead.Stages.Sum(static s => s.Waiting.Ticks)));
        }
    });

    private static TimeSpan Overlap(TraceRun run, PathPiece piece) =>
        new(Math.Min((run.EndedAt ?? piece.To).UtcTicks, piece.To.UtcTicks) - Math.Max(run.StartedAt.UtcTicks, piece.From.UtcTicks));

    private static Trace Of(TraceRun[] loaded, TraceRun run) => Trace.Of(loaded, run.Id, run.Attempt);

    public static Arbitrary<TraceRun[]> Runs()
    {
        // The second and third are rendered alike.
        RunId[] ids =
        [
            Build.Run("a"), Build.Run("1", ns: "team-a", type: "build"), Build.Run("1", ns: "a", type: "build-team"),
            Build.Run("b"), Build.Run("c"), Build.Run("d", ns: "a"), Build.Run("e", ns: "team-a"),
        ];
        var reference = Gen.Elements(ids).Select(static id => id.Rendering);
        (RunId Id, int Attempt)[] slots = [.. ids.Select(static id => (id, 1)), .. ids.Take(3).Select(static id => (id, 2))];
        var context =
            from trace in Gen.Elements("0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736", SpanIds.TraceId(ids[0], 1))
            from span in Gen.Elements(ids)
            select new Traceparent(trace, SpanIds.SpanId(span, 1), 1);

        var one =
            from start in Gen.Choose(0, 10)
            from duration in Gen.Choose(-3, 5)
            from parent in Gen.Frequency((1, Gen.Constant<string?>(null)), (3, reference.Select(static r => (string?)r)))
            from links in reference.ArrayOf()
            from traceparent in Gen.Frequency((4, Gen.Constant<Traceparent?>(null)), (1, context.Select(static c => (Traceparent?)c)))
            from stages in Gen.Choose(0, 3).ListOf()
            select (start, end: duration < -1 ? (int?)null : start + Math.Max(0, duration), parent, links, traceparent, stages);

        var set =
            from count in Gen.Choose(1, slots.Length)
            from seed in Gen.Choose(0, int.MaxValue)
            from runs in one.ArrayOf(count)
            select runs.Zip(Shuffle.By(seed, slots), static (r, slot) => new TraceRun(slot.Id, slot.Attempt, Build.At(r.start), r.end is { } e ? Build.At(e) : null,
                r.parent, [.. r.links.Take(3).Select(static l => new RunLink(LinkKinds.Follows, l))], r.traceparent) { Stages = Stages(r.start, r.end, [.. r.stages.Take(3)]) }).ToArray();

        return set.ToArbitrary();
    }

    /// <summary>Stages as a fold makes them: one after the other from the start to the end, where there is one, some of no duration.</summary>
    private static ImmutableArray<Stage> Stages(int start, int? end, int[] lengths)
    {
        var at = start;
        var stages = lengths.Select((length, i) => new Stage($"stage {i % 2}", Build.At(at), Build.At(Math.Min(at += length, end ?? 99)))).Where(s => end is null || s.From <= s.To).ToList();
        return stages.Count == 0 ? [] : [.. stages.SkipLast(1), stages[^1] with { To = end is { } over ? Build.At(over) : null }];
    }
}
