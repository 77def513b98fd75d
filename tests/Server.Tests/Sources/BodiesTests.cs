using Microsoft.AspNetCore.Http;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Tests.Sources;

public sealed class BodiesTests
{
    [Fact]
    public async Task A_body_takes_the_memory_of_what_came_and_not_of_what_was_claimed()
    {
        var request = new DefaultHttpContext().Request;
        request.ContentLength = Limits.RequestBytes;
        request.Body = new MemoryStream("{}"u8.ToArray());

        var before = GC.GetAllocatedBytesForCurrentThread();
        var body = await request.ReadBodyAsync(TestContext.Current.CancellationToken);

        Assert.Equal("{}"u8.ToArray(), body.ToArray());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public async Task A_body_of_more_than_was_claimed_is_read_whole()
    {
        var request = new DefaultHttpContext().Request;
        request.ContentLength = 10;
        request.Body = new MemoryStream(new byte[300_000]);

        Assert.Equal(300_000, (await request.ReadBodyAsync(TestContext.Current.CancellationToken)).Length);
    }
}
