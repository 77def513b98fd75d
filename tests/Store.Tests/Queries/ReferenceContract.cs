using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>What references in texts and by aliases mean, on each database.</summary>
public abstract class ReferenceContract
{
    private static readonly RunId Issue = new(SourceNames.Jira, "issue", "ABC", "ABC-123");
    private static readonly RunId Twin = new(SourceNames.Jira, "issue", "DEF", "ABC-123");
    private static readonly RunId Pull = new(SourceNames.GitHub, "pull_request", "acme.web", "7");
    private static readonly RunId Script = Given.Run("s");

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_script_on_a_branch_that_is_named_after_an_issue_is_below_it_whichever_came_first(bool issueFirst)
    {
        await using var store = await NewStoreAsync();
        NewEvent[] events = [Given.Start(Issue), Given.Start(Script, 5, On("ABC-123-fix")), Given.End(Script, 9)];
        await ArriveAsync(store, issueFirst ? events : [.. events.Reverse()]);

        Assert.All([await TraceAsync(store, Script), await TraceAsync(store, Issue)], static trace =>
        {
            Assert.Equal(["parent ABC-123 s"], Edges(trace));
            var script = trace.Runs.Single(static r => r.Id == "s");
            Assert.Equal((Issue.Rendering, "text", trace.TraceId), (script.Parent, script.ParentFrom, script.TraceId));
            Assert.Empty(script.Links);
        });
        var found = await FindAsync(store, Script);
        Assert.Equal((await TraceAsync(store, Issue)).TraceId, found.TraceId);
        Assert.Equal(Issue.Rendering, found.Parent);
    }

    [Fact]
    public async Task From_issue_to_pull_request_to_script_is_one_trace_by_branches_alone()
    {
        await using var store = await NewStoreAsync();
        await ArriveAsync(store,
            Given.Start(Script, 20, On("main") with { Reason = "Deploys acme/web#7." }),
            Given.Start(Pull, 10, On("feature/vstrace-jiracloud-issue-ABC-123-fix-login")),
            Given.Start(Issue));

        Assert.All([Script, Pull, Issue], run =>
            Assert.Equal(["parent 7 s", "parent ABC-123 7"], Edges(TraceAsync(store, run).GetAwaiter().GetResult()).Order()));
        Assert.Equal((await FindAsync(store, Script)).TraceId, (await FindAsync(store, Issue)).TraceId);
    }

    [Fact]
    public async Task A_reference_in_text_means_the_longest_name_at_any_time()
    {
        await using var store = await NewStoreAsync();
        var (shorter, longer) = (Given.Run("12"), Given.Run("12-fix"));
        await ArriveAsync(store, Given.Start(Script, 5, On($"{longer.Rendering}-login")), Given.Start(shorter));
        Assert.Equal(shorter.Rendering, (await FindAsync(store, Script)).Parent);

        await ArriveAsync(store, Given.Start(longer));

        Assert.Equal(longer.Rendering, (await FindAsync(store, Script)).Parent);
        Assert.Equal(["12"], (await TraceAsync(store, shorter)).Runs.Select(static r => r.Id));
        Assert.Equal(["parent 12-fix s"], Edges(await TraceAsync(store, longer)));
    }

    [Fact]
    public async Task What_is_named_first_is_the_parent_and_what_else_is_named_is_linked_without_making_one_trace()
    {
        await using var store = await NewStoreAsync();
        var (first, second) = (Given.Run("first"), Given.Run("second"));
        await ArriveAsync(store, Given.Start(first), Given.Start(second), Given.Start(Issue),
            Given.Start(Script, 5, new EventData { Name = $"{second.Rendering} UTF-8", Reason = "ABC-123", Tags = Event.NoTags.Add("vcs.ref.head.name", first.Rendering) }));

        var script = await FindAsync(store, Script);
        Assert.Equal(first.Rendering, script.Parent);
        Assert.Equal([new(LinkKinds.References, second.Rendering, true), new LinkView(LinkKinds.References, Issue.Rendering, true)], script.Links);
        Assert.Equal(["first", "s"], (await TraceAsync(store, Script)).Runs.Select(static r => r.Id));
        Assert.Equal(["second"], (await TraceAsync(store, second)).Runs.Select(static r => r.Id));
    }

