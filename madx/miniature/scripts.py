"""Scripts: how the sounds of the constructed languages are written.

A sound is one character (IPA, with ʧ for the ch of chair and ø, y for the front rounded vowels).
"""

from __future__ import annotations

from dataclasses import dataclass

from madx.languages import Language, nearest

CONSONANTS = "ptkbdgfvszʃʧhmnrljw"
VOWELS = "aeiouøy"
PUNCTUATION = ".,?"


class ScriptError(ValueError):
    """A language whose script the constructed languages cannot be written in."""


@dataclass(frozen=True)
class Orthography:
    """Letters for every sound; `cased` where the script has capitals."""

    letters: dict[str, str]
    cased: bool

    def write(self, sounds: str) -> str:
        return "".join(self.letters[sound] for sound in sounds)

    def capitalise(self, word: str) -> str:
        return word[0].upper() + word[1:] if self.cased else word

    @property
    def alphabet(self) -> str:
        """Every character that text in this orthography can have, except the space, sorted."""
        small = set("".join(self.letters.values()))
        capitals = {letter.upper() for letter in small} if self.cased else set()
        return "".join(sorted(small | capitals | set(PUNCTUATION)))


def _orthography(consonants: str, vowels: str, cased: bool = True) -> Orthography:
    sounds = CONSONANTS + VOWELS
    letters = consonants.split() + vowels.split()
    return Orthography(dict(zip(sounds, letters, strict=True)), cased)


# more than one where the families that use the script follow different spelling traditions
ORTHOGRAPHIES: dict[str, tuple[Orthography, ...]] = {
    "Latin": (
        _orthography("p t k b d g f v s z sh ch h m n r l y w", "a e i o u ö ü"),
        _orthography("p t k b d g f v s z š č h m n r l j w", "a e i o u ø y"),
        _orthography("p t c b d g f v s z x tx h m n r l j w", "a e i o u œ ü"),
    ),
    "Cyrillic": (_orthography("п т к б д г ф в с з ш ч х м н р л й ў", "а е и о у ӧ ӱ"),),
    "Georgian": (_orthography("ფ თ კ ბ დ გ ჶ ვ ს ზ შ ჩ ჰ მ ნ რ ლ ჲ ჳ", "ა ე ი ო უ ჸ ჷ", cased=False),),
}


def orthographies(row: Language) -> tuple[Orthography, ...]:
    """The spelling traditions of a language's script; raises ScriptError with the scripts that there are."""
    if row.script not in ORTHOGRAPHIES:
        raise ScriptError(
            f"language {row.code!r} has script {row.script!r}, in which no constructed language can be written"
            f"{nearest(row.script, ORTHOGRAPHIES)} Known: {', '.join(ORTHOGRAPHIES)}"
        )
    return ORTHOGRAPHIES[row.script]
