"""What may be shown of a value that somebody's person might be read from."""

import re
import unicodedata

from crm_import.tables import Table
from portal.core.privacy import Personal, classification

_SHOWN = 40
# Integers of options, one or several. Longer ones may be numbers of people.
_OPTIONS = re.compile(r"[0-9]{1,9}(?:, ?[0-9]{1,9})*")


def personal(table: Table, column: str) -> Personal:
    """How personal a column is, as the model of the archive says."""
    return classification(table.model)[column]


def is_masked(table: Table, column: str) -> bool:
    """Whether values of the column are masked. What is no integer of an option may be anything."""
    return column in table.options or personal(table, column) != Personal.NONE


def is_option(value: str) -> bool:
    """Whether it is the integer of an option, or several: that stands for many people."""
    return bool(_OPTIONS.fullmatch(value))


def mask(value: str) -> str:
    """The form of a value: `Xxxx.99@xxx.xx`."""
    masked = "".join(map(_masked, value[:_SHOWN]))
    return f"{masked}…" if len(value) > _SHOWN else masked


def _masked(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isupper():
        return "X"
    kind = unicodedata.category(character)
    if kind[0] in "LM" or kind == "Co":
        return "x"
    return " " if kind[0] in "ZC" else character
