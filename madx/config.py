"""The configuration of a study: its types, their strict validation and the generated JSON schema.

Each study file is complete (DESIGN: no merging of two studies). Unknown and missing keys stop the run. Every key's
meaning, unit and default stand here once; `config/schema.json` and the table in `config/README.md` are generated.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from madx.config_checks import check_consistency
from madx.config_errors import first_line
from madx.config_tasks import Task
from madx.config_types import (
    ByCategory,
    Category,
    Fraction,
    Name,
    Natural,
    Optimization,
    Positive,
    PositiveInt,
    Source,
    Strict,
    TextSource,
    Truth,
)
from madx.data import EVALUATION_SPLITS
from madx.languages import CATEGORIES, Language, LanguageError, nearest, read_languages
from madx.methods import METHODS

# settings by which a task's test parts are read and tokenized, of all kinds of task
OF_TEST_PARTS = {"kind", "labels", "map_tags", "article_splits", "max_length", "stride", "question_words"}


class ConfigError(ValueError):
    """A configuration that cannot be used; the message is one line for the user."""


class Corpora(Strict):
    """Unlabelled text: cleaned, tokenized once per base and packed into blocks without padding."""

    data: TextSource = Field(description="where the text comes from (the paper: Wikipedia)")
    data_of: dict[str, TextSource] = Field(
        default={}, description="languages whose text comes from elsewhere: sources by code"
    )
    max_characters: PositiveInt | None = Field(description="text kept of each language, in characters; null keeps all")
    max_tokens: PositiveInt | None = Field(description="text kept of each language, in tokens; null keeps all")
    block_length: PositiveInt = Field(description="tokens a block, special tokens included (not in the paper)")
    held_out_blocks: PositiveInt = Field(description="blocks kept apart for perplexity; at most a fifth of all")
    exclude_evaluation_text: Truth = Field(
        description="remove dev and test sentences of the tasks from the text; the overlap is reported either way"
    )


# ---------------------------------------------------------------- base models


class PretrainedBase(Strict):
    """A pretrained model from the hub or a folder."""

    source: Literal["pretrained"] = Field(description="a model from the hub or a folder (section 5.2: XLM-R Base)")
    path: str = Field(description="hub id, or a folder with config.json, model.safetensors and tokenizer.json")
    revision: str | None = Field(
        description="commit on the hub; null takes the newest, which is looked up once, recorded and kept to"
    )
    mlm_head: Literal["included", "train"] = Field(
        description="train: the model comes without an MLM head; one is trained on the covered languages' text first"
    )
    mlm_head_steps: PositiveInt | None = Field(
        default=None,
        description="steps of that training, the rest as in `adaptation`; only with train",
    )

    @model_validator(mode="after")
    def steps_where_trained(self) -> PretrainedBase:
        if (self.mlm_head == "train") != (self.mlm_head_steps is not None):
            raise ValueError("mlm_head_steps is needed exactly when mlm_head is 'train'")
        return self


class MadeBase(Strict):
    """A small XLM-R made by the workflow: tokenizer and weights from the covered languages' text."""

    source: Literal["made"] = Field(description="a small XLM-R of your own, from the covered languages' text")
    vocabulary_size: PositiveInt = Field(description="pieces of its tokenizer (Unigram)")
    layers: PositiveInt = Field(description="Transformer layers")
    hidden_size: PositiveInt = Field(description="width of the hidden states")
    feed_forward_size: PositiveInt = Field(description="inner width of the feed-forward blocks")
    attention_heads: PositiveInt = Field(description="heads a layer; must divide `hidden_size`")
    dropout: Fraction = Field(description="in later training; pretraining itself runs without dropout")
    optimizer: Literal["adamw", "muon"] = Field(description="muon: Muon on the matrices, AdamW on the rest")
    learning_rate: Positive = Field(description="AdamW's highest learning rate")
    muon_learning_rate: Positive | None = Field(
        default=None, description="Muon's highest learning rate; only with Muon"
    )
    steps: PositiveInt = Field(description="steps of pretraining")
    batch_size: PositiveInt = Field(description="blocks a step")
    mask_fraction: Fraction = Field(description="part of the tokens that are predicted")
    warmup_fraction: Fraction = Field(description="part of the steps in which the learning rate rises linearly")
    sampling_exponent: Fraction = Field(description="a language's share of the batches is its size to this power")
    threads: PositiveInt = Field(description="torch threads (and cores) of its pretraining, for which all else waits")
    seed: Natural = Field(description="of initial weights, order and masking")

    @model_validator(mode="after")
    def rate_with_muon(self) -> MadeBase:
        if (self.optimizer == "muon") != (self.muon_learning_rate is not None):
            raise ValueError("muon_learning_rate is needed exactly when optimizer is 'muon'")
        return self


