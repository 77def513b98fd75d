using ValueStream.Cli;

namespace ValueStream.Server.Tests.Cli;

public sealed class SurroundingsTests
{
    [Theory]
    [InlineData("bash deploy.sh", "deploy.sh")]
    [InlineData("/bin/sh ./ops/deploy.sh -v --now", "deploy.sh")]
    [InlineData("bash -eu -o pipefail deploy.sh", "deploy.sh")]
    [InlineData("bash --noprofile --norc -eo pipefail /tmp/step.sh", "step.sh")]
    [InlineData("dash -x deploy", "deploy")]
    [InlineData("busybox sh deploy.sh", "deploy.sh")]
    [InlineData("python3.12 -u release.py", "release.py")]
    [InlineData("bash", null)]
    [InlineData("-bash", null)]
    [InlineData("bash -i", null)]
    [InlineData("bash -c deploy", null)]
    [InlineData("sh -ec deploy", null)]
    [InlineData("bash -s argument", null)]
    [InlineData("python3 -m release", null)]
    [InlineData("perl -e print", null)]
    [InlineData("make all", null)]
    [InlineData("bash /dev/fd/63", null)]
    [InlineData("bash /proc/self/fd/3", null)]
    [InlineData("bash -e /home/runner/work/_temp/0198c0de-0000-7000-8000-000000000009.sh", null)]
    public void The_calling_script_is_read_from_its_interpreters_command_line(string line, string? expected) =>
        Assert.Equal(expected, Surroundings.ScriptOf(line.Split(' ')));
}
