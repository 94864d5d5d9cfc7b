"""The constructed languages of one world."""

from pathlib import Path

import pytest

from madx.languages import read_languages
from madx.miniature import World

ROOT = Path(__file__).parents[3]
ROWS = {code: row for code, row in read_languages(ROOT / "config/languages.tsv").items() if code.startswith("qa")}
SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


@pytest.fixture(scope="module")
def languages(world):
    return {code: world.language(row) for code, row in ROWS.items()}


def held_out_forms(world: World, language) -> set[str]:
    """The written forms, with and without case, that only names kept out of training data can have."""
    capital, suffix = language.lexicon.orthography.capitalise, language.lexicon.affixes["object case"]
    stems = list(enumerate(map(capital, language.lexicon.names)))
    known = {form for name, stem in stems if name not in world.names.held_out for form in (stem, stem + suffix)}
    return {form for name, stem in stems if name in world.names.held_out for form in (stem, stem + suffix)} - known