Base = Annotated[PretrainedBase | MadeBase, Field(discriminator="source")]


# ---------------------------------------------------------------- adapters and training


class Adapters(Strict):
    """Sizes and placement of the adapters (paper, section 5.2)."""

    stack: Literal["paper", "adapterhub"] = Field(
        description="placement of the task adapter: equation 2, or what the released code computes"
    )
    language_reduction_factor: PositiveInt = Field(description="hidden size / language adapter (section 5.2: 2)")
    invertible_reduction_factor: PositiveInt = Field(
        description="half the hidden size / F and G (equation 5; section 5.2: 2)"
    )
    task_reduction_factor: PositiveInt = Field(description="hidden size / task adapter (section 5.2: 16)")
    leave_out: tuple[Natural, ...] = Field(description="layers (from 0) without adapters")


class AdaptationRates(Strict):
    """Highest learning rate, by what is trained."""

    adapter: Positive = Field(description="of language adapters (section 5.2: 1e-4)")
    full: Positive = Field(description="of whole models (section 5.2: 5e-5)")


class Adaptation(Optimization):
    """Language adaptation by masked language modelling (paper, section 5.2)."""

    steps: ByCategory[PositiveInt] = Field(description="steps, for all or by category (section 5.2: 250,000)")
    batch_size: PositiveInt = Field(description="blocks a step (section 5.2: 64)")
    learning_rate: AdaptationRates
    mask_fraction: Fraction = Field(
        description="part of the tokens that are predicted (80 % masked, 10 % another token)"
    )
    whole_words: Truth = Field(description="mask all sub-words of a word together")
    train_mlm_head: Truth = Field(
        description="train the MLM head with the adapters, as the released code does; it is not kept"
    )
    evaluations: PositiveInt = Field(description="perplexity measurements on held-out text, evenly spaced")
    save_steps: tuple[PositiveInt, ...] = Field(description="steps at which the adapter is kept (sample efficiency)")
    seed: Natural = Field(description="of initial weights, order and masking")

    def kept_steps(self, steps: int) -> tuple[int, ...]:
        """The steps at which an adaptation of so many steps keeps its adapter, the last one included."""
        return (*sorted(step for step in self.save_steps if step < steps), steps)


class Miniature(Strict):
    """The constructed languages (madx/miniature)."""

    seed: Natural = Field(description="of the world: all languages and sentences follow from it")


class Compute(Strict):
    """The machine of training and evaluation jobs."""

    device: Literal["auto", "cpu", "cuda"] = Field(description="auto: a GPU where there is one")
    precision: Literal["float32", "bfloat16", "auto"] = Field(
        description="of frozen weights and activations (trained weights are float32); auto: bfloat16 where it is fast"
    )
    threads: PositiveInt = Field(description="torch threads, and cores, of a job")


class Tracking(Strict):
    """MLflow, to which the results are mirrored."""

    mlflow: Truth = Field(description="mirror runs, curves and tables to MLflow at the end")
    uri: str | None = Field(description="MLflow tracking URI; null: the file `results/<study>/mlflow.db`")


