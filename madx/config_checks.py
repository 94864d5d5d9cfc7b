"""What must hold between a study's settings; each complaint is one line that starts with the key."""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter
from typing import TYPE_CHECKING, Any

from madx.languages import CODE, nearest
from madx.methods import METHODS

if TYPE_CHECKING:
    from madx.config import MadeBase, Study

# corpora/text and labelled/ner stand beside the folders of the bases
RESERVED_BASES = {"text", "ner"}
RESERVED_STUDIES = {"reference"}  # the committed results of the default study


def check_consistency(study: Study) -> None:
    """Raise ValueError for the first setting that contradicts another one."""
    if study.study in RESERVED_STUDIES:
        raise ValueError(f"study: {study.study!r} is the name of a folder of the results; choose another")
    _check_repetitions(study)
    _check_languages(study)
    _check_data(study)
    _check_values_by_category(study)
    for name in study.methods:
        if name not in METHODS:
            raise ValueError(f"methods: {name!r} is unknown{nearest(name, METHODS) or ';'} known: {', '.join(METHODS)}")
    for name, base in study.bases.items():
        if name in RESERVED_BASES:
            raise ValueError(f"bases: {name!r} is the name of a folder of the results; choose another")
        if base.source == "made":
            _check_made_base(study, name, base)


def _check_languages(study: Study) -> None:
    codes = study.codes
    for code in codes:
        if not CODE.fullmatch(code):
            raise ValueError(f"languages: {code!r} is no language code; use small letters, digits and hyphens")
    for key, wanted in (
        ("tasks.ner.sources", study.sources("ner")),
        ("tasks.ner.targets", study.targets("ner")),
        ("table5_source", (study.table5_source,)),
    ):
        if not wanted:
            raise ValueError(f"{key}: at least one language is needed, or all")
        for code in wanted:
            if code not in codes:
                raise ValueError(f"{key}: {code!r} is not among the study's languages{nearest(code, codes)}")
    if study.table5_source not in study.sources("ner"):
        raise ValueError(f"table5_source: {study.table5_source!r} is not among tasks.ner.sources")


def _check_repetitions(study: Study) -> None:
    lists: dict[str, Sequence[Any]] = {
        "languages": study.codes,
        "tasks.ner.labels": study.tasks.ner.labels,
        "tasks.ner.sources": study.sources("ner"),
        "tasks.ner.targets": study.targets("ner"),
        "adapters.leave_out": study.adapters.leave_out,
    }
    lists |= {f"methods.{name}.seeds": method.seeds for name, method in study.methods.items()}
    for key, values in lists.items():
        repeated = [str(value) for value in dict.fromkeys(values) if values.count(value) > 1]
        if repeated:
            raise ValueError(f"{key}: {', '.join(repeated)} listed more than once")


def _check_data(study: Study) -> None:
    task = study.tasks.ner
    if "O" in task.labels:
        raise ValueError("tasks.ner.labels: 'O' stands for no entity and cannot be a label")
    for label in task.labels:
        if label.split() != [label]:
            raise ValueError(f"tasks.ner.labels: {label!r} cannot stand in a column; expected text without blanks")
        if label.startswith(("B-", "I-")):
            raise ValueError(f"tasks.ner.labels: {label!r} is a tag; expected its type alone, without B- or I-")
    for kind, target in task.map_tags.items():
        if target not in (*task.labels, "O"):
            raise ValueError(f"tasks.ner.map_tags: {kind!r} is mapped to {target!r}, which is no label and not O")
    language = {"language"} if len(study.codes) > 1 else set()
    for key, source, labelled in (("corpora.data", study.corpora.data, False), ("tasks.ner.data", task.data, True)):
        if source.source == "miniature" and study.miniature is None:
            raise ValueError("miniature: settings are needed because a data source is 'miniature'")
        if source.source == "local":
            if study.data_root is None:
                raise ValueError("data_root: a folder is needed because a data source is 'local'")
            split = {"split"} if labelled else set()
            _check_template(f"{key}.path", source.path, {"language"} | split, language | split)
        if source.source == "hub":
            _check_template(f"{key}.configuration", source.configuration, {"language"}, language)


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
    settings = {
        "adaptation.steps": study.adaptation.steps,
        "tasks.ner.epochs": study.tasks.ner.epochs,
        "tasks.ner.batch_size": study.tasks.ner.batch_size,
    }
    if study.miniature is not None:
        sizes = ("sentences", "ner_train", "ner_dev", "ner_test")
        settings |= {f"miniature.{name}": getattr(study.miniature, name) for name in sizes}
    for key, setting in settings.items():
        if isinstance(setting, dict):
            for category, codes in study.languages.items():
                if codes and category not in setting:
                    raise ValueError(f"{key}: no value for {category!r} (language {codes[0]!r})")


def _check_made_base(study: Study, name: str, base: MadeBase) -> None:
    if not study.covered:
        raise ValueError(f"bases: {name!r} is made from the covered languages' text, but none is covered")
    if study.tasks.ner.max_length > study.corpora.block_length:
        raise ValueError(
            f"tasks.ner.max_length: {study.tasks.ner.max_length} tokens, but base {name!r} is pretrained on"
            f" {study.corpora.block_length} positions only (corpora.block_length)"
        )
    if base.hidden_size % base.attention_heads:
        raise ValueError(f"bases: {name!r}: hidden_size must be a multiple of attention_heads")
    if base.hidden_size % 2 and "lad-inv" in study.adaptation_kinds:
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
