"""Physicians and pharmacists."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.admin.parts import ContactForm
from patients.admin.sameness import SamePerson
from patients.models import Specialist
from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    Fact,
    RelatedTable,
)
from portal.core.admin.display import NOTHING, choice_badge, email_link, phone_link, two_lines
from portal.core.phones import for_people


@admin.register(Specialist)
class SpecialistAdmin(SamePerson):
    """Those who treat or supply patients."""

    form = ContactForm
    list_display = ("person", "contact_type", "specialization", "hospital", "phone_shown", "active")
    list_filter = (
        ("contact_type", ChoicesFilter),
        ("specialization", AutocompleteFilter),
        ("hospital", AutocompleteFilter),
        ("country", ChoicesFilter),
    )
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of a name, e-mail or its domain, or phone digits")
    autocomplete_fields = ("specialization", "hospital")
    autocomplete_related = ("hospital", "specialization")
    readonly_preprocess_fields = {"phone": for_people}
    fieldsets = (
        (
            gettext_lazy("Person"),
            {
                "description": gettext_lazy("Who they are and how to reach them."),
                "fields": (
                    ("first_name", "last_name"),
                    ("email", "phone"),
                    ("country", "language"),
                    "time_zone",
                ),
            },
        ),
        (
            gettext_lazy("Work"),
            {
                "description": gettext_lazy("A referral needs a physician who has a hospital."),
                "fields": (
                    ("contact_type", "job_title"),
                    ("hospital", "specialization"),
                    ("medical_license_number", "is_active"),
                ),
            },
        ),
    )
    related_tables = (
        RelatedTable(
            relation="patients",
            columns=(
                (gettext_lazy("Name"), lambda patient: patient.full_name),
                (gettext_lazy("Stage"), lambda patient: choice_badge(patient, "stage")),
                (
                    gettext_lazy("Condition"),
                    lambda patient: patient.medical_condition or NOTHING,
                ),
                (gettext_lazy("Navigator"), lambda patient: patient.owner or NOTHING),
            ),
            select_related=("medical_condition", "owner"),
            empty=gettext_lazy("No patient names this person as physician."),
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("specialization", "hospital").defer(
            "search", "specialization__search", "hospital__search"
        )

    @admin.display(description=gettext_lazy("specialist"))
    def person(self, specialist: Specialist) -> str:
        return two_lines(specialist.full_name, specialist.email)

    @admin.display(description=gettext_lazy("phone"))
    def phone_shown(self, specialist: Specialist) -> str:
        return for_people(specialist.phone) if specialist.phone else NOTHING

    @admin.display(description=gettext_lazy("active"), boolean=True)
    def active(self, specialist: Specialist) -> bool:
        return specialist.is_active

    @classmethod
    def autocomplete_label(cls, record: Specialist) -> str:
        parts = (record.full_name, str(record.specialization or ""), str(record.hospital or ""))
        return " · ".join(part for part in parts if part)

    @classmethod
    def kind_of(cls, record: Specialist) -> str:
        return record.get_contact_type_display()

    def facts(self, request: HttpRequest, record: Specialist) -> list[Fact]:
        return [
            Fact(_("Role"), record.get_contact_type_display()),
            Fact(_("Phone"), phone_link(record.phone)),
            Fact(_("E-mail"), email_link(record.email)),
            Fact(_("Hospital"), record.hospital or _("none yet")),
            Fact(_("Specialization"), record.specialization or NOTHING),
        ]
