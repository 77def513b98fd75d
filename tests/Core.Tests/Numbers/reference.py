#!/usr/bin/env python3
"""Writes reference.json: what SciPy, statsmodels and NumPy say of samples like ours.

On Debian: apt-get install python3-scipy python3-statsmodels; then, in this folder: /usr/bin/python3 reference.py
The versions that were used stand in the file. The samples are drawn with a fixed seed.
"""
import json

import numpy
import scipy
import scipy.special
import scipy.stats
import statsmodels
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest
from statsmodels.stats.rates import test_poisson_2indep

rng = numpy.random.default_rng(20260101)
SECOND = 1_000_000


def normal():
    return [{"z": z, "p": 2 * scipy.stats.norm.sf(abs(z))} for z in (0, 0.1, -0.5, 1, 1.96, 2.5, 2.82, 2.83, -3, 4, 6, 8, 12, 20, 37)]


def log_factorial():
    return [{"n": n, "value": scipy.special.gammaln(n + 1)} for n in (0, 1, 2, 5, 15, 16, 17, 20, 100, 1000, 10**6, 10**9)]


def rank_sum():
    """Bins are compared; two durations of one bin are tied."""
    samples = [
        ([300, 301, 302, 303, 304], [310, 311, 312, 313, 314]),
        ([300, 301, 302, 303, 304], [300, 301, 302, 303, 304]),
        ([300] * 8 + [301], [300] * 5 + [301] * 5),
        ([300, 300, 300, 305, 305, 310], [305, 305, 310, 310, 310, 1324, 1324]),
        ([0, 0, 0, 0, 1, 5, 300], [0, 0, 1, 1, 5, 5, 700]),
        ([300, 320], [310]),
        ([300], [310]),
    ]
    for before, after, shift, spread in ((40, 60, 0, 10), (40, 60, 5, 10), (200, 5, 8, 20), (500, 700, 1, 3), (3000, 2500, 1, 40)):
        samples.append((
            numpy.clip(rng.normal(500, spread, before).round(), 0, 1324).astype(int).tolist(),
            numpy.clip(rng.normal(500 + shift, spread, after).round(), 0, 1324).astype(int).tolist()))
    count = lambda bins: [[int(b), int(n)] for b, n in zip(*numpy.unique(bins, return_counts=True))]
    return [{
        "before": count(before), "after": count(after),
        "p": scipy.stats.mannwhitneyu(before, after, alternative="two-sided", method="asymptotic", use_continuity=True).pvalue,
    } for before, after in samples]


def proportions():
    cases = [(5, 100, 12, 90), (0, 50, 3, 40), (7, 7, 6, 7), (1, 5, 4, 5), (120, 1000, 150, 1000), (3, 6, 30, 60), (2000, 90000, 2300, 89000), (1, 1000, 900, 1000)]
    return [{"case": c, "p": float(proportions_ztest([c[0], c[2]], [c[1], c[3]])[1])} for c in cases]


def poisson_rates():
    cases = [
        (10, 7, 20, 7), (5, 1, 5, 1), (0, 30, 6, 30), (5, 30, 0, 30), (100, 30, 130, 30), (12, 7.5, 40, 13.25), (1, 1, 1, 100),
        (7, 28, 21, 28), (5000, 30, 5200, 30), (123456, 90, 124567, 90), (30, 1, 3, 1), (2, 1, 8, 3), (1, 90, 200, 90)]
    rows = []
    for c in cases:
        p = scipy.stats.binomtest(c[0], c[0] + c[2], c[1] / (c[1] + c[3])).pvalue
        # statsmodels divides by the second rate; where it is not 0 the two libraries must agree.
        assert c[2] == 0 or abs(p - test_poisson_2indep(c[0], c[1], c[2], c[3], method="exact-cond").pvalue) <= 1e-6 * p
        rows.append({"case": c, "p": p})
    return rows


def two_by_two():
    cases = [
        (3, 1, 1, 3), (8, 2, 1, 5), (0, 10, 10, 0), (10, 0, 5, 5), (1, 9, 11, 3), (12, 5, 29, 2), (50, 150, 60, 400), (7, 7, 7, 7),
        (1000, 19000, 900, 21000), (5, 995, 20, 980), (2, 0, 0, 0), (0, 5, 0, 5)]
    rows = []
    for both, first, second, neither in cases:
        table = [[both, first], [second, neither]]
        empty = 0 in (both + first, second + neither, both + second, first + neither)
        rows.append({
            "case": (both, first, second, neither),
            "fisher": scipy.stats.fisher_exact(table)[1],
            "chiSquare": 1.0 if empty else scipy.stats.chi2_contingency(table, correction=False)[1],
            "applies": not empty and bool((scipy.stats.contingency.expected_freq(table) >= 5).all()),
        })
    return rows


