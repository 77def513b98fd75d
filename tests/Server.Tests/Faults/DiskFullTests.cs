using System.Diagnostics;

namespace ValueStream.Server.Tests.Faults;

/// <summary>The disk of Postgres's tables is full. (Where the write-ahead log's disk is full Postgres stops: that is a stopped Postgres.)</summary>
[Collection(FaultTests.Name)]
public sealed class DiskFullTests
{
    private const long Room = 4 << 20;

    [Fact]
    public async Task While_the_disk_is_full_events_are_refused_and_with_room_again_taken()
    {
        await using var disk = SmallDisk.Mount("160m");
        await using var cluster = await Trial.NewClusterAsync(disk.DataFolder, "max_wal_size=64MB");
        await using var trial = await Trial.StartAsync(cluster.ConnectionString);

        await trial.RunAsync(async _ =>
        {
            disk.FillBut(Room);
            await trial.RefusesAsync();
            disk.Free();
        });

        await trial.AssertNothingLostAsync();
    }

    /// <summary>A disk of a few megabytes, in memory.</summary>
    private sealed class SmallDisk : IAsyncDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("valuestream-disk-").FullName;

        public string DataFolder => Path.Combine(_folder, "data");

        private string Ballast => Path.Combine(_folder, "ballast");

        public static SmallDisk Mount(string size)
        {
            var disk = new SmallDisk();
            if (!Environment.IsPrivilegedProcess || !Run("mount", "-t", "tmpfs", "-o", $"size={size},mode=755", "tmpfs", disk._folder))
            {
                Directory.Delete(disk._folder);
                // Not a failure on CI either: what is missing is a right, and CI seldom has it.
                Assert.Skip("Mounting a small disk needs root with CAP_SYS_ADMIN.");
            }
            // Postgres makes its own folder in it, which it may not on the disk's root.
            Directory.CreateDirectory(disk.DataFolder);
            Run("chown", "postgres", disk.DataFolder);
            return disk;
        }

        /// <summary>Leaves so many bytes.</summary>
        public void FillBut(long room)
        {
            using var file = new FileStream(Ballast, FileMode.Create);
            var block = new byte[1 << 16];
            for (var left = new DriveInfo(_folder).AvailableFreeSpace - room; left > 0; left -= block.Length)
            {
                file.Write(block);
            }
        }

        public void Free() => File.Delete(Ballast);

        public ValueTask DisposeAsync()
        {
            // The cluster on it was stopped before: it was made after the disk.
            for (var attempt = 0; attempt < 50 && !Run("umount", _folder); attempt++)
            {
                Thread.Sleep(100);
            }
            Directory.Delete(_folder);
            return ValueTask.CompletedTask;
        }

        private static bool Run(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }
}
