"""What must hold between a study's settings; each complaint is one line that starts with the key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from string import Formatter
from typing import TYPE_CHECKING, Any

from madx.languages import CODE, nearest
from madx.methods import METHODS
from madx.repositories import hub_repositories

if TYPE_CHECKING:
    from madx.config import MadeBase, Study
    from madx.config_tasks import NerTask, QaTask

RESERVED_BASES = {"text"}  # corpora/text stands beside the folders of the bases
RESERVED_STUDIES = {"reference", "bench"}  # the committed results of studies; what `make bench` measured
SHORTEST_WINDOW = 24  # sub-words: a question, special tokens, and half of it for the passage
SPLITS_OF_SOURCES, SPLITS_OF_TARGETS = ("train", "dev"), ("test",)


def check_consistency(study: Study) -> None:
    """Raise ValueError for the first setting that contradicts another one."""
    if study.study in RESERVED_STUDIES:
        raise ValueError(f"study: {study.study!r} is the name of a folder of the results; choose another")
    for name in study.tasks:
        _check_methods(study, name)
    _check_repetitions(study)
    _check_languages(study)
    _check_data(study)
    _check_revisions(study)
    _check_values_by_category(study)
    for name in study.bases:
        if name in RESERVED_BASES | set(study.tasks):
            raise ValueError(f"bases: {name!r} is the name of a folder of the results; choose another")
    for name, task in study.tasks.items():
        if task.kind == "ner":
            _check_labels(f"tasks.{name}", task)
        if task.kind == "qa":
            _check_windows(study, name, task)
        if task.kind == "ccr" and task.starts_from is not None:
            _check_first_stage(study, name, task.starts_from)
    for name, base in study.bases.items():
        if base.source == "made":
            _check_made_base(study, name, base)


def _check_methods(study: Study, task: str) -> None:
    for name, method in study.tasks[task].methods.items():
        key = f"tasks.{task}.methods"
        if name not in METHODS:
            raise ValueError(f"{key}: {name!r} is unknown{nearest(name, METHODS) or ';'} known: {', '.join(METHODS)}")
        if not method.bases:
            raise ValueError(f"{key}.{name}.bases: at least one base is needed, or all")
        for base in () if method.bases == "all" else method.bases:
            if base not in study.bases:
                raise ValueError(f"{key}.{name}.bases: {base!r} is no base{nearest(base, study.bases)}")


def _check_windows(study: Study, name: str, task: QaTask) -> None:
    """Windows have room for a question beside what neighbours share, and articles are divided where they can be."""
    if 2 * task.stride > task.max_length or task.max_length < SHORTEST_WINDOW:
        raise ValueError(
            f"tasks.{name}.stride: must be at most half of max_length, {task.max_length}, which must be at least"
            f" {SHORTEST_WINDOW}"
        )
    if task.article_splits is None:
        return
    if task.data.source != "local" or "{split}" in task.data.path or task.test_data or task.test_data_of:
        raise ValueError(
            f"tasks.{name}.article_splits: only for a local file that has all splits; null where {{split}} is in the"
            " path, for other sources, and where the test data lie elsewhere"
        )
    for code in study.codes:
        for split in study.splits(name, code):
            if not getattr(task.article_splits, split):
                raise ValueError(f"tasks.{name}.article_splits.{split}: must be above 0, for {code!r} needs that part")


def _check_first_stage(study: Study, name: str, first: str) -> None:
    """A task that starts from another one finds a trained part of that one for each of its own runs."""
    key, others = f"tasks.{name}.starts_from", [other for other in study.tasks_of("ccr") if other != name]
    if first not in others:
        raise ValueError(f"{key}: {first!r} is no other task of kind ccr{nearest(first, others)}")
    if study.tasks[first].starts_from is not None:
        raise ValueError(f"{key}: {first!r} starts from another task itself; only two stages are possible")
    if missing := set(study.sources(name)) - set(study.sources(first)):
        raise ValueError(f"{key}: {first!r} is not trained on {', '.join(sorted(missing))}")
    for method, settings in study.tasks[name].methods.items():
        before = study.tasks[first].methods.get(method)
        if before is None or set(settings.seeds) - set(before.seeds):
            raise ValueError(f"{key}: {first!r} lacks method {method} or seeds of it; both tasks need the same ones")
        if any(method not in study.methods(first, base) for base in study.bases if method in study.methods(name, base)):
            raise ValueError(f"{key}: {first!r} has no method {method} with all of its bases")
        if METHODS[method].trains_per_target and set(study.targets(name)) - set(study.targets(first)):
            raise ValueError(f"{key}: {first!r} lacks targets, for each of which {method} trains a model")


def _check_languages(study: Study) -> None:
    codes = study.codes
    for code in codes:
        if not CODE.fullmatch(code):
            raise ValueError(f"languages: {code!r} is no language code; use small letters, digits and hyphens")
    wanted: dict[str, Sequence[str]] = {
        "figure6_targets": study.figure6_targets,
        "corpora.data_of": tuple(study.corpora.data_of),
    }
    if study.table5_source is not None:
        wanted["table5_source"] = (study.table5_source,)
    for name, task in study.tasks.items():
        wanted |= {f"tasks.{name}.sources": study.sources(name), f"tasks.{name}.targets": study.targets(name)}
        wanted[f"tasks.{name}.test_data_of"] = tuple(task.test_data_of)
        for key in (f"tasks.{name}.sources", f"tasks.{name}.targets"):
            if not wanted[key]:
                raise ValueError(f"{key}: at least one language is needed, or all")
    for key, languages in wanted.items():
        for code in languages:
            if code not in codes:
                raise ValueError(f"{key}: {code!r} is not among the study's languages{nearest(code, codes)}")
    if not study.tasks_of("ner"):
        for key in ("table5_source", "figure6_targets"):
            if getattr(study, key):
                raise ValueError(f"{key}: Table 5 and figure 6 are of NER, but no task is of kind ner; leave it empty")
    for task in study.tasks_of("ner"):
        if study.table5_source is not None and study.table5_source not in study.sources(task):
            raise ValueError(f"table5_source: {study.table5_source!r} is not among tasks.{task}.sources")
        if missing := [code for code in study.figure6_targets if code not in study.targets(task)]:
            raise ValueError(f"figure6_targets: {missing[0]!r} is not among tasks.{task}.targets")
        if study.figure6_targets and "madx" not in study.tasks[task].methods:
            raise ValueError(f"figure6_targets: tasks.{task}.methods has no madx, whose F1 would be drawn")
    if study.figure6_targets and study.table5_source is None:
        raise ValueError("figure6_targets: table5_source is needed, from which is transferred")
    for code in study.figure6_targets:
        if len(study.kept_steps(code)) == 1:
            raise ValueError(f"figure6_targets: adaptation.save_steps has no step before the last one of {code!r}")


def _check_repetitions(study: Study) -> None:
    lists: dict[str, Sequence[Any]] = {
        "languages": study.codes,
        "figure6_targets": study.figure6_targets,
        "adapters.leave_out": study.adapters.leave_out,
        "adaptation.save_steps": study.adaptation.save_steps,
    }
    for name, task in study.tasks.items():
        lists |= {f"tasks.{name}.sources": study.sources(name), f"tasks.{name}.targets": study.targets(name)}
        lists |= {f"tasks.{name}.methods.{method}.seeds": value.seeds for method, value in task.methods.items()}
        if task.kind == "ner":
            lists[f"tasks.{name}.labels"] = task.labels
    for key, values in lists.items():
        repeated = [str(value) for value in dict.fromkeys(values) if values.count(value) > 1]
        if repeated:
            raise ValueError(f"{key}: {', '.join(repeated)} listed more than once")


def _check_labels(key: str, task: NerTask) -> None:
    if "O" in task.labels:
        raise ValueError(f"{key}.labels: 'O' stands for no entity and cannot be a label")
    for label in task.labels:
        if label.split() != [label]:
            raise ValueError(f"{key}.labels: {label!r} cannot stand in a column; expected text without blanks")
        if label.startswith(("B-", "I-")):
            raise ValueError(f"{key}.labels: {label!r} is a tag; expected its type alone, without B- or I-")
    for kind, target in task.map_tags.items():
        if target not in (*task.labels, "O"):
            raise ValueError(f"{key}.map_tags: {kind!r} is mapped to {target!r}, which is no label and not O")


def _check_data(study: Study) -> None:
    corpora = study.corpora
    _check_source(
        study, "corpora.data", corpora.data, [code for code in study.codes if code not in corpora.data_of], ()
    )
    for code, source in corpora.data_of.items():
        _check_source(study, f"corpora.data_of.{code}", source, (code,), ())
    for name, task in study.tasks.items():
        key = f"tasks.{name}"
        sources, targets = study.sources(name), study.targets(name)
        elsewhere = [code for code in targets if code not in task.test_data_of]
        if task.test_data is None:
            both = dict.fromkeys([*sources, *elsewhere])
            _check_source(study, f"{key}.data", task.data, both, (*SPLITS_OF_SOURCES, *SPLITS_OF_TARGETS), task)
        else:
            _check_source(study, f"{key}.data", task.data, sources, SPLITS_OF_SOURCES, task)
            _check_source(study, f"{key}.test_data", task.test_data, elsewhere, SPLITS_OF_TARGETS, task)
        if strangers := [code for code in task.test_data_of if code not in targets]:
            raise ValueError(f"{key}.test_data_of: {strangers[0]!r} is not among {key}.targets")
        for code, source in task.test_data_of.items():
            _check_source(study, f"{key}.test_data_of.{code}", source, (code,), SPLITS_OF_TARGETS, task)


def _check_revisions(study: Study) -> None:
    """A study reads one revision of each data set and model on the hub."""
    named: dict[str, str | None] = {}
    for repository in hub_repositories(study):
        if named.setdefault(repository.name, repository.revision) != repository.revision:
            raise ValueError(f"revision: {repository.kind} {repository.id!r} has two; a study reads one")


def _check_source(
    study: Study, key: str, source: Any, languages: Collection[str], splits: Collection[str], task: Any = None
) -> None:
    """A source says where each language's (and split's) data are: nothing stands for two of them."""
    language = {"language"} if len(languages) > 1 else set()
    split = {"split"} if len(splits) > 1 and getattr(task, "article_splits", None) is None else set()
    if source.source == "miniature":
        if study.miniature is None:
            raise ValueError("miniature: settings are needed because a data source is 'miniature'")
        if missing := [name for name in splits if getattr(source, name) is None]:
            raise ValueError(f"{key}.{missing[0]}: a number of examples is needed")
        if task is not None and (task.kind == "ccr") != (source.choices is not None):
            raise ValueError(f"{key}.choices: needed for causal reasoning, and for nothing else")
    if source.source == "local":
        if study.data_root is None:
            raise ValueError("data_root: a folder is needed because a data source is 'local'")
        known = {"language", "split"} if splits else {"language"}
        _check_template(f"{key}.path", source.path, known, language | split)
    if source.source == "hub":
        _check_template(f"{key}.configuration", source.configuration, {"language"}, language)
    named = source.source in ("hub", "local")
    if named and not splits and source.splits != type(source).model_fields["splits"].default:
        raise ValueError(f"{key}.splits: text has none; all of a data set's `train` is read")
    if named and (missing := [name for name in splits if name not in source.splits]):
        raise ValueError(f"{key}.splits: no value for {missing[0]!r}")


def _check_template(key: str, template: str, known: set[str], needed: set[str]) -> None:
    """A text with {names}: those that are needed are there, and no others than the known ones."""
    try:
        fields = [field for field in Formatter().parse(template) if field[1] is not None]
    except ValueError as error:
        raise ValueError(f"{key}: {template!r} cannot be filled in ({error})") from None
    names = [name + (f"!{change}" if change else "") + (f":{form}" if form else "") for _, name, form, change in fields]
    for name in names:
        if name not in known:
            raise ValueError(f"{key}: {{{name}}} is unknown{nearest(name, known) or f'; known: {_braced(known)}'}")
    if missing := needed - set(names):
        raise ValueError(f"{key}: {template!r} lacks {_braced(missing)}; without it several files would be one")


def _braced(names: set[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


def _check_values_by_category(study: Study) -> None:
    """Every category that has languages has a value in each setting by category."""
    adapted = {language for _, _, language in study.adaptations}
    settings: dict[str, tuple[Any, Sequence[str]]] = {
        "adaptation.steps": (study.adaptation.steps, [code for code in study.codes if code in adapted])
    }
    for code in study.codes:
        if (source := study.text_source(code)).source == "miniature":
            key = f"corpora.data{'_of.' + code if code in study.corpora.data_of else ''}.sentences"
            settings[key] = (source.sentences, (*settings.get(key, (None, ()))[1], code))
    for name, task in study.tasks.items():
        sources, targets = study.sources(name), study.targets(name)
        settings |= {
            f"tasks.{name}.epochs": (task.epochs, sources),
            f"tasks.{name}.batch_size": (task.batch_size, sources),
        }
        settings |= {
            f"tasks.{name}.methods.{method}.epochs": (value.epochs, sources) for method, value in task.methods.items()
        }
        for code in dict.fromkeys((*sources, *targets)):
            for split in dict.fromkeys((*study.splits(name, code), *study.evaluation_splits(name, code))):
                source = study.data_source(name, code, split)
                if source.source == "miniature":
                    elsewhere = f"test_data_of.{code}" if code in task.test_data_of else "test_data"
                    key = f"tasks.{name}.{'data' if source == task.data else elsewhere}.{split}"
                    settings[key] = (getattr(source, split), (*settings.get(key, (None, ()))[1], code))
    for key, (setting, languages) in settings.items():
        if isinstance(setting, dict):
            for code in languages:
                if study.category(code) not in setting:
                    raise ValueError(f"{key}: no value for {study.category(code)!r} (language {code!r})")


def _check_made_base(study: Study, name: str, base: MadeBase) -> None:
    if not study.covered:
        raise ValueError(f"bases: {name!r} is made from the covered languages' text, but none is covered")
    for task_name, task in study.tasks.items():
        if task.max_length > study.corpora.block_length and study.methods(task_name, name):
            raise ValueError(
                f"tasks.{task_name}.max_length: {task.max_length} tokens, but base {name!r} is pretrained on"
                f" {study.corpora.block_length} positions only (corpora.block_length)"
            )
    if base.hidden_size % base.attention_heads:
        raise ValueError(f"bases: {name!r}: hidden_size must be a multiple of attention_heads")
    inverted = any((of, kind) == (name, "lad-inv") for of, kind, _ in study.adaptations)
    if base.hidden_size % 2 and inverted:
        raise ValueError(f"bases: {name!r}: hidden_size must be even, because the invertible adapter halves it")
    for layer in study.adapters.leave_out:
        if layer >= base.layers:
            raise ValueError(f"adapters.leave_out: base {name!r} has no layer {layer}; its {base.layers} count from 0")
    if len(study.adapters.leave_out) == base.layers:
        raise ValueError(f"adapters.leave_out: no layer of base {name!r} is left for adapters")
    for key, width in (
        ("language_reduction_factor", base.hidden_size),
        ("invertible_reduction_factor", base.hidden_size // 2),
        ("task_reduction_factor", base.hidden_size),
    ):
        factor = getattr(study.adapters, key)
        if factor > width:
            raise ValueError(f"adapters.{key}: {factor} leaves nothing of the {width} units of base {name!r}")
