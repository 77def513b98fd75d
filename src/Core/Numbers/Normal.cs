namespace ValueStream.Core.Numbers;

/// <summary>
/// The normal distribution's tails. MathNet.Numerics (MIT) has them too, but Core references no package, and vscli, which links
/// Core, is small: all that the tests of this folder need of a library is this function and <see cref="LogFactorial"/>.
/// </summary>
internal static class Normal
{
    /// <summary>The probability of a standard normal value at least as far from 0, on either side: erfc(|z|/√2), to 13 digits.</summary>
    public static double TwoSided(double z) => Erfc(Math.Abs(z) / Math.Sqrt(2));

    /// <summary>For x of 0 and above. Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.6 (a series of positive
    /// terms) and 7.1.14 (a continued fraction, from its far end).</summary>
    private static double Erfc(double x)
    {
        if (x < 2)
        {
            var (term, sum) = (x, x);
            for (var n = 1; term > sum * 1e-17; n++)
            {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }
            return 1 - 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
        }
        var fraction = x;
        for (var n = 100; n > 0; n--)
        {
            fraction = x + n / 2.0 / fraction;
        }
        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / fraction;
    }
}
