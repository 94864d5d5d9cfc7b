"""Evaluation of a run on its targets, from files to scores, counts and predictions."""

import json
import shutil
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import torch
from seqeval.metrics import f1_score

from madx.adapters import AdapterSet, AdapterShape
from madx.adapters.storage import AdapterError, save_part
from madx.data.sequences import load_sequences
from madx.data.windows import Windows
from madx.evaluation.predictions import write_conll
from madx.evaluation.run import Loaded, evaluate_run, evaluate_steps
from madx.files import file_digest
from madx.models.base import read_description, save_base
from madx.models.heads import TokenHead
from madx.paths import Trained
from madx.training.compute import Machine
from madx.training.task import TaskPart
from tests.unit.adapters.tiny import randomized
from tests.unit.training.conftest import HIDDEN, LAYERS, TAGS, save_windows, tiny_model, tiny_study

SEEDS = (4, 0)
TARGETS = ("qaa", "qae")
RUN = {"base": "tiny", "method": "madx", "task": "ner", "source": "qaa"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A base, two languages, the targets' windows and words, and two seeds of a task: as adapters, as whole models."""
    folder = tmp_path_factory.mktemp("run")
    save_base(randomized(tiny_model(), 9), folder / "base", "tiny", {})
    base = {"name": "tiny", "fingerprint": read_description(folder / "base")["fingerprint"]}
    language, task = AdapterShape(LAYERS, HIDDEN, 8, 4), AdapterShape(LAYERS, HIDDEN, 4)
    for number, target in enumerate(TARGETS):
        adapters = randomized(AdapterSet(language), number)
        save_part(folder / "languages" / target, adapters.state_dict(), {"shape": language.as_dict(), "base": base})
        save_windows(folder / f"{target}.npz", 25, seed=number)
        windows = load_sequences(Windows, folder / f"{target}.npz", "test")
        words = [[f"{target}{k}" for k in range(n)] for n in np.diff(windows.gold_offsets)]
        (folder / "labelled" / target).mkdir(parents=True)
        parquet.write_table(pa.table({"tokens": words}), folder / "labelled" / target / "test.parquet")
    for seed in SEEDS:
        head = TokenHead.create(HIDDEN, len(TAGS), [seed])
        part = randomized(TaskPart(AdapterSet(task), head), seed)
        made = {"base": base, "seed": seed, "dev_score": 10.0 + seed, "provenance": {"code": "y"}}
        save_part(folder / f"adapter/seed{seed}", part.state_dict(), {**made, "shape": task.as_dict()})
        save_part(folder / f"model/seed{seed}", TaskPart(None, head).state_dict(), {**made, "shape": None})
        randomized(tiny_model(), seed).save_pretrained(folder / f"model/seed{seed}/model")
    return folder


def evaluate(files, output, targets=TARGETS, seeds=SEEDS, languages=None, trains="adapter", frozen=torch.float32):
    """Evaluate and return scores as {(target, seed): {metric: value}}."""
    languages = languages or {target: files / "languages" / target for target in targets}
    folders = [files / trains / f"seed{seed}" for seed in seeds]
    groups = [(seeds, folders)] if trains == "adapter" else [((s,), (f,)) for s, f in zip(seeds, folders, strict=True)]
    labelled = {target: files / "labelled" / target / "test.parquet" for target in targets}
    groups = [Trained(tuple(some), tuple(theirs), targets, files / "base") for some, theirs in groups]
    evaluate_run(
        RUN,
        tiny_study().tasks["ner"],
        groups,
        trains=trains,
        stack="paper",
        language_folders=languages,
        data_paths={target: files / f"{target}.npz" for target in targets},
        provenance={"code": "x"},
        scores_path=output / "scores.json",
        counts_path=output / "counts.parquet",
        machine=Machine(torch.device("cpu"), frozen),
        write_predictions=partial(write_conll, labelled, output / "predictions"),
    )
    content = json.loads((output / "scores.json").read_text(encoding="utf-8"))
    assert {key: content[key] for key in RUN} == RUN
    made = content["provenance"]
    assert (made["code"], made["stack"], made["machine"]["device"]) == ("x", "paper", "cpu")
    assert getattr(torch, made["machine"]["precision"]) == frozen
    assert made["adaptations"].keys() <= set(targets)
    for seed, part in zip(seeds, made["trained"], strict=True):
        weights = {"adapter.safetensors"} | ({"model/model.safetensors"} if trains == "model" else set())
        assert part["base"]["fingerprint"] == read_description(files / "base")["fingerprint"]
        assert part["targets"] == list(targets)
        assert part["weights"] == {name: file_digest(files / trains / f"seed{seed}" / name) for name in weights}
        assert (part["seed"], part["dev_score"], part["provenance"]) == (seed, 10.0 + seed, {"code": "y"})
    found = {}
    for score in content["scores"]:
        found.setdefault((score["target"], score["seed"]), {})[score["metric"]] = score["value"]
    return found


def conll_tags(path) -> tuple[list[list[str]], list[list[str]]]:
    """Gold and predicted tags of each sentence of a prediction file."""
    sentences = [block.splitlines() for block in path.read_text(encoding="utf-8").strip().split("\n\n")]
    rows = [[line.split("\t") for line in sentence] for sentence in sentences]
    return [[row[1] for row in s] for s in rows], [[row[2] for row in s] for s in rows]


def test_every_target_and_seed_is_scored(files, tmp_path):
    scores = evaluate(files, tmp_path)
    assert scores.keys() == {(target, seed) for target in TARGETS for seed in SEEDS}
    names = {f"{metric}{suffix}" for metric in ("f1", "precision", "recall") for suffix in ("", "_PER")}
    assert all(values.keys() == names for values in scores.values())
    assert len({values["f1"] for values in scores.values()}) > 1  # the random parts do predict something
    assert sorted(path.name for path in tmp_path.iterdir()) == ["counts.parquet", "predictions", "scores.json"]


def test_f1_follows_from_the_stored_counts(files, tmp_path):
    scores = evaluate(files, tmp_path)
    counts = pd.read_parquet(tmp_path / "counts.parquet")
    for (target, seed), values in scores.items():
        tp, fp, fn = counts[(counts.target == target) & (counts.seed == seed)][["tp", "fp", "fn"]].sum()
        assert values["f1"] == pytest.approx(100 * 2 * tp / (2 * tp + fp + fn))


def test_predictions_in_conll_form_give_the_same_f1(files, tmp_path):
    scores = evaluate(files, tmp_path)
    for (target, seed), values in scores.items():
        path = tmp_path / f"predictions/{target}.seed{seed}.conll"
        gold, predicted = conll_tags(path)
        assert values["f1"] == pytest.approx(100 * f1_score(gold, predicted, zero_division=0))
        windows = load_sequences(Windows, files / f"{target}.npz", "test")
        assert [tag for sentence in gold for tag in sentence] == [TAGS[k] for k in windows.gold]
        assert path.read_text(encoding="utf-8").startswith(f"{target}0\t")


def test_each_target_is_read_with_its_own_language(files, tmp_path):
    both = evaluate(files, tmp_path / "both")
    for target in TARGETS:
        alone = evaluate(files, tmp_path / target, targets=(target,))
        assert alone == {key: values for key, values in both.items() if key[0] == target}
    exchanged = dict(zip(TARGETS, (files / "languages" / target for target in reversed(TARGETS)), strict=True))
    evaluate(files, tmp_path / "exchanged", languages=exchanged)
    for target in TARGETS:
        name = f"predictions/{target}.seed0.conll"
        assert (tmp_path / "both" / name).read_bytes() != (tmp_path / "exchanged" / name).read_bytes()


def test_seeds_side_by_side_score_as_alone(files, tmp_path):
    together = evaluate(files, tmp_path / "together")
    for seed in SEEDS:
        alone = evaluate(files, tmp_path / str(seed), seeds=(seed,))
        assert alone == {key: values for key, values in together.items() if key[1] == seed}


def test_whole_models_are_scored_one_after_the_other(files, tmp_path):
    languages = dict.fromkeys(TARGETS)
    both = evaluate(files, tmp_path / "both", trains="model", languages=languages)
    assert both.keys() == {(target, seed) for target in TARGETS for seed in SEEDS}
    alone = evaluate(files, tmp_path / "alone", trains="model", languages=languages, seeds=(0,))
    assert alone == {key: values for key, values in both.items() if key[1] == 0}


@pytest.mark.parametrize("trains", ["adapter", "model"])
def test_dropout_of_the_base_is_off(files, tmp_path, trains):
    shutil.copytree(files, tmp_path / "files")
    configurations = list((tmp_path / "files").rglob("config.json"))
    assert len(configurations) == 1 + len(SEEDS)  # the base and the whole models
    for path in configurations:
        rates = dict.fromkeys(("hidden_dropout_prob", "attention_probs_dropout_prob"), 0.5)
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | rates), encoding="utf-8")
    languages = dict.fromkeys(TARGETS) if trains == "model" else None
    wanted = evaluate(files, tmp_path / "without", trains=trains, languages=languages)
    for name in ("first", "second"):
        assert evaluate(tmp_path / "files", tmp_path / name, trains=trains, languages=languages) == wanted
        for path in (tmp_path / "without/predictions").iterdir():
            assert (tmp_path / name / "predictions" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("trains", "expected"), [("adapter", False), ("model", True)])
