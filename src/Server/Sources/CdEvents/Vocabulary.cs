using System.Collections.Immutable;
using ValueStream.Core.Events;
using ValueStream.Core.Spans;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources.CdEvents;

/// <summary>
/// What events of the vocabulary tell. What is queued, started and finished is a run; so are changes, tickets and incidents, from their creation to their end, and each deployment of a service. Whatever
/// else happens is a note.
/// </summary>
internal static class Vocabulary
{
    /// <summary>What an event tells.</summary>
    public static Told Read(CdEvent e)
    {
        var about = new About(e);
        return (e.IsCustom ? "" : e.Subject, e.Predicate) switch
        {
            ("", _) => about.Note(),
            ("testoutput", _) => about.Note(),
            ("service", "deployed" or "upgraded" or "rolledback") => about.Deployed(),
            (_, "queued") => about.Begins("queued"),
            (_, "started") => about.Begins("running"),
            (_, "finished") => about.Ends(OutcomeOf(e.Content)),
            ("testcaserun", "skipped") => about.Skipped(),
            ("change" or "ticket", "created") => about.Begins(null),
            ("change", "merged") or ("ticket", "closed") or ("incident", "resolved") => about.Ends(Outcome.Success),
            ("change", "abandoned") => about.Ends(Outcome.Cancellation),
            ("incident", "detected" or "reported") => about.Begins(e.Predicate),
            _ => about.Note(),
        };
    }

    /// <summary>What runs of a subject are called.</summary>
    private static string TypeOf(string subject) => subject switch
    {
        "pipelinerun" => "pipeline",
        "taskrun" => "task",
        "testcaserun" => "test",
        "testsuiterun" => "test_suite",
        "change" => "pull_request",
        "ticket" => "issue",
        "deployment" => "deploy",
        _ => Payload.Cut(subject, Limits.Word),
    };

    /// <summary>A word of the vocabulary, or one that tools use beside it; where none says it, that there were errors does. A word that nobody knows is not taken for a success.</summary>
    private static Outcome OutcomeOf(Payload content) =>
        Naming.OutcomeOf(content["outcome"].Text) ?? (content["errors"].Exists ? Outcome.Failure
            : content["outcome"].Text is { } word ? throw new NotUnderstoodException($"The outcome '{Payload.Cut(word, 100)}' is not known.") : Outcome.Success);

    /// <summary>The run that an event is about, and what can be told of it.</summary>
    private sealed class About
    {
        private readonly CdEvent _event;
        private readonly RunId _run;
        private readonly string? _name;
        private readonly ImmutableArray<string> _above;
        private readonly ImmutableArray<string> _causes;
        private readonly ImmutableArray<RunLink> _links;

        public About(CdEvent e)
        {
            _event = e;
            // A test's output says something of the test, and a deployment of a service has no id but the event's.
            _run = e.Subject == "testoutput" && e.Content["testCaseRun"]["id"].Text is { } test ? e.Run(TypeOf("testcaserun"), test, e.Content["testCaseRun"]["source"].Text) : e.Run(TypeOf(e.Subject));
            _name = NameOf(e);
            var targets = e.Links.Select(static l => (Kind: KindOf(l), Target: (l["from"]["contextId"].Text ?? l["target"]["contextId"].Text) is { Length: <= Limits.Id } id ? Aliases.OfCdEvent(id) : null))
                .Where(static l => l.Target is not null).Take(Limits.Links / 2).Distinct().ToList();
            _above = [.. Above(e)];
            _causes = [.. targets.Where(static l => l.Kind == LinkKinds.Follows).Select(static l => l.Target!)];
            _links = [.. targets.Where(static l => l.Kind != LinkKinds.Follows).Select(static l => new RunLink(l.Kind, l.Target!))];
        }

        /// <summary>It begins, or is first heard of.</summary>
        public Told Begins(string? stage)
        {
            var start = Start(_run);
            return stage is null ? Told.Of(start) : Told.Of(start, Of(EventKind.Transitioned, _run, new EventData { Name = _name, Stage = stage }));
        }

        /// <summary>It ends. What came before that, its own start as a rule, is no cause of it.</summary>
        public Told Ends(Outcome outcome) => Told.Of(Of(EventKind.Ended, _run, Later() with { Outcome = outcome.Text() }));

        /// <summary>It was not run at all.</summary>
        public Told Skipped() => Told.Of(Start(_run), Of(EventKind.Ended, _run, new EventData { Name = _name, Outcome = Outcome.Skip.Text() }));

        /// <summary>A service runs in another version now. How long that took is not told.</summary>
        public Told Deployed()
        {
            var run = _event.Run("deploy") with { Id = Naming.Id($"{_event.SubjectId}@{_event.Id}") };
            return Told.Of(Start(run), Of(EventKind.Ended, run, new EventData { Name = _name, Outcome = Outcome.Success.Text() }));
        }

        /// <summary>Something happened to it that neither begins nor ends it.</summary>
        public Told Note() => Told.Of(Of(EventKind.Annotated, _run, Later() with { Name = null, Note = $"{_event.Subject} {_event.Predicate}" }));

        private ToolEvent Start(RunId run) => Of(EventKind.Started, run, Data() with
        {
            Parents = _above.IsEmpty && _causes.IsEmpty ? null : [.. _above, .. _causes],
            Links = _links.IsEmpty ? null : _links,
            Traceparent = _event.Trace is { } trace ? new Traceparent(trace, SpanIds.SpanId(run with { Id = trace }, 0), 1).ToString() : null,
        });

