"""Shipments to patients in expanded access."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef
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
)
from portal.core.admin.display import NOTHING, badge, choice_badge, day, record_link, two_lines
from portal.core.models import User
from referrals import supplying
from referrals.admin.due import due_badge
from referrals.admin.moves import (
    MoveForm,
    TakeMove,
    queue_filter,
    text_field,
)
from referrals.admin.of_dossier import OfDossier
from referrals.admin.said import day_field, words_field
from referrals.admin.whose import WhoseFilter
from referrals.models import Shipment


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
    "lose": "search_off",
    "send-back": "undo",
    "cancel": "close",
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
            "description": gettext_lazy("To the pharmacy of the hospital that treats the patient."),
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
        return resupply_clock(shipment, is_last=shipment.is_last)  # type: ignore[attr-defined]

    def rows(self, request: HttpRequest, page: Any) -> Any:
        """Also whether it is what there is left, and nothing else is coming."""
        last = Shipment.objects.last_stock().filter(pk=OuterRef("pk"))
        return super().rows(request, page).annotate(is_last=Exists(last))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new one is planned by the verb; after a correction the stock is counted anew."""
        if not change:
            supplying.plan(obj, by=cast(User, request.user))
            return
        super().save_model(request, obj, form, change)
        supplying.recount(dossier_id=obj.dossier_id)

    def facts(self, request: HttpRequest, record: Shipment) -> list[Fact]:
        is_last = Shipment.objects.last_stock().filter(pk=record.pk).exists()
        return [
            Fact(_("Patient"), record_link(record.dossier.patient)),
            Fact(_("Dossier"), record_link(record.dossier)),
            Fact(_("Hospital"), supplying.hospital_of(record.dossier) or NOTHING),
            Fact(_("Status"), status_badge(record)),
            Fact(_("Runs out"), day(record.runs_out_on)),
            Fact(_("Order again by"), resupply_clock(record, is_last=is_last)),
        ]

    @classmethod
    def autocomplete_label(cls, record: Shipment) -> str:
        return f"{record} · {record.get_status_display()}"


def resupply_clock(shipment: Shipment, *, is_last: bool) -> str:
    """When to order again: a clock while it `is_last`, the day alone once more came or comes."""
    return due_badge(shipment.resupply_by) if is_last else day(shipment.resupply_by)


def status_badge(shipment: Shipment) -> str:
    """The status; of one that came to nothing also why."""
    if not shipment.reason:
        return choice_badge(shipment, "status")
    words = f"{shipment.get_status_display()}: {shipment.get_reason_display()}"
    return badge(shipment.status, words)