    [Fact]
    public async Task A_note_names_runs_too_and_what_a_sender_says_is_the_parent_counts_more()
    {
        await using var store = await NewStoreAsync();
        var parent = Given.Run("parent");
        await ArriveAsync(store, Given.Start(Issue), Given.Start(parent), Given.Start(Script, 5),
            Given.Event(EventKind.Annotated, Script, 6, new EventData { Note = "for ABC-123" }));
        Assert.Equal(Issue.Rendering, (await FindAsync(store, Script)).Parent);

        await ArriveAsync(store, Given.Event(EventKind.Linked, Script, 7, new EventData { Parents = [parent.Rendering] }));

        var script = await FindAsync(store, Script);
        Assert.Equal((parent.Rendering, null), (script.Parent, script.ParentFrom));
        Assert.Equal([new LinkView(LinkKinds.References, Issue.Rendering, true)], script.Links);
        Assert.Equal(["ABC-123"], (await TraceAsync(store, Issue)).Runs.Select(static r => r.Id));
    }

    [Fact]
    public async Task The_trace_that_a_run_was_started_in_counts_more_than_its_texts()
    {
        await using var store = await NewStoreAsync();
        await ArriveAsync(store, Given.Start(Issue),
            Given.Start(Script, 5, On("ABC-123") with { Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }));

        var script = await FindAsync(store, Script);
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", null), (script.TraceId, script.Parent));
        Assert.Equal([new LinkView(LinkKinds.References, Issue.Rendering, true)], script.Links);
    }

    [Fact]
    public async Task A_sprint_that_is_named_is_linked_and_is_no_parent()
    {
        await using var store = await NewStoreAsync();
        var sprint = new RunId(SourceNames.Jira, "sprint", "ABC", "7");
        await ArriveAsync(store, Given.Start(sprint), Given.Start(Script, 5, On("vstrace-jiracloud-sprint-7/ABC-123")), Given.Start(Issue, 1, new EventData { Name = "x vstrace-jira-sprint-ABC-7" }));

        Assert.All([await FindAsync(store, Script), await FindAsync(store, Issue)], r =>
        {
            Assert.Null(r.Parent);
            Assert.Equal([new LinkView(LinkKinds.References, sprint.Rendering, true)], r.Links);
        });
        Assert.Single((await TraceAsync(store, sprint)).Runs);
    }

    [Fact]
    public async Task What_looks_like_a_key_is_shown_only_when_it_is_one_and_what_can_only_be_a_name_is_pending()
    {
        await using var store = await NewStoreAsync();
        await ArriveAsync(store, Given.Start(Script, 5, new EventData { Name = "UTF-8", Reason = "acme/web#7 and ABC-123, vstrace-customhttp-job-x-1-fix" }));

        var pending = await FindAsync(store, Script);
        Assert.Equal(("acme/web#7", "text"), (pending.Parent, pending.ParentFrom));
        Assert.Equal([new LinkView(LinkKinds.References, "vstrace-customhttp-job-x-1-fix", false)], pending.Links);

        await ArriveAsync(store, Given.Start(Issue, 1));

        var found = await FindAsync(store, Script);
        Assert.Equal((Issue.Rendering, "text"), (found.Parent, found.ParentFrom));
        Assert.Equal(["acme/web#7", "vstrace-customhttp-job-x-1-fix"], found.Links.Select(static l => l.Run));
        Assert.All(found.Links, static l => Assert.False(l.Resolved));
    }

    [Fact]
    public async Task An_alias_that_two_runs_share_means_neither_and_says_so()
    {
        await using var store = await NewStoreAsync();
        var near = new RunId(SourceNames.GitHub, "build", "ABC", "near");
        await ArriveAsync(store, Given.Start(Issue), Given.Start(Script, 5, On("ABC-123") with { Links = [new(LinkKinds.Follows, "ABC-123")] }), Given.Start(near, 5, On("ABC-123")));
        Assert.Equal([Issue], await ResolveAsync(store, "ABC-123"));

        await ArriveAsync(store, Given.Start(Twin));

        var script = await FindAsync(store, Script);
        Assert.Equal(("ABC-123", true), (script.Parent, script.ParentAmbiguous));
        Assert.Equal([new LinkView(LinkKinds.Follows, "ABC-123", false, true)], script.Links);
        Assert.Empty((await TraceAsync(store, Script)).Edges);
        Assert.Equal(["parent ABC-123 near"], Edges(await TraceAsync(store, near)));
        Assert.Equal([Issue, Twin], (await ResolveAsync(store, "ABC-123")).OrderBy(static r => r.Namespace, StringComparer.Ordinal));
        Assert.Equal([Twin], await store.Get<RunQueries>().ResolveAsync("ABC-123", Visible.Namespaces("DEF"), Cancel));
        Assert.Equal(2, (await store.Get<RunQueries>().ListAsync(new RunFilter { Id = "ABC-123" }, Visible.Everything, Cancel)).Items.Count);

        // Who may not see both is not told that there are two.
        var seen = await store.Get<RunQueries>().FindAsync(Script.Key, null, Visible.Namespaces("default", "ABC"), Cancel);
        Assert.Null(seen!.Links[0].Ambiguous);
        Assert.Null(seen.ParentAmbiguous);
    }

