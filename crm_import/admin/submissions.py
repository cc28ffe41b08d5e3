"""Forms that came in as rows of the CRM, in words: its columns and codes mean nothing to people.

Only what is shown is put into words; the submission keeps every cell as it was.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm_import.models import OptionValue
from patients.admin.joined import describe
from patients.models import Submission

COLUMNS: Mapping[str, Any] = {
    "contactid": gettext_lazy("Contact in the CRM"),
    "firstname": gettext_lazy("First name"),
    "lastname": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "contact_type": gettext_lazy("Kind of contact"),
    "medical_condition": gettext_lazy("Medical condition"),
    "booking_date": gettext_lazy("Call booked for"),
    "reminder_date": gettext_lazy("Reminder"),
    "no_show": gettext_lazy("No-show"),
    "job_title": gettext_lazy("Job title"),
    "specialization": gettext_lazy("Specialization"),
    "medical_license_number": gettext_lazy("Medical license number"),
    "hospital": gettext_lazy("Hospital"),
    "createdon": gettext_lazy("Created in the CRM"),
    "modifiedon": gettext_lazy("Changed in the CRM"),
    "statecode": gettext_lazy("State in the CRM"),
    "versionnumber": gettext_lazy("Version in the CRM"),
    # Of the evidence how it was matched.
    "table": gettext_lazy("Table of the CRM"),
    "legacy_id": gettext_lazy("Row of the CRM"),
    "version": gettext_lazy("Version in the CRM"),
}
# Dynamics' own: https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/contact
STATES: Mapping[str, Any] = {"0": gettext_lazy("active"), "1": gettext_lazy("inactive")}
CODED = ("contact_type", "medical_condition")


def in_words(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The cells with names and values that people know; what is not known stays as it was."""
    asked = {name: cells[name] for name in CODED if cells.get(name)}
    options = OptionValue.objects.filter(option_set__in=asked, value__in=asked.values())
    meant = {
        (option.option_set, option.value): " / ".join(option.labels)
        for option in (options if asked else ())
        if option.labels
    }
    return {str(COLUMNS.get(name, name)): _value(name, cell, meant) for name, cell in cells.items()}


def _value(name: str, cell: Any, meant: Mapping[tuple[str, str], str]) -> Any:
    if name == "statecode":
        return STATES.get(str(cell), cell)
    label = meant.get((name, str(cell)))
    return _("%(label)s (code %(code)s)") % {"label": label, "code": cell} if label else cell


describe(Submission.Source.LEGACY_CRM, in_words)