        private ToolEvent Of(EventKind kind, RunId run, EventData data) => new(kind, run, _event.At, data);

        private EventData Data() => new() { Name = _name, Actor = ActorOf(_event.Content), Tags = TagsOf(_event) };

        private EventData Later() => Data() with
        {
            Parents = _above.IsEmpty ? null : _above,
            Links = _causes.IsEmpty && _links.IsEmpty ? null : [.. _causes.Select(static c => new RunLink(LinkKinds.Follows, c)), .. _links],
        };
    }

    /// <summary>What an event comes after is its cause; to what else it is related it only refers.</summary>
    private static string KindOf(Payload link) =>
        string.Equals(link["linkType"].Text, "RELATION", StringComparison.OrdinalIgnoreCase) && !string.Equals(link["linkKind"].Text, "TRIGGER", StringComparison.OrdinalIgnoreCase)
            ? LinkKinds.References : LinkKinds.Follows;

    /// <summary>What the vocabulary itself puts a subject below.</summary>
    private static IEnumerable<string> Above(CdEvent e)
    {
        (string Member, string Subject)[] above = e.Subject switch
        {
            "taskrun" => [("pipelineRun", "pipelinerun")],
            "testcaserun" => [("testSuiteRun", "testsuiterun")],
            _ => [],
        };
        return above.Where(a => e.Content[a.Member]["id"].Text is not null)
            .Select(a => e.Run(TypeOf(a.Subject), e.Content[a.Member]["id"].Text!, e.Content[a.Member]["source"].Text).Rendering);
    }

    private static string? NameOf(CdEvent e)
    {
        var content = e.Content;
        var name = e.Subject switch
        {
            "pipelinerun" => content["pipelineName"].Text,
            "taskrun" => content["taskName"].Text,
            "testcaserun" => content["testCase"]["name"].Text ?? content["testCase"]["id"].Text,
            "testsuiterun" => content["testSuite"]["name"].Text ?? content["testSuite"]["id"].Text,
            "service" => e.SubjectId,
            "deployment" => content["service"]["id"].Text ?? content["environment"]["id"].Text,
            "incident" => content["service"]["id"].Text,
            _ => null,
        };
        return name is null ? null : Naming.Name(name);
    }

    private static string? ActorOf(Payload content) => (content["updatedBy"].Text ?? content["creator"].Text ?? content["user"].Text) is { } actor ? Naming.Name(actor) : null;

    private static ImmutableSortedDictionary<string, TagValue> TagsOf(CdEvent e)
    {
        var content = e.Content;
        var tags = new Tagging { { "vcs.repository.name", content["repository"]["id"] }, { "error.message", content["errors"] } };
        if (IsUnique(e.Predicate) && e.Id.Length <= Limits.Id)
        {
            tags.Add(Aliases.CdEventId + e.Predicate, e.Id);
        }
        tags.Add("deployment.environment.name", content["environment"]["name"].Text ?? content["environment"]["id"].Text);
        tags.Add("artifact.purl", content["artifactId"].Text ?? (e.Subject == "artifact" ? e.SubjectId : null));
        switch (e.Subject)
        {
            case "pipelinerun":
                tags.Add("cicd.pipeline.name", content["pipelineName"]);
                tags.Add("cicd.pipeline.run.id", e.SubjectId);
                tags.Add("cicd.pipeline.run.url.full", content["uri"]);
                tags.Add("cicd.pipeline.result", content["outcome"].Exists ? OutcomeOf(content).Text() : null);
                break;
            case "taskrun":
                tags.Add("cicd.pipeline.task.name", content["taskName"]);
                tags.Add("cicd.pipeline.task.run.id", e.SubjectId);
                tags.Add("cicd.pipeline.task.run.url.full", content["uri"]);
                tags.Add("cicd.pipeline.task.run.result", content["outcome"].Exists ? OutcomeOf(content).Text() : null);
                break;
            case "service":
                tags.Add("deployment.name", e.SubjectId);
                tags.Add("deployment.status", e.Predicate is "deployed" or "upgraded" or "rolledback" ? "succeeded" : null);
                tags.Add("cdevents.predicate", e.Predicate);
                break;
            case "ticket":
                tags.Add("vcs.change.title", content["summary"]);
                break;
        }
        Flatten("cdevents.", content, tags, 0);
        Flatten("cdevents.custom.", e.Custom, tags, 0);
        return tags.ToTags();
    }

    /// <summary>Whether something happens to a subject once, so that the event's id may stand for the run: of what happens again and again only the last would.</summary>
    private static bool IsUnique(string predicate) => predicate is not ("updated" or "reviewed" or "modified");

    /// <summary>Everything that is told, as it is called there.</summary>
    private static void Flatten(string prefix, Payload value, Tagging tags, int depth)
    {
        foreach (var (name, member) in value.Members)
        {
            if (member.IsObject && depth < 3)
            {
                Flatten($"{prefix}{name}.", member, tags, depth + 1);
            }
            else if (member.IsArray)
            {
                tags.Add(prefix + name, string.Join(", ", member.Items.Select(static i => i.Text).OfType<string>()));
            }
            else
            {
                tags.Add(prefix + name, member);
            }
        }
    }
}
