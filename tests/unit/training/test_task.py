"""Task training from files to files: all seeds of an adapter method, or one whole model."""

import itertools
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from seqeval.metrics import f1_score

from madx.adapters import AdapterError, AdapterSet, AdapterShape
from madx.adapters.storage import save_part
from madx.data.sequences import load_sequences
from madx.data.windows import Windows
from madx.evaluation.run import load_trained
from madx.files import file_digest
from madx.models.base import load_base, read_description
from madx.paths import Trained
from madx.tasks.tagging import Tagging
from madx.training import task
from madx.training.task import train_task
from tests.unit.training.conftest import HIDDEN, LAYERS, TAGS, digests, save_windows, tiny_study

SEEDS = (3, 0)


def save_language(folder, base_folder, hidden_size=HIDDEN, seed=5):
    base = read_description(base_folder)
    shape = AdapterShape(LAYERS, hidden_size, 8, 4)
    description = {"shape": shape.as_dict(), "base": {"name": base["name"], "fingerprint": base["fingerprint"]}}
    save_part(folder, AdapterSet.create(shape, [seed]).state_dict(), description)
    return folder


@pytest.fixture
def train(base_folder, machine, tmp_path):
    """train(trains, seeds, language_folder, name, machine, learning_rate) -> folder with one a seed and metrics.jsonl.

    Keywords change the settings of the task.
    """
    save_windows(tmp_path / "windows.npz", 30, seed=0)

    def run(
        trains="adapter",
        seeds=SEEDS,
        language_folder=None,
        name="run",
        on=machine,
        epochs=2,
        learning_rate=1e-2,
        start_folders=(),
        **changes,
    ):
        study = tiny_study()
        train_task(
            study.tasks["ner"].model_copy(update={"evaluations": 2} | changes),
            study.adapters,
            trains=trains,
            seeds=seeds,
            learning_rate=learning_rate,
            epochs=epochs,
            batch_size=8,
            base_folder=base_folder,
            language_folder=language_folder,
            data_path=tmp_path / "windows.npz",
            description={"task": "ner", "method": "madx", "source": "qaa"},
            folders=[tmp_path / name / f"seed{seed}" for seed in seeds],
            metrics_path=tmp_path / name / "metrics.jsonl",
            checkpoint_folder=tmp_path / "checkpoints",
            machine=on,
            start_folders=start_folders,
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
        assert description["provenance"]["machine"]["precision"] == "float32"
        assert description["base"]["fingerprint"] == read_description(base_folder)["fingerprint"]


def test_metrics_have_the_dev_f1_of_every_seed_and_the_best_is_kept(train):
    folder = train()
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    for seed in SEEDS:
        scores = {r["step"]: r["value"] for r in records if (r["metric"], r["seed"]) == ("dev_f1", seed)}
        assert scores.keys() == {4, 8}
        description = json.loads((folder / f"seed{seed}/adapter.json").read_text(encoding="utf-8"))
        assert description["dev_score"] == max(scores[4], scores[8]) == scores[description["best_step"]]


def test_the_languages_adapter_matters(train, base_folder, tmp_path):
    with_language = digests(train(language_folder=save_language(tmp_path / "language", base_folder), name="with"))
    without = digests(train(name="without"))
    assert with_language["seed0/adapter.safetensors"] != without["seed0/adapter.safetensors"]


def test_another_language_adapter_gives_another_task_adapter(train, base_folder, tmp_path):
    trained = []
    for seed in (5, 6):
        language = save_language(tmp_path / f"language{seed}", base_folder, seed=seed)
        trained.append(load_file(train(language_folder=language, name=f"on{seed}") / "seed0/adapter.safetensors"))
    assert all(not torch.equal(trained[0][name], trained[1][name]) for name in trained[0])


def relabel(path, split) -> None:
    """Exchange O and B-PER in one split of a file of windows."""
    with np.load(path) as arrays:
        changed = dict(arrays)
    changed[f"{split}_gold"] = 1 - changed[f"{split}_gold"]
    np.savez(path, **changed)


def test_dev_part_picks_the_checkpoint_and_the_test_part_has_no_say(train, tmp_path):
    def trained(name):
        folder = train(seeds=(0,), name=name, evaluations=8) / "seed0"
        description = json.loads((folder / "adapter.json").read_text(encoding="utf-8"))
        return description["dev_score"], description["best_step"], digests(folder)["adapter.safetensors"]

    before = trained("before")
    relabel(tmp_path / "windows.npz", "test")
    assert trained("other-test") == before
    relabel(tmp_path / "windows.npz", "dev")
    assert trained("other-dev")[0] != before[0]


def test_recorded_dev_f1_is_that_of_the_kept_adapter(train, base_folder, machine, tmp_path):
    """Loaded as for evaluation, with the source's language, the kept adapter tags the dev part just as well."""
    language = save_language(tmp_path / "language", base_folder)
    folder = train(language_folder=language, epochs=30, learning_rate=3e-2)
    folders = [folder / f"seed{seed}" for seed in SEEDS]
    trained = Trained(SEEDS, tuple(folders), ("qaa",), base_folder)
    loaded = load_trained(Tagging(), trained, "adapter", tiny_study().adapters.stack, machine)
    dev = load_sequences(Windows, tmp_path / "windows.npz", "dev")
    predicted = loaded.predict(dev, language)

    def sentences(tags):
        return [TAGS[tags[start:end]].tolist() for start, end in itertools.pairwise(dev.gold_offsets)]

    scores = [100 * f1_score(sentences(dev.gold), sentences(tags)) for tags in predicted.values()]
    recorded = [json.loads((f / "adapter.json").read_text(encoding="utf-8"))["dev_score"] for f in folders]
    assert min(scores) > 0
    assert recorded == pytest.approx(scores)


@pytest.mark.parametrize("trains", ["adapter", "model"])
def test_everything_that_trains_does_so_as_configured(train, handed_to_loop, trains):
    handed = handed_to_loop(task)
    changes = {"weight_decay": 0.07, "warmup_fraction": 0.4, "max_gradient_norm": 0.9}
    train(trains, seeds=(0,), learning_rate=2e-3, **changes)
    (training,) = handed
    assert training.groups == [(2e-3, 0.07, set(training.phase.trainable))]
    settings = training.settings
    assert (settings.steps, settings.evaluations) == (8, 2)
    assert (settings.warmup_fraction, settings.max_gradient_norm) == (0.4, 0.9)


@pytest.mark.parametrize(("trains", "seeds"), [("adapter", SEEDS), ("model", (0,))])
def test_second_stage_starts_from_the_parts_of_the_first(train, trains, seeds):
    first = [train(trains, seeds, name="first") / f"seed{seed}" for seed in seeds]
    seen, optimize = {}, task.optimize

    def recording(phase, *arguments, **options):
        seen.update({name: parameter.detach().clone() for name, parameter in phase.trainable.items()})
        return optimize(phase, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task, "optimize", recording)
        folder = train(trains, seeds, name="second", start_folders=first)
    for replica, start in enumerate(first):
        for name, tensor in load_file(start / "adapter.safetensors").items():
            assert torch.equal(seen[name][replica : replica + 1], tensor), name
    if trains == "model":
        name = "encoder.layer.0.output.dense.weight"
        model = load_file(first[0] / "model/model.safetensors")
        assert torch.equal(seen[f"body.{name}"], model[f"roberta.{name}"])
    for seed, start in zip(seeds, first, strict=True):
        description = json.loads((folder / f"seed{seed}/adapter.json").read_text(encoding="utf-8"))
        weights = ["adapter.safetensors", *(["model/model.safetensors"] if trains == "model" else [])]
        assert description["first_stage"] == {name: file_digest(start / name) for name in weights}


def test_head_has_the_dropout_of_the_base(train, base_folder, handed_to_loop):
    path = base_folder / "model/config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(config | {"hidden_dropout_prob": 0.3}), encoding="utf-8")
    handed = handed_to_loop(task)
    train(seeds=(0,))
    assert handed[0].phase.head.dropout.p == 0.3


def test_whole_model_keeps_float32_weights_and_computes_in_bfloat16(train, bfloat16_machine):
    folders = train("model", seeds=(0,), name="exact"), train("model", seeds=(0,), name="fast", on=bfloat16_machine)
    exact, fast = (load_file(folder / "seed0/model/model.safetensors") for folder in folders)
    assert {tensor.dtype for tensor in fast.values()} == {torch.float32}
    name = "roberta.encoder.layer.0.output.dense.weight"
    assert not torch.equal(fast[name], exact[name])
    assert not torch.equal(fast[name], fast[name].bfloat16().float())


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
