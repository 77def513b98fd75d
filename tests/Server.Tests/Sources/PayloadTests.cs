using System.Text;
using System.Text.Json;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources;

public sealed class PayloadTests
{
    [Theory]
    [InlineData("\"2020-01-05T18:02:40.000-0800\"", "2020-01-06T02:02:40Z")]
    [InlineData("\"2020-01-05T18:02:40.123Z\"", "2020-01-05T18:02:40.123Z")]
    [InlineData("\"2020-01-05T18:02:40+05:30\"", "2020-01-05T12:32:40Z")]
    [InlineData("\"2021-02-23 02:41:37 UTC\"", "2021-02-23T02:41:37Z")]
    [InlineData("\"2021-02-23 02:41:37 +0100\"", "2021-02-23T01:41:37Z")]
    [InlineData("\"2021-02-23 02:41:37\"", "2021-02-23T02:41:37Z")]
    [InlineData("\"2021-02-23\"", "2021-02-23T00:00:00Z")]
    [InlineData("1574442795", "2019-11-22T17:13:15Z")]
    [InlineData("1574442795231", "2019-11-22T17:13:15.231Z")]
    [InlineData("\"1969-12-31T23:59:59Z\"", null)]
    [InlineData("\"1970-01-01T00:00:00+14:00\"", null)]
    [InlineData("\"2200-12-31T23:59:59-12:00\"", null)]
    [InlineData("\"0001-01-01T00:00:00Z\"", null)]
    [InlineData("\"9999-12-31T23:59:59-14:00\"", null)]
    [InlineData("\"10:00:00.000\"", null)]
    [InlineData("\"tomorrow at noon\"", null)]
    [InlineData("\"2021-02-30\"", null)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("9223372036854775807", null)]
    [InlineData("1.5", null)]
    [InlineData("null", null)]
    [InlineData("{}", null)]
    public void A_time_is_read_in_every_form_that_tools_write_and_else_it_is_none(string json, string? time)
    {
        var read = Of(json).Time;

        Assert.Equal(time is null ? null : DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture), read);
        Assert.Equal(TimeSpan.Zero, read?.Offset ?? TimeSpan.Zero);
    }

    [Fact]
    public void What_is_absent_null_or_of_another_type_is_nothing_and_so_is_everything_below()
    {
        foreach (var nothing in (Payload[])[default, Of("{}")["a"]["b"], Of("""{ "a": null }""")["a"], Of("""{ "a": 3 }""")["a"]["b"], Of("[1]")["a"]])
        {
            Assert.False(nothing.Exists || nothing.IsArray || nothing.IsObject);
            Assert.Equal((null, null, null, null, null), (nothing.Text, nothing.Integer, nothing.Number, nothing.Boolean, nothing.Time));
            Assert.Null(nothing.Tag);
            Assert.Empty(nothing.Items);
            Assert.Empty(nothing.Members);
            Assert.Equal("null"u8.ToArray(), nothing.ToBytes());
        }
    }

    [Theory]
    [InlineData("{\"password\": hunter2}")]
    [InlineData("{\"password\": \"hunter2\\q\"}")]
    [InlineData("hunter2")]
    [InlineData("true hunter2")]
    [InlineData("{\"hunter2")]
    public void What_is_no_JSON_is_told_by_its_place_and_not_by_what_stands_there(string body)
    {
        var why = Assert.Throws<NotUnderstoodException>(() => Of(body)).Message;

        Assert.DoesNotMatch("[h']unter|'", why);
    }

    [Fact]
    public void Half_a_character_is_nothing_wherever_it_stands()
    {
        var payload = Of("""{ "\ud800abc": 1, "abc": 2, "x\udc00": "y", "text": "a\ud800" }""");

        Assert.Equal(2, payload["abc"].Integer);
        Assert.False(payload["nothing"].Exists);
        Assert.Null(payload["text"].Text);
        Assert.Null(payload["text"].Tag);
        Assert.Null(payload["text"].Time);
        Assert.Equal(["abc", "text"], payload.Members.Select(static m => m.Name));
    }

    [Fact]
    public void Texts_come_without_what_no_database_keeps()
    {
        Assert.Equal("ab", Of("\"a\\u0000b\"").Text);
        Assert.Null(Of("\"\\u0000\"").Text);
        Assert.Null(Of("\"\"").Tag);
        Assert.Equal("""["ab"]""", Of("""["a\u0000b"]""").Tag!.Value.Text);
    }

    [Fact]
    public void Numbers_are_whole_where_they_are_asked_to_be()
    {
        Assert.Equal((long?)12, Of("12").Integer);
        Assert.Equal((long?)12, Of("\"12\"").Integer);
        Assert.Null(Of("12.5").Integer);
        Assert.Null(Of("\"1 2\"").Integer);
        Assert.Null(Of("99999999999999999999").Integer);
        Assert.Null(Of("1e400").Number);
        Assert.Equal(0.5, Of("0.5").Number);
    }

    [Fact]
    public void A_tag_keeps_what_kind_of_value_it_is_and_its_length_in_bounds()
    {
        Assert.Equal((JsonValueKind.Number, "12"), (Of("12").Tag!.Value.Kind, Of("12").Tag!.Value.Text));
        Assert.Equal("true", Of("true").Tag!.Value.Text);
        Assert.Equal("""{"a":1}""", Of("""{"a":1}""").Tag!.Value.Text);
        Assert.Equal(2048, Of($"\"{new string('t', 3000)}\"").Tag!.Value.Text.Length);
        Assert.Equal(2048, Of($"[\"{new string('t', 3000)}\"]").Tag!.Value.Text.Length);
        Assert.Equal(2048, Of(new string('1', 3000)).Tag!.Value.Text.Length);
    }

    [Fact]
    public void Tags_that_are_absent_or_too_many_are_left_out()
    {
        var tagging = new Tagging { { "a", (string?)null }, { "b", "" }, { "c", "1" }, { "c", "2" }, { new string('k', 129), "x" }, { "", "x" }, { "n\0", "x" } };
        Assert.Equal("2", Assert.Single(tagging.ToTags()).Value.Text);

        for (var i = 0; i < 300; i++)
        {
            tagging.Add($"t{i}", "x");
        }
        tagging.Add("c", "3");
        Assert.Equal((200, "3"), (tagging.ToTags().Count, tagging.ToTags()["c"].Text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("payload=%7B%7D")]
    public void A_body_that_is_no_JSON_is_not_understood_and_says_why(string body) =>
        Assert.NotEmpty(Assert.Throws<NotUnderstoodException>(() => Payload.Parse(Encoding.UTF8.GetBytes(body))).Message);

    [Fact]
    public void Neither_is_one_that_is_no_UTF_8_or_too_deep()
    {
        Assert.Throws<NotUnderstoodException>(() => Payload.Parse(new byte[] { (byte)'"', 0xff, (byte)'"' }));
        Assert.Throws<NotUnderstoodException>(() => Payload.Parse(Encoding.UTF8.GetBytes(new string('[', 200) + new string(']', 200))));
        Assert.True(Payload.Parse(Encoding.UTF8.GetBytes(new string('[', 128) + new string(']', 128))).IsArray);
    }

    private static Payload Of(string json) => Payload.Parse(Encoding.UTF8.GetBytes(json));
}
