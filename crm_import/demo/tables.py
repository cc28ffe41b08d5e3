"""The seven files of a headed-CSV export of the legacy CRM: their columns and a writer for them."""

from collections.abc import Collection, Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

Row = dict[str, str]

SYSTEM_COLUMNS = ("createdon", "modifiedon", "statecode", "versionnumber")
COLUMNS: dict[str, tuple[str, ...]] = {
    "Contact": (
        *("contactid", "firstname", "lastname", "email", "contact_type", "medical_condition"),
        *("booking_date", "reminder_date", "no_show", "job_title", "specialization"),
        *("medical_license_number", "hospital", *SYSTEM_COLUMNS),
    ),
    "Patient": (
        *("patientid", "firstname", "lastname", "email", "first_contact_date"),
        *("initial_consult_date", "medical_condition", "trial_id", "eligible"),
        *("ineligible_reason", "ct_referral_date", "eap_enrollment_date", "contact_record"),
        *("physician", "ct_outcome", *SYSTEM_COLUMNS),
    ),
    "EAPDossier": (
        *("eap_dossier_id", "eap_number", "patient", "product", "eap_enrollment_date"),
        *SYSTEM_COLUMNS,
    ),
    "MedicalCondition": ("medicalconditionid", "name", "abbreviation"),
    "Hospital": ("hospitalid", "name", "city"),
    "Specialization": ("specializationid", "name"),
    "OptionSets": ("option_set", "value", "label", "language"),
}


_AT_ONCE = 1_000
_SPECIAL = frozenset(',"\r\n')


class Tables:
    """The open files of one export. `counts` holds the rows written so far, per table."""

    def __init__(self, folder: Path) -> None:
        self.counts = dict.fromkeys(COLUMNS, 0)
        self._folder = folder
        self._files = ExitStack()

    def __enter__(self) -> Self:
        self._open = {table: self._create(table) for table in COLUMNS}
        self._waiting: dict[str, list[str]] = {table: [] for table in COLUMNS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._files:
            for table in COLUMNS:
                self._flush(table)

    def put(self, table: str, row: Row) -> None:
        """Write one row; its keys stand in the order of `COLUMNS`, as the makers build them."""
        waiting = self._waiting[table]
        waiting.append(record(row.values()))
        if len(waiting) >= _AT_ONCE:
            self._flush(table)
        self.counts[table] += 1

    def put_all(self, table: str, rows: Iterable[Row]) -> None:
        """Write several rows."""
        for row in rows:
            self.put(table, row)

    def _flush(self, table: str) -> None:
        self._open[table].write("".join(self._waiting[table]))
        self._waiting[table].clear()

    def _create(self, table: str) -> TextIO:
        path = self._folder / f"{table}.csv"
        file = self._files.enter_context(path.open("w", encoding="utf-8", newline=""))
        file.write(record(COLUMNS[table]))
        return file


def record(cells: Collection[str]) -> str:
    """One line of CSV with its line end. Several times faster than `csv.writer` on plain cells."""
    line = ",".join(cells)
    if line.count(",") == len(cells) - 1 and '"' not in line and "\n" not in line:
        return f"{line}\n"
    return f"{','.join(map(_quoted, cells))}\n"


def _quoted(cell: str) -> str:
    if _SPECIAL.isdisjoint(cell):
        return cell
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'
