"""A legacy row cell by cell: what it says, what the import reads in it, and what is wrong with it.

Reads with the same functions of the database as the import does.
"""

# ruff: noqa: S608  names of functions and columns are our own; no value is put into a statement

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm_import import deciding
from crm_import.models import ASKED_ABOUT, OptionValue, Problem, RowOutcome
from crm_import.tables import Table, archived

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows are in quarantine: what it means, and what to do."""

    meaning: Words
    advice: Words


# Every reason for which sql/ puts a row into quarantine.
REASONS: Mapping[str, Reason] = {
    "bad_id": Reason(
        _("The row has no usable id, so that it would not be known again."),
        _("Give it an id, or leave it out when another row says the same."),
    ),
    "no_name": Reason(
        _("Neither first nor last name: nobody can be told apart by it."),
        _("Enter the name if anybody knows it, or leave the row out."),
    ),
    "too_long": Reason(
        _("A cell is longer than the portal can hold, and is never cut off."),
        _("Shorten it."),
    ),
    "version_conflict": Reason(
        _("The export has the row twice, in one version, with different cells."),
        _("Open the one that is right and take it as it is, or correct it."),
    ),
    "routing_missing": Reason(
        _("It does not say whether this is a patient, a physician or a pharmacist."),
        _("Choose the kind of contact."),
    ),
    "routing_unmapped": Reason(
        _("Nobody has said yet what this kind of contact means here."),
        _("Decide once for all of them under Value maps; or choose for this row alone."),
    ),
    "no_number": Reason(
        _("A dossier without a number cannot be told from others."), _("Enter its number.")
    ),
    "unmapped_product": Reason(
        _("Nobody has said yet which product this value stands for."),
        _("Decide once for all of them under Value maps; or name the product for this row."),
    ),
    "no_patient": Reason(
        _("The dossier names no patient."), _("Enter the patient's id in the CRM.")
    ),
    "number_doubtful": Reason(
        _("Its number differs from that of another dossier by zeros or “EAP” only."),
        _("Enter the whole number when zeros were lost; else take the row as it is."),
    ),
    "dossier_conflict": Reason(
        _("One dossier number has several patients, products or days."),
        _("Correct the number, the product or the day of the wrong one, or leave it out."),
    ),
}
UNKNOWN = Reason(_("The rules could not place the row."), _("Look at the cells below."))

# How a cell is read; a column that is not here is text.
_READ: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("contactid", "patientid", "eap_dossier_id", "medicalconditionid", "hospitalid"),
            *("specializationid", "contact_record", "physician", "patient"),
        ),
        "crm_guid(v)::text",
    ),
    **dict.fromkeys(
        ("booking_date", "reminder_date", "createdon", "modifiedon"),
        "to_char(crm_instant(v) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')",
    ),
    **dict.fromkeys(
        (
            *("first_contact_date", "initial_consult_date", "ct_referral_date"),
            "eap_enrollment_date",
        ),
        "crm_day(crm_instant(v))::text",
    ),
    "email": "crm_email(crm_address(v))",
    "no_show": "CASE WHEN crm_flag(v) THEN 'yes' WHEN NOT crm_flag(v) THEN 'no' END",
    "statecode": "CASE WHEN crm_inactive(v) THEN 'inactive' WHEN NOT crm_inactive(v) "
    "THEN 'active' END",
    "versionnumber": "crm_version(v)::text",
}
# Ids in some tables and words in others.
_GUID_OR_WORD = {"hospital", "specialization"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a row. `read` is blank where the import finds nothing in it."""

    name: str
    raw: str
    read: str
    problems: Sequence[str]

    @property
    def is_odd(self) -> bool:
        """Whether something is written there that the import cannot use, or told of."""
        return bool(self.problems) or bool(self.raw.strip() and not self.read)


def reason(code: str) -> Reason:
    return REASONS.get(code, UNKNOWN)


def proposal(entity: str, row: int) -> str:
    """What the rules take a row in quarantine for, of which nothing is made; blank for nothing."""
    told = Problem.objects.filter(entity=entity, row=row, note__startswith="perhaps ")
    return "; ".join(told.order_by("pk").values_list("note", flat=True))


def cells(table: Table, row: int) -> list[Cell]:
    """The cells of a row of the archive, in the order of its table; empty for no such row."""
    found = archived(table.name, row)
    if found is None:
        return []
    raw = {name: str(getattr(found, name)) for name in table.columns}
    read = _read(table, raw)
    problems = _problems(table, row)
    return [Cell(name, raw[name], read[name], problems.get(name, ())) for name in table.columns]


def _read(table: Table, raw: Mapping[str, str]) -> dict[str, str]:
    expressions, values = [], []
    for name in table.columns:
        how = _READ.get(name, "crm_tidy(v)")
        if name in _GUID_OR_WORD:
            how = "coalesce(crm_guid(v)::text, crm_tidy(v))"
        expressions.append(f"(SELECT {how} FROM (SELECT %s::text AS v) c)")
        values.append(raw[name])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(expressions)}", values)
        found = dict(zip(table.columns, cursor.fetchone(), strict=True))
    read = {name: value or "" for name, value in found.items()}
    for name in set(table.options) & set(ASKED_ABOUT):
        read[name] = _meaning(name, raw[name])
    return read


def _meaning(option_set: str, cell: str) -> str:
    """What the value means here, in words; blank while nobody has said so."""
    value = cell.strip()
    if not value:
        return ""
    known = OptionValue.objects.filter(option_set=option_set, value=value).first()
    if known is not None:
        is_approved = known.state == OptionValue.State.APPROVED
        return deciding.in_words(option_set, known.meaning) if is_approved else ""
    return deciding.in_words(option_set, deciding.known_word(option_set, value))


def _problems(table: Table, row: int) -> dict[str, list[str]]:
    """Codes by column; those of the whole row are with the column that they come from."""
    last = RowOutcome.objects.last_of(table.name, row)
    found: dict[str, list[str]] = defaultdict(list)
    told = Problem.objects.filter(entity=table.name, row=row).order_by("pk")
    for code, severity, field in told.values_list("code", "severity", "field"):
        is_over = severity == Problem.Severity.ERROR and (last is None or last.reason != code)
        for name in _columns(table, field):
            if not is_over and code not in found[name]:
                found[name].append(code)
    return found


def _columns(table: Table, field: str) -> Sequence[str]:
    if field == "name" and "firstname" in table.columns:
        return ("firstname", "lastname")
    if field == "id":
        return (table.id,)
    return (field,) if field in table.columns else ()
