"""Why two records may be one person, in words: the evidence of a pair, as matching and the
import of the legacy CRM wrote it down. What is not known here is shown as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import PossibleDuplicate

Words = Mapping[str, str | Promise]

_NAMES: Words = {
    "same": gettext_lazy("same name"),
    "nickname": gettext_lazy("short form of the name"),
    "initials": gettext_lazy("initials of the name"),
    "one_edit": gettext_lazy("name one letter apart"),
    "part": gettext_lazy("part of the name"),
    "alike": gettext_lazy("name nearly the same"),
    "other": gettext_lazy("other name"),
}
_AGREE: Words = {
    "email": gettext_lazy("same e-mail"),
    "phone": gettext_lazy("same phone"),
    "condition": gettext_lazy("same condition"),
    "date_of_birth": gettext_lazy("same date of birth"),
}
_DIFFER: Words = {
    "email": gettext_lazy("other e-mail"),
    "phone": gettext_lazy("other phone"),
    "condition": gettext_lazy("other condition"),
    "date_of_birth": gettext_lazy("other date of birth"),
}
_LEGACY: Words = {
    "contact_record": gettext_lazy("linked in the CRM"),
    "email": gettext_lazy("same e-mail (CRM)"),
    "name_and_condition": gettext_lazy("same name and condition (CRM)"),
    "name_and_hospital": gettext_lazy("same name and hospital (CRM)"),
}
# What the import found out about the names, which only the tier says.
_LEGACY_NAMES = {"R1": "other", "R2": "other", "R4": "alike"}


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that speaks for one person, against it, or (neither) for looking closely."""

    words: str
    speaks: str  # "for", "against" or "unclear"


def clues(pair: PossibleDuplicate) -> list[Clue]:
    """What speaks for and against; the tier in words where nothing was noted."""
    evidence: Mapping[str, Any] = pair.evidence
    found = []
    name = evidence.get("name")
    if because := evidence.get("because"):
        found.append(Clue(_said(_LEGACY, because), "for"))
        name = name or (None if pair.is_mixed else _LEGACY_NAMES.get(pair.tier))
    if name:
        speaks = {"same": "for", "other": "against"}.get(name, "unclear")
        found.append(Clue(_said(_NAMES, name), speaks))
    found += [Clue(_said(_AGREE, fact), "for") for fact in evidence.get("agree", ())]
    found += [Clue(_said(_DIFFER, fact), "against") for fact in evidence.get("differ", ())]
    return found or [Clue(pair.get_tier_display(), "unclear")]


def sentence(pair: PossibleDuplicate) -> str:
    """The clues in one line, for a list: `same e-mail, other name`."""
    for_it = [clue.words for clue in clues(pair) if clue.speaks != "against"]
    against = [clue.words for clue in clues(pair) if clue.speaks == "against"]
    words = ", ".join(for_it or against)
    if for_it and against:
        words = _("%(for)s; but %(against)s") % {"for": words, "against": ", ".join(against)}
    return str(capfirst(words))


def _said(words: Words, value: Any) -> str:
    return str(words.get(str(value), value))
