# The study's settings, paths and wildcard constraints; nothing else.
import re
from itertools import product
from pathlib import Path

from snakemake.exceptions import WorkflowError

from madx.config import ConfigError, MadeBase, parse_study
from madx.data.local import check_local_files, local_path
from madx.files import file_digest
from madx.methods import METHODS
from madx.paths import Paths
from madx.provenance import code_digest, study_settings
from madx.repositories import of_base, of_source, repositories
from madx.tasks.names import KINDS

try:
    study = parse_study(config, "configuration")
    check_local_files(study)
except ConfigError as error:
    raise WorkflowError(str(error)) from None

PATHS = Paths(study)
RESULTS = str(PATHS.results)
THREADS = study.compute.threads

LANGUAGES = study.language_table()
MADE = [name for name, base in study.bases.items() if isinstance(base, MadeBase)]
HEADLESS = [name for name, base in study.bases.items() if name not in MADE and base.mlm_head == "train"]
COMPLETE = [name for name in study.bases if name not in [*MADE, *HEADLESS]]
ADAPTER_METHODS = [name for name, method in METHODS.items() if method.trains == "adapter"]
MODEL_METHODS = [name for name, method in METHODS.items() if method.trains == "model" and not method.trains_per_target]
# tasks whose trained parts another one goes on from, and the others
FIRST_STAGES = [task.starts_from for task in study.tasks.values() if getattr(task, "starts_from", None)]
LAST_STAGES = [name for name in study.tasks if name not in FIRST_STAGES]
PAIR_METHODS = [name for name, method in METHODS.items() if method.trains_per_target]


def one_of(names):
    """A wildcard constraint: exactly these names (and none, where there are none)."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    base=one_of(study.bases),
    task=one_of(study.tasks),
    language=one_of(study.codes),
    source=one_of(study.codes),
    target=one_of(study.codes),
    method=one_of(METHODS),
    kind="lad|lad-inv|full",
    repository=one_of(repositories(study)),
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


def source_settings(source, language, *splits):
    """What a data source gives for a language; of constructed data, the sizes of these splits alone."""
    if source.source != "miniature":
        return settings(source)
    row, unused = LANGUAGES[language], {"train", "dev", "test"}.difference(splits)
    sizes = {
        name: study.by_category(value, language)
        for name, value in source.model_dump(mode="json", exclude=unused).items()
    }
    return [sizes, study.miniature.seed, row.code, row.family, row.script]


def labelled_sources(task, language, splits):
    """The data source of each split of a language's labelled data."""
    return {split: study.data_source(task, language, split) for split in splits}


def labelled_files(task, language, splits):
    """The user's files behind them."""
    sources = labelled_sources(task, language, splits)
    return [path for split, source in sources.items() for path in source_files(source, language, [split])]


def labelled_revisions(task, language, splits):
    """The records of their commits on the hub."""
    return revisions(*map(of_source, labelled_sources(task, language, splits).values()))


def labelled_settings(task, language, splits):
    """What they give."""
    sources = labelled_sources(task, language, splits)
    return [source_settings(source, language, split) for split, source in sources.items()]


def labelled_code(task, language, splits):
    """The digest of what reads them."""
    sources = labelled_sources(task, language, splits).values()
    kind = f"madx.data.{study.tasks[task].kind}"
    return code_digest("madx.data.labelled", kind, without=unused_readers(*sources))


def text_sources(language):
    """The data sources of a language's text and of its evaluation texts."""
    sources = [study.text_source(language)]
    for task, splits in evaluation_splits(language):
        sources += labelled_sources(task, language, splits).values()
    return sources


def text_revisions(language):
    """The records of their commits on the hub."""
    return revisions(*map(of_source, text_sources(language)))


def text_code(language):
    """The digest of what prepares a language's text, the readers of evaluation texts included."""
    kinds = {f"madx.data.{study.tasks[task].kind}" for task, _ in evaluation_splits(language)}
    return code_digest("madx.data.text", *sorted(kinds), without=unused_readers(*text_sources(language)))


def evaluation_splits(language):
    """(task, splits) of the evaluation texts of a language."""
    return [(task, study.evaluation_splits(task, language)) for task in study.tasks]


def kind_settings(task, *keys):
    """What of a task's settings decides how its data are read or tokenized, by kind."""
    used = {
        "ner": {"read": {"labels", "map_tags"}, "text": set(), "tokenize": {"labels", "max_length"}},
        "qa": {"read": {"article_splits"}, "text": {"article_splits"}, "tokenize": {"max_length", "stride"}},
        "ccr": {"read": set(), "text": set(), "tokenize": {"max_length", "question_words"}},
    }
    settings_ = study.tasks[task]
    return settings_.model_dump(mode="json", include=set().union(*(used[settings_.kind][key] for key in keys)))


