"""English translations of meanings, so that people can read the examples."""

from __future__ import annotations

from madx.miniature.concepts import ENGLISH_FORM, QUESTION_WORD_OF
from madx.miniature.meaning import Clause, Mention, Phrase, Sentence, Thing, class_of

CAUSAL_QUESTIONS = {"cause": "Because of what?", "effect": "And therefore what?"}
_ASKING = {"who": "who", "which": "which organisation", "where": "which place", "what": "what"}


def translate(sentence: Sentence, names: list[str]) -> str:
    """An English sentence with the names as the list gives them."""
    text = _clause(sentence.clauses[0], names)
    if sentence.conjunction is not None:
        comma = "" if sentence.conjunction == "and" else ","
        text += f"{comma} {sentence.conjunction} {_clause(sentence.clauses[1], names)}"
    return text[0].upper() + text[1:] + "."


def translate_question(clause: Clause, role: str, names: list[str]) -> str:
    """The question for an argument of a clause, which leaves the words in their places ("You went where?")."""
    word = QUESTION_WORD_OF[class_of(clause.arguments[role])]
    text = _clause(clause.with_argument(role, Thing(word)), names)
    return text[0].upper() + text[1:] + "?"


def translate_phrase(phrase: Phrase, names: list[str]) -> str:
    """A phrase by itself, such as an answer."""
    text = _phrase(phrase, names)
    return text[0].upper() + text[1:] + "."


def _clause(clause: Clause, names: list[str]) -> str:
    plural = isinstance(clause.subject, Thing) and (clause.subject.plural or clause.subject.concept == "they")
    parts = [_phrase(clause.subject, names), _verb(clause, plural)]
    if clause.object is not None:
        parts.append(_predicate(clause.object) if clause.verb == "be" else _phrase(clause.object, names))
    parts += [f"{adposition} {_phrase(phrase, names)}" for adposition, phrase in clause.adjuncts]
    return " ".join([*parts, clause.time] if clause.time else parts)


def _verb(clause: Clause, plural: bool) -> str:
    verb = clause.verb
    if verb == "be":
        present, past = ("are", "were") if plural else ("is", "was")
        return (past if clause.past else present) + (" not" if clause.negated else "")
    if clause.negated:
        return f"{'did' if clause.past else 'do' if plural else 'does'} not {verb}"
    if clause.past:
        return ENGLISH_FORM[verb]
    if plural:
        return verb
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("o", "sh", "ss")) else "s")


def _phrase(phrase: Phrase, names: list[str]) -> str:
    if isinstance(phrase, Mention):
        return _mention(phrase, names)
    if phrase.concept == "they":
        return "they"
    if phrase.concept in _ASKING:
        return _ASKING[phrase.concept]
    article = f"{_mention(phrase.owner, names)}'s" if phrase.owner else "" if phrase.number else "the"
    return _noun(phrase, article)


def _predicate(thing: Thing) -> str:
    """What someone or something is: an adjective alone, or a noun with an indefinite article."""
    if thing.concept not in ENGLISH_FORM:
        return thing.concept
    return _noun(thing, "" if thing.plural else "a")


def _noun(thing: Thing, article: str) -> str:
    noun = ENGLISH_FORM[thing.concept] if thing.plural else thing.concept
    words = [thing.number, thing.adjective, noun]
    first = next(word for word in words if word)
    article = "an" if article == "a" and first[0] in "aeiou" else article
    return " ".join(word for word in (article, *words) if word)


def _mention(mention: Mention, names: list[str]) -> str:
    name = " ".join(names[name] for name in mention.names)
    if mention.cue is None:
        return name
    if mention.kind == "PER":
        return f"{mention.cue} {name}"
    return f"the {mention.cue} of {name}" if mention.kind == "LOC" else f"{name} {mention.cue.capitalize()}"
