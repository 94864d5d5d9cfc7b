"""The table of `madx plan`: jobs by rule, their operations, and hours on a machine whose rates were measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from madx.config import Study
from madx.files import read_json
from madx.methods import METHODS
from madx.paths import Paths
from madx.planning import operations
from madx.planning.jobs import PlanError, PlannedJob
from madx.planning.operations import XLM_R_BASE, Shape
from madx.planning.sizes import length, subwords

WORKS = ("mlm", "ner", "fine-tuning", "evaluation")  # of `make bench`
# configurations of the paper's bases on the hub: layers, hidden size, inner size, vocabulary
KNOWN_SHAPES = {
    "xlm-roberta-base": XLM_R_BASE,
    "xlm-roberta-large": Shape(24, 1024, 4096, 250_002),
    "bert-base-multilingual-cased": Shape(12, 768, 3072, 119_547),
}


@dataclass
class Row:
    """The jobs of one rule. operations, hours: of all together; unknown: jobs whose data nobody knows."""

    jobs: int = 0
    operations: float = 0.0
    hours: float = 0.0
    longest_hours: float = 0.0
    unknown: int = 0


@dataclass(frozen=True)
class Rates:
    """Operations a second that a device reached in `make bench`, by work."""

    device: str
    precision: str
    of: Mapping[str, float]

    @classmethod
    def read(cls, path: Path, precision: str) -> Rates:
        """Of the first device in a file that `make bench` wrote. Raises PlanError where works are missing."""
        try:
            rows = read_json(path)
        except (OSError, ValueError) as error:
            raise PlanError(f"{path}: no results of `make bench` ({error})") from None
        try:
            device = rows[0]["device"]
            chosen = [row for row in rows if (row["device"], row["precision"]) == (device, precision)]
            of = {row["work"]: row["operations_per_second"] for row in chosen}
            valid = all(isinstance(rate, int | float) and rate > 0 for rate in of.values())
        except (KeyError, TypeError, IndexError):
            valid = False
        if not valid:
            raise PlanError(f"{path}: not a file that `make bench` wrote")
        if missing := [work for work in WORKS if work not in of]:
            raise PlanError(f"{path}: {', '.join(missing)} in {precision} was not measured; run `make bench`")
        return cls(device, precision, of)


@dataclass(frozen=True)
class Plan:
    """rows: by rule, in the order of the workflow."""

    rows: dict[str, Row]
    rates: Rates

    @property
    def total(self) -> Row:
        """All rules together."""
        rows = self.rows.values()
        return Row(
            sum(row.jobs for row in rows),
            sum(row.operations for row in rows),
            sum(row.hours for row in rows),
            max((row.longest_hours for row in rows), default=0.0),
            sum(row.unknown for row in rows),
        )


def make_plan(study: Study, jobs: Iterable[PlannedJob], rates: Rates) -> Plan:
    """What the jobs cost at these rates. Rules that train and evaluate nothing have no operations."""
    costs = Costs(study)
    rows: dict[str, Row] = {}
    for job in jobs:
        row = rows.setdefault(job.rule, Row())
        row.jobs += 1
        work, cost = costs.of(job)
        if cost is None:
            row.unknown += 1
            continue
        hours = cost / rates.of[work] / 3600 if cost else 0.0
        row.operations, row.hours = row.operations + cost, row.hours + hours
        row.longest_hours = max(row.longest_hours, hours)
    return Plan(rows, rates)


class Costs:
    """Operations of a study's jobs."""

    def __init__(self, study: Study) -> None:
        self.study, self.paths = study, Paths(study)
        self.rules: dict[str, tuple[str, Callable[[Mapping[str, str]], float | None]]] = {
            "make_base": ("mlm", self._base),
            "train_mlm_head": ("mlm", self._base),
            "adapt_language": ("mlm", self._adaptation),
            "adapt_model": ("mlm", self._adaptation),
            "train_task_adapter": ("ner", self._training),
            "evaluate_run": ("evaluation", self._evaluation),
            "evaluate_steps": ("evaluation", self._steps),
        }
        whole = ("fine_tune_model", "fine_tune_first_stage")
        self.rules |= {
            f"{rule}{ending}": ("fine-tuning", self._training) for rule in whole for ending in ("", "_for_target")
        }

    def of(self, job: PlannedJob) -> tuple[str, float | None]:
        """The work of `make bench` that is most like the job, and the job's operations (None: unknown)."""
        if job.rule not in self.rules:
            return "evaluation", 0.0
        work, cost = self.rules[job.rule]
        return work, cost(job.wildcards)

    def shape(self, base: str) -> Shape | None:
        """Sizes of a base: its settings, its configuration if it is there, or the paper's."""
        settings = self.study.bases[base]
        if settings.source == "made":
            return Shape(settings.layers, settings.hidden_size, settings.feed_forward_size, settings.vocabulary_size)
        for folder in (self.paths.results / "base" / base / "model", Path(settings.path)):
            if (folder / "config.json").is_file():
                config = read_json(folder / "config.json")
                keys = ("num_hidden_layers", "hidden_size", "intermediate_size", "vocab_size")
                return Shape(*(config[key] for key in keys))
        return KNOWN_SHAPES.get(settings.path.rpartition("/")[2])

    def _base(self, of: Mapping[str, str]) -> float | None:
        settings, adaptation = self.study.bases[of["base"]], self.study.adaptation
        block = self.study.corpora.block_length
        if (shape := self.shape(of["base"])) is None:
            return None
        if settings.source == "made":
            tokens = settings.steps * settings.batch_size * block
            return tokens * operations.mlm_model(shape, block, settings.mask_fraction)
        tokens = settings.mlm_head_steps * adaptation.batch_size * block
        return tokens * (operations.forward(shape, block, 0) + adaptation.mask_fraction * 6 * shape.head)

    def _adaptation(self, of: Mapping[str, str]) -> float | None:
        if (shape := self.shape(of["base"])) is None:
            return None
        settings, block, adapters = self.study.adaptation, self.study.corpora.block_length, self.study.adapters
        tokens = self.study.by_category(settings.steps, of["language"]) * settings.batch_size * block
        if of["kind"] == "full":
            return tokens * operations.mlm_model(shape, block, settings.mask_fraction)
        invertible = adapters.invertible_reduction_factor if of["kind"] == "lad-inv" else None
        language = adapters.language_reduction_factor
        return tokens * operations.mlm_adapters(shape, block, settings.mask_fraction, language, invertible)

    def _training(self, of: Mapping[str, str]) -> float | None:
        task, method, source = of["task"], of["method"], of["source"]
        settings, adapters = self.study.tasks[task], self.study.adapters
        shape = self.shape(of["base"])
        train, dev = (self._subwords(of["base"], task, source, split) for split in ("train", "dev"))
        if None in (shape, train, dev):
            return None
        tokens, sequence = train * self.study.epochs(task, method, source), length(self.study, task)
        checked = settings.evaluations * dev * operations.forward(shape, sequence, self._adapters(shape, method))
        if METHODS[method].trains == "model":
            return tokens * operations.whole_model(shape, sequence) + checked
        language = adapters.language_reduction_factor if METHODS[method].adapted_to == "both" else None
        a_token = operations.task_adapter(shape, sequence, adapters.task_reduction_factor, language)
        return (tokens * a_token + checked) * len(settings.methods[method].seeds)

    def _evaluation(self, of: Mapping[str, str]) -> float | None:
        task, method = of["task"], of["method"]
        seeds = len(self.study.tasks[task].methods[method].seeds)
        return self._scored(of, method, {target: seeds for target in self.study.targets(task)})

    def _steps(self, of: Mapping[str, str]) -> float | None:
        seeds = len(self.study.tasks[of["task"]].methods["madx"].seeds)
        passes = {code: seeds * len(self.study.kept_steps(code)) for code in self.study.figure6_targets}
        return self._scored(of, "madx", passes)

    def _scored(self, of: Mapping[str, str], method: str, passes: Mapping[str, int]) -> float | None:
        """passes: over each target's test data."""
        shape = self.shape(of["base"])
        sizes = {target: self._subwords(of["base"], of["task"], target, "test") for target in passes}
        if shape is None or None in sizes.values():
            return None
        a_token = operations.forward(shape, length(self.study, of["task"]), self._adapters(shape, method))
        return a_token * sum(sizes[target] * number for target, number in passes.items())

    def _adapters(self, shape: Shape, method: str) -> int:
        """Weights of a method's adapters in a layer."""
        if METHODS[method].trains == "model":
            return 0
        adapters = self.study.adapters
        language = METHODS[method].adapted_to == "both"
        of_language = shape.bottleneck(adapters.language_reduction_factor) if language else 0
        return of_language + shape.bottleneck(adapters.task_reduction_factor)

    def _subwords(self, base: str, task: str, language: str, split: str) -> int | None:
        return subwords(self.study, self.paths, base, task, language, split)


