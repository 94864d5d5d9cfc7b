"""Task training from files to files: all seeds of an adapter method, or one whole model."""

import json

import pytest
import torch
from safetensors.torch import load_file

from madx.adapters import AdapterError, AdapterSet, AdapterShape
from madx.adapters.storage import save_part
from madx.models.base import load_base, read_description
from madx.training.task import train_task
from tests.unit.training.conftest import HIDDEN, LAYERS, TAGS, digests, save_windows, tiny_study

SEEDS = (3, 0)


def save_language(folder, base_folder, hidden_size=HIDDEN):
    base = read_description(base_folder)
    shape = AdapterShape(LAYERS, hidden_size, 8, 4)
    description = {"shape": shape.as_dict(), "base": {"name": base["name"], "fingerprint": base["fingerprint"]}}
    save_part(folder, AdapterSet.create(shape, [5]).state_dict(), description)
    return folder


@pytest.fixture
def train(base_folder, machine, tmp_path):
    """train(trains, seeds, language_folder, name) -> folder with one folder a seed and metrics.jsonl."""
    save_windows(tmp_path / "windows.npz", 30, seed=0)

    def run(trains="adapter", seeds=SEEDS, language_folder=None, name="run"):
        study = tiny_study()
        train_task(
            study.tasks.ner.model_copy(update={"evaluations": 2}),
            study.adapters,
            trains=trains,
            seeds=seeds,
            learning_rate=1e-2,
            epochs=2,
            batch_size=8,
            base_folder=base_folder,
            language_folder=language_folder,
            windows_path=tmp_path / "windows.npz",
            description={"task": "ner", "method": "madx", "source": "qaa"},
            folders=[tmp_path / name / f"seed{seed}" for seed in seeds],
            metrics_path=tmp_path / name / "metrics.jsonl",
            checkpoint_folder=tmp_path / "checkpoints",
            machine=machine,
        )
        return tmp_path / name

    return run


def test_every_seed_gets_its_adapter_and_head(train, base_folder, tmp_path):
    language = save_language(tmp_path / "language", base_folder)
    before = digests(base_folder) | digests(language)
    folder = train(language_folder=language)
    part = ("adapter.safetensors", "adapter.json")
    assert digests(folder).keys() == {f"seed{seed}/{name}" for seed in SEEDS for name in part} | {"metrics.jsonl"}
    assert digests(base_folder) | digests(language) == before
    assert not (tmp_path / "checkpoints").exists()
    tensors = [load_file(folder / f"seed{seed}/adapter.safetensors") for seed in SEEDS]
    assert tensors[0]["head.weight"].shape == (1, len(TAGS), HIDDEN)
    assert not torch.equal(tensors[0]["head.weight"], tensors[1]["head.weight"])
    for seed in SEEDS:
        description = json.loads((folder / f"seed{seed}/adapter.json").read_text(encoding="utf-8"))
        assert (description["seed"], description["source"], description["steps"]) == (seed, "qaa", 8)
        assert description["tags"] == list(TAGS)
        assert description["best_step"] in (4, 8)
        assert description["base"]["fingerprint"] == read_description(base_folder)["fingerprint"]


def test_metrics_have_the_dev_f1_of_every_seed_and_the_best_is_kept(train):
    folder = train()
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    for seed in SEEDS:
        scores = {r["step"]: r["value"] for r in records if (r["metric"], r["seed"]) == ("dev_f1", seed)}
        assert scores.keys() == {4, 8}
        description = json.loads((folder / f"seed{seed}/adapter.json").read_text(encoding="utf-8"))
        assert description["dev_f1"] == max(scores[4], scores[8]) == scores[description["best_step"]]


def test_the_languages_adapter_matters(train, base_folder, tmp_path):
    with_language = digests(train(language_folder=save_language(tmp_path / "language", base_folder), name="with"))
    without = digests(train(name="without"))
    assert with_language["seed0/adapter.safetensors"] != without["seed0/adapter.safetensors"]


def test_whole_model_is_saved_with_its_head(train, base_folder):
    before = digests(base_folder)
    folder = train("model", seeds=(0,))
    assert digests(base_folder) == before
    assert {"seed0/model/model.safetensors", "seed0/adapter.safetensors", "seed0/adapter.json"} <= digests(
        folder
    ).keys()
    assert load_file(folder / "seed0/adapter.safetensors").keys() == {"head.weight", "head.bias"}
    old, new = (load_base(path / "model").state_dict() for path in (base_folder, folder / "seed0"))
    name = "roberta.encoder.layer.0.output.dense.weight"
    assert not torch.equal(old[name], new[name])
    assert torch.equal(old["lm_head.dense.weight"], new["lm_head.dense.weight"])  # takes no part in the task


def test_whole_models_are_trained_one_seed_at_a_time(train):
    with pytest.raises(ValueError, match="one seed at a time"):
        train("model", seeds=(0, 1))


@pytest.mark.parametrize(
    ("hidden_size", "fingerprint", "message"),
    [(32, None, "hidden size 32, the base has 16"), (HIDDEN, "0" * 64, "trained on base 'tiny'")],
)
def test_adapter_of_another_base_stops_with_one_line(train, base_folder, tmp_path, hidden_size, fingerprint, message):
    language = save_language(tmp_path / "language", base_folder, hidden_size)
    if fingerprint:
        description = json.loads((language / "adapter.json").read_text(encoding="utf-8"))
        description["base"]["fingerprint"] = fingerprint
        (language / "adapter.json").write_text(json.dumps(description), encoding="utf-8")
    with pytest.raises(AdapterError, match=message) as error:
        train(language_folder=language)
    assert str(error.value).startswith(str(language))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()
