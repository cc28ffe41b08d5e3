"""What was found out about an export. `Profile.document` is the contract of `--json`."""

from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA_VERSION = 1


@dataclass(slots=True)
class File:
    """One file of a table. `encoding` is "" for what is no text."""

    name: str
    bytes: int
    encoding: str
    separator: str
    records: int
    absent: list[str]


@dataclass(slots=True)
class Column:
    """One column. `absent` rows were delivered without it, `empty` ones with nothing in it.

    `top` are the most frequent values with their rows; of a personal column (or one we do not
    know) they are `masked`: letters and digits say only that they are such.
    """

    name: str
    known: bool
    personal: str
    filled: int
    empty: int
    absent: int
    distinct: int
    longest: int  # in bytes
    huge: int  # rows with more than 100 kB
    top: list[tuple[str, int]]
    masked: bool


@dataclass(slots=True)
class Ids:
    """The primary key. Of ids that come more than once: how often as what."""

    distinct: int
    unusable: int
    same: int  # ids whose rows are the same, word for word
    versions: int  # ids with rows of other versions
    conflicts: int  # ids with rows that differ under one version


@dataclass(slots=True)
class Lookup:
    """A column that points at rows of `target`. `missing` ones are not in the export."""

    column: str
    target: str
    filled: int
    unusable: int
    missing: int
    missing_ids: int
    examples: list[str]


@dataclass(slots=True)
class Hours:
    """At what hours the moments of a column lie, of one creator (None: of all rows).

    `reading`: "instants" when the local hours are the same in summer and winter, "wall_clock" when
    the hours in UTC are (local time was written as UTC), "" when there is not enough to tell.
    """

    creator: str | None
    rows: int
    mean_local: float
    mean_utc: float
    reading: str


@dataclass(slots=True)
class Dates:
    """A column of dates. `dialects`: in how many ways they are written, with their rows.

    `days` are moments at midnight: in UTC, or in the local zone (which is the day before in UTC).
    """

    column: str
    dialects: dict[str, int]
    order: str  # of day and month, where a spreadsheet needs one
    usable: int
    no_date: int
    sentinel: int
    far: int  # more than five years ahead
    came_twice: int  # read as the earlier of two moments
    earliest: str
    latest: str
    days_utc: int
    days_local: int
    hours: list[Hours]


@dataclass(slots=True)
class TableFacts:
    """One table of the export."""

    name: str
    rows: int
    deleted: int
    unreadable: dict[str, int]
    files: list[File]
    columns: list[Column]
    missing: list[str]
    ids: Ids
    lookups: list[Lookup]
    dates: list[Dates]
    creator: str  # the column that says who made a row; "" when there is none


@dataclass(slots=True)
class Option:
    """One value of an option set. `labels` by language (a Windows LCID).

    `sources`: where it was found, of "metadata", "annotations" and "data". `meaning` is what the
    portal takes it for; `mapped` is false when nobody knows.
    """

    option_set: str
    value: str
    labels: dict[str, str]
    sources: list[str]
    rows: int
    meaning: str
    mapped: bool


@dataclass(slots=True)
class Finding:
    """Something to look at (`warning`) or to know (`info`), and what to do about it."""

    code: str
    severity: str
    table: str
    field: str
    rows: int
    text: str


@dataclass(slots=True)
class Profile:
    """All of it. `zone` is the one in which local times are read."""

    name: str
    kind: str
    why: str
    is_delta: bool
    ignored: list[str]
    zone: str
    includes_personal: bool
    tables: list[TableFacts] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def document(self) -> dict[str, Any]:
        """As `--json` writes it."""
        return {"schema": "crm_profile", "schema_version": SCHEMA_VERSION, **asdict(self)}

    @property
    def has_warnings(self) -> bool:
        return any(finding.severity == "warning" for finding in self.findings)
