"""What the parts of a study's configuration are made of: strict models, kinds of numbers, data sources."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Strict(BaseModel):
    """Unknown keys are refused and values cannot change after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _no_truth_value(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"expected a number, found {str(value).lower()}")
    return value


Category = Literal["high-resource covered", "low-resource covered", "low-resource unseen", "truly low-resource unseen"]
Split = Literal["train", "dev", "test"]
T = TypeVar("T")
ByCategory = T | dict[Category, T]
# integers and truth values as YAML has them; numbers may be text, because YAML's 1e-4 (without a point) is text
PositiveInt = Annotated[int, Field(strict=True, gt=0)]
Natural = Annotated[int, Field(strict=True, ge=0)]
Truth = Annotated[bool, Field(strict=True)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False), BeforeValidator(_no_truth_value)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(_no_truth_value)]
Fraction = Annotated[float, Field(ge=0, le=1), BeforeValidator(_no_truth_value)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Seeds = Annotated[tuple[Natural, ...], Field(min_length=1)]


class Optimization(Strict):
    """Settings that every training phase shares."""

    weight_decay: NonNegative = Field(description="AdamW's weight decay")
    warmup_fraction: Fraction = Field(description="part of the steps in which the learning rate rises linearly")
    max_gradient_norm: Positive = Field(description="of the gradient, for each seed apart")


# ---------------------------------------------------------------- data sources


class MiniatureText(Strict):
    """Text of the constructed languages of madx.miniature."""

    source: Literal["miniature"] = Field(description="constructed languages, made from the seed in `miniature`")
    sentences: ByCategory[PositiveInt] = Field(description="sentences of unlabelled text of a language")
    questions: Fraction = Field(
        default=0.0, description="part of the documents that end with a question and its answer (0: none)"
    )


class MiniatureData(Strict):
    """Labelled data in the constructed languages of madx.miniature; needed sizes are those of the splits in use."""

    source: Literal["miniature"] = Field(description="constructed languages, made from the seed in `miniature`")
    train: ByCategory[PositiveInt] | None = Field(default=None, description="examples to train on")
    dev: ByCategory[PositiveInt] | None = Field(default=None, description="examples to choose checkpoints by")
    test: ByCategory[PositiveInt] | None = Field(default=None, description="examples to score")
    choices: Literal[2, 3] | None = Field(
        default=None, description="answers to choose from, for causal reasoning: 3 (as Social IQa) or 2 (as COPA)"
    )


class LocalSource(Strict):
    """Files below `data_root`."""

    source: Literal["local"] = Field(
        description="files of yours: plain text (or the passages of SQuAD's JSON, the sentences of COPA's JSON lines); "
        "for labelled data CoNLL, SQuAD's JSON, COPA's or Social IQa's JSON lines"
    )
    path: str = Field(description="path below `data_root` with `{language}` and, for labelled data, `{split}`")
    splits: dict[Split, str] = Field(
        default={"train": "train", "dev": "dev", "test": "test"}, description="what the files call their splits"
    )


class HubSource(Strict):
    """A data set on the Hugging Face hub (or a local folder in the hub's layout)."""

    source: Literal["hub"] = Field(
        description="a data set on the Hugging Face hub, in Parquet with the columns of Wikipedia, WikiANN, SQuAD, "
        "COPA or Social IQa"
    )
    id: str = Field(description="data set id, or a folder in the hub's layout")
    configuration: str = Field(description="configuration name with `{language}`")
    revision: str | None = Field(
        description="commit of the data set; null takes the newest, which is looked up once, recorded and kept to"
    )
    splits: dict[Split, str] = Field(
        default={"train": "train", "dev": "validation", "test": "test"},
        description="what the data set calls its splits",
    )


TextSource = Annotated[MiniatureText | LocalSource | HubSource, Field(discriminator="source")]
Source = Annotated[MiniatureData | LocalSource | HubSource, Field(discriminator="source")]