def measured_rates(folders: Sequence[Path] = (Path("results/bench"), Path("benchmarks/results"))) -> Path:
    """The results of `make bench` here, else the committed ones; of a GPU if there are any, else of a CPU."""
    found = [path for folder in folders for name in ("cuda.json", "cpu.json") if (path := folder / name).is_file()]
    if not found:
        raise PlanError(f"{folders[-1]}: no results of `make bench`; run it, or name a file with --rates")
    return found[0]


def as_markdown(plan: Plan) -> str:
    """A table that can be pasted into a document, and what its hours are; rules without operations in one row."""
    costly = {rule: row for rule, row in plan.rows.items() if row.operations or row.unknown}
    rest = sum(row.jobs for rule, row in plan.rows.items() if rule not in costly)
    rows = [_line(rule, row) for rule, row in costly.items()]
    if rest:
        rows.append(("all others (nothing is trained or evaluated)", f"{rest:,}", "–", "–", "–"))
    heading = ("rule", "jobs", "operations, PFLOP", "hours", "longest job, hours")
    rows = [heading, ("---", *("---:" for _ in heading[1:])), *rows, _line("together", plan.total)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    rates = f"{plan.rates.device} at the rates that `make bench` measured in {plan.rates.precision}"
    note = (
        f"Hours of one {rates}, without the start of each job."
        " Data that are not tokenized yet are estimated from their number of examples."
        " Bases much smaller than XLM-R base, at which the rates were measured, take far longer than that."
        " Whole models adapted by MLM, made bases and MLM heads are counted at the rate of language adapters,"
        " other bases at that of XLM-R base; layers that are left out at no saving."
    )
    return "\n".join([*lines, "", note])


def _line(name: str, row: Row) -> tuple[str, ...]:
    mark = f" (of {row.unknown} the data are not known yet)" if row.unknown else ""
    numbers = (row.operations / 1e15, row.hours, row.longest_hours)
    return (name + mark, f"{row.jobs:,}", *(f"{number:,.{1 if number >= 1 else 3}f}" for number in numbers))
