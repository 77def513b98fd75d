using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources.GitLab;

public sealed class MergeRequestTests
{
    private const string Five = "vstrace-gitlab-pull_request-acme.web-5";

    private static readonly Webhook[] History =
    [
        Hooks.Change("open", "11:00:00", """, "draft": true"""),
        Hooks.Change("update", "11:30:00", """, "draft": true, "oldrev": "00aa" """),
        Hooks.Change("update", "12:00:00", """, "draft": false""", """, "changes": { "draft": { "previous": true, "current": false } }"""),
        Hooks.Change("approved", "13:00:00", """, "draft": false"""),
        Hooks.Change("merge", "14:00:00", """, "draft": false, "merge_commit_sha": "feed" """),
    ];

    [Fact]
    public void Weakness_3_a_merge_ends_it_with_success()
    {
        var change = Hooks.Only(Five, History);

        Assert.Equal((AttemptState.Ended, Outcome.Success, Hooks.At("11:00:00"), Hooks.At("14:00:00")), (change.State, change.Outcome, change.StartedAt, change.EndedAt));
        Assert.Equal(("merged", "feed"), (change.Tag("vcs.change.state"), change.Tag("vcs.change.merge.revision")));
        Assert.Equal("pull_request", change.Name);
    }

    [Fact]
    public void It_goes_from_draft_to_review_to_approved() =>
        Assert.Equal("draft@11:00:00 review@12:00:00 approved@13:00:00", Hooks.Only(Five, History).Stages());

    [Fact]
    public void Weakness_7_and_16_neither_order_nor_repeats_matter() => Trial.EveryOrderTellsTheSame(Hooks.Source, History);

    [Fact]
    public void Weakness_8_pushes_and_labels_restart_nothing()
    {
        var change = Hooks.Only(Five, Hooks.Change("open", "11:00:00"), Hooks.Change("update", "11:10:00", """, "oldrev": "00aa" """), Hooks.Change("update", "11:20:00"));

        Assert.Equal((Hooks.At("11:00:00"), "review@11:00:00"), (change.StartedAt, change.Stages()));
    }

    [Fact]
    public void Weakness_12_one_that_is_closed_is_cancelled()
    {
        var change = Hooks.Only(Five, Hooks.Change("open", "11:00:00"), Hooks.Change("close", "12:00:00"));

        Assert.Equal((Outcome.Cancellation, "closed"), (change.Outcome, change.Tag("vcs.change.state")));
    }

    [Fact]
    public void Weakness_5_a_merge_alone_gives_the_whole_time() => Assert.Equal(TimeSpan.FromHours(3), Hooks.Only(Five, Hooks.Change("merge", "14:00:00")).Duration);

    [Fact]
    public void Weakness_19_what_its_description_names_is_known_what_it_closes_first() =>
        Assert.Contains("Closes acme/web#12. Names acme/web!4", Hooks.Only(Five, Hooks.Change("open", "11:00:00")).Notes);

    [Fact]
    public void Weakness_23_the_source_branch_is_the_head_and_the_target_the_base()
    {
        var change = Hooks.Only(Five, Hooks.Change("open", "11:00:00"));

        Assert.Equal(("faster-basket", "main", "3f1c0000", "5"),
            (change.Tag("vcs.ref.head.name"), change.Tag("vcs.ref.base.name"), change.Tag("vcs.ref.head.revision"), change.Tag("vcs.change.id")));
    }

    [Fact]
    public void Old_versions_say_by_the_title_that_it_is_a_draft()
    {
        var change = Hooks.Only(Five, Hooks.Change("open", "11:00:00", """, "title": "WIP: x" """),
            Hooks.Change("update", "12:00:00", "", """, "changes": { "title": { "previous": "WIP: x", "current": "x" } }"""));

        Assert.Equal("draft@11:00:00 review@12:00:00", change.Stages());
    }

    [Fact]
    public void An_approval_that_leaves_the_time_of_the_last_update_comes_after_the_opening() =>
        Assert.Equal("review@11:00:00 approved@11:00:00", Hooks.Only(Five, Hooks.Change("open", "11:00:00"), Hooks.Change("approved", "11:00:00")).Stages());

    [Fact]
    public void An_approval_that_leaves_the_time_of_the_last_update_comes_after_what_that_was_too()
    {
        // Of what is told of one moment the order is one of ids: a dozen would hardly all be right by chance.
        foreach (var title in Enumerable.Range(0, 12))
        {
            var more = $", \"draft\": false, \"title\": \"{title}\"";
            Webhook[] history =
            [
                Hooks.Change("open", "11:00:00", ", \"draft\": true"),
                Hooks.Change("update", "12:00:00", more, """, "changes": { "draft": { "previous": true, "current": false } }"""),
                Hooks.Change("approved", "12:00:00", more),
            ];

            Assert.Equal("draft@11:00:00 review@12:00:00 approved@12:00:00", Hooks.Only(Five, history).Stages());
            Assert.Equal("draft@11:00:00 review@12:00:00 approved@12:00:00 review@12:00:00", Hooks.Only(Five, [.. history, Hooks.Change("unapproved", "12:00:00", more)]).Stages());
        }
    }

    [Fact]
    public void One_that_was_approved_after_the_merge_stays_merged()
    {
        var attempts = Hooks.Run(Five, [.. History, Hooks.Change("approved", "15:00:00", """, "state": "merged" """)]).Attempts;

        Assert.Equal(Hooks.At("14:00:00"), Assert.Single(attempts).Value.EndedAt);
    }

    [Fact]
    public void An_approval_that_is_taken_back_puts_it_back_under_review() => Assert.Equal("review@11:00:00 approved@12:00:00 review@13:00:00",
        Hooks.Only(Five, Hooks.Change("open", "11:00:00"), Hooks.Change("approved", "12:00:00"), Hooks.Change("unapproved", "13:00:00")).Stages());

    [Fact]
    public void Weakness_27_the_number_of_approvals_may_be_a_number_or_a_text()
    {
        Assert.NotNull(Hooks.Only(Five, Hooks.Change("open", "11:00:00", """, "approvals_before_merge": 2""")));
        Assert.NotNull(Hooks.Only(Five, Hooks.Change("open", "11:00:00", """, "approvals_before_merge": "2" """)));
    }

    [Fact]
    public void Whatever_a_merge_request_looks_like_is_taken()
    {
        foreach (var (action, seed) in new[] { ("open", 1), ("update", 2), ("approved", 3), ("merge", 4) })
        {
            Trial.TakesWhateverComes(Hooks.Source, Hooks.ChangeJson(action, "12:00:00", """, "draft": true""", """, "changes": { "draft": { "previous": true, "current": false } }"""),
                [("X-Gitlab-Event", "Merge Request Hook")], 150, seed);
        }
    }
}
