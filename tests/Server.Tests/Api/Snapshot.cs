using System.Runtime.CompilerServices;

namespace ValueStream.Server.Tests.Api;

/// <summary>Texts that are kept beside the tests, so that a change of them is seen in review. UPDATE_SNAPSHOTS=1 writes them anew.</summary>
internal static class Snapshot
{
    /// <summary>Compares a text with the file of that name beside the calling test.</summary>
    public static void Matches(string name, string actual, [CallerFilePath] string test = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(test)!, name);
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(path, actual);
        }
        Assert.True(File.Exists(path), $"{name} is missing; UPDATE_SNAPSHOTS=1 writes it.");
        var expected = File.ReadAllText(path);
        if (expected != actual)
        {
            Assert.Fail($"{name} has changed ({FirstDifference(expected, actual)}). If that was meant, run the test with UPDATE_SNAPSHOTS=1 and commit the file.");
        }
    }

    private static string FirstDifference(string expected, string actual)
    {
        var (was, now) = (expected.Split('\n'), actual.Split('\n'));
        var line = Enumerable.Range(0, Math.Max(was.Length, now.Length)).First(i => was.ElementAtOrDefault(i) != now.ElementAtOrDefault(i));
        return $"line {line + 1}: '{was.ElementAtOrDefault(line)}' is now '{now.ElementAtOrDefault(line)}'";
    }
}