def test_whole_models_are_read_with_autocast_on_a_bfloat16_machine(files, tmp_path, monkeypatch, trains, expected):
    """Frozen bases have bfloat16 weights there and need none."""
    seen, predict = [], Loaded.predict

    def recording(loaded, *arguments):
        seen.append((loaded.encode.autocast, loaded.encode.adapted.model.dtype == torch.bfloat16))
        return predict(loaded, *arguments)

    monkeypatch.setattr(Loaded, "predict", recording)
    languages = dict.fromkeys(TARGETS) if trains == "model" else None
    evaluate(files, tmp_path, trains=trains, languages=languages, frozen=torch.bfloat16)
    assert set(seen) == {(expected, not expected)}


def test_language_of_another_hidden_size_stops_with_one_line(files, tmp_path):
    shape = AdapterShape(LAYERS, 2 * HIDDEN, 8, 4)
    base = {"name": "tiny", "fingerprint": read_description(files / "base")["fingerprint"]}
    save_part(tmp_path / "wide", AdapterSet(shape).state_dict(), {"shape": shape.as_dict(), "base": base})
    with pytest.raises(AdapterError, match="hidden size 32, the base has 16") as error:
        evaluate(files, tmp_path / "out", languages=dict.fromkeys(TARGETS, tmp_path / "wide"))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_models_of_each_target_score_that_target_alone(files, tmp_path):
    """As for MLM-TRG: every target has a model of its own."""
    models = dict(zip(TARGETS, SEEDS, strict=True))  # the two seeds' models stand for those of the two targets
    groups = [
        Trained((0,), (files / f"model/seed{number}",), (target,), files / "base") for target, number in models.items()
    ]
    evaluate_run(
        RUN,
        tiny_study().tasks["ner"],
        groups,
        trains="model",
        stack="paper",
        language_folders=dict.fromkeys(TARGETS),
        data_paths={target: files / f"{target}.npz" for target in TARGETS},
        provenance={},
        scores_path=tmp_path / "scores.json",
        counts_path=tmp_path / "counts.parquet",
        machine=Machine(torch.device("cpu"), torch.float32),
    )
    content = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    scored = {(row["target"], row["metric"]): row["value"] for row in content["scores"]}
    assert [part["targets"] for part in content["provenance"]["trained"]] == [[target] for target in TARGETS]
    for target, number in models.items():
        alone = evaluate(files, tmp_path / target, (target,), (number,), dict.fromkeys(TARGETS), trains="model")
        assert scored[target, "f1"] == alone[target, number]["f1"]


