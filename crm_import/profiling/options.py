"""The option inventory: every value that metadata, annotations or rows know, and what it means."""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from crm_import.meanings import word_rows
from crm_import.models import OptionValue
from crm_import.profiling.facts import Option
from crm_import.profiling.masking import is_option, mask
from crm_import.profiling.reading import ReadTable, temporary
from crm_import.tables import CONDITION, OPTIONS, TABLES
from patients.models import ConditionName
from referrals.models import Product

_VALUE = re.compile(r"^[0-9]+$")
_SETS = tuple(column for table in TABLES for column in table.options)
# What is in these sets becomes a record of its own: a label is all that it needs.
_GROWING = ("medical_condition", "product")


@dataclass(slots=True)
class _Value:
    labels: dict[str, str] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)
    sources: dict[str, None] = field(default_factory=dict)
    rows: int = 0


def inventory(
    cursor: Any, read: Iterable[ReadTable], *, has_labels: bool, include_personal: bool
) -> list[Option]:
    """Every value, by set, the most frequent first. What nobody knows as one is masked."""
    values: dict[tuple[str, str], _Value] = {}
    if has_labels:
        _add_labels(cursor, values)
    for table in read:
        for column in table.table.options:
            if column not in table.missing:
                _add_cells(cursor, table, column, values)
    words = {(option_set, word): meaning for option_set, word, meaning in word_rows()}
    words |= _names(cursor, values)
    decided = {
        (option_set, value): meaning
        for option_set, value, meaning in OptionValue.objects.exclude(meaning="").values_list(
            "option_set", "value", "meaning"
        )
    }
    found = [_option(name, value, entry, words, decided) for (name, value), entry in values.items()]
    if not include_personal:
        for option in found:
            if not option.mapped and not option.labels and not is_option(option.value):
                option.value = mask(option.value)
    return sorted(found, key=lambda o: (_SETS.index(o.option_set), -o.rows, o.value))


def _add_labels(cursor: Any, values: dict[tuple[str, str], _Value]) -> None:
    cursor.execute(
        f"""
        SELECT lower(btrim(option_set)), btrim(value), crm_tidy(label), btrim(language),
            portal_fold_key(crm_tidy(label))
        FROM {temporary(OPTIONS)} WHERE value <> '' AND label <> ''
        ORDER BY btrim(language) <> '1033', btrim(language), crm_tidy(label) COLLATE "C"
        """
    )
    for name, value, label, language, folded in cursor.fetchall():
        if name in _SETS:
            entry = values.setdefault((name, value), _Value())
            entry.labels.setdefault(language, label)
            entry.folded.add(folded)
            entry.sources["metadata" if language else "annotations"] = None


def _add_cells(
    cursor: Any, read: ReadTable, column: str, values: dict[tuple[str, str], _Value]
) -> None:
    cursor.execute(
        f"""
        SELECT btrim(cell), sum(n)::bigint, portal_fold_key(crm_tidy(left(btrim(cell), 300)))
        FROM (
            SELECT {column} AS cell, count(*) AS n FROM {temporary(read.table)} GROUP BY 1
        ) c WHERE btrim(cell) <> '' GROUP BY 1
        """
    )
    for cell, rows, folded in cursor.fetchall():
        entry = values.setdefault((column, cell[:100]), _Value())
        entry.rows += rows
        entry.sources["data"] = None
        if not _VALUE.match(cell):  # a label, as exports from the screens have it
            entry.folded.add(folded)


def _names(cursor: Any, values: dict[tuple[str, str], _Value]) -> dict[tuple[str, str], str]:
    """What the growing sets know by name: records of the portal, rows of the list, other labels."""
    known = {
        ("medical_condition", folded): "a condition of the portal"
        for folded in ConditionName.objects.values_list("folded", flat=True)
    }
    cursor.execute(
        f"SELECT portal_fold_key(crm_tidy(name)) FROM {temporary(CONDITION)} WHERE name <> '' "
        f"UNION SELECT portal_fold_key(crm_tidy(abbreviation)) FROM {temporary(CONDITION)} "
        "WHERE abbreviation <> ''"
    )
    for (folded,) in cursor.fetchall():
        known.setdefault(("medical_condition", folded), "a row of the list")
    cursor.execute(f"SELECT portal_fold_key(name) FROM {Product._meta.db_table}")
    known |= {("product", folded): "a product of the portal" for (folded,) in cursor.fetchall()}
    for (name, value), entry in values.items():
        if name in _GROWING and _VALUE.match(value):
            for folded in entry.folded:
                known.setdefault((name, folded), "a new record")
    return known


def _option(
    name: str,
    value: str,
    entry: _Value,
    words: dict[tuple[str, str], str],
    decided: dict[tuple[str, str], str],
) -> Option:
    meanings = {words[name, folded] for folded in entry.folded if (name, folded) in words}
    # Labels of several languages must agree, as in the import; records are found by any of them.
    agreed = min(meanings) if len(meanings) == 1 or (meanings and name in _GROWING) else ""
    known = decided.get((name, value), "")
    meaning = ("as decided before" if name in _GROWING else known) if known else agreed
    return Option(
        *(name, value, entry.labels, list(entry.sources), entry.rows, meaning, bool(meaning))
    )
