"""Constructed languages: everything a default study needs, generated from a seed.

Text and labelled sentences of one language, a row of config/languages.tsv:

    language = World(seed=1).language(row)
    for document in language.text(20_000): ...
    for tokens, tags in language.ner(2_000, "train"): ...

To change what the languages are like: concepts.py (what is talked about), sounds.py, scripts.py, grammar.py.
"""

from madx.miniature.language import ConstructedLanguage, Example, World
from madx.miniature.scripts import ScriptError

__all__ = ["ConstructedLanguage", "Example", "ScriptError", "World"]
