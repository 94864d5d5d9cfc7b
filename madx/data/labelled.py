"""Labelled sentences as their source has them, before the study's label set applies."""

from __future__ import annotations

from collections.abc import Iterator

from madx.config import HubSource, LocalSource, Study
from madx.data.conll import Word, read_conll
from madx.data.errors import DataError
from madx.data.hub import open_hub
from madx.data.local import local_path

HUB_SPLITS = {"train": "train", "dev": "validation", "test": "test"}


def read_labelled(study: Study, code: str, split: str) -> list[list[Word]]:
    """The sentences of a language's split ("train", "dev" or "test") with the tags of the source.

    Raises DataError naming the file and line (for a hub data set, the split and row) of what cannot be read, and for a
    split without sentences.
    """
    source = study.tasks.ner.data
    if isinstance(source, LocalSource):
        sentences = read_conll(local_path(study, source, language=code, split=split), code)
    elif isinstance(source, HubSource):
        sentences = list(_hub_sentences(source, code, split))
    else:
        sentences = list(_miniature_sentences(study, code, split))
    if not sentences:
        raise DataError(f"the {split} split of {code!r} ({source.source} source) has no sentences")
    return sentences


def _hub_sentences(source: HubSource, code: str, split: str) -> Iterator[list[Word]]:
    """Rows in WikiANN's layout: `tokens`, and `ner_tags` as class labels (or as strings)."""
    place = f"{source.id} ({code}, {HUB_SPLITS[split]})"
    hub_split = open_hub(source, code, HUB_SPLITS[split])
    rows = hub_split.rows(["tokens", "ner_tags"])
    feature = hub_split.features.get("ner_tags")
    names = getattr(getattr(feature, "feature", None), "names", None)
    for number, row in enumerate(rows, start=1):
        tokens, tags = row["tokens"], row["ner_tags"]
        here = f"{place}: row {number}"
        if len(tokens) != len(tags):
            raise DataError(f"{here}: {len(tokens)} tokens but {len(tags)} tags")
        if names is None and not all(isinstance(tag, str) for tag in tags):
            raise DataError(f"{here}: ner_tags are numbers without names; the data set must declare class labels")
        if names is not None:
            if outside := [tag for tag in tags if not 0 <= tag < len(names)]:
                raise DataError(f"{here}: ner_tags has {outside[0]}, but the class labels are 0 to {len(names) - 1}")
            tags = [names[tag] for tag in tags]
        if tokens:
            yield [Word(here, token, tag) for token, tag in zip(tokens, tags, strict=True)]


def _miniature_sentences(study: Study, code: str, split: str) -> Iterator[list[Word]]:
    from madx.miniature import World

    settings = study.miniature
    sizes = {"train": settings.ner_train, "dev": settings.ner_dev, "test": settings.ner_test}
    language = World(settings.seed).language(study.language_table()[code])
    for number, (tokens, tags) in enumerate(language.ner(study.by_category(sizes[split], code), split), start=1):
        here = f"the miniature's language {code}, {split} sentence {number}"
        yield [Word(here, token, tag) for token, tag in zip(tokens, tags, strict=True)]
