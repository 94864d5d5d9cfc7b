"""Summaries by category: mean F1 of each method, and MAD-X minus each other method, over groups of language pairs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from madx.config import Study
from madx.languages import CATEGORIES
from madx.methods import METHODS
from madx.reporting.names import methods_in_order, stem
from madx.reporting.scores import mean_and_deviation, score_array
from madx.reporting.table import Table, number, signed, with_deviation

PAIRS = ("all", "in-language", "transfer")


def summary_by_category(study: Study, scores: pd.DataFrame, base: str) -> Table:
    """Per method the mean F1 over the targets of each category, from all sources, in-language and in transfer."""
    names, masks = _groups(study)
    data, shown, rules = [], [], []
    for pairs in PAIRS:
        if shown:
            rules.append(len(shown))
        for method in methods_in_order(study):
            mean, deviation = mean_and_deviation(_group_means(score_array(study, scores, base, method), masks[pairs]))
            data += [(pairs, method, "mean", *mean), (pairs, method, "sd", *deviation)]
            cells = map(with_deviation, map(number, mean), deviation)
            shown.append((pairs, METHODS[method].label, *cells))
    return Table(
        name=stem(study, "summary_by_category", base),
        caption=f"NER F1 on {base} by category of the target: the mean over all pairs of a source and a target of that "
        "category. Covered and unseen say whether the base's pretraining saw the target; in-language: the source is "
        "the target; transfer: it is not. ± is the standard deviation over seeds of that mean (a dash: one seed).",
        data=pd.DataFrame(data, columns=["pairs", "method", "statistic", *names]),
        shown=pd.DataFrame(shown, columns=["pairs", "method", *names]),
        rules=tuple(rules),
        align="ll" + "r" * len(names),
    )


def differences_by_category(study: Study, scores: pd.DataFrame, base: str) -> Table:
    """MAD-X minus each other method over the same groups, in F1 points.

    The mean is the difference of the two means over all their seeds; the deviation is over the differences of runs with
    the same seed, and a dash where fewer than two seeds are common.
    """
    names, masks = _groups(study)
    seeds = study.methods["madx"].seeds
    data, shown, rules = [], [], []
    for pairs in PAIRS:
        if shown:
            rules.append(len(shown))
        ours = _group_means(score_array(study, scores, base, "madx"), masks[pairs])
        for method in methods_in_order(study):
            if method == "madx":
                continue
            theirs = _group_means(score_array(study, scores, base, method), masks[pairs])
            mean = ours.mean(axis=0) - theirs.mean(axis=0)
            common = [seed for seed in seeds if seed in study.methods[method].seeds]
            deviation = np.full(len(names), math.nan)
            if len(common) > 1:
                rows = [ours[seeds.index(s)] - theirs[study.methods[method].seeds.index(s)] for s in common]
                deviation = np.std(rows, axis=0, ddof=1)
            data += [(pairs, method, "mean", *mean), (pairs, method, "sd", *deviation)]
            cells = map(with_deviation, map(signed, mean), deviation)
            shown.append((pairs, METHODS[method].label, *cells))
    return Table(
        name=stem(study, "differences_by_category", base),
        caption=f"MAD-X minus each other method on {base}, in NER F1 points, by category of the target. "
        "± is the standard deviation over seeds of the difference between runs with the same seed (a dash: fewer than "
        "two); seeds scatter, so a difference within ± says little.",
        data=pd.DataFrame(data, columns=["pairs", "madx_minus", "statistic", *names]),
        shown=pd.DataFrame(shown, columns=["pairs", "MAD-X minus", *names]),
        rules=tuple(rules),
        align="ll" + "r" * len(names),
    )


def _groups(study: Study) -> tuple[list[str], dict[str, list[np.ndarray]]]:
    """Names of the groups of targets, and for each kind of pairs one mask (sources, targets) a group."""
    sources, targets = np.array(study.sources("ner")), np.array(study.targets("ner"))
    category = np.array([study.category(code) for code in targets])
    covered = np.array([code in study.covered for code in targets])
    groups = {name: category == name for name in CATEGORIES if (category == name).any()}
    groups |= {
        "covered": covered,
        "unseen": ~covered,
        "all targets": np.full(len(targets), True),
    }
    same = sources[:, None] == targets[None, :]
    kinds = {"all": np.full_like(same, True), "in-language": same, "transfer": ~same}
    return list(groups), {name: [kind & group[None, :] for group in groups.values()] for name, kind in kinds.items()}


def _group_means(values: np.ndarray, masks: list[np.ndarray]) -> np.ndarray:
    """(seeds, sources, targets) -> (seeds, groups): each group's mean, NaN for an empty group."""
    return np.stack(
        [values[:, mask].mean(axis=1) if mask.any() else np.full(len(values), math.nan) for mask in masks],
        axis=1,
    )
