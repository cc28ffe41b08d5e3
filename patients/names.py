"""How alike two people's names are, whatever the spelling and the order of first and last name.

Names are compared folded (`portal.core.search.words`): accents, case, composed or decomposed
letters, ß, ł, ø and apostrophes make no difference. German and Scandinavian letters also count as
their two-letter spellings (`Müller` is `Mueller`).
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from portal.core.search import words

# (first name, last name); either may be blank.
Name = tuple[str, str]

# Short and full forms that people use of one and the same name. Symmetric: any two names of one
# line may be the same person's. Only a hint for a person who reviews, never proof.
NICKNAMES = """
abby abigail
alejandro alex alexander alexandra sander sandra sasha xander
andrea andreas andrew andy dre
ann anna anne annie antje anja nancy hannah
anthony antonio antoon anton toni tony ton toon
barbara barb babs
ben benjamin benny benjamín
beth betty bess elisabeth elizabeth eliza elise els elsbeth lisa lies liesbeth liz lizzie bettina
bert albert alberto robert
bill billy liam wil will willem william wim guillermo
bob bobby rob robbie robert roberto robbert
carla carol caroline carolina
cathy catherine catharina cate katarina katharina katherine kathleen kathryn kathy kate katie katja
charles charlie carlos karel carl chuck
chris christian christiaan christopher kris kit cristobal
christina christine tina kristin stijn stien
dan daniel danny daniela
dave david davy
debbie deborah debra
diederik dirk rick richard ricardo dick
don donald
dorothy dora thea dorothea
ed eddie edward eduard edwin ted eduardo
ellen helen helena elena lena eleonora
erik eric erick frederik fred freddy frederick federico
francis frank francisco paco pancho frans franciscus franz cisco curro
gabriel gabriela gaby
george jorge joris georg
geraldine gerald gerard gerrit gerry jerry
greg gregory gregorio
guus august augustus gustaaf
hank harry henry hendrik henk enrique heinrich rik
ignacio nacho
jack john johannes johan jan hans hannes juan johnny jonathan jon sean ivan
jacob jacobo jaap james jim jimmy jaime koos cobus sjaak jacques diego santiago
jeff jeffrey geoffrey
jen jennifer jenny
jesus chuy
joe joseph jozef jose pepe jos sjef josef
johanna joanna jo hanneke janneke anneke jannie
josh joshua
julia julie juliana
kees cornelis cor cornelius
ken kenneth kenny
larry laurence lawrence laurens lars lorenzo
laura lora laurie
leo leon leonard leonardo leendert leen
lou louis lewis luis ludwig lodewijk louise luisa
luke lucas luuk lukas
maggie margaret margaretha margriet margarita greta marga peggy meg rita grietje
manny manuel manolo emmanuel
maria mary marie mia marijke mieke maaike ria riet marieke maricarmen
mark marc marcus marco marcos
martin martijn maarten martinus tinus
matt matthew matthijs matteo mateo mathieu thijs
max maximilian maxim
michael mike mick miguel michiel michel mickey mischa
nick nicholas nicolaas nicolas niels klaas nico
pat patrick patricia trish tricia
paul pablo paulus pauline paula
pete peter pieter piet pedro petrus
phil philip philippe felipe flip
ray raymond raimundo
ron ronald ronnie
sam samuel samantha
steve steven stephen stefan stephan esteban stef
sue susan susanna suzanne susana suus
theo theodore theodorus dorus
tim timothy timon
tom thomas tommy tomas
vicky victoria
vince vincent vicente
"""
_LINES_OF: dict[str, set[int]] = {}
for _number, _line in enumerate(NICKNAMES.split("\n")):
    for _word in words(_line):
        _LINES_OF.setdefault(_word, set()).add(_number)

_TRANSLITERATED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
    | {"Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe"}
)
# One wrong letter in a name of two, like `Li` and `Lu`, is another name.
_LONG_ENOUGH = 3
_MANY_WORDS = 12


class Likeness(StrEnum):
    """How alike two names are; everything between the first and the last is for a person."""

    SAME = "same"
    NICKNAME = "nickname"
    INITIALS = "initials"
    ONE_EDIT = "one_edit"
    PART = "part"
    OTHER = "other"

    @property
    def is_close(self) -> bool:
        """Not the same spelling, but perhaps the same name."""
        return self not in (Likeness.SAME, Likeness.OTHER)


_FURTHEST = {likeness: distance for distance, likeness in enumerate(Likeness)}


def key(name: Name) -> tuple[str, ...]:
    """The folded words of a name in alphabetical order: equal for `Anna Berg` and `Berg, Anna`."""
    return tuple(sorted(words(f"{name[0]} {name[1]}")))


def compare(one: Name, other: Name) -> Likeness:
    """How alike the two are, in the closest spelling. Blank names are OTHER."""
    found = (
        _compare(a, b) for a in _spellings(one) for b in _spellings(other) if any(a) and any(b)
    )
    return min(found, key=_FURTHEST.__getitem__, default=Likeness.OTHER)


def closest(one: Name, others: Iterable[Name]) -> Likeness:
    """How alike `one` is to the closest of `others`."""
    found = (compare(one, other) for other in others)
    return min(found, key=_FURTHEST.__getitem__, default=Likeness.OTHER)


Words = tuple[tuple[str, ...], tuple[str, ...]]


@lru_cache(maxsize=4096)
def _spellings(name: Name) -> tuple[Words, ...]:
    """The folded words of first and last name, plain and with two-letter umlauts."""
    spelled = dict.fromkeys(
        (tuple(words(first)[:_MANY_WORDS]), tuple(words(last)[:_MANY_WORDS]))
        for first, last in (name, tuple(_transliterated(part) for part in name))
    )
    return tuple(spelled)


def _transliterated(text: str) -> str:
    # Composed first, so that a decomposed ü is found too.
    return unicodedata.normalize("NFC", text).translate(_TRANSLITERATED)


def _compare(one: Words, other: Words) -> Likeness:
    ours, theirs = [*one[0], *one[1]], [*other[0], *other[1]]
    if sorted(ours) == sorted(theirs) or _joined(one) & _joined(other):
        return Likeness.SAME
    likeness = _paired(ours, theirs)
    if len(ours) != len(theirs) and any(
        _one_edit(a, b) for a in _joined(one) for b in _joined(other)
    ):
        return Likeness.ONE_EDIT
    return likeness


def _joined(name: Words) -> set[str]:
    """The name without blanks, in both orders: `Annemarie Berg` is `Anne Marie Berg`."""
    first, last = "".join(name[0]), "".join(name[1])
    return {first + last, last + first}


def _paired(ours: list[str], theirs: list[str]) -> Likeness:
    """Whether each word of the shorter name stands for one of the longer."""
    common = list((Counter(ours) & Counter(theirs)).elements())
    left = list((Counter(ours) - Counter(common)).elements())
    right = list((Counter(theirs) - Counter(common)).elements())
    if len(left) > len(right):
        left, right = right, left
    kinds = []
    for word in left:
        best = min(
            ((_word_likeness(word, candidate), candidate) for candidate in right),
            key=lambda found: _FURTHEST[found[0]],
        )
        if best[0] is Likeness.OTHER:
            return Likeness.OTHER
        kinds.append(best[0])
        right.remove(best[1])
    if not any(len(word) > 1 for word in common) and (
        right or Likeness.INITIALS in kinds or not kinds
    ):
        return Likeness.OTHER
    if right:
        return Likeness.PART
    return max(kinds, key=_FURTHEST.__getitem__)


def _word_likeness(one: str, other: str) -> Likeness:
    if (len(one) == 1 or len(other) == 1) and one[0] == other[0]:
        return Likeness.INITIALS
    if _LINES_OF.get(one, set()) & _LINES_OF.get(other, set()):
        return Likeness.NICKNAME
    return Likeness.ONE_EDIT if _one_edit(one, other) else Likeness.OTHER


def _one_edit(one: str, other: str) -> bool:
    """One letter added, left out, changed, or two neighbours swapped, in a name long enough."""
    short, long = sorted((one, other), key=len)
    if len(long) < _LONG_ENOUGH or len(long) - len(short) > 1 or one == other:
        return False
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[at + 1 : at + 2] + short[at : at + 1] + short[at + 2 :]
    return short[at + 1 :] == long[at + 1 :] or swapped == long[at:]
