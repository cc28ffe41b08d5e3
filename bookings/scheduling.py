"""Planning calls: a slot is booked for one patient with one navigator, or it is refused.

The database makes double booking impossible (exclusion constraints on `Booking`). The navigator's
row is locked first and the patient's next, so that of many who want one slot one wins and the
others are told at once instead of running into a deadlock.
"""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bookings.availability import Slot, next_free
from bookings.models import NAVIGATORS, Booking
from patients.contacting import demand_allowed
from patients.locking import locked_open
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User

_TAKEN = {
    "bookings_booking_navigator_free": "navigator_busy",
    "bookings_booking_patient_free": "patient_busy",
}
# PostgreSQL: exclusion_violation, deadlock_detected.
_EXCLUSION, _DEADLOCK = "23P01", "40P01"


class SlotTaken(Refused):
    """The navigator or the patient has another call at that time. `free` are the next slots."""

    code = "slot_taken"

    def __init__(
        self, message: str, *, code: str | None = None, free: tuple[Slot, ...] = ()
    ) -> None:
        super().__init__(message, code=code)
        self.free = free
        self.members = {"free_slots": [slot.shown() for slot in free]}


def book(
    *,
    patient_id: UUID,
    navigator_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    by: User,
    patient_time_zone: str = "",
    reminder_at: datetime | None = None,
    override: str = "",
) -> Booking:
    """Book a call from `starts_at` up to `ends_at` (aware instants) and return it.

    Any time may be booked at which neither has another call, also outside working hours. Raises
    SlotTaken when the time is not free, Refused for a patient who is not open for anything new
    (see `patients.locking`), for one who said no to being contacted (unless `override` says why
    they are called, see `patients.contacting`) and for somebody who takes no calls, and
    ValidationError when the times make no sense.
    """
    try:
        with transaction.atomic(), acting(by=by):
            _lock_navigator(navigator_id)
            patient = locked_open(patient_id)
            demand_allowed(patient, by=by, override=override)
            booking = Booking(
                patient=patient,
                navigator_id=navigator_id,
                starts_at=starts_at,
                ends_at=ends_at,
                reminder_at=reminder_at,
                patient_time_zone=patient_time_zone or patient.time_zone,
            )
            booking.full_clean(validate_constraints=False)
            if ends_at <= starts_at:
                raise ValidationError(
                    {"ends_at": _("The end must be later than the start.")}, code="end_after_start"
                )
            _free_expired(booking, now=timezone.now())
            booking.save(force_insert=True)
            return booking
    except (IntegrityError, OperationalError) as error:
        constraint = _lost_to(error)
        if constraint is None:
            raise
        free = next_free(
            navigator_id=navigator_id,
            patient_id=patient_id,
            after=starts_at,
            now=timezone.now(),
        )
        raise _taken(constraint, free) from error


def _lock_navigator(navigator_id: UUID) -> None:
    rows = User.objects.select_for_update(no_key=True).filter(pk=navigator_id, **NAVIGATORS)
    if rows.only("pk").first() is None:
        message = _("This person takes no calls any more. Choose another navigator.")
        raise Refused(message, code="navigator_inactive")


def _free_expired(wanted: Booking, *, now: datetime) -> None:
    """End the holds that ran out and are in the way. The rows are locked in one order."""
    in_the_way = Booking.objects.expired(now=now).filter(
        Q(navigator=wanted.navigator_id) | Q(patient=wanted.patient_id),
        starts_at__lt=wanted.ends_at,
        ends_at__gt=wanted.starts_at,
    )
    for hold in in_the_way.select_for_update(of=("self",)).order_by("pk"):
        hold.status = Booking.Status.CANCELLED
        hold.held_until = None
        hold.cancelled_by = Booking.Party.PATIENT
        hold.cancel_reason = "The slot was held and not booked in time."
        hold.save(update_fields=("status", "held_until", "cancelled_by", "cancel_reason"))


def _lost_to(error: Exception) -> str | None:
    """The constraint that a lost race ran into, "" for a deadlock; None for any other error."""
    cause = error.__cause__
    if getattr(cause, "sqlstate", "") not in {_EXCLUSION, _DEADLOCK}:
        return None
    return getattr(getattr(cause, "diag", None), "constraint_name", None) or ""


def _taken(constraint: str, free: tuple[Slot, ...]) -> SlotTaken:
    message = (
        _("The patient has another call at that time.")
        if constraint == "bookings_booking_patient_free"
        else _("The navigator has another call at that time.")
    )
    if free:
        times = ", ".join(
            date_format(timezone.localtime(slot.starts_at), "j M H:i") for slot in free
        )
        message = f"{message} {_('Next free: %(times)s.') % {'times': times}}"
    return SlotTaken(message, code=_TAKEN.get(constraint, SlotTaken.code), free=free)
