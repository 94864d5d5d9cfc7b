"""Which of a study's bases and tasks the paper has numbers for, from the settings alone."""

from __future__ import annotations

from pathlib import Path

from madx.config import PretrainedBase, Study
from madx.config_types import HubSource

BASES = ("xlm-roberta-base", "xlm-roberta-large", "bert-base-multilingual-cased")
# the data that the published scores are of, by kind of task, under whatever owner on the hub
TEST_DATA = {"ner": "wikiann", "qa": "xquad", "ccr": "xcopa"}


def published_base(study: Study, base: str) -> str | None:
    """The published name of a base: the end of its path (FacebookAI/xlm-roberta-base, or a folder of that name).

    What the configuration calls it does not count, and a base that the workflow makes is nobody's published base.
    """
    settings = study.bases[base]
    name = Path(settings.path).name if isinstance(settings, PretrainedBase) else None
    return name if name in BASES else None


def has_published_data(study: Study, task: str) -> bool:
    """Whether a task is evaluated on the published scores' data, in the hub's layout, for a target at least."""
    wanted = TEST_DATA[study.tasks[task].kind]
    sources = {target: study.data_source(task, target, "test") for target in study.targets(task)}
    return any(isinstance(source, HubSource) and Path(source.id).name.lower() == wanted for source in sources.values())


def has_published_setup(study: Study, base: str, task: str) -> bool:
    """Whether published scores of this base on this task's data can stand beside the study's."""
    return published_base(study, base) is not None and has_published_data(study, task)
