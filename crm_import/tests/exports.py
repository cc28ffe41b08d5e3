"""Small exports of the legacy CRM, written row by row: a test states only the cells that matter."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from crm_import.tables import FILES

Row = dict[str, str]

LABELS = {
    "contact_type": ("patient - lead", "physician", "pharmacist"),
    "medical_condition": (
        "Duchenne Muscular Dystrophy",
        "Glioblastoma",
        "Idiopatic Pulmonary Fibrosis",
    ),
    "eligible": ("Yes", "No", "Unknown"),
    "ct_outcome": ("Enrolled", "Screen failed", "Withdrawn", "Pending"),
    "product": ("Dystrazen", "Gliovance"),
}
LEAD, PHYSICIAN, PHARMACIST = "100000000", "100000001", "100000002"
DMD, GBM, IPF = "100000000", "100000001", "100000002"
YES, NO, UNKNOWN = "100000000", "100000001", "100000002"
ENROLLED, SCREEN_FAILED, WITHDRAWN, PENDING = (f"10000000{n}" for n in range(4))


def iso(moment: datetime) -> str:
    """An instant as the CRM writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def guid(number: int) -> str:
    """The legacy id number so-and-so."""
    return str(UUID(int=0xC0FFEE00_0000_4000_8000_000000000000 + number))


def contact(number: int, first: str, last: str, email: str = "", **cells: str) -> Row:
    """A lead (or what `contact_type` says). Later numbers were made later."""
    return {
        "contactid": guid(number),
        "firstname": first,
        "lastname": last,
        "email": email,
        "contact_type": LEAD,
        "createdon": f"2024-01-{number % 28 + 1:02}T09:00:00Z",
        "modifiedon": f"2024-02-{number % 28 + 1:02}T09:00:00Z",
        "statecode": "0",
        "versionnumber": str(1000 + number),
        **cells,
    }


def physician(number: int, first: str, last: str, email: str = "", **cells: str) -> Row:
    """A physician."""
    return contact(number, first, last, email, **{"contact_type": PHYSICIAN, **cells})


def patient(
    number: int, first: str, last: str, email: str = "", *, of: int | None = None, **cells: str
) -> Row:
    """A Patient row, linked to the Contact number `of`."""
    return {
        "patientid": guid(10_000 + number),
        "firstname": first,
        "lastname": last,
        "email": email,
        "contact_record": guid(of) if of is not None else "",
        "createdon": f"2024-03-{number % 28 + 1:02}T09:00:00Z",
        "modifiedon": f"2024-04-{number % 28 + 1:02}T09:00:00Z",
        "statecode": "0",
        "versionnumber": str(5000 + number),
        **cells,
    }


def dossier(number: int, eap: str, of: int, **cells: str) -> Row:
    """A dossier of the Patient row number `of`."""
    return {
        "eap_dossier_id": guid(20_000 + number),
        "eap_number": eap,
        "patient": guid(10_000 + of),
        "product": "100000000",
        "eap_enrollment_date": "2024-05-01T00:00:00Z",
        "createdon": f"2024-05-{number % 28 + 1:02}T09:00:00Z",
        "modifiedon": f"2024-05-{number % 28 + 1:02}T09:00:00Z",
        "statecode": "0",
        "versionnumber": str(7000 + number),
        **cells,
    }


def write(
    folder: Path,
    *,
    contacts: Iterable[Row] = (),
    patients: Iterable[Row] = (),
    dossiers: Iterable[Row] = (),
    conditions: Iterable[Row] = (),
    hospitals: Iterable[Row] = (),
    specializations: Iterable[Row] = (),
) -> Path:
    """Write the seven files into `folder` (made when missing) and return it."""
    folder.mkdir(exist_ok=True)
    options = [
        {"option_set": name, "value": str(100_000_000 + n), "label": label, "language": "1033"}
        for name, labels in LABELS.items()
        for n, label in enumerate(labels)
    ]
    rows = {
        "OptionSets": options,
        "Contact": contacts,
        "Patient": patients,
        "EAPDossier": dossiers,
        "MedicalCondition": conditions,
        "Hospital": hospitals,
        "Specialization": specializations,
    }
    for table in FILES:
        path = folder / f"{table.name}.csv"
        found: Sequence[Row] = list(rows[table.name])
        # Further columns of the rows are further columns of the file.
        columns = list(dict.fromkeys([*table.columns, *(name for row in found for name in row)]))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)
    return folder


# Somebody whose call is ahead, and the columns of a row that was changed since.
SOON = timezone.now() + timedelta(days=10)
LATER = SOON + timedelta(days=7)
NEWER = {"modifiedon": "2024-06-01T00:00:00Z", "versionnumber": "9000"}
ANNA = contact(1, "Anna", "Berg", "anna@example.org", booking_date=iso(SOON))
MOVED = {**ANNA, **NEWER, "booking_date": iso(LATER)}
