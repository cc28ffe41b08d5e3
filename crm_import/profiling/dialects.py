"""In how many ways dates are written: a cell's digits all become 9, and what is left is known."""

import re
from collections import Counter
from datetime import date, datetime
from typing import Any

_DIGITS = str.maketrans("012345678", "9" * 9)
SHEET, NUMBER, OTHER = "date of a spreadsheet", "number", "something else"
_DIALECTS = (
    (r"9999-99-99[T ]99:99:99(\.9+)?Z", "yyyy-MM-ddTHH:mm:ssZ"),
    (r"9999-99-99[T ]99:99(:99(\.9+)?)? ?[+-]99:?(99)?", "yyyy-MM-ddTHH:mm:ss+hh:mm"),
    (r"9999-99-99[T ]99:99(:99(\.9+)?)?", "yyyy-MM-ddTHH:mm:ss without a zone"),
    (r"9999-99-99", "yyyy-MM-dd"),
    (r"99?/99?/9999 99?:99:99 [AP]M", "M/d/yyyy h:mm:ss tt"),
    (r"99?([/.-])99?\1(99)?99(,? +99?[:.]99([:.]99)?( ?[AaPp]\.?[Mm]\.?)?)?", "local date"),
    (r"9+([.,]9+)?", NUMBER),
)
_KNOWN = tuple((re.compile(pattern), name) for pattern, name in _DIALECTS)
# Words in a column of dates may be anything: enough to tell that they are no dates.
_MOST = 10_000


def shape(cell: Any) -> str:
    """A cell with 9 for every digit."""
    if isinstance(cell, datetime | date):
        return SHEET
    return str(cell).strip().translate(_DIGITS)


def dialect(form: str) -> str:
    """How a date of this shape is written."""
    if form == SHEET:
        return SHEET
    return next((name for pattern, name in _KNOWN if pattern.fullmatch(form)), OTHER)


class Dialects:
    """Counts shapes of cells by column. Memory stays small whatever stands in them."""

    def __init__(self) -> None:
        self._shapes: dict[str, Counter[str]] = {}

    def see(self, column: str, cell: Any) -> None:
        """Take note of a cell as it was written."""
        if cell in ("", None):
            return
        shapes = self._shapes.setdefault(column, Counter())
        form = shape(cell)
        shapes[form if form in shapes or len(shapes) < _MOST else ""] += 1

    def of(self, column: str) -> dict[str, int] | None:
        """Dialect → cells; None when nothing was seen of the column."""
        shapes = self._shapes.get(column)
        return None if shapes is None else together(shapes.items())


def together(shapes: Any) -> dict[str, int]:
    """(shape, cells) as dialect → cells, the most frequent first."""
    counted: Counter[str] = Counter()
    for form, cells in shapes:
        counted[dialect(form)] += cells
    return dict(counted.most_common())
