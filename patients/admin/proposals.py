"""What somebody said differently: decided on the patient's page, or one by one from the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant

from patients import proposals
from patients.admin.lifecycle import OfPatientAdmin
from patients.models import FieldProposal, Patient
from portal.core.admin import AutocompleteFilter, Briefing, Verb, VerbForm
from portal.core.admin.display import NOTHING, day
from portal.core.permissions import may
from portal.core.phones import for_people

Field = FieldProposal.Field

# How many open proposals the patient's page shows.
SHOWN = 20

DECIDE = ("patients.change_fieldproposal",)
# Of these the old value is kept as a further contact point.
KEPT = frozenset({Field.EMAIL, Field.PHONE})


def shown(field: str, value: str) -> str:
    """A value of a proposal as people read it; the dash for none."""
    if not value:
        return NOTHING
    if field == Field.STAGE and value != Patient.Stage.CLOSED:
        return _("came back: open again, as a %(stage)s") % {
            "stage": Patient.Stage(value).label.lower()
        }
    if field in (Field.DATE_OF_BIRTH, Field.DECEASED_ON):
        return day(date.fromisoformat(value))
    if field == Field.PHONE:
        return for_people(value)
    choices = dict(Patient._meta.get_field(field).flatchoices)  # type: ignore[union-attr]
    return str(choices.get(value, value))


@dataclass(frozen=True, slots=True)
class Row:
    """One open proposal as the patient's page shows it, with where its buttons lead."""

    label: str
    ours: str
    seen: str
    said: str
    at: datetime
    accept_url: str
    keep_url: str


@dataclass(frozen=True, slots=True)
class Panel:
    """The open proposals about one person, the oldest first; the first ones of many."""

    rows: Sequence[Row]
    has_more: bool
    all_url: str
    may_decide: bool


def panel(patient: Patient, user: Any) -> Panel | None:
    """What somebody said that differs, for the patient's page; None when there is nothing."""
    if not may(user, "view", FieldProposal):
        return None
    waiting = list(patient.proposals.open().order_by("created_at", "id")[: SHOWN + 1])
    if not waiting:
        return None
    name = "admin:patients_fieldproposal"
    return Panel(
        rows=[_row(patient, proposal) for proposal in waiting[:SHOWN]],
        has_more=len(waiting) > SHOWN,
        all_url=f"{reverse(f'{name}_changelist')}?patient__id__exact={patient.pk}",
        may_decide=user.has_perms(Accept.permissions),
    )


def _row(patient: Patient, proposal: FieldProposal) -> Row:
    seen = proposals.current(proposal, patient)
    return Row(
        label=str(capfirst(proposal.get_field_display())),
        ours=shown(proposal.field, seen),
        seen=seen,
        said=shown(proposal.field, proposal.proposed_value),
        at=proposal.created_at,
        accept_url=reverse("admin:patients_fieldproposal_accept", args=[proposal.pk]),
        keep_url=reverse("admin:patients_fieldproposal_keep-ours", args=[proposal.pk]),
    )


class SeenForm(VerbForm):
    """The value on record that was shown beside what was said."""

    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)


class Decide(Verb):
    """A decision about one proposal; afterwards the patient's page is shown."""

    # `seen` says what the viewer was shown.
    is_versioned = False
    done_already = gettext_lazy("Somebody has decided on this already.")

    def is_offered(self, record: FieldProposal, user: Any) -> bool:
        return record.state == FieldProposal.State.OPEN

    def back_to(self, record: FieldProposal) -> Patient:
        return record.patient

    def _values(self, record: FieldProposal) -> dict[str, str]:
        return {
            "field": record.get_field_display(),
            "ours": shown(record.field, proposals.current(record)),
            "said": shown(record.field, record.proposed_value),
        }


class Accept(Decide):
    name = "accept"
    label = gettext_lazy("Accept")
    icon = "check"
    variant = ActionVariant.PRIMARY
    permissions = (*DECIDE, "patients.change_patient")

    def form(self, data: Any, *, record: FieldProposal, user: Any) -> SeenForm:
        seen = {"seen": proposals.current(record)}
        return SeenForm(data, record=record, user=user, initial=seen)

    def briefing(self, record: FieldProposal, user: Any) -> Briefing:
        values = self._values(record)
        if record.field == Field.STAGE:
            return Briefing(will=(_("The record is opened again: this person came back."),))
        will = [_("We have: %(ours)s (%(field)s).") % values, _("They said: %(said)s.") % values]
        if record.field in KEPT:
            will.append(_("Ours is kept as a further contact point."))
        return Briefing(will=will)

    def run(self, record: FieldProposal, *, by: Any, said: Mapping[str, Any]) -> str:
        proposals.accept(proposal_id=record.pk, by=by, seen=said["seen"])
        return _("Taken over: %(field)s.") % {"field": record.get_field_display()}


class KeepOurs(Decide):
    name = "keep-ours"
    label = gettext_lazy("Keep ours")
    icon = "close"
    permissions = DECIDE

    def briefing(self, record: FieldProposal, user: Any) -> Briefing:
        values = self._values(record)
        return Briefing(
            will=(
                _("We keep: %(ours)s (%(field)s).") % values,
                _("“%(said)s” is not proposed again.") % values,
            )
        )

    def run(self, record: FieldProposal, *, by: Any, said: Mapping[str, Any]) -> str:
        proposals.reject(proposal_id=record.pk, by=by)
        return _("Kept as it was: %(field)s.") % {"field": record.get_field_display()}


@admin.register(FieldProposal)
class FieldProposalAdmin(OfPatientAdmin):
    """What somebody said that differs from their record."""

    list_filter = (("patient", AutocompleteFilter), "state", "field")
    verbs = (Accept(), KeepOurs())

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        decision = "decide" if request.user.has_perms(Accept.permissions) else "state"
        return ["patient", "field", "ours", "they_said", "created_at", decision]

    @admin.display(description=gettext_lazy("on record then"))
    def ours(self, proposal: FieldProposal) -> str:
        return shown(proposal.field, proposal.current_value)

    @admin.display(description=gettext_lazy("said"))
    def they_said(self, proposal: FieldProposal) -> str:
        return shown(proposal.field, proposal.proposed_value)

    @admin.display(description=gettext_lazy("decide"))
    def decide(self, proposal: FieldProposal) -> str:
        if proposal.state != FieldProposal.State.OPEN:
            return str(proposal.get_state_display())
        return format_html(
            '<span class="portal-in-line"><a class="portal-link" href="{}">{}</a>'
            ' · <a class="portal-link" href="{}">{}</a></span>',
            reverse("admin:patients_fieldproposal_accept", args=[proposal.pk]),
            Accept.label,
            reverse("admin:patients_fieldproposal_keep-ours", args=[proposal.pk]),
            KeepOurs.label,
        )
