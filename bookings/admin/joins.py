"""What calls add to the patient list and to a patient's page."""

from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.admin.calls import call_outcome
from bookings.admin.completing import RecordCall, may_be_called
from bookings.admin.planned import booking_status, minutes_of
from bookings.models import Booking, Call
from bookings.queues import never_called, unreachable
from patients.admin.joined import Column, FactSource, Queue, Table, join
from portal.core.admin import Fact, RelatedTable, Shortcut
from portal.core.admin.display import NOTHING, moment, two_lines


def _next_call(now: datetime) -> dict[str, Any]:
    upcoming = Booking.objects.upcoming(now=now).filter(patient=OuterRef("pk"))
    return {"next_call_at": Subquery(upcoming.order_by("starts_at").values("starts_at")[:1])}


def _last_call(now: datetime) -> dict[str, Any]:
    made = Call.objects.current().filter(patient=OuterRef("pk"), started_at__lte=now)
    made = made.order_by("-started_at")
    return {
        "last_call_at": Subquery(made.values("started_at")[:1]),
        "last_call_outcome": Subquery(made.values("outcome")[:1]),
    }


def _last_call_cell(patient: Any) -> Any:
    if not patient.last_call_at:
        return NOTHING
    return two_lines(moment(patient.last_call_at), Call.Outcome(patient.last_call_outcome).label)


def _next_call_fact(patient: Any, now: datetime) -> Fact:
    upcoming = Booking.objects.upcoming(now=now).filter(patient=patient).order_by("starts_at")
    booking = upcoming.select_related("navigator").first()
    shown = (
        two_lines(moment(booking.starts_at), booking.navigator) if booking else _("none planned")
    )
    return Fact(_("Next call"), shown)


join(
    verbs=(RecordCall(),),
    shortcuts=(
        Shortcut(
            label=gettext_lazy("Book a call"),
            icon="event",
            permissions=("bookings.add_booking",),
            is_offered=may_be_called,
            address=lambda patient: f"{reverse('admin:bookings_booking_add')}?patient={patient.pk}",
        ),
    ),
    columns=(
        Column(
            position=10,
            heading=gettext_lazy("last call"),
            annotations=_last_call,
            cell=_last_call_cell,
        ),
        Column(
            position=20,
            heading=gettext_lazy("next call"),
            annotations=_next_call,
            cell=lambda patient: moment(patient.next_call_at),
        ),
    ),
    facts=(FactSource(position=10, read=_next_call_fact),),
    queues=(
        Queue(key="never_called", label=gettext_lazy("Leads never called"), narrow=never_called),
        Queue(
            key="unreachable",
            label=gettext_lazy("Tried often in vain"),
            narrow=lambda people: unreachable(timezone.now(), people),
        ),
    ),
    tables=(
        Table(
            position=10,
            table=RelatedTable(
                relation="bookings",
                columns=(
                    (gettext_lazy("When"), lambda row: moment(row.starts_at)),
                    (gettext_lazy("Length"), minutes_of),
                    (gettext_lazy("Navigator"), lambda row: row.navigator or NOTHING),
                    (gettext_lazy("Status"), booking_status),
                ),
                select_related=("navigator",),
                empty=gettext_lazy("No call is planned yet."),
            ),
        ),
        Table(
            position=20,
            table=RelatedTable(
                relation="calls",
                columns=(
                    (gettext_lazy("When"), lambda row: moment(row.started_at)),
                    (gettext_lazy("Navigator"), lambda row: row.navigator),
                    (gettext_lazy("Outcome"), call_outcome),
                    (gettext_lazy("Summary"), lambda row: row.summary or NOTHING),
                    (gettext_lazy("Next"), lambda row: row.next_action or NOTHING),
                ),
                select_related=("navigator", "superseded_by"),
                empty=gettext_lazy("Nobody has called this person yet."),
            ),
        ),
    ),
)
