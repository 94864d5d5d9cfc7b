"""Language adaptation from files to files: what is read and trained how, what is written, what stays as it was."""

import json

import pytest
import torch
from safetensors.torch import load_file

from madx.adapters import load_language
from madx.config import AdaptationRates
from madx.data.blocks import Blocks
from madx.models.base import load_base, read_description
from madx.training import adaptation
from madx.training.adaptation import adapt_language
from tests.unit.training.conftest import HIDDEN, digests, tiny_study

STEPS = 6


@pytest.fixture
def adapt(base_folder, text_folder, machine, tmp_path):
    """adapt(kind, name, machine) -> folder of the adaptation; keywords change the settings."""

    def run(kind, name="adapted", on=machine, **changes):
        study = tiny_study()
        numbers = {"batch_size": 4, "evaluations": 2, "save_steps": (2, 4, 99)}
        adapt_language(
            study.adaptation.model_copy(update=numbers | changes),
            study.adapters,
            kind,
            "qaa",
            STEPS,
            base_folder,
            text_folder / "tokenizer",
            text_folder / "blocks.bin",
            tmp_path / name,
            tmp_path / "checkpoints",
            on,
        )
        return tmp_path / name

    return run


def metrics_of(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("kind", ["lad", "lad-inv"])
def test_adapters_are_written_at_the_end_and_at_the_listed_steps(adapt, base_folder, text_folder, kind):
    before = digests(base_folder) | digests(text_folder)
    folder = adapt(kind)
    part = {"adapter.safetensors", "adapter.json"}
    steps = {f"steps/step{step}/{name}" for step in (2, 4) for name in part}  # 99 is never reached
    assert digests(folder).keys() == part | steps | {"metrics.jsonl"}
    assert digests(base_folder) | digests(text_folder) == before
    base = read_description(base_folder)
    for below in (folder, folder / "steps/step2", folder / "steps/step4"):
        adapters = load_language(below, base["fingerprint"], HIDDEN)
        assert (adapters.invertible is not None) == (kind == "lad-inv")
    states = [
        load_language(folder / name).state_dict()["layers.0.up_weight"] for name in ("steps/step2", "steps/step4", ".")
    ]
    assert not torch.equal(states[0], states[1])
    assert not torch.equal(states[1], states[2])


def test_whole_model_is_written_as_a_base(adapt, base_folder):
    before = digests(base_folder)
    folder = adapt("full")
    assert digests(base_folder) == before
    assert (folder / "base.json").is_file()
    assert not list(folder.rglob("step*"))
    old, new = (load_base(path / "model").state_dict() for path in (base_folder, folder))
    assert old.keys() == new.keys()
    assert not torch.equal(
        old["roberta.encoder.layer.0.output.dense.weight"], new["roberta.encoder.layer.0.output.dense.weight"]
    )
    assert read_description(folder)["fingerprint"] != read_description(base_folder)["fingerprint"]


@pytest.mark.parametrize("kind", ["lad-inv", "full"])
def test_metrics_have_perplexity_before_and_after(adapt, tmp_path, kind):
    records = metrics_of(adapt(kind))
    assert {record["metric"] for record in records} == {"loss", "perplexity"}
    assert [record["step"] for record in records if record["metric"] == "perplexity"] == [0, 3, 6]
    assert all(
        record["value"] > 1 and record["steps"] == STEPS for record in records if record["metric"] == "perplexity"
    )
    assert not (tmp_path / "checkpoints").exists()


def test_description_says_what_the_adapter_belongs_to(adapt, base_folder, text_folder):
    folder = adapt("lad-inv")
    description = json.loads((folder / "adapter.json").read_text(encoding="utf-8"))
    base = read_description(base_folder)
    blocks = json.loads((text_folder / "blocks.json").read_text(encoding="utf-8"))
    assert description["base"] == {"name": base["name"], "fingerprint": base["fingerprint"]}
    assert (description["kind"], description["language"], description["steps"]) == ("lad-inv", "qaa", STEPS)
    assert description["provenance"]["machine"]["precision"] == "float32"
    assert description["text"]["text_sha256"] == blocks["text_sha256"]
    assert json.loads((folder / "steps/step2/adapter.json").read_text(encoding="utf-8"))["steps"] == 2
    perplexities = [record["value"] for record in metrics_of(folder) if record["metric"] == "perplexity"]
    assert description["perplexity"] == perplexities[-1]


@pytest.mark.parametrize("kind", ["lad-inv", "full"])
def test_equal_settings_give_equal_bytes(adapt, kind):
    first, second = (digests(adapt(kind, name)) for name in ("first", "second"))
    assert first.keys() == second.keys()
    weights = [name for name in first if name.endswith(".safetensors")]
    assert weights
    assert all(first[name] == second[name] for name in weights)


def test_seed_matters(adapt):
    first, second = (digests(adapt("lad", f"seed{seed}", seed=seed)) for seed in (0, 1))
    assert first["adapter.safetensors"] != second["adapter.safetensors"]


@pytest.mark.parametrize("kind", ["lad-inv", "full"])
def test_trains_on_the_text_and_measures_on_what_is_held_out(adapt, text_folder, mlm_rows, kind):
    blocks = Blocks.open(text_folder / "blocks.bin")
    train, held_out = ([tuple(row) for row in part.tolist()] for part in (blocks.train, blocks.held_out))
    assert not set(train) & set(held_out)
    adapt(kind, batch_size=-(-len(train) // STEPS))
    assert sorted(mlm_rows.trained[: len(train)]) == sorted(train)  # an epoch
    assert set(mlm_rows.trained) == set(train)
    assert mlm_rows.measured == 3 * held_out  # before, halfway and at the end


@pytest.mark.parametrize(("kind", "rate"), [("lad", 3e-3), ("lad-inv", 3e-3), ("full", 7e-4)])
def test_everything_that_trains_does_so_as_configured(adapt, handed_to_loop, kind, rate):
    handed = handed_to_loop(adaptation)
    rates = AdaptationRates(adapter=3e-3, full=7e-4)
    adapt(kind, learning_rate=rates, weight_decay=0.07, warmup_fraction=0.4, max_gradient_norm=0.9)
    (training,) = handed
    assert training.groups == [(rate, 0.07, set(training.phase.trainable))]
    settings = training.settings
    assert (settings.steps, settings.evaluations) == (STEPS, 2)
    assert (settings.warmup_fraction, settings.max_gradient_norm) == (0.4, 0.9)


def test_whole_model_keeps_float32_weights_and_computes_in_bfloat16(adapt, bfloat16_machine):
    exact, fast = adapt("full", "exact"), adapt("full", "fast", on=bfloat16_machine)
    exact, fast = (load_file(folder / "model/model.safetensors") for folder in (exact, fast))
    assert {tensor.dtype for tensor in fast.values()} == {torch.float32}
    name = "roberta.encoder.layer.0.output.dense.weight"
    assert not torch.equal(fast[name], exact[name])
    assert not torch.equal(fast[name], fast[name].bfloat16().float())
