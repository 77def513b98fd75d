using System.Collections.Immutable;
using System.Text.Json;
using ValueStream.Core.Events;

namespace ValueStream.Core.Tests.Events;

public sealed class EventDataTests
{
    private const string Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly EventData Everything = new()
    {
        Name = "deploy api",
        Actor = "alice",
        Reason = "hotfix for login",
        Outcome = "failure",
        Error = true,
        Note = "rolled back",
        Parents = ["vstrace-customhttp-pipeline-default-1", "vstrace-customhttp-build-default-2"],
        Links = [new("follows", "vstrace-customhttp-test-default-3")],
        Traceparent = Traceparent,
        Import = true,
        Tags = Tags(("service", "api"), ("Zone", "eu"), ("tries", new("3", JsonValueKind.Number)), ("dirty", new("true", JsonValueKind.True))),
        Derived = new() { Name = "deploy", ClockOffset = -2.5 },
        Stage = "In Review",
        RunSetting = new() { Excluded = true },
        OperationSetting = new()
        {
            Name = "deploy the api",
            MergedInto = "0123456789abc",
            Description = "To production",
            Owner = "platform",
            Environment = "production",
            DurationLimit = 600,
            ErrorRateLimit = 0.05,
            Hidden = false,
            ReasonRequired = true,
        },
    };

    // The text is hashed and stored: a change here changes every digest that follows.
    [Fact]
    public void The_text_has_its_members_in_order_and_its_tags_sorted() => Assert.Equal(
        """{"name":"deploy api","actor":"alice","reason":"hotfix for login","outcome":"failure","error":true,"note":"rolled back","parents":["vstrace-customhttp-pipeline-default-1","vstrace-customhttp-build-default-2"],"links":[{"kind":"follows","run":"vstrace-customhttp-test-default-3"}],"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","import":true,"tags":{"Zone":"eu","dirty":true,"service":"api","tries":3},"derived":{"name":"deploy","clockOffset":-2.5},"stage":"In Review","runSetting":{"excluded":true},"operationSetting":{"name":"deploy the api","mergedInto":"0123456789abc","description":"To production","owner":"platform","environment":"production","durationLimit":600,"errorRateLimit":0.05,"hidden":false,"reasonRequired":true}}""",
        Everything.ToJson());

    public static TheoryData<string, EventData> TextsByKind => new()
    {
        { """{}""", new() },
        {
            """{"name":"deploy","actor":"alice","parents":["vstrace-customhttp-pipeline-default-1"],"tags":{"service":"api"}}""",
            new() { Name = "deploy", Actor = "alice", Parents = ["vstrace-customhttp-pipeline-default-1"], Tags = Tags(("service", "api")) }
        },
        { """{"outcome":"timeout"}""", new() { Outcome = "timeout" } },
        { """{"error":false}""", new() { Error = false } },
        { """{"reason":"hotfix","note":"second try"}""", new() { Reason = "hotfix", Note = "second try" } },
        {
            """{"links":[{"kind":"follows","run":"a"},{"kind":"contains","run":"b"}]}""",
            new() { Links = [new("follows", "a"), new("contains", "b")] }
        },
        { """{"tags":{"a":"1"},"stage":"In Progress"}""", new() { Stage = "In Progress", Tags = Tags(("a", "1")) } },
        { """{"reason":"a test","runSetting":{"excluded":true}}""", new() { Reason = "a test", RunSetting = new() { Excluded = true } } },
        { """{"operationSetting":{"owner":"","durationLimit":-1}}""", new() { OperationSetting = new() { Owner = "", DurationLimit = -1 } } },
    };

    [Theory]
    [MemberData(nameof(TextsByKind))]
    public void Each_kind_of_event_has_its_text(string text, EventData data) => Assert.Equal(text, data.ToJson());