def adaptation_settings(wildcards):
    """What an adaptation of this kind to this language depends on."""
    adaptation, kind = study.adaptation, wildcards.kind
    of_adapters = {"save_steps", "train_mlm_head"} if kind == "full" else set()
    adapters = {
        "lad": {"stack", "leave_out", "language_reduction_factor"},
        "lad-inv": {"stack", "leave_out", "language_reduction_factor", "invertible_reduction_factor"},
        "full": set(),
    }
    rate = adaptation.learning_rate.full if kind == "full" else adaptation.learning_rate.adapter
    return [
        adaptation.model_dump(mode="json", exclude={"steps", "learning_rate", *of_adapters}),
        study.by_category(adaptation.steps, wildcards.language),
        rate,
        study.adapters.model_dump(mode="json", include=adapters[kind]),
        *settings(study.compute),
    ]


def task_settings(wildcards):
    """What a training depends on: of the task's settings those of its method and source."""
    task, source, method = study.tasks[wildcards.task], wildcards.source, wildcards.method
    used = {"weight_decay", "warmup_fraction", "max_gradient_norm", "evaluations", "n_best", "max_answer_length"}
    adapters = {"stack", "leave_out", "task_reduction_factor"} if METHODS[method].trains == "adapter" else set()
    return [
        task.model_dump(mode="json", include=used),
        study.epochs(wildcards.task, method, source),
        study.by_category(task.batch_size, source),
        task.methods[method].learning_rate,
        study.adapters.model_dump(mode="json", include=adapters),
        *settings(study.compute),
    ]


def task_code(module, wildcards):
    """The digest of a module and of what makes the wildcards' kind of task."""
    return code_digest(module, KINDS[study.tasks[wildcards.task].kind])


def source_files(source, language, splits=(None,)):
    """The user's files behind a data source: inputs, so that a change of them reruns what uses them."""
    if source.source == "local":
        return [str(local_path(study, source, language=language, split=split)) for split in splits]
    if source.source == "hub":  # nothing, unless its id is a folder; it may have a folder for each configuration
        folder = Path(source.id, source.configuration.format(language=language))
        return sorted(map(str, (folder if folder.is_dir() else Path(source.id)).rglob("*.parquet")))
    return []


def revisions(*repositories_):
    """The records of commits on the hub of what is there."""
    return sorted({str(PATHS.revision(repository.name)) for repository in repositories_ if repository})


def base_files(base, patterns):
    """The user's files of a pretrained base in a folder: inputs, as above; none for an id on the hub."""
    return sorted({str(path) for pattern in patterns for path in Path(study.bases[base].path).glob(pattern)})


def model_for(wildcards):
    """The description of the model that a run trains its task on."""
    target = wildcards.get("target")
    return str(PATHS.base_folder(wildcards.base, wildcards.method, wildcards.source, target) / "base.json")


def models_for(wildcards):
    """The descriptions of the models that a run trains its task on: several where each target has its own."""
    groups = PATHS.trained(wildcards.base, wildcards.task, wildcards.method, wildcards.source)
    return sorted({str(group.base_folder / "base.json") for group in groups})


def language_adapter(base, method, language):
    """The description of a language's adapters that a method uses, or nothing."""
    folder = PATHS.language_adapters(base, method, language)
    return str(folder / "adapter.json") if folder else []


def language_adapters(base, method, languages):
    """Those of several languages."""
    return [path for language in languages if (path := language_adapter(base, method, language))]


def first_stage(wildcards):
    """What a run goes on from, if its task starts from another: all seeds of an adapter method, or one whole model."""
    first = getattr(study.tasks[wildcards.task], "starts_from", None)
    if first is None:
        return []
    target = wildcards.get("target")
    folder = PATHS.run(wildcards.base, first, wildcards.method, wildcards.source, target)
    return str(folder) if wildcards.method in ADAPTER_METHODS else str(folder / f"seed{wildcards.seed}")


def trained_parts(wildcards):
    """The trained parts of a run: one folder for an adapter method, one a seed (and target) for whole models."""
    groups = PATHS.trained(wildcards.base, wildcards.task, wildcards.method, wildcards.source)
    folders = [str(folder) for group in groups for folder in group.folders]
    return [str(Path(folders[0]).parent)] if wildcards.method in ADAPTER_METHODS else folders


def test_sequences(wildcards):
    """The test data of a task's targets."""
    targets = study.targets(wildcards.task)
    return [str(PATHS.sequences(wildcards.base, wildcards.task, target, "test")) for target in targets]
