using ValueStream.Cli.Context;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>A run that a command starts: what is sent, and what is remembered of it.</summary>
internal sealed record StartedRun(EventRequest Event, OpenRun Run)
{
    /// <summary>The type of runs that are given none, as upstream's.</summary>
    public const string DefaultType = "deploy";

    /// <summary>The namespace of runs that are given none.</summary>
    public const string DefaultNamespace = "default";

    /// <summary>The variable by which a script names the parent of what it calls.</summary>
    public const string ParentVariable = "VS_PARENT_EVENT_ID";

    /// <summary>The variable in which W3C's trace context stands.</summary>
    public const string ContextVariable = "TRACEPARENT";

    // Written before the command of a run starts, where the file that remembers the run is written beside it: a vscli that is called at
    // once would not find that file yet. The token in front says whose name it is.
    private const string ParentNameVariable = "VS_PARENT_NAME";

    /// <summary>The flags of commands that start a run.</summary>
    public static readonly Flag[] Flags =
        [new("type"), new("namespace"), new("tag"), new("name"), new("actor"), new("reason"), new("require-reason", IsSwitch: true), new("parent-event-id"),
        new("no-context", IsSwitch: true), .. Settings.Flags];

    /// <summary>Makes a run out of flags, surroundings and what is remembered of its parent.</summary>
    public static StartedRun From(Arguments arguments, OpenRuns openRuns, DateTimeOffset now) =>
        From(arguments, Identify(arguments, now), Reason(arguments), executable: null, openRuns, now);

    /// <summary>A new run's identity: all that its flags alone say.</summary>
    public static RunRequest Identify(Arguments arguments, DateTimeOffset now) => new()
    {
        Type = arguments.Text("type") ?? DefaultType,
        Namespace = arguments.Text("namespace") ?? DefaultNamespace,
        Id = Token.New(now),
    };

    /// <summary>The variables by which a run's command knows whose child it is, as <c>NAME=value</c>.</summary>
    public static string[] Variables(Arguments arguments, RunRequest identity, string executable)
    {
        const string service = "service|";
        var tag = arguments.All("tag")?.FindLast(t => t.StartsWith(service, StringComparison.Ordinal));
        var name = arguments.Text("name") ?? (tag?.Length > service.Length ? tag[service.Length..] : executable);
        var rendering = new RunId(SourceNames.CustomHttp, identity.Type, identity.Namespace!, identity.Id).Rendering;
        return [$"{ContextVariable}={Context(arguments, identity)}", $"{ParentVariable}={rendering}", $"{ParentNameVariable}={identity.Id} {name}"];
    }

    /// <summary>The run as the W3C trace context of what it calls: within the trace in which vscli was called, else in one of its own.</summary>
    public static Traceparent Context(Arguments arguments, RunRequest identity)
    {
        // As SpanIds has it, and the trace's where this run is its root.
        var hash = Convert.ToHexStringLower(Hash.Of(SourceNames.CustomHttp, identity.Type, identity.Namespace!, identity.Id, "1"));
        var incoming = arguments.Switch("no-context") is true ? null : Traceparent.Parse(Settings.Variable(ContextVariable));
        return new Traceparent(incoming?.TraceId ?? hash[..32], hash[..16], incoming?.Flags ?? 1);
    }

    /// <summary>Makes a run of a known identity.</summary>
    /// <param name="arguments">The flags.</param>
    /// <param name="identity">Its identity.</param>
    /// <param name="reason">Why, from <see cref="Reason"/>.</param>
    /// <param name="executable">The name of the one command that is the run; null where it is a whole script.</param>
    /// <param name="openRuns">What is remembered of others.</param>
    /// <param name="now">When it starts.</param>
    public static StartedRun From(Arguments arguments, RunRequest identity, string? reason, string? executable, OpenRuns openRuns, DateTimeOffset now)
    {
        var parents = Parents(arguments, openRuns);
        var tags = Tags.From(arguments);
        // A parent is named by whoever calls; all else that the surroundings say can be turned off.
        var isAlone = arguments.Switch("no-context") == true;
        var actor = isAlone ? null : DefaultTags.AddTo(tags);
        if (executable is not null)
        {
            tags.TryAdd("process.executable.name", executable);
        }

        // The server takes the name from the tag itself; here it is only remembered.
        var service = tags.TryGetValue("service", out var tag) && tag.Text.Length > 0 ? tag.Text : null;
        var name = arguments.Text("name")
            ?? (service is not null ? null
            : executable
                ?? (parents.Count > 0 ? openRuns.FindReferenced(parents[0])?.Name ?? PassedOn(parents[0]) : null)
                ?? Surroundings.CallingScript());
        name = Tags.Limit("the name", name, 200);
        var run = new OpenRun(identity.Id, identity.Type, identity.Namespace!, name ?? service);
        return new StartedRun(
            new EventRequest
            {
                EventId = Guid.CreateVersion7(now),
                Action = "start",
                Run = identity,
                Name = name,
                Parents = parents.Count > 0 ? parents : null,
                OccurredAt = now,
                Actor = arguments.Text("actor") ?? Tags.Limit("the actor", actor, 200),
                Reason = Tags.Limit("the reason", reason, 4000),
                Tags = tags,
                Traceparent = isAlone ? null : Traceparent.Parse(Settings.Variable(ContextVariable))?.ToString(),
            },
            run);
    }

    /// <summary>
    /// Remembers the run, has its id told, and only then contacts the server: the id is there whatever happens.
    /// </summary>
    public void Begin(Settings settings, OpenRuns openRuns, Spool spool, Action tell)
    {
        openRuns.Save(Run);
        tell();
        if (!new Sender(settings, spool).Send(Event, mayOverfill: false))
        {
            openRuns.Forget(Run.Id);
        }
    }

    /// <summary>The reason given, or asked for where one is required.</summary>
    public static string? Reason(Arguments arguments)
    {
        var reason = arguments.Text("reason");
        if (reason is not null || arguments.Switch("require-reason") is not true)
        {
            return reason;
        }
        reason = Terminal.Ask("Why? (the reason is recorded)");
        if (reason is null)
        {
            Talk.Say("a reason is required, and none was given: the run is recorded without; `vscli annotate -reason=...` adds one");
        }
        return reason;
    }

    private static string? PassedOn(string parent) =>
        Settings.Variable(ParentNameVariable) is { Length: > Token.Length + 1 } passed && parent.EndsWith(passed[..Token.Length], StringComparison.Ordinal)
            ? passed[(Token.Length + 1)..]
            : null;

    // A bare token stands for the run that it was printed for; anything else is taken as sent. An empty flag means "no parent".
    private static List<string> Parents(Arguments arguments, OpenRuns openRuns)
    {
        var given = arguments.All("parent-event-id") ?? (Settings.Variable(ParentVariable) is { } variable ? [variable] : []);
        given.RemoveAll(string.IsNullOrWhiteSpace);
        for (var i = 0; i < given.Count; i++)
        {
            if (openRuns.Find(given[i]) is { } run)
            {
                given[i] = OpenRuns.Rendering(run);
            }
            else if (Token.Is(given[i]))
            {
                Talk.Say($"the parent {given[i]} was not started here: write it as vstrace-customhttp-TYPE-NAMESPACE-{given[i]}");
            }
        }
        return given;
    }
}