    [Fact]
    public void Texts_stand_as_they_were_written_and_read_back()
    {
        var data = new EventData { Reason = "Grüße & <b>😀</b>\n\"x\"" };

        Assert.Equal("""{"reason":"Grüße & <b>\uD83D\uDE00</b>\n\"x\""}""", data.ToJson());
        Assert.Equal(data.Reason, EventData.FromJson(data.ToJson()).Reason);
    }

    [Fact]
    public void The_text_is_what_the_serializer_would_write()
    {
        var data = Everything with { Derived = new() { Delivery = "ab" }, Parents = [], Links = [], Redaction = new(7, Everything with { Reason = "Grüße & <b>😀</b>\n\"x\"" }) };

        Assert.Equal(JsonSerializer.Serialize(data, LogJson.Context.EventData), data.ToJson());
    }

    [Fact]
    public void A_text_reads_back_to_the_same_text() => Assert.Equal(Everything.ToJson(), EventData.FromJson(Everything.ToJson()).ToJson());

    [Fact]
    public void Tags_are_sorted_by_their_bytes_whatever_order_they_came_in() => Assert.Equal(
        """{"tags":{"A":"1","B":"2","_":"3","a":"4","b":"5"}}""",
        EventData.FromJson("""{"tags":{"b":"5","_":"3","a":"4","B":"2","A":"1"}}""").ToJson());

    [Fact]
    public void Content_leaves_out_what_the_server_derived() =>
        Assert.Equal((Everything with { Derived = null }).ToJson(), Everything.ContentJson());

    [Theory]
    [InlineData("""{"x":1}""", """{"x":1}""")]
    [InlineData("""[1,"a"]""", """[1,"a"]""")]
    public void An_object_or_array_as_a_tag_is_its_json_text(string sent, string text)
    {
        var tag = EventData.FromJson($$$"""{"tags":{"a":{{{sent}}}}}""").Tags!["a"];

        Assert.Equal(new(text, JsonValueKind.String), tag);
    }

    [Theory]
    [InlineData("1.50")]
    [InlineData("1e400")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("true")]
    [InlineData("false")]
    public void Numbers_and_booleans_keep_their_digits(string sent)
    {
        var json = $$$"""{"tags":{"a":{{{sent}}}}}""";

        Assert.Equal(sent, EventData.FromJson(json).Tags!["a"].Text);
        Assert.Equal(json, EventData.FromJson(json).ToJson());
    }