    [Fact]
    public async Task Senders_may_name_parents_and_links_by_aliases_and_readers_find_runs_by_them()
    {
        await using var store = await NewStoreAsync();
        await ArriveAsync(store,
            Given.Start(Script, 5, new EventData { Parents = ["acme/web#7", "ABC-123"], Links = [new(LinkKinds.Contains, "ABC-123-fix")] }),
            Given.Start(Pull), Given.Start(Issue));

        var script = await FindAsync(store, Script);
        Assert.Equal((Pull.Rendering, null), (script.Parent, script.ParentFrom));
        Assert.Equal([new(LinkKinds.Follows, Issue.Rendering, true), new LinkView(LinkKinds.Contains, "ABC-123-fix", false)],
            script.Links.OrderByDescending(static l => l.Kind));
        Assert.All([await TraceAsync(store, Script), await TraceAsync(store, Pull)], static trace => Assert.Equal(["parent 7 s"], Edges(trace)));
        Assert.Equal([Pull], await ResolveAsync(store, "vstrace-github-pull_request-web-7"));
        Assert.Equal(["7"], (await store.Get<RunQueries>().ListAsync(new RunFilter { Id = "acme/web#7" }, Visible.Everything, Cancel)).Items.Select(static r => r.Id));
        Assert.Empty(await ResolveAsync(store, "acme/web#8"));
    }

    [Fact]
    public async Task An_attempt_that_was_open_when_the_child_started_is_meant_by_its_alias_too()
    {
        await using var store = await NewStoreAsync();
        await ArriveAsync(store, Given.Start(Issue), Given.End(Issue, 10), Given.Start(Issue, 20), Given.Start(Script, 21, On("ABC-123")), Given.End(Issue, 30));

        Assert.Equal([("ABC-123", 2), ("s", 1)], (await TraceAsync(store, Script)).Runs.Select(static r => (r.Id, r.Attempt)));
    }

    [Fact]
    public async Task A_cycle_by_texts_is_cut_and_a_run_is_not_below_itself()
    {
        await using var store = await NewStoreAsync();
        await ArriveAsync(store,
            Given.Start(Issue, 0, new EventData { Name = "ABC-123", Reason = Script.Rendering }), Given.Start(Script, 5, On("ABC-123")));

        var trace = await TraceAsync(store, Issue);

        Assert.Equal(["parent s ABC-123", "references s ABC-123"], Edges(trace).Order());
        Assert.Equal(["s"], trace.Refused.Select(span => trace.Runs.Single(r => r.SpanId == span).Id));
    }

    [Fact]
    public async Task Another_teams_issue_is_not_named()
    {
        await using var store = await NewStoreAsync();
        await ArriveAsync(store, Given.Start(Issue), Given.Start(Script, 5, On("ABC-123") with { Parents = [Pull.Rendering], Name = "ABC-123" }), Given.Start(Pull, 1, On("ABC-123")));
        var mine = Visible.Namespaces("default", "acme.*");

        Assert.Equal("another team's run", (await store.Get<RunQueries>().FindAsync(Pull.Key, null, mine, Cancel))!.Parent);
        Assert.Equal([new LinkView(LinkKinds.References, "another team's run", true)], (await store.Get<RunQueries>().FindAsync(Script.Key, null, mine, Cancel))!.Links);
        Assert.Empty(await store.Get<RunQueries>().ResolveAsync("ABC-123", mine, Cancel));
    }

    [Fact]
    public async Task What_was_erased_names_nobody_any_more()
    {
        await using var store = await NewStoreAsync();
        await ArriveAsync(store, Given.Start(Issue), Given.Start(Script, 5, On("ABC-123")));
        await store.Get<Redactor>().RedactAsync(2, ["tags"], "token:1", null, "a name", Cancel);
        await store.CatchUpAsync();

        Assert.Null((await FindAsync(store, Script)).Parent);
        Assert.Single((await TraceAsync(store, Issue)).Runs);
    }

