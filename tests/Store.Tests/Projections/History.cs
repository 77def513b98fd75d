using FsCheck;
using FsCheck.Fluent;
using ValueStream.Core.Events;
using ValueStream.Store.Log;
using Outcome = ValueStream.Core.Events.Outcome;

namespace ValueStream.Store.Tests.Projections;

/// <summary>
/// What happened to three runs that refer to each other. Times are few, so that most histories have ties, repeats, ends before starts,
/// several attempts.
/// </summary>
internal sealed record History(IReadOnlyList<HistoryEvent> Events)
{
    /// <summary>The history's events as they would be appended in one namespace; ids keep their order in every namespace.</summary>
    public List<NewEvent> In(int space) => [.. Events.Select((e, i) => e.In(space, i))];

    public static Arbitrary<History> Any()
    {
        var attempt = Gen.Frequency((4, Gen.Constant<int?>(null)), (1, Gen.Choose(1, 2).Select(static n => (int?)n)));
        var text = Gen.Elements(null, null, "a", "ü");
        var references = Gen.Choose(0, 3).ArrayOf().Select(static all => all.Take(2).ToArray());
        var one =
            from kind in Gen.Elements(EventKind.Started, EventKind.Started, EventKind.Ended, EventKind.Ended, EventKind.Transitioned, EventKind.Abandoned, EventKind.Annotated, EventKind.Linked)
            from run in Gen.Choose(0, 2)
            from at in Gen.Frequency((8, Gen.Choose(0, 5)), (1, Gen.Choose(299, 303)))
            from number in attempt
            from actor in text
            from name in text
            from parents in references
            from links in references
            from tag in Gen.Elements(null, "service", "env", "host.name", "user.name")
            from value in Gen.Elements("api", "web")
            from inTrace in Gen.Frequency((3, Gen.Constant(false)), (1, Gen.Constant(true)))
            from outcome in Gen.Elements(Enum.GetValues<Outcome>())
            from mentioned in Gen.Frequency((2, Gen.Constant<int?>(null)), (1, Gen.Choose(0, 3).Select(static r => (int?)r)))
            select new HistoryEvent(kind, run, at, number, actor, name, parents, links, tag, value, inTrace, outcome, mentioned);
        return Gen.Choose(1, 14).SelectMany(size => one.ArrayOf(size)).Select(static events => new History(events)).ToArbitrary();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join('\n', Events);
}

/// <summary>One event of a history, without what differs between its arrivals.</summary>
internal sealed record HistoryEvent(
    EventKind Kind, int Run, int At, int? Attempt, string? Actor, string? Name, int[] Parents, int[] Links, string? Tag, string Value,
    bool InTrace, Outcome Outcome, int? Mentioned)
{
    public NewEvent In(int space, int ordinal) => Given.Event(Kind, IdOf(Run, space), At, new EventData
    {
        Name = Name,
        Note = Kind == EventKind.Annotated && Mentioned is { } noted ? $"of {IdOf(noted, space).Rendering}-fix" : null,
        Reason = Kind != EventKind.Annotated && Mentioned is { } mentioned ? $"as space{space}/web#{mentioned}, UTF-8, {IdOf(mentioned, space).Rendering}." : null,
        Actor = Actor,
        Stage = Kind == EventKind.Transitioned ? Value : null,
        Outcome = Kind == EventKind.Ended ? Outcome.Text() : null,
        Parents = Parents.Length == 0 ? null : [.. Parents.Select(r => IdOf(r, space).Rendering)],
        Links = Links.Length == 0 ? null : [.. Links.Select(r => new RunLink(LinkKinds.References, IdOf(r, space).Rendering))],
        Tags = Tag is null ? null : Event.NoTags.Add(Tag, Value),
        Traceparent = InTrace ? $"00-{space + 1:x32}-00000000000000aa-01" : null,
        Derived = Kind is EventKind.Started or EventKind.Transitioned or EventKind.Ended && Name is null ? new DerivedData { Name = $"run {Run}" } : null,
    }) with
    {
        EventId = new Guid(ordinal + 1, 0, 0, [0, 0, 0, 0, .. BitConverter.GetBytes(space)]),
        Attempt = Attempt,
    };

    /// <summary>One of the three, of which the last has aliases, or a fourth that never reports.</summary>
    private static RunId IdOf(int run, int space) => run == 2 ? new(SourceNames.GitHub, "issue", $"space{space}.web", "2") : Given.Run($"r{run}", run == 0 ? "pipeline" : "job", $"space{space}");
}
