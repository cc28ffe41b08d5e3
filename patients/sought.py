"""The values by which an erased person would be recognised, and whether a text has one of them.

What proves something, and what does not:

- An id, a legacy id, an e-mail address and a phone number (in any spelling: with or without the
  country code, blanks, brackets or dashes) each belong to few people.
- A first name or a last name alone is in everybody's rows. A name counts where first and last name
  stand side by side, or as two values of one JSON object. So somebody with one name only is not
  looked for by name.
- What was written about the person counts by its longest stretch without quotes and line breaks,
  when that has three words and 24 characters: shorter remarks are the same for many people.

Values are kept folded (no case, no accents), which is also how texts are compared.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import phonenumbers
from django.db import models

from patients import holdings
from patients.holdings import Found, Sought
from patients.models import ContactPoint, FieldProposal, SoughtValue
from portal.core.privacy import Personal, classification
from portal.core.search import fold

Kind = SoughtValue.Kind

SHORTEST = 4
SHORTEST_PHONE = 6
SHORTEST_TEXT, LONGEST_TEXT = 24, 60
FEWEST_WORDS = 3
# More texts than this make the search slow; the longest are taken, and the certificate says so.
MOST_TEXTS = 100

_BREAKS = re.compile(r'["\\\x00-\x1f]+')
_WORD = re.compile(r"[^\W_]+")
_GAP = "[ .()/-]{0,2}"
# How answers, rows and the legacy CRM call the parts of an address.
_FIRST = ("first_name", "firstname")
_LAST = ("last_name", "lastname")


def of(found: Found) -> set[Sought]:
    """Every value of this person that the scan can look for: the past ones too."""
    values = names_of(found) | {(Kind.ID, str(one)) for one in found.person.ids}
    texts = {
        said
        for holding in holdings.holdings()
        for row in _versions(holding, found)
        for said in _texts(holding.model, row)
    }
    longest = sorted(texts, key=lambda text: (-len(text[1]), text[1]))[:MOST_TEXTS]
    return values | set(longest)


def names_of(found: Found) -> set[Sought]:
    """The names and addresses of this person, also where the apps above keep them."""
    values = of_own_rows(found)
    return values.union(*(part.sought(found, values) for part in holdings.parts()))


def of_own_rows(found: Found) -> set[Sought]:
    """The names and addresses in the holdings, past ones included."""
    return {
        value
        for holding in holdings.holdings()
        if _may_name(holding.model)
        for row in _versions(holding, found)
        for value in _in_row(holding.label, row)
    }


def _versions(holding: holdings.Holding, found: Found) -> Iterator[dict[str, Any]]:
    """Every row that is to go and every version of it, as column → value."""
    if holding.kept:
        return
    rows = holding.model._base_manager.filter(pk__in=found.now[holding.label])
    for queryset in (rows, holdings.events(holding, found)):
        if queryset is not None:
            columns = _stored(holding.model, queryset.model)
            yield from queryset.values(*columns).iterator(chunk_size=200)


def _may_name(model: type[models.Model]) -> bool:
    """Whether a row can hold a name or an address in a column, or in an object of JSON."""
    if model._meta.label in (ContactPoint._meta.label, FieldProposal._meta.label):
        return True
    return any(
        isinstance(column, models.JSONField) or column.name in (*_FIRST, *_LAST, "email", "phone")
        for column in model._meta.concrete_fields
    )


def names_and_addresses(values: Mapping[str, Any]) -> Iterator[Sought]:
    """The name, e-mail address and phone number in a mapping of answers or columns."""
    country = _text(values, "country")
    yield from name(_text(values, *_FIRST), _text(values, *_LAST))
    yield from email(_text(values, "email"))
    yield from phone(_text(values, "phone"), country=country)


def name(first: str, last: str) -> Iterator[Sought]:
    one, other = (" ".join(_WORD.findall(fold(part))) for part in (first, last))
    if one and other and len(one) + len(other) >= SHORTEST:
        yield Kind.NAME, f"{one}\n{other}"


def email(address: str) -> Iterator[Sought]:
    folded = fold(address.strip())
    if len(folded) >= SHORTEST and "@" in folded:
        yield Kind.EMAIL, folded


def phone(number: str, *, country: str = "") -> Iterator[Sought]:
    """By its digits without the country code, which is what all spellings have in common."""
    try:
        parsed = phonenumbers.parse(number, country or None)
        digits = phonenumbers.national_significant_number(parsed)
    except phonenumbers.NumberParseException:
        digits = re.sub(r"[^0-9]", "", number).lstrip("0")
    if len(digits) >= SHORTEST_PHONE:
        yield Kind.PHONE, digits


def text(words: str) -> Iterator[Sought]:
    """The longest stretch of what somebody wrote, when it is long enough to be theirs alone."""
    stretch = max(_BREAKS.split(fold(words)), key=len).strip()[:LONGEST_TEXT].strip()
    if len(stretch) >= SHORTEST_TEXT and len(stretch.split()) >= FEWEST_WORDS:
        yield Kind.TEXT, stretch


def _in_row(label: str, row: Mapping[str, Any]) -> Iterator[Sought]:
    yield from names_and_addresses(row)
    for value in row.values():
        if isinstance(value, dict):
            yield from names_and_addresses(value)
    if label == ContactPoint._meta.label:
        yield from email(row["value"]) if row["kind"] == "email" else phone(row["value"])
    if label == FieldProposal._meta.label and row["field"] in ("email", "phone"):
        read = email if row["field"] == "email" else phone
        for said in (row["current_value"], row["proposed_value"]):
            yield from read(said)


def _texts(model: type[models.Model], row: Mapping[str, Any]) -> Iterator[Sought]:
    for column, kind in classification(model).items():
        if kind is Personal.FREE_TEXT:
            for leaf in leaves(row.get(column)):
                yield from text(leaf)


def _stored(model: type[models.Model], table: type[models.Model]) -> list[str]:
    """Columns of the model that the table has: its own, or that of its history."""
    kept = {field.name for field in table._meta.concrete_fields}
    return [
        field.name
        for field in model._meta.concrete_fields
        if field.name in kept and not isinstance(field, models.GeneratedField)
    ]


def _text(values: Mapping[str, Any], *keys: str) -> str:
    found = next((values[key] for key in keys if key in values), "")
    return found if isinstance(found, str) else ""


def leaves(value: Any) -> Iterator[str]:
    """Every text in a value of a JSON column, or the text itself."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)


