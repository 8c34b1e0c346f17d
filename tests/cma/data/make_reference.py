#!/usr/bin/env python3
"""Makes the reference data of variants, bounds, criteria and restarts, from pycma 4.5.0 (pip install cma==4.5.0).

Usage: make_reference.py DIRECTORY
"""

import csv
import math
import pathlib
import sys
import warnings

import cma

QUIET = {"verbose": -9, "verb_log": 0}
OFF = {"tolx": 0, "tolfun": 0, "tolfunhist": 0, "tolflatfitness": 10**9, "tolfacupx": 1e99, "tolstagnation": 0,
       "tolxstagnation": False, "maxiter": 10**9}
SEEDS = range(1, 22)


def write(directory, name, header, rows):
    with open(directory / name, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def box_rows():
    """Images of points under the map of BoundTransform, and their images under its inverse."""
    inf = math.inf
    for lower, upper in [(0, 1), (-5, 5), (1, inf), (-inf, -2), (100, 100.5), (-1e3, 1e-3), (0, 1e-9)]:
        transform = cma.transformations.BoxConstraintsLinQuadTransformation(
            [[None if lower == -inf else lower, None if upper == inf else upper]])
        width = min(upper - lower, 10.0)
        middle = lower if upper == inf else upper if lower == -inf else (lower + upper) / 2
        for step in range(-12, 13):
            y = middle + width * step * 0.2371
            x = float(transform([y])[0])
            yield lower, upper, repr(y), repr(x), repr(float(transform.inverse([x])[0]))


# Values of generations of eight, which stop_test.cpp computes alike: i is the generation from 1, k the candidate.
SEQUENCES = {
    "halving": lambda i, k: 2.0 ** (-i) * (1 + k),
    "slow": lambda i, k: 1 + 0.9 ** i * (1 + 0.1 * k),
    "noisy": lambda i, k: 1 + 0.1 * math.sin(1.7 * i + 2.3 * k),
    "flat": lambda i, k: max(0.0, 30.0 - i) * (1 + k),
    "rising": lambda i, k: i + 0.01 * k,
    "half_flat": lambda i, k: float(max(k, 6) - 6) + (1 if i < 50 else 0) * k,
}
WATCHED = ["tolfun", "tolfunhist", "tolfunrel", "tolstagnation", "tolflatfitness"]


def stop_rows():
    """The first generation after which a criterion holds that depends on the values alone, or 0 within 1500."""
    for name, value in SEQUENCES.items():
        es = cma.CMAEvolutionStrategy(4 * [0.0], 1.0, {"popsize": 8, "seed": 1, "tolfunrel": 1e-3, "maxiter": 10**9,
                                                       "tolflatfitness": 5, **QUIET})
        first = {}
        for i in range(1, 1501):
            es.tell(es.ask(), [value(i, k) for k in range(8)])
            es.sigma = 1.0  # so that the search survives values that mean nothing
            for criterion in es.stop():
                first.setdefault(criterion, i)
        yield [name] + [first.get(criterion, 0) for criterion in WATCHED]


def ellipsoid(x):
    return sum(10 ** (6 * i / (len(x) - 1)) * v * v for i, v in enumerate(x))


def sphere(x):
    return sum(v * v for v in x)


def shifted_sphere(x):
    return sum((v + 1) ** 2 for v in x) - len(x)


def without_last(x):
    return shifted_sphere(x[:-1])


def evaluations(function, n, x0, sigma0, options, target, seed):
    es = cma.CMAEvolutionStrategy(n * [x0], sigma0, {"seed": seed, "ftarget": target, "maxfevals": 200000, **OFF, **QUIET,
                                                     **options})
    while not es.stop():
        xs = es.ask()
        es.tell(xs, [function(x) for x in xs])
    return es.countevals if es.best.f <= target else math.inf


def variant_rows():
    """Evaluations until the target, quartiles over 21 seeds."""
    bounded = {"bounds": [0, None]}
    cases = [
        ("diagonal", ellipsoid, 3.0, 2.0, {"CMA_diagonal": True}, 1e-8, [5, 10, 20, 40]),
        ("transform", shifted_sphere, 3.0, 1.0, bounded, 1e-8, [5, 10, 20]),
        # A fixed variable more: without any, pycma 4.5 computes the penalties of points that it has moved already: 0.
        ("penalty", without_last, 3.0, 1.0, {**bounded, "BoundaryHandler": cma.BoundPenalty}, 1e-8, [5, 10, 20]),
        ("inside", ellipsoid, 3.0, 2.0, {"bounds": [-5, 5]}, 1e-8, [5, 10, 20]),
        ("stds", ellipsoid, 3.0, 2.0, {"CMA_stds": "graded"}, 1e-8, [5, 10, 20]),
        ("elitist", sphere, 3.0, 2.0, {"CMA_elitist": True}, 1e-8, [5, 10, 20]),
        ("mirrors", sphere, 3.0, 2.0, {"CMA_mirrors": 2, "CMA_mirrormethod": 2}, 1e-8, [5, 10, 20]),
        ("unconditional_mirrors", sphere, 3.0, 2.0, {"CMA_mirrors": 2, "CMA_mirrormethod": 0}, 1e-8, [5, 10, 20]),
        ("passive", ellipsoid, 3.0, 2.0, {"CMA_active": False}, 1e-8, [5, 10, 20]),
    ]
    for name, function, x0, sigma0, options, target, dimensions in cases:
        for n in dimensions:
            if options.get("CMA_stds"):
                options = {**options, "CMA_stds": [10 ** (-3 * i / (n - 1)) for i in range(n)]}
            if function is without_last:
                options = {**options, "fixed_variables": {n: 1.0}}
            counts = sorted(evaluations(function, n + (function is without_last), x0, sigma0, options, target, seed) for seed in SEEDS)
            yield [name, n, x0, sigma0, target, counts[5], counts[10], counts[15]]


def main():
    directory = pathlib.Path(sys.argv[1])
    warnings.simplefilter("ignore")
    write(directory, "pycma-4.5-box.csv", ["lower", "upper", "y", "x", "inverse"], box_rows())
    write(directory, "pycma-4.5-stop.csv", ["sequence"] + WATCHED, stop_rows())
    write(directory, "pycma-4.5-variants.csv", ["variant", "n", "x0", "sigma0", "target", "q25", "median", "q75"],
          variant_rows())


if __name__ == "__main__":
    main()
