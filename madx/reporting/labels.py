"""How tasks, metrics and settings are called in captions, headings and on axes."""

from __future__ import annotations

from madx.config import Study

METRICS = {"f1": "F1", "em": "EM", "accuracy": "accuracy"}
KINDS = {"ner": "NER", "qa": "QA", "ccr": "CCR"}


def main_metric(study: Study, task: str) -> str:
    """The metric of a task that stands in tables and figures."""
    return study.tasks[task].metrics[0]


def task_label(study: Study, task: str) -> str:
    """The kind of a task, with its name where the study has several of the kind: NER, CCR (ccr-copa)."""
    kind = study.tasks[task].kind
    return KINDS[kind] + (f" ({task})" if len(study.tasks_of(kind)) > 1 else "")


def measure(study: Study, task: str) -> str:
    """A task with its main metric: NER F1, or of one of several of its kind CCR accuracy (ccr-siqa, then ccr)."""
    kind = study.tasks[task].kind
    several = len(study.tasks_of(kind)) > 1
    return f"{KINDS[kind]} {METRICS[main_metric(study, task)]}" + (f" ({training(study, task)})" if several else "")


def on_base(study: Study, task: str) -> str:
    """For captions: ` on <base>` where a task has one base; with several a column says which."""
    bases = study.bases_of(task)
    return f" on {bases[0]}" if len(bases) == 1 else ""


def training(study: Study, task: str) -> str:
    """What a task is trained on, stage by stage: ccr-siqa, then ccr."""
    first = getattr(study.tasks[task], "starts_from", None)
    return f"{first}, then {task}" if first else task