    [Fact]
    public void Unknown_members_are_ignored() =>
        Assert.Equal("""{"actor":"bob"}""", EventData.FromJson("""{"later":{"a":[1]},"actor":"bob","derived":null}""").ToJson());

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"tags":[]}""")]
    [InlineData("""{"name":1}""")]
    public void What_is_no_event_data_is_refused(string json) => Assert.Throws<JsonException>(() => EventData.FromJson(json));

    [Fact]
    public void A_start_takes_everything_from_envelope_and_data()
    {
        var started = Assert.IsType<Started>(Everything.ToEvent(Envelope(EventKind.Started)));

        Assert.Equal(Build.Id(7), started.EventId);
        Assert.Equal(Build.At(3), started.EffectiveAt);
        Assert.Equal(Build.At(4), started.RecordedAt);
        Assert.Equal(2, started.Attempt);
        Assert.True(started.IsImported);
        Assert.Equal("token:1", started.Submitter);
        Assert.Equal("alice", started.Actor);
        Assert.Equal("hotfix for login", started.Reason);
        Assert.Equal(Everything.Parents!.Value, started.Parents);
        Assert.Equal(Everything.Links!.Value, started.Links);
        Assert.Equal(Traceparent, started.Traceparent?.ToString());
        Assert.Equal("api", started.Tags["service"].Text);
    }

    [Fact]
    public void An_event_without_data_has_nothing_but_a_name_from_its_type()
    {
        var started = Assert.IsType<Started>(new EventData().ToEvent(Envelope(EventKind.Started)));

        Assert.Equal("pipeline", started.Name);
        Assert.Empty(started.Parents);
        Assert.Empty(started.Links);
        Assert.Empty(started.Tags);
        Assert.Null(started.Traceparent);
    }

    [Fact]
    public void The_other_kinds_become_their_events()
    {
        Assert.Equal("rolled back", Assert.IsType<Annotated>(Everything.ToEvent(Envelope(EventKind.Annotated))).Note);
        Assert.Single(Assert.IsType<Linked>(Everything.ToEvent(Envelope(EventKind.Linked))).Links);
        var transitioned = Assert.IsType<Transitioned>(Everything.ToEvent(Envelope(EventKind.Transitioned)));
        Assert.Equal(("In Review", "deploy"), (transitioned.Stage, transitioned.Name));
        Assert.IsType<Abandoned>(Everything.ToEvent(Envelope(EventKind.Abandoned)));
        var administered = Assert.IsType<Administered>(Everything.ToEvent(Envelope(EventKind.Administered)));
        Assert.Equal((11, Everything.RunSetting, Everything.OperationSetting), (administered.Position, administered.Run, administered.Operation));
        Assert.Throws<JsonException>(() => Everything.ToEvent(Envelope((EventKind)99)));
    }

    [Fact]
    public void A_stage_and_what_was_set_of_an_operation_can_be_erased_but_not_that_a_run_was_left_out()
    {
        Assert.Null(Everything.Without(["stage"]).Stage);
        Assert.Null(Everything.Without(["operationSetting"]).OperationSetting);
        Assert.Equal("", Assert.IsType<Transitioned>(Everything.Without(["stage"]).ToEvent(Envelope(EventKind.Transitioned))).Stage);
        Assert.Throws<ArgumentException>(() => Everything.Without(["runSetting"]));
    }

    [Theory]
    [InlineData(null, null, Outcome.Success)]
    [InlineData(null, false, Outcome.Success)]
    [InlineData(null, true, Outcome.Failure)]
    [InlineData("timeout", true, Outcome.Timeout)]
    [InlineData("success", true, Outcome.Success)]
    public void An_end_has_the_outcome_that_was_named_else_the_legacy_one(string? outcome, bool? error, Outcome expected)
    {
        var data = new EventData { Outcome = outcome, Error = error };

        Assert.Equal(expected, Assert.IsType<Ended>(data.ToEvent(Envelope(EventKind.Ended))).Outcome);
    }

    [Fact]
    public void A_name_is_the_senders_else_the_service_else_the_type()
    {
        var service = Tags(("service", "api"));

        Assert.Equal("deploy", new EventData { Name = "deploy", Tags = service }.NameOr("pipeline"));
        Assert.Equal("api", new EventData { Name = "", Tags = service }.NameOr("pipeline"));
        Assert.Equal("pipeline", new EventData { Tags = Tags(("service", "")) }.NameOr("pipeline"));
        Assert.Equal("pipeline", new EventData().NameOr("pipeline"));
    }

    [Fact]
    public void The_name_that_the_server_recorded_holds_whatever_the_rules_say_later()
    {
        var data = new EventData { Tags = Tags(("service", "api")), Derived = new() { Name = "deploy.sh" } };

        Assert.Equal("deploy.sh", Assert.IsType<Started>(data.ToEvent(Envelope(EventKind.Started))).Name);
        Assert.Equal("deploy.sh", Assert.IsType<Ended>(data.ToEvent(Envelope(EventKind.Ended))).Name);
    }

    private static Envelope Envelope(EventKind kind) => new(Build.Id(7), kind, Build.Run("1", type: "pipeline"), 2, "token:1", Build.At(2), Build.At(3), 11, Build.At(4));

    private static ImmutableSortedDictionary<string, TagValue> Tags(params (string Key, TagValue Value)[] tags) =>
        Event.NoTags.SetItems(tags.Select(static t => KeyValuePair.Create(t.Key, t.Value)));
}
