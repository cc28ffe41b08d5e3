"""Choosing a time for a call: one of the next free ones, or another that is typed in.

The free times are radio buttons and a button that shows them again, for another navigator or
patient. That needs no JavaScript.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanWidget,
)

from bookings.availability import Slot, next_free
from patients.models import Patient

LENGTHS = (15, 30, 45, 60, 90)
# A line for each day; as many days as fit on the page without scrolling.
DAYS, SLOTS = 5, 80
# The name of the button that only shows the times again.
REFRESH = "show_times"

Choices = list[tuple[str, list[tuple[str, str]]]]


class TimesWidget(UnfoldAdminRadioSelectWidget):  # type: ignore[misc]
    """Times by day."""

    template_name = "bookings/times.html"

    def get_context(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(*args, **kwargs)
        return {**context, "refresh": REFRESH}


@dataclass(frozen=True, slots=True)
class Chosen:
    """When a call is to be."""

    starts_at: datetime
    ends_at: datetime


def times_field() -> forms.ChoiceField:
    """The free times; `offer` says which."""
    return forms.ChoiceField(
        label=gettext_lazy("Free times"),
        required=False,
        widget=TimesWidget(),
        error_messages={
            "invalid_choice": gettext_lazy("That time is not free any more. Choose another one.")
        },
    )


def length_field() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=gettext_lazy("Length"),
        coerce=int,
        initial=30,
        choices=[(length, gettext_lazy("%d minutes") % length) for length in LENGTHS],
        widget=UnfoldAdminSelectWidget,
    )


def afterwards_field() -> forms.BooleanField:
    return forms.BooleanField(
        label=gettext_lazy("This is entered afterwards"),
        help_text=gettext_lazy("The call was planned elsewhere: its time may be over."),
        required=False,
        widget=UnfoldBooleanWidget,
    )


def offer(
    form: forms.BaseForm,
    *,
    navigator_id: UUID | None,
    patient: Patient | None,
    time_zone: str = "",
) -> None:
    """List the next free times: of the navigator, or of all who speak the patient's language.

    Each also on the clock of the patient, who is in `time_zone`, when that shows another time.
    """
    now = timezone.now()
    free = next_free(
        navigator_id=navigator_id,
        language="" if navigator_id or patient is None else patient.language,
        patient_id=patient.pk if patient else None,
        after=now,
        now=now,
        count=SLOTS,
    )
    zone = time_zone or (patient.time_zone if patient else "")
    theirs = zone if _shows_another_time(free, zone) else ""
    field = form.fields["slot"]
    field.choices = _by_day(free, theirs)  # type: ignore[attr-defined]
    if theirs:
        field.help_text = _("In brackets: on the patient's clock, %(zone)s.") % {"zone": theirs}


def chosen(form: forms.BaseForm, cleaned: dict[str, Any]) -> Chosen | None:
    """The time that was chosen or typed. None with an error in the form when there is none."""
    if REFRESH in form.data:
        form.add_error(None, _("Nothing is saved yet. Choose a time."))
        return None
    if "slot" in form.errors or "starts_at" in form.errors or "minutes" not in cleaned:
        return None
    picked, typed = cleaned.get("slot"), cleaned.get("starts_at")
    if picked and typed:
        form.add_error("starts_at", _("Choose a free time or type another one, not both."))
        return None
    if picked:
        starts_at, ends_at = (datetime.fromisoformat(text) for text in picked.split("/"))
        return Chosen(starts_at, ends_at)
    if not typed:
        form.add_error("slot", _("Choose a time."))
        return None
    return Chosen(typed, typed + timedelta(minutes=cleaned["minutes"]))


def as_id(value: Any) -> UUID | None:
    """The id that a form field holds, of whichever type; None for none."""
    try:
        return UUID(str(getattr(value, "pk", value)))
    except ValueError:
        return None


def _shows_another_time(slots: tuple[Slot, ...], zone: str) -> bool:
    """Whether the clock in this zone and the viewer's show different times for any of them."""
    there = ZoneInfo(zone) if zone else None
    return there is not None and any(
        slot.starts_at.astimezone(there).utcoffset()
        != timezone.localtime(slot.starts_at).utcoffset()
        for slot in slots
    )


def _by_day(slots: tuple[Slot, ...], time_zone: str) -> Choices:
    """The times of the first days, as choices in a group for each day."""
    days = groupby(slots, key=lambda slot: timezone.localdate(slot.starts_at))
    return [
        (date_format(day, "D j M"), [(_value(slot), _label(slot, time_zone)) for slot in same])
        for day, same in islice(days, DAYS)
    ]


def _value(slot: Slot) -> str:
    return f"{slot.starts_at.isoformat()}/{slot.ends_at.isoformat()}"


def _label(slot: Slot, time_zone: str) -> str:
    here = date_format(timezone.localtime(slot.starts_at), "H:i")
    if not time_zone:
        return here
    return f"{here} ({date_format(slot.starts_at.astimezone(ZoneInfo(time_zone)), 'H:i')})"
