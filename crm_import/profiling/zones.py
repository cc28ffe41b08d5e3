"""Evidence of the zone in which moments were written.

People keep to the clock on their wall: calls are at the same local hours in summer and in winter.
Where it is the hours in UTC that stay the same, somebody wrote the wall clock as if it was UTC, as
web forms do that send no offset. Nothing is shifted because of it; a person decides.
"""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

import re
from dataclasses import dataclass
from math import sqrt
from typing import Any

from crm_import.profiling.facts import Hours
from crm_import.profiling.reading import ReadTable, temporary
from crm_import.sources.words import LOCAL

INSTANTS, WALL_CLOCK = "instants", "wall_clock"
# A mean hour is known well enough to tell one hour from none when its standard error is this small.
_SURE = 0.2
_ENOUGH = 20  # rows
_CREATORS = 50
_GUID = re.compile(r"^\{?[0-9A-Fa-f-]{32,36}\}?$")


@dataclass(slots=True)
class Sample:
    """Rows with the sums of their hours. Local hours are those in UTC and one, or in summer two."""

    rows: int = 0
    local: float = 0.0
    utc: float = 0.0
    squares: float = 0.0  # of the local hours

    def __add__(self, other: "Sample") -> "Sample":
        return Sample(
            self.rows + other.rows,
            self.local + other.local,
            self.utc + other.utc,
            self.squares + other.squares,
        )

    def __sub__(self, other: "Sample") -> "Sample":
        return self + Sample(-other.rows, -other.local, -other.utc, -other.squares)

    @property
    def mean_local(self) -> float:
        return self.local / self.rows if self.rows else 0.0

    @property
    def mean_utc(self) -> float:
        return self.utc / self.rows if self.rows else 0.0

    @property
    def error(self) -> float:
        """The squared standard error of the mean."""
        if self.rows < 2:
            return 1.0
        variance = max(self.squares / self.rows - self.mean_local**2, 0.0)
        return variance / (self.rows - 1)


def hours(
    cursor: Any, read: ReadTable, column: str, creator: str, *, include_personal: bool
) -> list[Hours]:
    """The hours of the whole column, then those of every creator that can be judged."""
    by_creator = _samples(cursor, read, column, creator)
    winter, summer = Sample(), Sample()
    for pair in by_creator.values():
        winter, summer = winter + pair[0], summer + pair[1]
    if not (winter + summer).rows:
        return []
    found = [_hours(None, winter, summer, by_season(winter, summer))]
    for place, (name, (cold, warm)) in enumerate(by_creator.items(), start=1):
        own = cold + warm
        if not name or own.rows < _ENOUGH:
            continue
        reading = by_season(cold, warm) or beside(own, winter + summer - own)
        shown = name if include_personal or _GUID.match(name) else f"creator {place}"
        found.append(_hours(shown, cold, warm, reading))
    return found


def _hours(creator: str | None, winter: Sample, summer: Sample, reading: str) -> Hours:
    both = winter + summer
    return Hours(creator, both.rows, round(both.mean_local, 2), round(both.mean_utc, 2), reading)


def by_season(winter: Sample, summer: Sample) -> str:
    """What the two seasons of one hand say: the clock that did not move is the one it wrote."""
    if min(winter.rows, summer.rows) < _ENOUGH or sqrt(winter.error + summer.error) > _SURE:
        return ""
    moved = summer.mean_local - winter.mean_local
    if abs(moved) < 0.4:
        return INSTANTS
    return WALL_CLOCK if abs(moved - 1) < 0.4 else ""


def beside(own: Sample, others: Sample) -> str:
    """What the hours of one hand say beside those of all others: which of its clocks agrees?"""
    if min(own.rows, others.rows) < _ENOUGH or sqrt(own.error + others.error) > _SURE:
        return ""
    if abs(own.mean_local - others.mean_local) < 0.4:
        return INSTANTS
    later = own.mean_local - others.mean_local
    return WALL_CLOCK if later > 0.6 and abs(own.mean_utc - others.mean_local) < 0.6 else ""


def _samples(
    cursor: Any, read: ReadTable, column: str, creator: str
) -> dict[str, tuple[Sample, Sample]]:
    """Creator ("" when it is not known) → its rows in winter and in summer."""
    by = "coalesce(extra ->> %s, '')" if creator else "''"
    cursor.execute(
        f"""
        SELECT creator, summer, count(*), sum(local)::float, sum(utc)::float,
            sum(local * local)::float
        FROM (
            SELECT creator, wall - (at AT TIME ZONE 'UTC') > interval '1 hour' AS summer,
                extract(epoch FROM wall::time) / 3600 AS local,
                extract(epoch FROM (at AT TIME ZONE 'UTC')::time) / 3600 AS utc
            FROM (
                SELECT {by} AS creator, at, at AT TIME ZONE '{LOCAL.key}' AS wall
                FROM (
                    SELECT extra, crm_instant({column}) AS at FROM {temporary(read.table)}
                    WHERE {column} <> '' OFFSET 0
                ) d WHERE at IS NOT NULL AND NOT crm_is_sentinel(at) OFFSET 0
            ) w OFFSET 0
        ) h GROUP BY creator, summer ORDER BY count(*) DESC, creator
        """,
        [creator] if creator else None,
    )
    found: dict[str, tuple[Sample, Sample]] = {}
    for name, summer, *sums in cursor.fetchall():
        key = name if name in found or len(found) < _CREATORS else ""
        cold, warm = found.get(key, (Sample(), Sample()))
        sample = Sample(*sums)
        found[key] = (cold, warm + sample) if summer else (cold + sample, warm)
    return found
