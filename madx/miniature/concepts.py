"""What the constructed languages talk about: word classes, their concepts, the kinds of event, what can be asked.

The tables are the same in every world and every language. English stands for the concept: a noun with its plural and
a verb with its past where these are irregular. Within a class the first concept is the most frequent one.
"""

from __future__ import annotations

from dataclasses import dataclass

from madx.miniature.draws import Weighted

NOUNS = {
    "title": "doctor lady captain professor queen",
    "profession": "farmer teacher singer baker sailor poet soldier",
    "kin": "mother brother daughter uncle friend",
    "animal": "dog horse bird wolf/wolves goat",
    "food": "bread soup fish/fish apple cheese",
    "artefact": "knife/knives lamp rope drum wheel",
    "vehicle": "ship cart train boat",
    "building": "house school bridge market tower mill",
    "place": "city/cities river village mountain island valley",
    "organisation": "bank company/companies union club museum party/parties",
    "document": "letter book law song",
    "material": "gold/gold wood/wood salt/salt wool/wool",
    "weather": "storm flood frost drought",
    "event": "war wedding feast race",
}
VERBS = {
    "move": "go/went come/came travel/travelled flee/fled",
    "rest": "sleep/slept wait/waited laugh/laughed weep/wept sing/sang",
    "encounter": "see/saw meet/met know/knew praise/praised help/helped",
    "transfer": "give/gave send/sent lend/lent show/showed",
    "consume": "eat/ate cook/cooked want/wanted",
    "make": "make/made build/built repair/repaired paint/painted",
    "study": "read/read write/wrote copy/copied lose/lost",
    "serve": "work/worked speak/spoke vote/voted",
    "employ": "hire/hired pay/paid dismiss/dismissed",
    "trade": "buy/bought sell/sold order/ordered",
    "govern": "rule/ruled leave/left defend/defended love/loved",
    "strike": "destroy/destroyed hit/hit spare/spared",
    "establish": "open/opened close/closed own/owned",
    "change": "break/broke burn/burned vanish/vanished shine/shone",
    "copula": "be/was",
}
OTHERS = {
    "quality": "good strong wise poor famous",
    "size": "big small old new",
    "colour": "red white black green",
    "number": "two three many",
    "location": "in near behind",
    "direction": "to from through",
    "relation": "with for about of",
    "time": "today yesterday often soon",
    "conjunction": "and because therefore",
    "pronoun": "they",
    "negation": "not",
}
CLASSES: dict[str, tuple[str, ...]] = {
    name: tuple(entry.partition("/")[0] for entry in entries.split())
    for name, entries in {**NOUNS, **VERBS, **OTHERS}.items()
}
CLASS_OF = {concept: name for name, concepts in CLASSES.items() for concept in concepts}
# the English plural of a noun, the English past of a verb
ENGLISH_FORM = {
    entry.partition("/")[0]: entry.partition("/")[2] or entry + "s"
    for entries in {**NOUNS, **VERBS}.values()
    for entry in entries.split()
}
FUNCTION_CLASSES = frozenset({"location", "direction", "relation", "conjunction", "pronoun", "negation", "copula"})
ENTITY_TYPES = ("PER", "ORG", "LOC")
# Words that ask for a phrase, by the entity types and classes that they ask for. They are not in CLASSES, because every
# word of a language depends on the list of classes: with these beside it, text without questions stays what it was.
QUESTION_WORDS = {
    "who": ("PER", "title", "profession", "kin"),
    "which": ("ORG", "organisation"),
    "where": ("LOC", "place", "building"),
    "what": ("animal", "food", "artefact", "vehicle", "document", "material", "weather", "event"),
}
QUESTION_WORD_OF = {name: word for word, names in QUESTION_WORDS.items() for name in names}

Argument = Weighted[str]  # entity types and classes with their probabilities

PERSON: Argument = Weighted({"PER": 0.68, "profession": 0.2, "kin": 0.12})
PLACE: Argument = Weighted({"LOC": 0.68, "place": 0.17, "building": 0.15})
BODY: Argument = Weighted({"ORG": 0.78, "organisation": 0.22})
TOPIC: Argument = Weighted({"PER": 0.25, "ORG": 0.25, "LOC": 0.25, "event": 0.25})
PARTNER: Argument = Weighted({"ORG": 0.5, "PER": 0.35, "profession": 0.15})