    [Fact]
    public async Task In_every_order_of_arrival_the_same_is_seen()
    {
        NewEvent[] events =
        [
            Given.Start(Issue, 0), Given.Start(Twin, 1), Given.Start(Pull, 2, On("ABC-123/x")),
            Given.Start(Script, 3, On($"{Pull.Rendering}-deploy") with { Reason = "ABC-123" }),
        ];
        await using var store = await NewStoreAsync();
        var seen = new HashSet<string>();
        var orders = 0;
        foreach (var order in Permutations(events))
        {
            // Each order in namespaces of its own, which none of the others can see.
            var space = ++orders;
            await ArriveAsync(store, [.. order.Select(e => Elsewhere(e, space))]);
            var views = new List<string>();
            foreach (var e in events)
            {
                var run = Elsewhere(e, space).Run;
                var view = await FindAsync(store, run);
                var trace = await TraceAsync(store, run);
                views.Add($"{view.Parent} {string.Join(',', view.Links)} {string.Join(',', Edges(trace))} {trace.TraceId == view.TraceId}".Replace($"X{space}", "X", StringComparison.Ordinal));
            }
            seen.Add(string.Join('\n', views));
        }

        Assert.Equal(24, orders);
        Assert.Single(seen);
    }

    private static NewEvent Elsewhere(NewEvent e, int space)
    {
        string In(string text) => text.Replace("ABC-123", $"X{space}-123", StringComparison.Ordinal).Replace("ABC", $"X{space}", StringComparison.Ordinal).Replace("acme.web", $"X{space}.web", StringComparison.Ordinal);
        return e with
        {
            EventId = Guid.CreateVersion7(),
            Run = e.Run with { Namespace = In(e.Run.Namespace), Id = e.Run.Source == SourceNames.CustomHttp ? $"X{space}" : In(e.Run.Id) },
            Data = e.Data with
            {
                Reason = e.Data.Reason is { } reason ? In(reason) : null,
                Tags = e.Data.Tags?.SetItem("vcs.ref.head.name", In(e.Data.Tags["vcs.ref.head.name"].Text)),
            },
        };
    }

    private static IEnumerable<T[]> Permutations<T>(T[] items) => items.Length <= 1 ? [items]
        : items.SelectMany((item, i) => Permutations([.. items[..i], .. items[(i + 1)..]]).Select(rest => (T[])[item, .. rest]));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upstreams_name_of_a_pull_request_by_its_database_id_still_leads_to_it_whichever_came_first(bool pullFirst)
    {
        await using var store = await NewStoreAsync();
        NewEvent[] events =
        [
            Given.Start(Pull, 0, new EventData { Tags = Event.NoTags.Add("pull_request.id", "342455317") }),
            Given.Start(Script, 5, new EventData { Parents = ["vstrace-github-pull_request-web-342455317"] }),
            // Of another database id.
            Given.Start(Given.Run("other"), 6, new EventData { Parents = ["vstrace-github-pull_request-web-342455318"] }),
        ];
        await ArriveAsync(store, pullFirst ? events : [.. events.Reverse()]);

        Assert.All([Script, Pull], run => Assert.Equal(["parent 7 s"], Edges(TraceAsync(store, run).GetAwaiter().GetResult())));
        var found = await FindAsync(store, Script);
        Assert.Equal(Pull.Rendering, found.Parent);
        Assert.Equal((await FindAsync(store, Pull)).TraceId, found.TraceId);
        Assert.Equal([Pull], await store.Get<RunQueries>().ResolveAsync("vstrace-github-pull_request-web-342455317", Visible.Everything, Cancel));
    }

    private static EventData On(string branch) => new() { Tags = Event.NoTags.Add("vcs.ref.head.name", branch) };

    private static async Task ArriveAsync(StoreFixture store, params NewEvent[] events)
    {
        foreach (var e in events)
        {
            await store.AppendAsync(e);
            await store.CatchUpAsync();
        }
    }

    private static async Task<RunView> FindAsync(StoreFixture store, RunId run) => (await store.Get<RunQueries>().FindAsync(run.Key, null, Visible.Everything, Cancel))!;

    private static Task<IReadOnlyList<RunId>> ResolveAsync(StoreFixture store, string text) => store.Get<RunQueries>().ResolveAsync(text, Visible.Everything, Cancel);

    private static async Task<TraceView> TraceAsync(StoreFixture store, RunId run) => (await store.Get<TraceQueries>().OfAsync(run.Key, null, Visible.Everything, Cancel))!;

    private static IEnumerable<string> Edges(TraceView trace)
    {
        var ids = trace.Runs.ToDictionary(static r => r.SpanId, static r => r.Id);
        return trace.Edges.Select(e => $"{e.Kind} {ids[e.From]} {ids[e.To]}");
    }
}

public sealed class PostgresReferenceTests : ReferenceContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteReferenceTests : ReferenceContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