class Study(Strict):
    """One study: everything that its results depend on."""

    study: Name = Field(description="name; results go to `results/<study>`")
    description: str = Field(description="one line for reports and MLflow")
    data_root: str | None = Field(description="folder of `local` sources, or `--config data_root=FOLDER`")
    languages_table: str = Field(description="table of code, name, family, script and Wikipedia articles (Table 1)")
    languages: dict[Category, tuple[str, ...]] = Field(
        description="codes by category, in the order of the figures (Table 1)"
    )
    table5_source: str | None = Field(description="source of the zero-shot table (Table 5), or null")
    figure6_targets: tuple[str, ...] = Field(
        description="targets whose F1 from that source is drawn against steps of adaptation (Figure 6), or none"
    )
    corpora: Corpora
    miniature: Miniature | None
    bases: Annotated[dict[Name, Base], Field(min_length=1)] = Field(description="base models by a name of your choice")
    adapters: Adapters
    adaptation: Adaptation
    tasks: Annotated[dict[Name, Task], Field(min_length=1)] = Field(
        description="tasks by a name of your choice (the paper: ner, qa, ccr)"
    )
    compute: Compute
    tracking: Tracking

    @model_validator(mode="after")
    def consistent(self) -> Study:
        check_consistency(self)
        return self

    # ------------------------------------------------------------ what follows from the settings

    @property
    def codes(self) -> tuple[str, ...]:
        """Language codes, category by category, in the order of tables and figures."""
        return tuple(code for category in CATEGORIES for code in self.languages.get(category, ()))

    @property
    def covered(self) -> tuple[str, ...]:
        """Languages that the base's pretraining covers."""
        return tuple(code for code in self.codes if not self.category(code).endswith("unseen"))

    def category(self, code: str) -> str:
        """The category of a language (Table 1)."""
        for category, codes in self.languages.items():
            if code in codes:
                return category
        raise ConfigError(f"language {code!r} is not in this study{nearest(code, self.codes)}")

    def by_category(self, value: Any, code: str) -> Any:
        """The value of a ByCategory setting for one language."""
        if not isinstance(value, dict):
            return value
        category = self.category(code)
        if category not in value:
            raise ConfigError(f"a setting by category has no value for {category!r} (language {code!r}): {value}")
        return value[category]

    def kept_steps(self, code: str) -> tuple[int, ...]:
        """The steps at which the adapters of a language are kept (Adaptation.kept_steps)."""
        return self.adaptation.kept_steps(self.by_category(self.adaptation.steps, code))

    def scored_by_steps(self, task: str, base: str | None = None) -> bool:
        """Whether figure 6 is made of a task (with one base): MAD-X's scores after some steps of adaptation."""
        wanted = bool(self.figure6_targets) and self.tasks[task].kind == "ner"
        return wanted and "madx" in self.methods(task, base)

    def sources(self, task: str) -> tuple[str, ...]:
        """Languages that a task is trained on, in the configuration's order."""
        wanted = self.tasks[task].sources
        return self.codes if wanted == "all" else wanted

    def targets(self, task: str) -> tuple[str, ...]:
        """Languages that a task is evaluated on, in the configuration's order."""
        wanted = self.tasks[task].targets
        return self.codes if wanted == "all" else wanted

    def methods(self, task: str, base: str | None = None) -> tuple[str, ...]:
        """Methods of a task (with one base), in the row order of the paper's tables."""
        settings = self.tasks[task].methods
        return tuple(
            name
            for name in METHODS
            if name in settings and (base is None or settings[name].bases == "all" or base in settings[name].bases)
        )

    def epochs(self, task: str, method: str, source: str) -> int:
        """Passes over the source's examples."""
        settings = self.tasks[task]
        return self.by_category(settings.methods[method].epochs or settings.epochs, source)

    def bases_of(self, task: str) -> tuple[str, ...]:
        """Bases that a method of the task uses."""
        return tuple(base for base in self.bases if self.methods(task, base))

    def tasks_of(self, kind: str) -> tuple[str, ...]:
        """Names of the tasks of a kind: ner, qa, ccr."""
        return tuple(name for name, task in self.tasks.items() if task.kind == kind)

    def text_source(self, code: str) -> TextSource:
        """Where a language's text comes from."""
        return self.corpora.data_of.get(code, self.corpora.data)

    def data_source(self, task: str, language: str, split: str) -> Source:
        """Where a split of a language's labelled data comes from."""
        settings = self.tasks[task]
        if split != "test":
            return settings.data
        return settings.test_data_of.get(language) or settings.test_data or settings.data

    def test_task(self, task: str, language: str) -> str:
        """The first task with the same test part of a language, read and tokenized in the same way: it is made once."""

        def test_part(name: str):
            read = self.tasks[name].model_dump(include=OF_TEST_PARTS)
            return read, self.data_source(name, language, "test")

        wanted = test_part(task)
        alike = (name for name in self.tasks if language in self.targets(name) and test_part(name) == wanted)
        return next(alike, task)

    def splits(self, task: str, language: str) -> tuple[str, ...]:
        """Splits of a language's labelled data that a task is trained and scored on."""
        training = ("train", "dev") if language in self.sources(task) else ()
        return (*training, "test") if language in self.targets(task) else training

    def evaluation_splits(self, task: str, language: str) -> tuple[str, ...]:
        """Splits whose sentences must not stand in the language's text: dev and test, where they are one data set."""
        if language not in (*self.sources(task), *self.targets(task)):
            return ()
        if self.data_source(task, language, "dev") == self.data_source(task, language, "test"):
            return EVALUATION_SPLITS
        return tuple(split for split in self.splits(task, language) if split in EVALUATION_SPLITS)

    @property
    def text_languages(self) -> tuple[str, ...]:
        """Languages whose text is needed: for adaptation, or to make a base or its MLM head."""
        adapted = {language for _, _, language in self.adaptations}
        if any(base.source == "made" or base.mlm_head == "train" for base in self.bases.values()):
            adapted |= set(self.covered)
        return tuple(code for code in self.codes if code in adapted)

    @property
    def adaptations(self) -> tuple[tuple[str, str, str], ...]:
        """(base, kind, language) of every language adaptation that the methods need."""
        needed = {
            (base, METHODS[method].adaptation, language)
            for task in self.tasks
            for base in self.bases
            for method in self.methods(task, base)
            for language in METHODS[method].adapted_languages(self.sources(task), self.targets(task))
        }
        order = {code: position for position, code in enumerate(self.codes)}
        return tuple(sorted(needed, key=lambda item: (item[0], item[1], order[item[2]])))

    def language_table(self) -> dict[str, Language]:
        """The rows of languages.tsv for this study's languages, in order."""
        table = read_languages(self.languages_table)
        for code in self.codes:
            if code not in table:
                raise ConfigError(
                    f"{self.languages_table} has no language {code!r}{nearest(code, table) or ';'} add a row for it"
                )
        return {code: table[code] for code in self.codes}


def parse_study(settings: dict[str, Any], where: str) -> Study:
    """Validate settings; raises ConfigError with one line naming the place, the key and the nearest valid name."""
    try:
        study = Study.model_validate(settings)
        study.language_table()
        return study
    except ValidationError as error:
        raise ConfigError(f"{where}: {first_line(error, Study)}") from None
    except (LanguageError, ConfigError) as error:
        raise ConfigError(f"{where}: {error}") from None


def load_study(path: str | Path, overrides: dict[str, Any] | None = None) -> Study:
    """Read and validate one study file; `overrides` replace top-level keys (as Snakemake's --config does)."""
    path = Path(path)
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: the configuration file does not exist") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (byte {error.start})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: not valid YAML ({getattr(error, 'problem', error)})") from None
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(settings).__name__}")
    return parse_study({**settings, **(overrides or {})}, str(path))


def schema_json() -> str:
    """The JSON schema of a study file, as committed in config/schema.json."""
    return json.dumps(Study.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
