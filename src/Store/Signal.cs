namespace ValueStream.Store;

/// <summary>Tells any number of waiters that something happened. It only shortens waits: whoever waits also looks by himself now and then.</summary>
public sealed class Signal
{
    private TaskCompletionSource _next = New();

    /// <summary>A task that ends with the next <see cref="Set"/>. Taken before looking, it cannot miss what happens after.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Wakes everybody who waits.</summary>
    public void Set() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    /// <summary>Waits for <paramref name="next"/>, at most so long.</summary>
    public static async Task WaitAsync(Task next, TimeSpan atMost, CancellationToken cancellationToken)
    {
        try
        {
            await next.WaitAsync(atMost, cancellationToken);
        }
        catch (TimeoutException)
        {
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
