namespace ValueStream.Core.Numbers;

/// <summary>The two-sided p of an exact test: all outcomes together that are no more probable than the one observed.</summary>
internal static class ExactTest
{
    /// <summary>Probabilities that differ by less count as equal, as in R's binom.test: outcomes that mirror each other do.</summary>
    private const double Tolerance = 1e-7;

    /// <summary>Sums both tails, each from the first outcome that belongs to it outward until nothing more is added.</summary>
    /// <param name="logProbability">Of an outcome: rises up to <paramref name="mode"/>, falls from there.</param>
    /// <param name="ratio">The probability of an outcome's successor, divided by its own.</param>
    /// <param name="lowest">The lowest outcome there can be.</param>
    /// <param name="mode">A most probable outcome.</param>
    /// <param name="highest">The highest outcome there can be.</param>
    /// <param name="observed">The outcome seen.</param>
    public static double TwoSided(Func<long, double> logProbability, Func<long, double> ratio, long lowest, long mode, long highest, long observed)
    {
        var limit = logProbability(observed) + Tolerance;
        return logProbability(mode) <= limit ? 1 : Math.Min(1, Tail(mode, lowest, -1) + Tail(mode, highest, 1));

        double Tail(long from, long end, int step)
        {
            // Within (inside, outside] the limit is crossed; `outside` one past the end means that no outcome is so improbable.
            var (inside, outside) = (0L, (end - from) * step + 1);
            while (outside - inside > 1)
            {
                var middle = inside + (outside - inside) / 2;
                (inside, outside) = logProbability(from + step * middle) <= limit ? (inside, middle) : (middle, outside);
            }
            var sum = 0.0;
            var term = outside > (end - from) * step ? 0 : Math.Exp(logProbability(from + step * outside));
            for (var at = from + step * outside; term > sum * 1e-17; at += step)
            {
                sum += term;
                term = at == end ? 0 : step > 0 ? term * ratio(at) : term / ratio(at - 1);
            }
            return sum;
        }
    }
}
