"""The bootstrap: estimates equal the scores, resampling is paired and repeatable, intervals cover what is true."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from madx.evaluation.spans import scores_from_counts
from madx.reporting.bootstrap import Bootstrap
from madx.reporting.examples import score
from madx.reporting.resamples import REPLICATES, MethodScores, Resamples, draw_seeds
from madx.reporting.scores import ScoreError
from tests.unit.reporting.synthetic import make_bootstrap, small_study, span_counts, write_runs

BASE = "miniature-base"
LANGUAGES = {"high-resource covered": ["qaa", "qab"], "low-resource unseen": ["qae"]}
EVERYWHERE = np.ones((3, 3), dtype=bool)
QUALITY = {"madx": 0.7, "full-finetuning": 0.5, "mlm-trg": 0.6}


def spans(study_seed: int = 0, size: int = 60):
    def draw(method: str, source: str, target: str, seeds: int) -> np.ndarray:
        random = np.random.default_rng([study_seed, *f"{method}{source}{target}".encode()])
        return span_counts(random, QUALITY[method], size, seeds)

    return draw


def points(parts: int):
    def draw(method: str, source: str, target: str, seeds: int) -> np.ndarray:
        random = np.random.default_rng([*f"{method}{source}{target}".encode()])
        return 100.0 * (random.random((50, seeds, parts)) < QUALITY[method])

    return draw


def mean_of(scores: pd.DataFrame, method: str, metric: str, pairs: np.ndarray, codes: tuple[str, ...]) -> float:
    """Mean over seeds, then over pairs, from rows as in scores.parquet."""
    rows = scores[(scores["method"] == method) & (scores["metric"] == metric)]
    grid = rows.groupby(["source", "target"])["value"].mean().unstack().loc[list(codes), list(codes)].to_numpy()
    return float(grid[pairs].mean())


@pytest.mark.parametrize(
    ("kind", "metric", "draw"),
    [("ner", "f1", spans()), ("qa", "f1", points(2)), ("qa", "em", points(2)), ("ccr", "accuracy", points(1))],
)
def test_estimates_equal_those_from_the_scores(tmp_path, kind, metric, draw):
    study = small_study(LANGUAGES, {"madx": 3, "full-finetuning": 2, "mlm-trg": 1}, kind)
    scores = write_runs(study, tmp_path, BASE, kind, draw)
    bootstrap = Bootstrap.read(study, tmp_path, BASE, kind, metric)
    assert bootstrap.methods == ("full-finetuning", "mlm-trg", "madx")
    assert [bootstrap.seeds(method) for method in bootstrap.methods] == [2, 1, 3]
    one, some = np.zeros((3, 3), dtype=bool), ~np.eye(3, dtype=bool)
    one[2, 0] = True
    for pairs in (EVERYWHERE, some, one):
        means = {m: mean_of(scores, m, metric, pairs, bootstrap.targets) for m in bootstrap.methods}
        for method, expected in means.items():
            interval = bootstrap.mean(method, pairs)
            assert interval.value == pytest.approx(expected, abs=1e-6)
            assert interval.low < interval.value < interval.high
        assert bootstrap.difference("madx", "mlm-trg", pairs).value == pytest.approx(
            means["madx"] - means["mlm-trg"], abs=1e-6
        )
    contrast = bootstrap.difference("madx", "mlm-trg", one, against=some)
    parts = [bootstrap.difference("madx", "mlm-trg", pairs).value for pairs in (one, some)]
    assert contrast.value == pytest.approx(parts[0] - parts[1])


def test_f1_of_sums_is_the_evaluations():
    random = np.random.default_rng(0)
    counts = random.integers(0, 3, (40, 3)).astype(float)
    assert score(counts, 1) == pytest.approx([scores_from_counts(row)[2] for row in counts])
    assert score(np.zeros((1, 3)), 1) == 0


def test_sentences_without_counts_are_resampled_too(tmp_path):
    """The file leaves empty sentences out; with them a resample has fewer or more spans, and F1 varies."""
    study = small_study(LANGUAGES, {"madx": 1, "full-finetuning": 1})

    def half_empty(method: str, source: str, target: str, seeds: int) -> np.ndarray:
        values = spans()(method, source, target, seeds)
        values[::2] = 0
        return values

    write_runs(study, tmp_path, BASE, "ner", half_empty)
    read, made = Bootstrap.read(study, tmp_path, BASE, "ner"), make_bootstrap(study, "ner", half_empty)
    assert read.mean("madx", EVERYWHERE) == made.mean("madx", EVERYWHERE)


@pytest.mark.parametrize("kind", ["ner", "ccr"])
def test_methods_with_equal_predictions_differ_by_exactly_nothing(kind):
    study = small_study(LANGUAGES, {"madx": 1, "full-finetuning": 1}, kind)
    draw = spans() if kind == "ner" else points(1)
    bootstrap = make_bootstrap(study, kind, lambda method, *run: draw("madx", *run))
    interval = bootstrap.difference("madx", "full-finetuning", EVERYWHERE)
    assert (interval.value, interval.low, interval.high, interval.excludes_zero) == (0, 0, 0, False)
    assert bootstrap.mean("madx", EVERYWHERE).high > bootstrap.mean("madx", EVERYWHERE).low


def test_a_method_minus_itself_is_nothing_with_many_seeds_too():
    bootstrap = make_bootstrap(small_study(LANGUAGES, {"madx": 5}), "ner", spans())
    interval = bootstrap.difference("madx", "madx", EVERYWHERE)
    assert (interval.value, interval.low, interval.high) == (0, 0, 0)


def test_seeds_that_agree_add_nothing_to_the_interval():
    draws = {5: lambda *run: np.repeat(spans()(*run[:3], 1), 5, axis=1), 1: lambda *run: spans()(*run[:3], 1)}
    five, one = (
        make_bootstrap(small_study(LANGUAGES, {"madx": n, "full-finetuning": n}), "ner", draws[n]).difference(
            "madx", "full-finetuning", EVERYWHERE
        )
        for n in (5, 1)
    )
    assert (five.value, five.low, five.high) == pytest.approx((one.value, one.low, one.high))
    assert five.seeds and not one.seeds


def test_equal_files_give_equal_intervals_whatever_else_the_study_has():
    both = make_bootstrap(small_study(LANGUAGES, {"madx": 3, "full-finetuning": 2}), "ner", spans())
    again = make_bootstrap(small_study(LANGUAGES, {"madx": 3, "full-finetuning": 2}), "ner", spans())
    alone = make_bootstrap(small_study(LANGUAGES, {"madx": 3}), "ner", spans())
    assert both.difference("madx", "full-finetuning", EVERYWHERE) == again.difference(
        "madx", "full-finetuning", EVERYWHERE
    )
    assert both.mean("madx", EVERYWHERE) == alone.mean("madx", EVERYWHERE)
    other = make_bootstrap(small_study(LANGUAGES, {"madx": 3}), "ner", spans(study_seed=1))
    assert other.mean("madx", EVERYWHERE) != alone.mean("madx", EVERYWHERE)


def test_one_seed_has_the_percentiles_of_resampled_examples():
    study = small_study({"high-resource covered": ["qaa"]}, {"mlm-trg": 1, "madx": 5})
    bootstrap = make_bootstrap(study, "ner", lambda *run: spans(size=400)(*run))
    one = bootstrap.mean("mlm-trg", np.ones((1, 1), dtype=bool))
    values = spans(size=400)("mlm-trg", "qaa", "qaa", 1)[:, 0]
    random = np.random.default_rng(1)
    resampled = [scores_from_counts(values[random.integers(0, 400, 400)])[2] for _ in range(4000)]
    assert not one.seeds
    assert (one.low, one.high) == pytest.approx(np.quantile(resampled, [0.025, 0.975]), abs=0.6)
    assert not bootstrap.difference("madx", "mlm-trg", np.ones((1, 1), dtype=bool)).seeds
    assert bootstrap.mean("madx", np.ones((1, 1), dtype=bool)).seeds


def test_a_seed_is_drawn_alike_for_all_targets_of_its_run_but_apart_for_other_runs():
    study = small_study(LANGUAGES, {"mlm-trg": 3, "madx": 3})
    resamples = Resamples("ner", parallel=False)

    def by_seed(method: str) -> MethodScores:  # the same counts in all examples: only seeds matter
        values = np.broadcast_to(np.array([49.0, 50.0, 51.0])[None, :, None], (20, 3, 1))
        return resamples.of_method(method, "abc", "abc", [{code: values for code in "abc"} for _ in "abc"])

    shared, apart = by_seed("madx"), by_seed("mlm-trg")
    bootstrap = Bootstrap("abc", "abc", "f1", {"madx": shared, "mlm-trg": apart})
    width = {}
    for method in study.methods("ner"):
        for name, pairs in (("one", np.eye(1, 9).reshape(3, 3) > 0), ("row", np.arange(9).reshape(3, 3) < 3)):
            interval = bootstrap.mean(method, pairs)
            width[method, name] = interval.high - interval.low
    assert width["madx", "row"] == pytest.approx(width["madx", "one"])
    assert width["mlm-trg", "row"] < 0.6 * width["mlm-trg", "one"]  # 3 runs: narrower, and with more freedom


def test_parallel_test_sets_share_their_resamples():
    """With equal examples in all targets a mean over targets is no surer than one target."""
    study = small_study(LANGUAGES, {"madx": 1}, "ccr")
    draw = points(1)
    bootstrap = make_bootstrap(study, "ccr", lambda method, source, target, seeds: draw(method, source, "qaa", seeds))
    row = np.arange(9).reshape(3, 3)
    one, all_three = bootstrap.mean("madx", row < 1), bootstrap.mean("madx", row < 3)
    assert (all_three.low, all_three.high) == pytest.approx((one.low, one.high), abs=1e-4)
    apart = Resamples("ner", parallel=False).of_method(
        "madx",
        ["qaa"],
        LANGUAGES["high-resource covered"],
        [{code: draw("madx", "qaa", "qaa", 1) for code in ("qaa", "qab")}],
    )
    assert np.abs(apart.changes[0, 0, 0] - apart.changes[0, 0, 1]).max() > 1


def test_unusable_files_are_named(tmp_path):
    study = small_study(LANGUAGES, {"madx": 2, "full-finetuning": 1})
    write_runs(study, tmp_path, BASE, "ner", spans())
    path = tmp_path / BASE / "ner" / "madx" / "qab.json"
    whole, examples = path.read_text(), pd.read_parquet(path.with_suffix(".parquet"))

    def changed(change) -> None:
        content = json.loads(whole)
        content["scores"] = change(content["scores"])
        path.write_text(json.dumps(content))

    changed(lambda rows: [row for row in rows if (row["target"], row["seed"]) != ("qae", 1)])
    with pytest.raises(ScoreError, match=r"qab\.json: no f1 for target qae, seed 1; evaluate again"):
        Bootstrap.read(study, tmp_path, BASE, "ner")
    changed(lambda rows: [row | {"n_examples": 59 + (row["seed"])} for row in rows])
    with pytest.raises(ScoreError, match="scores from 59 and from 60 examples"):
        Bootstrap.read(study, tmp_path, BASE, "ner")
    changed(lambda rows: [row | {"n_examples": 10} for row in rows])
    with pytest.raises(ScoreError, match="beyond the 10"):
        Bootstrap.read(study, tmp_path, BASE, "ner")
    changed(lambda rows: [row | {"n_examples": 61} for row in rows])
    with pytest.raises(ScoreError, match="61 examples, but 60 in other runs"):
        Bootstrap.read(study, tmp_path, BASE, "ner")
    path.write_text(whole)
    examples.iloc[1:].to_parquet(path.with_suffix(".parquet"))
    with pytest.raises(ScoreError, match=r"but its examples in qab\.parquet give"):
        Bootstrap.read(study, tmp_path, BASE, "ner")
    examples.drop(columns="tp").to_parquet(path.with_suffix(".parquet"))
    with pytest.raises(ScoreError, match="no column tp"):
        Bootstrap.read(study, tmp_path, BASE, "ner")
    path.unlink()
    with pytest.raises(ScoreError, match=r"qab\.json: does not exist"):
        Bootstrap.read(study, tmp_path, BASE, "ner")
    with pytest.raises(ScoreError, match="no metric 'em'; known: f1"):
        Bootstrap.read(study, tmp_path, BASE, "ner", "em")


def test_no_pair_or_a_mask_of_another_shape_is_refused():
    bootstrap = make_bootstrap(small_study(LANGUAGES, {"madx": 1}), "ner", spans())
    for pairs in (~EVERYWHERE, np.ones((2, 3), dtype=bool)):
        with pytest.raises(ValueError, match="3 sources and 3 targets"):
            bootstrap.mean("madx", pairs)


# ---------------------------------------------------------------- do the intervals cover what is true?

SIZE = 150  # test examples, about as few as the smallest real test sets have
SOURCES, TARGETS = ("qaa", "qab", "qac"), ("qaa", "qab")
CELL, ALL = np.arange(6).reshape(3, 2) < 1, np.ones((3, 2), dtype=bool)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
NOISES = {  # standard deviations of the seeds' effects (on a run, on a run's target) and of the examples' difficulty
    "both": (0.1, 0.1, 0.7),
    "seeds": (0.4, 0.2, 0.7),
    "examples": (0.02, 0.0, 1.5),
    "chance": (0.0, 0.0, 0.0),
}


def simulate(random: np.random.Generator, counted: bool, noise: str, seeds: int, means: np.ndarray, hardness: dict):
    """Scores of single examples of one method from a probit model, and the true scores that they estimate.

    means: (sources, targets); hardness: target -> (examples,), shared by all methods. Returns examples by source and
    (sources, targets) true scores: the expectation over examples and seeds, or, with one seed, over examples alone.
    """
    of_run, of_cell, of_examples = NOISES[noise]
    shape = (len(SOURCES), len(TARGETS))
    shifts = random.normal(0, of_run, (seeds, shape[0], 1)) + random.normal(0, of_cell, (seeds, *shape))

    def true(level: np.ndarray) -> np.ndarray:
        hit = stats.norm.cdf(level / np.hypot(1, of_examples))
        return 200 * 1.2 * hit / (1.2 + 1.2 * hit + 0.4) if counted else 100 * hit

    sources = []
    for j in range(shape[0]):
        values = {}
        for k, target in enumerate(TARGETS):
            chance = stats.norm.cdf(means[j, k] + shifts[:, j, k] + of_examples * hardness[target][:, None])
            if counted:
                gold = random.poisson(1.2, (SIZE, 1))
                found = random.binomial(gold, chance)
                parts = [found, random.poisson(0.4, found.shape), gold - found]
                values[target] = np.stack(parts, axis=-1).astype(float)
            else:
                values[target] = 100.0 * (random.random(chance.shape) < chance)[..., None]
        sources.append(values)
    if seeds == 1:
        return sources, true(means + shifts[0])
    spread = np.hypot(of_run, of_cell) * NODES
    return sources, true(means[..., None] + spread) @ WEIGHTS / WEIGHTS.sum()


def plain_percentiles(methods: dict[str, MethodScores], pairs: np.ndarray) -> tuple[float, float]:
    """The hierarchical bootstrap without any correction: percentiles of replicates with both levels resampled."""
    replicates = np.zeros(REPLICATES)
    for sign, method in zip((1, -1), methods.values(), strict=True):
        points, changes, draws = method.runs(pairs / pairs.sum())
        seeds = len(points)
        weights = (draws / np.sqrt(seeds / (seeds - 1)) if seeds > 1 else draws) + 1 / seeds
        replicates += sign * (weights * (points[..., None] + changes)).sum(axis=(0, 1))
    low, high = np.quantile(replicates, [0.025, 0.975])
    return float(low), float(high)


NAMES = ("madx", "full-finetuning")


def simulations(counted: bool, noise: str, seeds: tuple[int, int], repetitions: int):
    """Resampled scores of two methods, and the true difference for each pair (sources, targets)."""
    random = np.random.default_rng([counted, *seeds, *noise.encode()])
    resamples = Resamples("ner", parallel=False)
    for _ in range(repetitions):
        hardness = {target: random.normal(size=SIZE) for target in TARGETS}
        methods, truth = {}, 0.0
        for sign, name, level, count in zip((1, -1), NAMES, (0.0, -0.3), seeds, strict=True):
            means = random.normal(level, 0.2, (len(SOURCES), len(TARGETS)))
            examples, true = simulate(random, counted, noise, count, means, hardness)
            methods[name] = resamples.of_method(name, SOURCES, TARGETS, examples)
            truth = truth + sign * true
        yield methods, truth


def coverage(counted: bool, noise: str, seeds: tuple[int, int], repetitions: int) -> dict[tuple[str, str], int]:
    """How often intervals of a difference hold the truth: (one cell or all, corrected or plain) -> count."""
    hits = {(where, how): 0 for where in ("cell", "all") for how in ("corrected", "plain")}
    for methods, truth in simulations(counted, noise, seeds, repetitions):
        bootstrap = Bootstrap(SOURCES, TARGETS, "f1", methods)
        for where, pairs in (("cell", CELL), ("all", ALL)):
            interval, expected = bootstrap.difference(*NAMES, pairs), truth[pairs].mean()
            low, high = plain_percentiles(methods, pairs)
            hits[where, "corrected"] += interval.low <= expected <= interval.high
            hits[where, "plain"] += low <= expected <= high
    return hits


REPETITIONS = 200


@pytest.mark.parametrize("counted", [False, True], ids=["mean", "f1"])
@pytest.mark.parametrize(
    ("noise", "seeds"),
    [("both", (5, 5)), ("seeds", (5, 5)), ("seeds", (3, 3)), ("both", (5, 1)), ("both", (3, 1)), ("both", (1, 1))],
)
def test_intervals_cover_the_truth(counted, noise, seeds):
    """As often as 95 % intervals do, to within chance (two-sided, one in a thousand)."""
    hits = coverage(counted, noise, seeds, REPETITIONS)
    low, high = stats.binom.ppf([0.0005, 0.9995], REPETITIONS, 0.95)
    for where in ("cell", "all"):
        assert low <= hits[where, "corrected"] <= high, hits


def test_without_the_corrections_coverage_is_wrong_in_both_directions():
    """Too narrow where seeds matter, too wide where what a seed does to an example is all that varies."""
    narrow = coverage(False, "seeds", (3, 3), REPETITIONS)
    assert narrow["cell", "plain"] < stats.binom.ppf(0.0005, REPETITIONS, 0.95) <= narrow["cell", "corrected"]
    wide = coverage(False, "chance", (5, 5), REPETITIONS)
    assert wide["all", "corrected"] < wide["all", "plain"] == REPETITIONS


def test_what_seeds_do_to_single_examples_is_counted_once():
    """Intervals are as wide as the estimates scatter; counted twice they would be wider by the square root of two."""
    errors, widths = [], []
    for methods, truth in simulations(False, "chance", (5, 5), REPETITIONS):
        interval = Bootstrap(SOURCES, TARGETS, "f1", methods).difference(*NAMES, ALL)
        errors.append(interval.value - truth.mean())
        widths.append(interval.high - interval.low)
    assert 0.85 < np.mean(widths) / (2 * stats.norm.ppf(0.975) * np.std(errors)) < 1.2


def test_draws_of_seeds_have_the_unbiased_variance():
    """Of a mean of S values: s² / S, with s² from S - 1."""
    values = np.array([1.0, 4.0, 4.5])
    changes = values @ draw_seeds(3, [("madx", str(run), "") for run in range(20)]).reshape(3, -1)
    assert changes.var() == pytest.approx(values.var(ddof=1) / 3, rel=0.05)
