"""Exports to measure the migration with: a first one, and what the CRM would say a day later.

The first one is `crm_import.demo`'s: the same size gives the same rows. The others are made of it
line by line, so that memory does not grow with their size.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from crm_import.demo import write_export

Row = dict[str, str]

# The moment of the first export: the same files on every day.
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
# Of so many rows one is another a day later, and of so many changes one is a row that is new.
CHANGED_ONE_IN = 100
NEW_ONE_IN = 10
# A line of Contact.csv needs so many people: some write twice.
PEOPLE_PER_CONTACT = 1 / 1.0525


def first(folder: Path, *, contacts: int) -> dict[str, int]:
    """An export with about that many contacts, and its rows by table."""
    return write_export(folder, people=round(contacts * PEOPLE_PER_CONTACT), now=NOW)


def shuffled(source: Path, folder: Path) -> None:
    """The same rows in files of other bytes: the first row of each table is its last."""
    _copied(source, folder, lambda _table, rows: _last_first(rows))


def day_later(source: Path, folder: Path) -> None:
    """The whole export again, with one row of a hundred changed or new."""
    random = Random(1)
    _copied(source, folder, lambda table, rows: _changed(table, rows, random))


def _copied(
    source: Path, folder: Path, changed: Callable[[str, Iterator[Row]], Iterator[Row]]
) -> None:
    folder.mkdir()
    for file in sorted(source.glob("*.csv")):
        with (
            file.open(newline="", encoding="utf-8") as old,
            (folder / file.name).open("w", newline="", encoding="utf-8") as new,
        ):
            reader = csv.DictReader(old)
            writer = csv.DictWriter(new, reader.fieldnames or [], lineterminator="\n")
            writer.writeheader()
            writer.writerows(changed(file.stem, reader))


def _last_first(rows: Iterator[Row]) -> Iterator[Row]:
    kept = next(rows, None)
    yield from rows
    if kept:
        yield kept


def _changed(table: str, rows: Iterator[Row], random: Random) -> Iterator[Row]:
    if table not in ("Contact", "Patient", "EAPDossier"):
        yield from rows
        return
    key = {"Contact": "contactid", "Patient": "patientid", "EAPDossier": "eap_dossier_id"}[table]
    changes = 0
    for row in rows:
        if random.random() * CHANGED_ONE_IN >= 1 or not row["versionnumber"].isdigit():
            yield row
            continue
        changes += 1
        if changes % NEW_ONE_IN == 0:
            yield row
            yield {**row, **_somebody(table, row, random), key: str(_id(random))}
        else:
            yield {**row, **_edit(table, row)}


def _edit(table: str, row: Row) -> Row:
    """What staff change: a call is moved, a date or an outcome is filled in."""
    edit = {"modifiedon": f"{NOW + timedelta(hours=20):%Y-%m-%dT%H:%M:%SZ}"}
    edit["versionnumber"] = str(int(row["versionnumber"]) + 10_000_000_000)
    if table == "Contact" and row["booking_date"]:
        edit["booking_date"] = f"{NOW + timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}"
    if table == "Patient":
        edit["initial_consult_date"] = f"{NOW:%Y-%m-%dT00:00:00Z}"
    if table == "EAPDossier":
        edit["eap_enrollment_date"] = f"{NOW:%Y-%m-%dT00:00:00Z}"
    return edit


def _somebody(table: str, row: Row, random: Random) -> Row:
    """What a new row has of its own."""
    number = random.randrange(10**9)
    new = {"createdon": f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}
    if table == "EAPDossier":
        return {**new, "eap_number": f"EAP-N-{number}"}
    return {**new, "firstname": f"{row['firstname']}a", "email": f"new{number}@example.org"}


def _id(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)
