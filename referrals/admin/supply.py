"""Shipments to patients in expanded access, and what was agreed to be followed up."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
    RecordAdmin,
)
from portal.core.admin.display import NOTHING, badge, choice_badge, day, record_link, two_lines
from portal.core.models import User
from referrals import following_up, supplying
from referrals.admin.moves import (
    MoveForm,
    TakeMove,
    due_badge,
    queue_filter,
    text_field,
    words_field,
)
from referrals.admin.referring import day_field
from referrals.admin.whose import WhoseFilter
from referrals.models import FollowUp, Shipment

OF_THE_PATIENT = gettext_lazy("The patient: start of a name, e-mail or its domain, or phone digits")


class OfDossier(RecordAdmin):
    """Records of a dossier: the patient beside it, and the person in the access log."""

    search_fields = ("dossier__patient__search",)
    search_help_text = OF_THE_PATIENT
    autocomplete_fields: Sequence[str] = ("dossier",)
    opens = ("dossier.patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        joined = ("dossier__patient", "dossier__program")
        return page.select_related(*joined).defer(*(f"{name}__search" for name in joined))

    @admin.display(description=gettext_lazy("patient"))
    def patient_shown(self, row: Any) -> str:
        return two_lines(row.dossier.patient, row.dossier)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return (*self.readonly_fields, "dossier") if obj else self.readonly_fields


class ShipmentForm(MoveForm):
    """What a step of a shipment asks for."""

    carrier = text_field(gettext_lazy("Carrier"))
    tracking_reference = text_field(gettext_lazy("Tracking reference"))
    received_by = text_field(gettext_lazy("Received by"), length=200)
    lasts_days = forms.IntegerField(
        label=gettext_lazy("Lasts for days"),
        help_text=gettext_lazy("All of it, for this patient: so we know when it runs out."),
        required=False,
        min_value=1,
        max_value=3650,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    batch = text_field(gettext_lazy("Batch"), length=50)
    expires_on = day_field(gettext_lazy("Use by"), required=False)
    remark = words_field(gettext_lazy("In words"))
    always = ("remark",)


class TakeShipment(TakeMove):
    permissions = ("referrals.change_shipment",)
    made_of = ShipmentForm
    forward = ("release", "ship", "deliver")

    def will(self, record: Shipment) -> list[Any]:
        told = super().will(record)
        if self.move.name == "deliver":
            told.append(_("When it runs out, and when to order again, is worked out."))
        if self.move.name == "send-back" and record.status == Shipment.Status.DELIVERED:
            told.append(_("It counts as stock no more."))
        return told

    def run(self, record: Shipment, *, by: Any, said: Mapping[str, Any]) -> str:
        shipment = supplying.take(
            self.move,
            shipment_id=record.pk,
            by=by,
            on=said["on"],
            reason=said.get("reason", ""),
            remark=said["remark"],
            details=self.details(said),
        )
        if shipment.resupply_by is None:
            return _("The shipment is now: %(status)s.") % {"status": self.move.target.label}
        return _("Delivered. It runs out on %(out)s; order again by %(by)s.") % {
            "out": day(shipment.runs_out_on),
            "by": day(shipment.resupply_by),
        }


_ICONS = {
    "release": "approval",
    "ship": "local_shipping",
    "deliver": "inventory",
    "finish": "task_alt",
}


@admin.register(Shipment)
class ShipmentAdmin(OfDossier):
    """Medicine on its way to patients, and how long it lasts."""

    list_display = (
        "shipment",
        "patient_shown",
        "status_shown",
        "since_shown",
        "runs_out",
        "order_again",
    )
    list_filter = (
        queue_filter(
            "resupply",
            gettext_lazy("Order again now"),
            lambda rows: rows.resupply_due(today=timezone.localdate()),
        ),
        WhoseFilter,
        ("status", ChoicesFilter),
        ("delivered_on", DateRangeFilter),
        ("dossier", AutocompleteFilter),
    )
    readonly_fields = (
        "status",
        "released_on",
        "shipped_on",
        "delivered_on",
        "ended_on",
        "reason",
        "runs_out_on",
        "resupply_by",
    )
    _what = (
        gettext_lazy("What is sent"),
        {
            "description": gettext_lazy("To the pharmacy of the dossier's hospital."),
            "fields": (
                ("dossier", "planned_for"),
                "product",
                ("quantity", "unit"),
                ("lasts_days", "expires_on"),
                "batch",
            ),
        },
    )
    fieldsets = (
        _what,
        (
            gettext_lazy("Its way"),
            {
                "description": gettext_lazy("Status and days follow from the buttons above."),
                "fields": (
                    ("status", "reason"),
                    ("released_on", "shipped_on"),
                    ("delivered_on", "ended_on"),
                    ("carrier", "tracking_reference"),
                    "received_by",
                    "remark",
                ),
            },
        ),
    )
    add_fieldsets = (_what, (gettext_lazy("More"), {"fields": ("carrier", "remark")}))
    verbs = tuple(TakeShipment(move, icon=_ICONS.get(move.name, "")) for move in supplying.MOVES)

    @admin.display(description=gettext_lazy("shipment"))
    def shipment(self, shipment: Shipment) -> str:
        return two_lines(f"{shipment.quantity} {shipment.unit}", shipment.product)

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, shipment: Shipment) -> str:
        return status_badge(shipment)

    @admin.display(description=gettext_lazy("since"))
    def since_shown(self, shipment: Shipment) -> str:
        if shipment.since is None and shipment.planned_for is not None:
            return _("for %(day)s") % {"day": day(shipment.planned_for)}
        return day(shipment.since)

    @admin.display(description=gettext_lazy("runs out"))
    def runs_out(self, shipment: Shipment) -> str:
        return day(shipment.runs_out_on)

    @admin.display(description=gettext_lazy("order again by"))
    def order_again(self, shipment: Shipment) -> str:
        return day(shipment.resupply_by)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new one is planned by the verb; after a correction the stock is counted anew."""
        if not change:
            supplying.plan(obj, by=cast(User, request.user))
            return
        super().save_model(request, obj, form, change)
        supplying.recount(dossier_id=obj.dossier_id)

    def facts(self, request: HttpRequest, record: Shipment) -> list[Fact]:
        return [
            Fact(_("Patient"), record_link(record.dossier.patient)),
            Fact(_("Dossier"), record_link(record.dossier)),
            Fact(_("Hospital"), record.dossier.hospital or NOTHING),
            Fact(_("Status"), status_badge(record)),
            Fact(_("Runs out"), day(record.runs_out_on)),
            Fact(_("Order again by"), due_badge(record.resupply_by)),
        ]

    @classmethod
    def autocomplete_label(cls, record: Shipment) -> str:
        return f"{record} · {record.get_status_display()}"


