"""Tables of cases that are rows of one export: it is imported once for all of them."""

from collections.abc import Iterable
from typing import Any

import pytest


def numbered(*cases: Any) -> list[Any]:
    """The cases of a table, each with its number first: all of them can be rows of one export."""
    found = []
    for number, case in enumerate(cases, 1):
        one = case if hasattr(case, "values") else pytest.param(*case)
        found.append(pytest.param(number, *one.values, id=one.id))
    return found


def values(table: Iterable[Any]) -> list[tuple[Any, ...]]:
    """The values of such a table, without the names of its cases."""
    return [case.values for case in table]
