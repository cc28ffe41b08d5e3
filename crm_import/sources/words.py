"""What the screens of the CRM call things: headings, yes and no, dates as people write them."""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm_import.tables import TABLES, Table

# The zone of the people who export from the screens.
LOCAL = ZoneInfo("Europe/Amsterdam")
# Day 0 of a spreadsheet.
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  wall time
_SERIALS = range(1, 2_958_466)  # up to the year 9999

DATES = frozenset(
    {
        *("booking_date", "reminder_date", "createdon", "modifiedon"),
        *("first_contact_date", "initial_consult_date", "ct_referral_date", "eap_enrollment_date"),
    }
)
# Beside a date that the end of summer time brought twice stands what was written, under its name
# and this.
TWICE = " (came twice)"
_YES = ("yes", "ja", "oui", "sí", "si", "true", "1")
_NO = ("no", "nee", "nein", "non", "false", "0")
_ACTIVE = ("active", "actief", "aktiv", "actif", "activo")
_INACTIVE = ("inactive", "inactief", "inaktiv", "inactif", "inactivo")
# The words of columns with two values, as other exports spell them.
FLAGS = {
    "no_show": {**dict.fromkeys(_YES, "true"), **dict.fromkeys(_NO, "false")},
    "statecode": {**dict.fromkeys(_ACTIVE, "0"), **dict.fromkeys(_INACTIVE, "1")},
}

# How a look-up calls the rows of a table.
POINTED_AT = {
    "Contact": ("firstname", "lastname"),
    "Patient": ("firstname", "lastname"),
    "MedicalCondition": ("name",),
    "Hospital": ("name",),
    "Specialization": ("name",),
}

_HEADINGS = {
    "status": "statecode",
    "voornaam": "firstname",
    "vorname": "firstname",
    "prenom": "firstname",
    "achternaam": "lastname",
    "nachname": "lastname",
    "nom": "lastname",
    "emailadres": "email",
    "emailadresse": "email",
    "emailaddress": "email",
    "typecontactpersoon": "contact_type",
    "kontakttyp": "contact_type",
    "aandoening": "medical_condition",
    "erkrankung": "medical_condition",
    "boekingsdatum": "booking_date",
    "herinneringsdatum": "reminder_date",
    "functie": "job_title",
    "ziekenhuis": "hospital",
    "krankenhaus": "hospital",
    "specialisme": "specialization",
    "createdon": "createdon",
    "gemaaktop": "createdon",
    "erstelltam": "createdon",
    "creele": "createdon",
    "modifiedon": "modifiedon",
    "gewijzigdop": "modifiedon",
    "geandertam": "modifiedon",
    "modifiele": "modifiedon",
    "naam": "name",
    "plaats": "city",
    "ort": "city",
    "stad": "city",
    "medicalconditionname": "name",
    "hospitalname": "name",
    "specializationname": "name",
}
_LOCAL_NAMES = {
    "Contact": ("contactpersoon", "kontakt", "contacto"),
    "Patient": ("patienten", "patiente", "paciente"),
    "EAPDossier": ("eapdossiers",),
    "MedicalCondition": ("aandoening", "erkrankung"),
    "Hospital": ("ziekenhuis", "krankenhaus"),
    "Specialization": ("specialisme", "fachgebiet"),
}


def plain(text: str) -> str:
    """A heading or label without case, accents, blanks and punctuation."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in folded if character.isalnum())


TABLE_NAMES = {
    table.name: frozenset(
        plain(name) for name in (table.name, *table.entities, *_LOCAL_NAMES[table.name])
    )
    for table in TABLES
}


def column(table: Table, heading: str) -> str | None:
    """The column that a heading names, or None for one we do not know."""
    name = plain(heading)
    if known := table.column(name):
        return known
    name = _HEADINGS.get(name, "")
    return name if name in table.columns else None


_WRITTEN = re.compile(
    r"^\s*(\d{1,2})([/.-])(\d{1,2})\2(\d{4})"
    r"(?:,?\s+(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?\s*([AaPp])?\.?[Mm]?\.?)?\s*$"
)
_ISO = re.compile(r"^\s*(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?\s*$")


def order_of(cell: str) -> str:
    """What a date says of the order of day and month: "dmy", "mdy", "unclear"; "" if it is none."""
    found = _WRITTEN.match(cell)
    if not found:
        return ""
    if found[2] == "." or int(found[1]) > 12:
        return "dmy"
    return "mdy" if int(found[3]) > 12 else "unclear"


def instant(cell: Any, order: str, *, is_serial: bool) -> str:
    """A local date or time as UTC in the one spelling; what is none comes back as it is.

    With `is_serial` a number is one of the days that spreadsheets count. A time that summer time
    left out is none; of one that it brought twice the earlier is meant.
    """
    if isinstance(cell, datetime):
        return _utc(cell, str(cell))
    if isinstance(cell, date):
        return _utc(datetime(cell.year, cell.month, cell.day), str(cell))  # noqa: DTZ001
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if is_serial and int(cell) in _SERIALS:
            moment = _EPOCH + timedelta(seconds=round(cell * 86400))
            return _utc(moment, str(cell))
        return str(cell)
    text = str(cell or "")
    try:
        moment_ = _written(text, order)
    except ValueError:
        return text
    return _utc(moment_, text) if moment_ else text


def came_twice(spelled: str) -> bool:
    """Whether an instant (spelled as `instant` does) is the earlier of two of one local time."""
    if not spelled.endswith("Z"):
        return False
    try:
        wall = datetime.fromisoformat(spelled).astimezone(LOCAL)
    except (ValueError, OverflowError):
        return False
    return wall.fold == 0 and wall.utcoffset() != wall.replace(fold=1).utcoffset()


def _written(text: str, order: str) -> datetime | None:
    if found := _ISO.match(text):
        return datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    found = _WRITTEN.match(text)
    if not found:
        return None
    day, month = int(found[1]), int(found[3])
    if order == "mdy" and found[2] != ".":
        day, month = month, day
    hour = int(found[5] or 0)
    if found[8]:
        hour = hour % 12 + (12 if found[8] in "Pp" else 0)
    return datetime(int(found[4]), month, day, hour, int(found[6] or 0), int(found[7] or 0))  # noqa: DTZ001


def _utc(wall: datetime, as_it_is: str) -> str:
    try:
        moment = wall.replace(tzinfo=LOCAL).astimezone(UTC)
        there_is = moment.astimezone(LOCAL).replace(tzinfo=None) == wall
    except OverflowError:  # the first and last day of the calendar
        return as_it_is
    # Not an instant, so that it is told and not read as UTC.
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if there_is else f"{as_it_is} (no such time)"
