"""What can be done to a planned call from its page: book what is held, move, call off, no-show."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant
from unfold.widgets import (
    DATETIME_CLASSES,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from bookings.admin import times
from bookings.calling_off import cancel, missed
from bookings.conditions import Transition, missing
from bookings.models import NAVIGATORS, Booking
from bookings.scheduling import confirm, reschedule
from portal.core.admin import Briefing, Verb, VerbForm
from portal.core.admin.display import moment
from portal.core.models import User

Status = Booking.Status
Party = Booking.Party

ANYBODY = gettext_lazy("Anybody who is free")


class OfBooking(Verb):
    """A verb of a planned call; the function asks again what the page has shown.

    No version is demanded: that would lock the call before its patient, and others lock them the
    other way round. A second click does nothing twice.
    """

    permissions = ("bookings.change_booking",)
    is_versioned = False
    transition: Transition

    def briefing(self, record: Booking, user: Any) -> Briefing:
        found = missing(self.transition, record, now=timezone.now())
        return Briefing(will=self.will(record), missing=found, may_go_on=not found)

    def will(self, record: Booking) -> tuple[Any, ...]:
        """What will happen, in sentences."""
        return ()


class Confirm(OfBooking):
    name = "confirm"
    label = gettext_lazy("Book")
    icon = "event_available"
    variant = ActionVariant.PRIMARY
    transition = Transition.CONFIRM

    def is_offered(self, record: Booking, user: Any) -> bool:
        return record.status == Status.HELD

    def will(self, record: Booking) -> tuple[Any, ...]:
        return (_("The call that is held is booked."),)

    def run(self, record: Booking, *, by: Any, said: Mapping[str, Any]) -> str:
        confirm(booking_id=record.pk, by=by)
        return _("Booked.")


# --- moving ---------------------------------------------------------------------------------------


class MoveForm(VerbForm):
    """With whom and when instead."""

    navigator = forms.ChoiceField(
        label=gettext_lazy("Navigator"), required=False, widget=UnfoldAdminSelectWidget
    )
    slot = times.times_field()
    starts_at = forms.DateTimeField(
        label=gettext_lazy("Another time"),
        help_text=gettext_lazy("In your zone."),
        required=False,
        widget=forms.DateTimeInput(
            {"type": "datetime-local", "class": " ".join(DATETIME_CLASSES)}, "%Y-%m-%dT%H:%M"
        ),
    )
    minutes = times.length_field()
    afterwards = times.afterwards_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        booking = self.record
        length = int((booking.ends_at - booking.starts_at).total_seconds() // 60)
        lengths = sorted({*times.LENGTHS, length})
        self.fields["minutes"].choices = [  # type: ignore[attr-defined]
            (each, _("%d minutes") % each) for each in lengths
        ]
        self.initial.update(minutes=length, navigator=str(booking.navigator_id or ""))
        working = Q(working_hours__isnull=False) | Q(pk=booking.navigator_id)
        people = User.objects.filter(working, **NAVIGATORS).distinct().order_by("name")
        self.fields["navigator"].choices = [  # type: ignore[attr-defined]
            ("", ANYBODY),
            *((str(pk), name) for pk, name in people.values_list("pk", "name")),
        ]
        times.offer(
            self,
            navigator_id=times.as_id(self["navigator"].value()),
            patient=booking.patient,
            time_zone=booking.patient_time_zone,
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        return {**cleaned, "when": times.chosen(self, cleaned)}


class Move(OfBooking):
    name = "move"
    label = gettext_lazy("Move")
    icon = "event_repeat"
    form_class = MoveForm
    transition = Transition.RESCHEDULE

    def is_offered(self, record: Booking, user: Any) -> bool:
        return record.status == Status.BOOKED

    def will(self, record: Booking) -> tuple[Any, ...]:
        now_at = moment(record.starts_at)
        return (
            _("The call of %(when)s moves. That booking stays, as rescheduled.") % {"when": now_at},
        )

    def run(self, record: Booking, *, by: Any, said: Mapping[str, Any]) -> str:
        navigator_id = times.as_id(said["navigator"])
        moved = reschedule(
            booking_id=record.pk,
            starts_at=said["when"].starts_at,
            ends_at=said["when"].ends_at,
            navigator_id=navigator_id,
            anybody=navigator_id is None,
            language=record.patient.language,
            afterwards=said["afterwards"],
            by=by,
        )
        record.rescheduled_to = moved
        return _("Moved to %(when)s.") % {"when": moment(moved.starts_at)}

    def back_to(self, record: Booking) -> Any:
        return record.rescheduled_to or record


# --- calling off ----------------------------------------------------------------------------------


def who_field(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        coerce=Party,
        choices=Party.choices,
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={"required": gettext_lazy("Say who.")},
    )


class CancelForm(VerbForm):
    """Whose wish it is, and why."""

    party = who_field(gettext_lazy("Who cancels"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why the call is cancelled.")},
    )


class Cancel(OfBooking):
    name = "cancel"
    label = gettext_lazy("Call off")
    leave = gettext_lazy("Keep the call")
    icon = "event_busy"
    variant = ActionVariant.DANGER
    form_class = CancelForm
    transition = Transition.CANCEL

    def is_offered(self, record: Booking, user: Any) -> bool:
        return record.status in Booking.BLOCKING

    def will(self, record: Booking) -> tuple[Any, ...]:
        when = {"when": moment(record.starts_at)}
        return (
            _("The call of %(when)s is cancelled, and its time is free again.") % when,
            _("It cannot be brought back: plan a new call instead."),
        )

    def run(self, record: Booking, *, by: Any, said: Mapping[str, Any]) -> str:
        cancel(booking_id=record.pk, by=by, party=said["party"], reason=said["reason"])
        return _("The call is cancelled.")


class NoShowForm(VerbForm):
    """Who did not come."""

    who = who_field(gettext_lazy("Who did not come"))


class NoShow(OfBooking):
    name = "no-show"
    label = gettext_lazy("No-show")
    icon = "person_off"
    form_class = NoShowForm
    transition = Transition.NO_SHOW

    def is_offered(self, record: Booking, user: Any) -> bool:
        return record.status == Status.BOOKED and record.starts_at <= timezone.now()

    def will(self, record: Booking) -> tuple[Any, ...]:
        return (_("If you tried to call, record the call instead: that says it too."),)

    def run(self, record: Booking, *, by: Any, said: Mapping[str, Any]) -> str:
        missed(booking_id=record.pk, who=said["who"], by=by)
        return _("Recorded as a no-show.")


class CorrectNoShow(NoShow):
    name = "correct-no-show"
    label = gettext_lazy("Correct the no-show")

    def is_offered(self, record: Booking, user: Any) -> bool:
        return record.status == Status.NO_SHOW

    def will(self, record: Booking) -> tuple[Any, ...]:
        return ()

    def run(self, record: Booking, *, by: Any, said: Mapping[str, Any]) -> str:
        missed(booking_id=record.pk, who=said["who"], by=by)
        return _("Corrected.")


VERBS = (Confirm(), Move(), NoShow(), CorrectNoShow(), Cancel())
