"""Constructed languages: everything a default study needs, generated from a seed.

Text and labelled data of one language, a row of config/languages.tsv:

    language = World(seed=1).language(row)
    for document in language.text(20_000): ...
    for tokens, tags in language.ner(2_000, "train"): ...
    for context, question, answer, start in language.questions(1_000, "train"): ...
    for premise, question, options, label in language.choices(1_000, "train", options=2): ...

To change what the languages are like: concepts.py (what is talked about and what follows from what), sounds.py,
scripts.py, grammar.py; what the tasks are like: questions.py, causes.py.
"""

from madx.miniature.language import ConstructedLanguage, Example, World
from madx.miniature.scripts import ScriptError

__all__ = ["ConstructedLanguage", "Example", "ScriptError", "World"]