def status_badge(shipment: Shipment) -> str:
    """The status; of one that came to nothing also why."""
    if not shipment.reason:
        return choice_badge(shipment, "status")
    words = f"{shipment.get_status_display()}: {shipment.get_reason_display()}"
    return badge(shipment.status, words)


# --- follow-ups -----------------------------------------------------------------------------------


class FollowUpForm(MoveForm):
    """What came of it, or why it is not done."""

    outcome_text = words_field(gettext_lazy("What came of it"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.move.target != FollowUp.Status.DONE:
            del self.fields["on"]
            self.fields["outcome_text"].label = gettext_lazy("Why it is not done")
            self.fields["outcome_text"].required = True


class TakeFollowUp(TakeMove):
    permissions = ("referrals.change_followup",)
    made_of = FollowUpForm
    forward = ("finish",)

    def will(self, record: FollowUp) -> list[Any]:
        told = super().will(record)
        if self.move.target == FollowUp.Status.DONE and record.repeats_days:
            told.append(_("The next one is put down, in its rhythm."))
        return told

    def run(self, record: FollowUp, *, by: Any, said: Mapping[str, Any]) -> str:
        following_up.take(
            self.move,
            follow_up_id=record.pk,
            by=by,
            on=said.get("on"),
            outcome_text=said["outcome_text"],
        )
        return _("The follow-up is now: %(status)s.") % {"status": self.move.target.label}


@admin.register(FollowUp)
class FollowUpAdmin(OfDossier):
    """What was agreed to be done for a dossier, and by when."""

    list_display = ("follow_up", "patient_shown", "status_shown", "responsible", "due", "done_on")
    list_filter = (
        queue_filter(
            "due",
            gettext_lazy("Due today or earlier"),
            lambda rows: rows.due(today=timezone.localdate()),
        ),
        WhoseFilter,
        ("status", ChoicesFilter),
        ("kind", ChoicesFilter),
        ("responsible", ChoicesFilter),
        ("due_on", DateRangeFilter),
        ("dossier", AutocompleteFilter),
    )
    readonly_fields = ("status", "done_on")
    _what = (
        gettext_lazy("What is to be done"),
        {
            "description": gettext_lazy(
                "A visit, call or test for the patient, or a report that is owed."
            ),
            "fields": (
                ("dossier", "kind"),
                "instructions",
                ("due_on", "repeats_days"),
                "responsible",
            ),
        },
    )
    fieldsets = (
        _what,
        (gettext_lazy("What came of it"), {"fields": (("status", "done_on"), "outcome_text")}),
    )
    add_fieldsets = (_what,)
    verbs = tuple(TakeFollowUp(move, icon=_ICONS.get(move.name, "")) for move in following_up.MOVES)

    @admin.display(description=gettext_lazy("follow-up"))
    def follow_up(self, follow_up: FollowUp) -> str:
        return two_lines(follow_up.get_kind_display(), follow_up.instructions)

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, follow_up: FollowUp) -> str:
        return choice_badge(follow_up, "status")

    @admin.display(description=gettext_lazy("due"), ordering="due_on")
    def due(self, follow_up: FollowUp) -> str:
        return follow_up_due(follow_up)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new one is put down by the verb; a change is saved as ever."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            following_up.schedule(obj, by=cast(User, request.user))

    def facts(self, request: HttpRequest, record: FollowUp) -> list[Fact]:
        return [
            Fact(_("Patient"), record_link(record.dossier.patient)),
            Fact(_("Dossier"), record_link(record.dossier)),
            Fact(_("Status"), choice_badge(record, "status")),
            Fact(_("Due"), follow_up_due(record)),
            Fact(_("Who acts"), record.get_responsible_display()),
        ]


def follow_up_due(follow_up: FollowUp) -> str:
    """When it is due, with a clock while it is open."""
    if follow_up.status == FollowUp.Status.OPEN:
        return due_badge(follow_up.due_on)
    return day(follow_up.due_on)
