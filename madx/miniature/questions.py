"""Questions about a few clauses, before any language: which argument of which clause is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from madx.miniature.concepts import EVENTS, QUESTION_WORD_OF, QUESTION_WORDS
from madx.miniature.draws import Weighted
from madx.miniature.meaning import Clause, Meanings, class_of

CLAUSES = (3, 4)
ALIKE = 3  # clauses that have an argument that the question word could ask for: the answer's and the distractors'
# the kinds of event in which a question word can ask for something
_EVENTS_OF = {
    word: Weighted(
        {
            kind: 1.0
            for kind, event in EVENTS.items()
            if any(not {*names}.isdisjoint(slot.items) for slot in event.slots.values())
        }
    )
    for word, names in QUESTION_WORDS.items()
}
_ALL_EVENTS = Weighted(dict.fromkeys(EVENTS, 1.0))


@dataclass(frozen=True)
class Question:
    """Clauses, one of which is asked about; `role`: its argument (see `Clause.arguments`) that is the answer."""

    clauses: tuple[Clause, ...]
    asked: int
    role: str

    @property
    def clause(self) -> Clause:
        return self.clauses[self.asked]


class QuestionMeanings(Meanings):
    """Draws clauses with a question about them that only one of them answers."""

    def question(self) -> Question:
        """Every question word is as frequent as the others."""
        draws = self._draws
        while True:
            word = draws.one_of(tuple(QUESTION_WORDS))
            clauses = [self._with_argument_for(word) for _ in range(ALIKE)]
            clauses += [self._clause(draws.weighted(_ALL_EVENTS)) for _ in range(draws.between(*CLAUSES) - ALIKE)]
            asked = clauses[0]
            role = draws.one_of(roles_for(asked, word))
            clauses = draws.some_of(clauses, len(clauses))
            place = next(i for i, clause in enumerate(clauses) if clause is asked)
            if not any(_answers(other, asked, role) for other in clauses if other is not asked):
                return Question(tuple(clauses), place, role)

    def _with_argument_for(self, word: str) -> Clause:
        while True:
            clause = self._clause(self._draws.weighted(_EVENTS_OF[word]))
            if roles_for(clause, word):
                return clause


def roles_for(clause: Clause, word: str) -> list[str]:
    """The arguments of a clause that a question word can ask for."""
    return [role for role, phrase in clause.arguments.items() if QUESTION_WORD_OF[class_of(phrase)] == word]


def _answers(other: Clause, asked: Clause, role: str) -> bool:
    """Whether another clause, too, says all that the question about `asked` says."""
    known = {(at, phrase) for at, phrase in asked.arguments.items() if at != role}
    return other.verb == asked.verb and known <= set(other.arguments.items())