def millions():
    """Where the exact tests take differences of logarithms of huge factorials."""
    return [
        {"rates": c, "p": scipy.stats.binomtest(c[0], c[0] + c[2], c[1] / (c[1] + c[3])).pvalue}
        for c in ((5_000_000, 30, 5_006_200, 30), (50_000_000, 30, 50_010_000, 30), (40_000_000, 7, 5_715_000, 1))]


def benjamini_hochberg():
    cases = [
        [], [0.03], [0.01, 0.04, 0.03, 0.005], [0.02, 0.02, 0.02], [1.0, 0.0, 0.5], [0.04, 0.045, 0.05, 0.051],
        rng.uniform(0, 1, 40).tolist(), (rng.uniform(0, 1, 60) ** 4).tolist()]
    return [{"p": p, "adjusted": multipletests(p, method="fdr_bh")[1].tolist() if p else []} for p in cases]


def correlations():
    """Runs with tags, whether each is in the group, and what a straightforward reading of docs/metrics.md finds."""
    own = numpy.random.default_rng(20260615)
    rows = []
    for runs, share, keys, values, causes in ((60, 0.3, 6, 4, 1), (400, 0.1, 12, 6, 2), (400, 0.1, 12, 6, 0), (1500, 0.05, 20, 15, 1)):
        tags = own.integers(0, values, (runs, keys))
        # A key that says the same as the first one in other words, and one that all runs agree on.
        tags = numpy.column_stack([tags, tags[:, 0] + 100, numpy.full(runs, 7)])
        odds = numpy.full(runs, share)
        for cause in range(causes):
            odds[tags[:, cause] == 1] = min(0.95, 6 * share)
        group = own.uniform(0, 1, runs) < odds
        sets = {}
        for key in range(keys + 2):
            for value in numpy.unique(tags[:, key]):
                carries = tags[:, key] == value
                if 5 <= carries.sum() < runs:
                    sets.setdefault(carries.tobytes(), (carries, []))[1].append([key, int(value)])
        tried = []
        for carries, traits in sets.values():
            table = [[int((carries & group).sum()), int((~carries & group).sum())], [int((carries & ~group).sum()), int((~carries & ~group).sum())]]
            tried.append((sorted(traits), table, scipy.stats.fisher_exact(table)[1]))
        adjusted = multipletests([t[2] for t in tried], method="fdr_bh")[1]
        rows.append({
            "runs": [[int(g)] + t.tolist() for g, t in zip(group, tags)], "tried": len(tried),
            "found": [{"traits": t[0], "inGroup": t[1][0][0], "inRest": t[1][1][0], "p": float(p)} for t, p in zip(tried, adjusted) if p < 0.05],
        })
    return rows


def quantiles():
    """Microseconds; the quantiles, in seconds, are PERCENTILE_CONT's, which NumPy calls linear."""
    data = {
        "uniform": rng.uniform(0.002 * SECOND, 600 * SECOND, 400),
        "log-normal": rng.lognormal(numpy.log(90 * SECOND), 1.2, 401),
        "bimodal": numpy.concatenate([rng.normal(20 * SECOND, SECOND, 100), rng.normal(900 * SECOND, 30 * SECOND, 100)]),
        "constant": numpy.full(50, 12.345 * SECOND),
        "two": numpy.array([1.5 * SECOND, 86_400 * SECOND]),
        "one": numpy.array([42 * SECOND]),
        "years": rng.uniform(0.1, 9.9, 60) * 365.25 * 86_400 * SECOND,
        "milliseconds": rng.uniform(1000, 9000, 60),
    }
    shares = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]
    rows = []
    for name, values in data.items():
        micros = values.round().astype(numpy.int64)
        rows.append({
            "name": name, "micros": micros.tolist(), "mean": micros.mean() / SECOND,
            "quantiles": [[p, numpy.percentile(micros, 100 * p, method="linear") / SECOND] for p in shares],
        })
    return rows


reference = {
    "versions": [f"numpy {numpy.__version__}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}"],
    "normal": normal(),
    "logFactorial": log_factorial(),
    "rankSum": rank_sum(),
    "proportions": proportions(),
    "poissonRates": poisson_rates(),
    "millions": millions(),
    "twoByTwo": two_by_two(),
    "benjaminiHochberg": benjamini_hochberg(),
    "correlations": correlations(),
    "quantiles": quantiles(),
}
with open("reference.json", "w", encoding="utf-8") as file:
    sections = (f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]" for name, rows in reference.items())
    file.write("{\n" + ",\n".join(sections) + "\n}\n")
