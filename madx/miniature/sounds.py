"""Sounds: what words of a family look like, and the regular changes that set its languages apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from madx.miniature.draws import Draws, Weighted
from madx.miniature.scripts import CONSONANTS, VOWELS

_COMMON = "ptkmnrl"  # nearly every language has these
_V = f"[{VOWELS}]"
_C = f"[{CONSONANTS}]"


@dataclass(frozen=True)
class Phonotactics:
    """Syllables of a family's proto-language: onset, vowel and perhaps a final consonant."""

    onsets: Weighted[str]
    vowels: Weighted[str]
    codas: Weighted[str]
    initial_vowel: float
    cluster: float
    closed: float

    @classmethod
    def draw(cls, draws: Draws) -> Phonotactics:
        kept = _COMMON + "".join(sorted(draws.some_of("bdgfvszʃʧhjw", draws.between(4, 8))))
        vowels = "aiu" + "".join(sorted(draws.some_of("eoøy", draws.between(1, 3))))
        return cls(
            onsets=_uneven(draws, kept),
            vowels=_uneven(draws, vowels),
            codas=_uneven(draws, draws.some_of([sound for sound in kept if sound in "nrlsmtkʃ"], 4)),
            initial_vowel=draws.one_of((0.05, 0.15, 0.3)),
            cluster=draws.one_of((0.0, 0.0, 0.12)),
            closed=draws.one_of((0.05, 0.2, 0.4)),
        )

    def word(self, draws: Draws, syllables: int) -> str:
        sounds = []
        for position in range(syllables):
            if position or not draws.chance(self.initial_vowel):
                onset = draws.weighted(self.onsets)
                sounds.append(onset)
                if onset in "ptkbdgf" and draws.chance(self.cluster):
                    sounds.append(draws.one_of("rl"))
            sounds.append(draws.weighted(self.vowels))
            if draws.chance(self.closed):
                sounds.append(draws.weighted(self.codas))
        return "".join(sounds)


def _uneven(draws: Draws, sounds) -> Weighted[str]:
    return Weighted({sound: 0.3 + draws.uniform() for sound in sounds})


@dataclass(frozen=True)
class SoundChange:
    """A regular change: every place where `pattern` matches becomes `result`."""

    name: str
    pattern: re.Pattern
    result: str | Callable[[re.Match], str]

    def __call__(self, word: str) -> str:
        return self.pattern.sub(self.result, word)


def _map(name: str, before: str, after: str, context: str = "{}") -> SoundChange:
    """Each sound of `before` becomes the one below it in `after`, where the context (a pattern around {}) fits."""
    table = dict(zip(before, after, strict=True))
    return SoundChange(name, re.compile(context.format(f"[{before}]")), lambda match: table[match.group()])


SOUND_CHANGES = (
    _map("voicing between vowels", "ptks", "bdgz", f"(?<={_V}){{}}(?={_V})"),
    _map("stops become fricatives between vowels", "pbdgk", "fvzhh", f"(?<={_V}){{}}(?={_V})"),
    _map("k before front vowels", "kg", "ʧj", "{}(?=[eiøy])"),
    _map("t before i", "t", "ʧ", "{}(?=i)"),
    _map("s before front vowels", "s", "ʃ", "{}(?=[eiøy])"),
    _map("final consonants lose voice", "bdgvz", "ptkfs", "{}$"),
    _map("initial stops gain voice", "ptk", "bdg", f"^{{}}(?={_V})"),
    _map("s between vowels", "s", "r", f"(?<={_V}){{}}(?={_V})"),
    _map("r and l fall together", "r", "l"),
    _map("initial f", "fp", "hf", f"^{{}}(?={_V})"),
    _map("w hardens", "w", "v"),
    _map("umlaut", "uo", "yø", f"{{}}(?={_C}+i)"),
    _map("last vowel rises", "eo", "iu", f"{{}}(?={_C}?$)"),
    _map("o opens", "o", "a"),
    _map("y and ø lose rounding", "yø", "ie"),
    _map("n before lips", "n", "m", "{}(?=[pbfvm])"),
    SoundChange("loss of the last vowel", re.compile(f"(?<={_V}{_C}){_V}$"), ""),
    SoundChange("loss of nasals before stops", re.compile(f"(?<={_V})[nm](?=[ptkbdg])"), ""),
    SoundChange("loss of h", re.compile(f"(?<=.)h(?={_V})"), ""),
    SoundChange("vowel before clusters", re.compile(f"^(?=[ptkbdgfs]{_C})"), "e"),
)


def draw_sound_changes(draws: Draws, proto_words: list[str]) -> tuple[SoundChange, ...]:
    """One to six changes, each of which alters at least a twentieth of the family's words."""
    number = draws.between(1, 6)
    chosen: list[SoundChange] = []
    for change in draws.some_of(SOUND_CHANGES, len(SOUND_CHANGES)):
        changed = [change(word) for word in proto_words]
        altered = sum(before != after for before, after in zip(proto_words, changed, strict=True))
        if len(chosen) < number and altered >= len(proto_words) / 20:
            chosen.append(change)
            proto_words = changed
    return tuple(chosen)


def apply_sound_changes(changes: tuple[SoundChange, ...], word: str) -> str:
    """A word after all changes in their order; a change that would leave fewer than two sounds is skipped."""
    for change in changes:
        changed = change(word)
        word = changed if len(changed) >= 2 else word
    return word
