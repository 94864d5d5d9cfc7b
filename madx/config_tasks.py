"""The settings of the tasks that are transferred, one class a kind of task."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from madx.config_types import (
    ByCategory,
    Name,
    Natural,
    Optimization,
    Positive,
    PositiveInt,
    Seeds,
    Source,
    Strict,
    Truth,
)


class MethodSettings(Strict):
    """Task training with one method."""

    seeds: Seeds = Field(description="one run each (section 5.2: five runs; one for NER's mlm-trg; three for QA)")
    learning_rate: Positive = Field(description="highest learning rate (section 5.2: 5e-5 whole models, 1e-4 adapters)")
    bases: tuple[Name, ...] | Literal["all"] = Field(default="all", description="base models to use it with")
    epochs: ByCategory[PositiveInt] | None = Field(default=None, description="epochs in place of the task's")


class TaskSettings(Optimization):
    """What all kinds of task have in common."""

    data: Source = Field(description="where the labelled data come from (the paper: WikiANN, SQuAD, Social IQa, COPA)")
    test_data: Source | None = Field(
        default=None, description="where the test parts come from instead (the paper: XQuAD, XCOPA)"
    )
    test_data_of: dict[str, Source] = Field(
        default={}, description="languages whose test parts come from elsewhere still: sources by code"
    )
    sources: tuple[str, ...] | Literal["all"] = Field(description="languages to train on")
    targets: tuple[str, ...] | Literal["all"] = Field(description="languages to evaluate on")
    epochs: ByCategory[PositiveInt] = Field(description="passes over the source's examples (section 5.2, NER: 100)")
    batch_size: ByCategory[PositiveInt] = Field(
        description="examples a step, by the source's category (section 5.2, NER: 16 high-resource, 8 low-resource)"
    )
    max_length: Annotated[int, Field(strict=True, ge=8)] = Field(
        description="sub-words a sequence; longer sentences and passages take several windows"
    )
    evaluations: PositiveInt = Field(description="on the source's dev set; each seed keeps its best checkpoint")
    methods: Annotated[dict[str, MethodSettings], Field(min_length=1)] = Field(
        description="what is compared (sections 5.1, 5.2): full-finetuning, mlm-src, mlm-trg, madx, madx-no-inv, "
        "madx-no-lad-inv"
    )


class NerTask(TaskSettings):
    """Named entity recognition (paper, section 5.2)."""

    metrics: ClassVar = ("f1",)  # the first of them chooses checkpoints and stands in tables and figures
    kind: Literal["ner"] = Field(description="named entity recognition")
    labels: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="entity types, without B- and I-; any other type is an error"
    )
    map_tags: dict[str, str] = Field(description="entity types of the files that become another type, or O")
    write_predictions: Truth = Field(description="write predicted tags in CoNLL form to `results/<study>/predictions`")


class ArticleSplits(Strict):
    """How many of the articles of a file go to each part, in turn: of every train + dev + test articles."""

    train: Natural = Field(description="articles for training")
    dev: Natural = Field(description="then articles to choose checkpoints by")
    test: Natural = Field(description="then articles to score")


class QaTask(TaskSettings):
    """Extractive question answering (paper, section 5.2; settings that it leaves open as in SQuAD's usual recipe)."""

    metrics: ClassVar = ("f1", "em")
    kind: Literal["qa"] = Field(description="extractive question answering")
    article_splits: ArticleSplits | None = Field(
        description="parts of a local file that has all splits, by article; null: `{split}` is in the path"
    )
    stride: PositiveInt = Field(description="sub-words that neighbouring windows of a passage share (not in the paper)")
    n_best: PositiveInt = Field(description="starts and ends of a window that are tried as spans")
    max_answer_length: PositiveInt = Field(description="sub-words of an answer at most")


class CcrTask(TaskSettings):
    """Causal commonsense reasoning: which of several sentences is the cause or the effect (EMNLP version)."""

    metrics: ClassVar = ("accuracy",)
    kind: Literal["ccr"] = Field(description="causal commonsense reasoning")
    question_words: dict[Literal["cause", "effect"], str] = Field(
        description="what `cause` and `effect` become in the input; other questions stay as they are"
    )
    starts_from: Name | None = Field(
        default=None,
        description="another task of this kind, whose trained parts this one goes on from (the paper: Social IQa, then "
        "COPA)",
    )


Task = Annotated[NerTask | QaTask | CcrTask, Field(discriminator="kind")]
