# The study's settings, paths and wildcard constraints; nothing else.
import re
from pathlib import Path

from snakemake.exceptions import WorkflowError

from madx.config import ConfigError, MadeBase, parse_study
from madx.data import EVALUATION_SPLITS, SPLITS
from madx.data.local import check_local_files, local_path
from madx.files import file_digest
from madx.methods import METHODS
from madx.provenance import code_digest, study_settings

try:
    study = parse_study(config, "configuration")
    check_local_files(study)
except ConfigError as error:
    raise WorkflowError(str(error)) from None

RESULTS = f"results/{study.study}"
THREADS = study.compute.threads

LANGUAGES = study.language_table()
MADE = [name for name, base in study.bases.items() if isinstance(base, MadeBase)]
HEADLESS = [name for name, base in study.bases.items() if name not in MADE and base.mlm_head == "train"]
COMPLETE = [name for name in study.bases if name not in [*MADE, *HEADLESS]]
ADAPTER_METHODS = [name for name in study.methods if METHODS[name].trains == "adapter"]
MODEL_METHODS = [name for name in study.methods if METHODS[name].trains == "model"]


def one_of(names):
    """A wildcard constraint: exactly these names (and none, where there are none)."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    base=one_of(study.bases),
    language=one_of(study.codes),
    source=one_of(study.codes),
    method=one_of(study.methods),
    kind="lad|lad-inv|full",
    seed=r"\d+",


def settings(*parts):
    """Parts of the configuration, as plain values: a rule's parameters, so that a change reruns what uses them."""
    return [part.model_dump(mode="json") if hasattr(part, "model_dump") else part for part in parts]


def gpu():
    """GPUs that a training or evaluation job asks a cluster for."""
    return 0 if study.compute.device == "cpu" else 1


READERS = {"miniature": "madx.miniature", "hub": "madx.data.hub", "local": "madx.data.local"}


def unused_readers(*sources):
    """Modules that read other data sources than these: editing them reruns nothing here."""
    used = {source.source for source in sources}
    return [module for name, module in READERS.items() if name not in used]


def source_settings(source, language, *sizes):
    """What a data source gives for a language; of constructed languages, what they are made from and their sizes."""
    if source.source != "miniature":
        return settings(source)
    row = LANGUAGES[language]
    made_from = [study.miniature.seed, row.code, row.family, row.script]
    return (
        settings(source) + made_from + [study.by_category(getattr(study.miniature, size), language) for size in sizes]
    )


def adaptation_settings(wildcards):
    """What an adaptation of this kind to this language depends on."""
    adaptation, kind = study.adaptation, wildcards.kind
    adapters = {
        "lad": {"stack", "leave_out", "language_reduction_factor"},
        "lad-inv": {"stack", "leave_out", "language_reduction_factor", "invertible_reduction_factor"},
        "full": set(),
    }
    rate = adaptation.learning_rate.full if kind == "full" else adaptation.learning_rate.adapter
    return [
        adaptation.model_dump(mode="json", exclude={"steps", "learning_rate"}),
        study.by_category(adaptation.steps, wildcards.language),
        rate,
        study.adapters.model_dump(mode="json", include=adapters[kind]),
        *settings(study.compute),
    ]


def task_settings(wildcards):
    """What a training depends on: of the task's settings those of its method and source."""
    task, source, method = study.tasks.ner, wildcards.source, wildcards.method
    optimization = {"weight_decay", "warmup_fraction", "max_gradient_norm", "evaluations"}
    adapters = {"stack", "leave_out", "task_reduction_factor"} if METHODS[method].trains == "adapter" else set()
    return [
        task.model_dump(mode="json", include=optimization),
        study.by_category(task.epochs, source),
        study.by_category(task.batch_size, source),
        study.methods[method].learning_rate,
        study.adapters.model_dump(mode="json", include=adapters),
        *settings(study.compute),
    ]


def source_files(source, language, splits=(None,)):
    """The user's files behind a data source: inputs, so that a change of them reruns what uses them."""
    if source.source == "local":
        return [str(local_path(study, source, language=language, split=split)) for split in splits]
    if source.source == "hub":  # nothing, unless its id is a folder
        folder = Path(source.id, source.configuration.format(language=language))
        return sorted(map(str, folder.glob("*.parquet")))
    return []


def base_files(base, patterns):
    """The user's files of a pretrained base in a folder: inputs, as above; none for an id on the hub."""
    return sorted({str(path) for pattern in patterns for path in Path(study.bases[base].path).glob(pattern)})


def adaptation_of(base, method, language):
    """The adapter of a language that a method uses, or nothing."""
    kind = METHODS[method].adaptation
    return f"{RESULTS}/adaptations/{base}/{kind}/{language}/adapter.json" if kind else []


def trained_parts(wildcards):
    """The trained parts of a run: one folder for an adapter method, one a seed for whole models."""
    folder = f"{RESULTS}/runs/{wildcards.base}/ner/{wildcards.method}/{wildcards.source}"
    if wildcards.method in ADAPTER_METHODS:
        return [folder]
    return [f"{folder}/seed{seed}" for seed in study.methods[wildcards.method].seeds]
