using System.Text;
using ValueStream.Core.Events;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Tests.Sources;

public sealed class NamingTests
{
    [Fact]
    public void A_path_is_a_namespace_with_dots() => Assert.Equal("group.sub.project.js", Naming.Namespace("group/sub/project.js"));

    [Fact]
    public void What_fits_stays_as_it_is_and_what_is_longer_keeps_its_begin_and_stays_apart_from_its_like()
    {
        var (fits, longer) = (new string('a', 200), new string('a', 201));

        Assert.Equal(fits, Naming.Id(fits));
        Assert.Equal(200, Naming.Id(longer).Length);
        Assert.StartsWith(new string('a', 187), Naming.Id(longer), StringComparison.Ordinal);
        Assert.NotEqual(Naming.Id(longer), Naming.Id(longer + "a"));
        Assert.Equal(Naming.Id(longer), Naming.Id(longer));
        Assert.Equal(100, Naming.Namespace(longer).Length);
    }

    [Fact]
    public void Nothing_is_cut_in_the_middle_of_a_character()
    {
        for (var shift = 0; shift < 2; shift++)
        {
            var text = new string('x', shift) + string.Concat(Enumerable.Repeat("🙂", 200));
            foreach (var cut in (string[])[Naming.Id(text), Naming.Namespace(text), Naming.Name(text), Payload.Cut(text, 50)])
            {
                Assert.InRange(new UTF8Encoding(false, true).GetByteCount(cut), 1, 800);
            }
        }
    }

    [Fact]
    public void A_name_that_is_cut_shows_it()
    {
        Assert.Equal(new string('n', 200), Naming.Name(new string('n', 200)));
        Assert.Equal(new string('n', 199) + "…", Naming.Name(new string('n', 201)));
    }

    [Theory]
    [InlineData("see #12", "see acme/shop#12")]
    [InlineData("(#12, !3).", "(acme/shop#12, acme/shop!3).")]
    [InlineData("#12-fix", "#12-fix")]
    [InlineData("other/repo#12", "other/repo#12")]
    [InlineData("C#7 &#39; ##1 #12a", "C#7 &#39; ##1 #12a")]
    [InlineData("https://github.com/o/r/issues/12", "o/r#12")]
    [InlineData("https://github.com/o/r/issues/12#issuecomment-99 and", "o/r#12 and")]
    [InlineData("[x](https://github.com/o/r.js/pull/7/files?w=1)", "[x](o/r.js#7)")]
    [InlineData("https://gitlab.example.com/g/s/p/-/issues/4", "g/s/p#4")]
    [InlineData("https://gitlab.example.com/g/s/p/-/work_items/4", "g/s/p#4")]
    [InlineData("https://gitlab.example.com/g/s/p/-/merge_requests/5/diffs.", "g/s/p!5")]
    [InlineData("https://github.com/o/r/wiki", "https://github.com/o/r/wiki")]
    public void What_people_write_short_or_paste_stands_in_full(string text, string whole) => Assert.Equal(whole, Naming.Qualified(text, "acme/shop"));

    [Fact]
    public void Without_a_repository_a_bare_number_names_nothing()
    {
        Assert.Equal("see #12", Naming.Qualified("see #12", null));
        Assert.Null(Naming.NoteOf(null, "fixes #12"));
    }

    [Theory]
    [InlineData("Closes acme/shop#3. Names acme/shop#1, ABC-2", "see #1 and ABC-2, closes #3")]
    [InlineData("Closes ABC-2", "Resolves: ABC-2 (ABC-2)")]
    [InlineData("Closes o/r#12", "fixed https://github.com/o/r/issues/12")]
    [InlineData("Closes g/p!4", "Implements g/p!4")]
    [InlineData("Names vstrace-github-issue-o.r-12", "part of vstrace-github-issue-o.r-12.")]
    [InlineData(null, "fixes utf-8 and enclosed 12")]
    [InlineData(null, "fixes shop#12 of nobody")]
    [InlineData(null, "")]
    public void What_is_closed_comes_first_and_what_is_none_does_not_come(string? note, string text) => Assert.Equal(note, Naming.NoteOf("acme/shop", text));

    [Fact]
    public void All_texts_count_and_each_run_once()
    {
        Assert.Equal("Closes acme/shop#2. Names acme/shop#1, ABC-3", Naming.NoteOf("acme/shop", "#1", null, "fixes #2, #1", "ABC-3"));
    }

    [Fact]
    public void A_note_says_of_its_runs_what_the_texts_said()
    {
        var note = Naming.NoteOf("acme/shop", "closes #3, see ABC-2 and vstrace-jenkins-build-default-x.y")!;

        Assert.Equal(["acme/shop#3", "ABC-2", "vstrace-jenkins-build-default-x.y"], Mention.In(note).Select(static m => m.Text));
    }

    [Fact]
    public void A_note_names_as_many_runs_as_count_and_none_by_half()
    {
        var many = Naming.NoteOf("acme/shop", string.Join(' ', Enumerable.Range(100, 50).Select(static n => $"#{n}")))!;
        Assert.Equal(Mention.Most, Mention.In(many).Count);

        string[] names = [.. Enumerable.Range(100, 20).Select(static n => $"{new string('o', 400)}/r#{n}")];
        var long_ = Naming.NoteOf(null, string.Join(' ', names))!;
        Assert.InRange(long_.Length, 1, 4000);
        Assert.All(Mention.In(long_), m => Assert.Contains(m.Text, names));
    }

    [Fact]
    public void A_text_of_any_length_is_read_in_no_time()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var piece in (string[])["closes ", "https://a/b/c/", "a/", "fixes a/b#1 ", "vstrace-a-b-", "#", "ABC-"])
        {
            Naming.NoteOf("acme/shop", string.Concat(Enumerable.Repeat(piece, 200_000)));
        }
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }
}
