using ValueStream.Core.Numbers;
using static ValueStream.Core.Tests.Build;

namespace ValueStream.Core.Tests.Numbers;

public sealed class RetriesTests
{
    [Fact]
    public void The_same_revision_that_fails_and_then_succeeds_is_flaky() => Assert.Equal(
        "sha1: 1 of 2 failed, flaky, failed 5, retries 4, lost 9", Text(Tried(1, 0, 5, true, "sha1"), Tried(2, 6, 10, false, "sha1")));

    [Fact]
    public void One_that_fails_each_time_is_broken_and_one_that_was_not_tried_again_is_neither() => Assert.Equal(
        "sha1: 2 of 2 failed, broken, failed 9, retries 4, lost 9; sha2: 1 of 1 failed, failed 3, retries 0, lost 3",
        Text(Tried(1, 0, 5, true, "sha1"), Tried(2, 6, 10, true, "sha1"), Tried(3, 20, 23, true, "sha2")));

    [Fact]
    public void Attempts_of_a_run_are_the_same_thing_tried_again_whether_a_revision_is_known_or_not() => Assert.Equal(
        "run 1: 1 of 2 failed, flaky, failed 5, retries 1, lost 6; run 2: 0 of 1 failed, failed 0, retries 0, lost 0",
        Text(Tried(1, 0, 5, true), Tried(1, 6, 7, false, attempt: 2), Tried(2, 8, 9, false)));

    [Fact]
    public void An_attempt_that_does_not_name_the_revision_is_of_the_one_that_another_names() => Assert.Equal(
        "sha1: 1 of 3 failed, flaky, failed 5, retries 1, lost 6", Text(Tried(1, 0, 5, true), Tried(1, 6, 7, false, "sha1", 2), Tried(2, 8, 9, false, "sha1")));

    [Fact]
    public void What_began_before_the_failure_was_known_or_after_a_success_is_no_retry() => Assert.Equal(
        "sha1: 1 of 3 failed, flaky, failed 5, retries 0, lost 5", Text(Tried(1, 0, 5, true, "sha1"), Tried(2, 1, 6, false, "sha1"), Tried(3, 9, 12, false, "sha1")));

    [Fact]
    public void Each_retry_up_to_the_first_success_is_time_lost() => Assert.Equal(
        "sha1: 3 of 5 failed, flaky, failed 6, retries 6, lost 10",
        Text(Tried(1, 0, 2, true, "sha1"), Tried(2, 3, 5, true, "sha1"), Tried(3, 6, 8, false, "sha1"), Tried(4, 20, 22, true, "sha1"), Tried(5, 30, 32, false, "sha1")));

    private static Try Tried(long run, double from, double to, bool failed, string? inputs = null, int attempt = 1) =>
        new(run, attempt, At(from), At(to), failed, (long)((to - from) * 1e6), inputs);

    private static string Text(params Try[] tries) => string.Join("; ", Retries.Of(tries.Reverse()).Select(static s =>
        $"{s.Inputs ?? $"run {s.Tries[0].Run}"}: {s.Failures} of {s.Tries.Count} failed{(s.IsFlaky ? ", flaky" : "")}{(s.IsBroken ? ", broken" : "")}, failed {s.FailedMicros / 1e6}, retries {s.RetryMicros / 1e6}, lost {s.LostMicros / 1e6}"));
}