def test_targets_are_scored_with_their_adapters_at_each_step(files, tmp_path):
    """Figure 6: the adapters of another language stand for those of an earlier step."""
    folders = {target: files / "languages" / target for target in TARGETS}
    steps = {"qaa": {10: folders["qae"], 20: folders["qaa"]}, "qae": {20: folders["qae"]}}
    trained = Trained(SEEDS, tuple(files / f"adapter/seed{seed}" for seed in SEEDS), ("qaa",), files / "base")
    evaluate_steps(
        RUN,
        tiny_study().tasks["ner"],
        trained,
        stack="paper",
        step_folders=steps,
        data_paths={target: files / f"{target}.npz" for target in TARGETS},
        provenance={"code": "x"},
        scores_path=tmp_path / "steps.json",
        machine=Machine(torch.device("cpu"), torch.float32),
    )
    content = json.loads((tmp_path / "steps.json").read_text(encoding="utf-8"))
    found = {(row["target"], row["steps"], row["seed"]): row["value"] for row in content["scores"]}
    assert found.keys() == {(t, s, seed) for t, s in (("qaa", 10), ("qaa", 20), ("qae", 20)) for seed in SEEDS}
    usual = evaluate(files, tmp_path / "usual")
    swapped = evaluate(files, tmp_path / "swapped", languages={"qaa": folders["qae"], "qae": folders["qaa"]})
    for seed in SEEDS:
        assert found["qaa", 20, seed] == pytest.approx(usual["qaa", seed]["f1"])
        assert found["qae", 20, seed] == pytest.approx(usual["qae", seed]["f1"])
        assert found["qaa", 10, seed] == pytest.approx(swapped["qaa", seed]["f1"])
    assert content["provenance"]["adaptations"]["qaa"].keys() == {"10", "20"}
