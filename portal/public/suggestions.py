"""Suggestions for the name of an illness while it is being typed."""

from typing import TypedDict

from patients.models import MedicalCondition
from portal.core.search import words

AT_MOST = 8
LONGEST = 100


class Suggestion(TypedDict):
    """A name to pick, and the abbreviation or usual name that tells what it is."""

    name: str
    also: str


def suggest(typed: str, *, language: str) -> list[Suggestion]:
    """At most 8 conditions one of whose names begins like each word typed, by name.

    The name shown is one in `language` that begins like what was typed, else any such name; of
    several the usual one, which is no misspelling. Nothing but names leaves. Fewer than two
    characters find nothing.
    """
    wanted = words(typed[:LONGEST])
    if sum(map(len, wanted)) < 2:
        return []
    found = MedicalCondition.objects.search(typed[:LONGEST]).prefetch_related("names")
    return [_suggestion(condition, wanted, language) for condition in found[:AT_MOST]]


def _suggestion(condition: MedicalCondition, wanted: list[str], language: str) -> Suggestion:
    names = sorted(
        ((name.name, name.language) for name in condition.names.all()),
        key=lambda name: (
            not _begins(name[0], wanted),
            name[1] != language,
            name[0] != condition.name,
            name[0],
        ),
    )
    name = names[0][0] if names else condition.name
    also = condition.name if name != condition.name else condition.abbreviation
    return {"name": name, "also": also if also.casefold() != name.casefold() else ""}


def _begins(name: str, wanted: list[str]) -> bool:
    """Whether each word wanted begins a word of the name."""
    parts = words(name)
    return all(any(part.startswith(word) for part in parts) for word in wanted)