# --- finding them


class Matcher:
    """Says which of some values a text has. `condition` narrows rows in SQL, never too far."""

    def __init__(self, values: Iterable[Sought]) -> None:
        self._patterns: list[tuple[Sought, re.Pattern[str]]] = []
        self._names: list[tuple[Sought, str, str]] = []
        for kind, value in sorted(values):
            if kind == Kind.NAME:
                first, last = value.split("\n")
                self._names.append(((kind, value), first, last))
                pattern = f"(?<![^\\W_])(?:{_side_by_side(first, last)})(?![^\\W_])"
            else:
                pattern = _PATTERNS[kind](value)
            self._patterns.append(((kind, value), re.compile(pattern)))

    def condition(self, folded: str) -> tuple[str, list[str]]:
        """A condition in SQL, and its parameters, on the folded text of a row.

        Plain search for every value but a phone number: one regular expression of many values
        takes PostgreSQL forty times as long.
        """
        conditions, params = [], []
        for (kind, value), _pattern in self._patterns:
            if kind == Kind.NAME:
                pieces = [max(part.split(), key=len) for part in value.split("\n")]
                conditions.append(f"(strpos({folded}, %s) > 0 AND strpos({folded}, %s) > 0)")
                params += pieces
            elif kind == Kind.PHONE:
                conditions.append(f"{folded} ~ %s")
                params.append(_digits(value))
            else:
                for spelled in _spellings(kind, value):
                    conditions.append(f"strpos({folded}, %s) > 0")
                    params.append(spelled)
        return " OR ".join(conditions) or "false", params

    def found(self, words: str) -> set[Sought]:
        """The values that a text has."""
        folded = fold(words).replace("%40", "@")
        return {value for value, pattern in self._patterns if pattern.search(folded)}

    def found_in_json(self, content: Any) -> set[Sought]:
        """The values that a JSON value has; the two parts of a name may stand beside each other."""
        hits = self.found("\n".join(leaves(content)))
        hits |= self.found("\n".join(_keys(content)))
        for together in _objects(content):
            parts = {" ".join(_WORD.findall(fold(part))) for part in together}
            hits |= {value for value, first, last in self._names if {first, last} <= parts}
        return hits


def decoded(raw: bytes) -> str:
    """Bytes as somebody meant them: UTF-8 or else Windows-1252, without NUL (so UTF-16 too)."""
    visible = raw.replace(b"\x00", b"")
    try:
        return visible.decode("utf-8")
    except UnicodeDecodeError:
        return visible.decode("cp1252", errors="replace")


def parsed(cell: str) -> Any:
    """A cell of a JSON column as Python has it."""
    return json.loads(cell)


def _keys(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        yield from content
    if isinstance(content, dict | list):
        for inner in content.values() if isinstance(content, dict) else content:
            yield from _keys(inner)


def _objects(content: Any) -> Iterator[list[str]]:
    """The texts that stand in one object, or one list, for each of them."""
    if not isinstance(content, dict | list):
        return
    inside: Sequence[Any] = list(content.values()) if isinstance(content, dict) else content
    yield [value for value in inside if isinstance(value, str)]
    for value in inside:
        yield from _objects(value)


def _side_by_side(first: str, last: str) -> str:
    one, other = (r"[\W_]{0,3}".join(part.split()) for part in (first, last))
    return rf"{one}[\W_]{{1,3}}{other}|{other}[\W_]{{1,3}}{one}"


def _spellings(kind: str, value: str) -> tuple[str, ...]:
    """The ways in which a value may stand in a folded text."""
    if kind in (Kind.ID, Kind.LEGACY_ID):
        return value, value.replace("-", "")
    return (value, value.replace("@", "%40")) if kind == Kind.EMAIL else (value,)


def _digits(value: str) -> str:
    return _GAP.join(value)


# An address inside a longer one, or digits inside longer ones, are somebody else's.
_PATTERNS: dict[str, Callable[[str], str]] = {
    Kind.ID: lambda value: "-?".join(value.split("-")),
    Kind.LEGACY_ID: lambda value: "-?".join(value.split("-")),
    Kind.EMAIL: lambda value: rf"(?<![\w.%+-]){re.escape(value)}(?![\w-])(?!\.\w)",
    Kind.PHONE: lambda value: (
        r"(?<![0-9a-z])(?:[0-9]{1,5}[ .()/-]{0,3}){0,2}" + _digits(value) + r"(?![0-9a-z])"
    ),
    Kind.TEXT: re.escape,
}
