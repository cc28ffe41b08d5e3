"""The seven files of a headed-CSV export of the legacy CRM: their columns and a writer for them."""

import csv
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

Row = dict[str, str]


class RowWriter(Protocol):
    """What is used of the writer that `csv.writer` returns."""

    def writerow(self, row: Iterable[str], /) -> object:
        """Write one record."""


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


class Tables:
    """The open files of one export. `counts` holds the rows written so far, per table."""

    def __init__(self, folder: Path) -> None:
        self.counts = dict.fromkeys(COLUMNS, 0)
        self._folder = folder
        self._files = ExitStack()

    def __enter__(self) -> Self:
        self._writers = {table: self._open(table) for table in COLUMNS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.close()

    def put(self, table: str, row: Row) -> None:
        """Write one row; its keys stand in the order of `COLUMNS`, as the makers build them."""
        self._writers[table].writerow(row.values())
        self.counts[table] += 1

    def put_all(self, table: str, rows: Iterable[Row]) -> None:
        """Write several rows."""
        for row in rows:
            self.put(table, row)

    def _open(self, table: str) -> RowWriter:
        path = self._folder / f"{table}.csv"
        file = self._files.enter_context(
            path.open("w", encoding="utf-8", newline="", buffering=1 << 18)
        )
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS[table])
        return writer
