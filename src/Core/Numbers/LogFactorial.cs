namespace ValueStream.Core.Numbers;

/// <summary>The natural logarithm of n!.</summary>
internal static class LogFactorial
{
    /// <summary>Of n from 0: below 16 from the factorial itself, above by Stirling's series for the gamma function (Abramowitz and
    /// Stegun 6.1.41), whose first term left out is below 1e-14.</summary>
    public static double Of(long n)
    {
        if (n < 16)
        {
            var factorial = 1L;
            for (var i = 2; i <= n; i++)
            {
                factorial *= i;
            }
            return Math.Log(factorial);
        }
        var x = n + 1.0;
        var square = 1 / (x * x);
        return (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI) + (1 / 12.0 - square * (1 / 360.0 - square * (1 / 1260.0 - square / 1680))) / x;
    }

    /// <summary>The logarithm of the binomial coefficient n over k.</summary>
    public static double Choose(long n, long k) => Of(n) - Of(k) - Of(n - k);
}