@dataclass(frozen=True)
class Adjunct:
    """A phrase with an adposition that an event may have. `adposition`: a concept, or a class to draw one from."""

    probability: float
    adposition: str
    argument: Argument


@dataclass(frozen=True)
class Event:
    """A kind of event: who does it, the class of verb, to whom or what, and where or with whom."""

    subject: Argument
    verb: str
    object: Argument | None = None
    adjuncts: tuple[Adjunct, ...] = ()

    @property
    def slots(self) -> dict[str, Argument]:
        """What the event takes: "subject", "object", and its adjuncts by their adpositions. No predicates."""
        takes = {"subject": self.subject}
        if self.object is not None and self.verb != "copula":
            takes["object"] = self.object
        return takes | {adjunct.adposition: adjunct.argument for adjunct in self.adjuncts}


SOMEWHERE = Adjunct(0.5, "location", PLACE)
EVENTS: dict[str, Event] = {
    "travel": Event(PERSON, "move", None, (Adjunct(0.2, "with", PERSON), Adjunct(1.0, "direction", PLACE))),
    "rest": Event(PERSON, "rest", None, (Adjunct(0.8, "location", PLACE),)),
    "meet": Event(PERSON, "encounter", PERSON, (SOMEWHERE,)),
    "give": Event(
        PERSON, "transfer", Weighted({"artefact": 0.4, "document": 0.4, "food": 0.2}), (Adjunct(0.9, "to", PARTNER),)
    ),
    "eat": Event(PERSON, "consume", Weighted({"food": 1.0}), (SOMEWHERE,)),
    "make": Event(
        PERSON, "make", Weighted({"artefact": 0.4, "building": 0.3, "vehicle": 0.3}), (Adjunct(0.7, "for", PARTNER),)
    ),
    "read": Event(PERSON, "study", Weighted({"document": 1.0}), (Adjunct(0.7, "about", TOPIC),)),
    "work": Event(PERSON, "serve", None, (Adjunct(1.0, "for", BODY), Adjunct(0.3, "location", PLACE))),
    "hire": Event(BODY, "employ", PERSON, (SOMEWHERE,)),
    "trade": Event(
        BODY, "trade", Weighted({"material": 0.5, "vehicle": 0.3, "building": 0.2}), (Adjunct(0.5, "from", BODY),)
    ),
    "establish": Event(BODY, "establish", Weighted({"building": 1.0}), (Adjunct(0.8, "location", PLACE),)),
    "govern": Event(PERSON, "govern", PLACE),
    "strike": Event(Weighted({"weather": 1.0}), "strike", PLACE),
    "roam": Event(Weighted({"animal": 1.0}), "move", None, (Adjunct(0.9, "direction", PLACE),)),
    "change": Event(Weighted({"artefact": 0.4, "vehicle": 0.3, "building": 0.3}), "change", None, (SOMEWHERE,)),
    "be": Event(Weighted({"PER": 0.4, "LOC": 0.3, "building": 0.3}), "copula", Weighted({"quality": 0.6, "size": 0.4})),
    "profess": Event(
        Weighted({"PER": 0.8, "kin": 0.2}), "copula", Weighted({"profession": 1.0}), (Adjunct(0.4, "location", PLACE),)
    ),
}
# which kinds of event may follow from which: the clauses of "X because Y" and "Y, therefore X"
EFFECTS: dict[str, tuple[str, ...]] = {
    "strike": ("travel", "change", "rest"),
    "change": ("make", "trade"),
    "work": ("eat", "travel", "trade"),
    "hire": ("work", "travel"),
    "trade": ("make", "establish"),
    "meet": ("give", "read", "rest"),
    "govern": ("work", "establish", "travel"),
    "be": ("hire", "meet"),
}
# of these, what labelled causal choices never show in training: (cause, effect). Text does, so it can be known; every
# kind of event here has other causes or effects too, so training shows it in both places
HELD_OUT_EFFECTS = frozenset(
    {("strike", "rest"), ("change", "trade"), ("hire", "travel"), ("trade", "make"), ("govern", "work")}
)
