"""Planning calls: a slot is booked for one patient with one navigator, or it is refused.

The database makes double booking impossible (exclusion constraints on `Booking`). Both people's
rows are locked first, in the order of their ids, so that of many who want one slot one wins and
the others are told at once instead of running into a deadlock.
"""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _

from bookings.models import Booking
from patients.locking import locked_open
from patients.models import Patient
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
    """The navigator or the patient has another call at that time."""

    code = "slot_taken"


def book(
    *,
    patient_id: UUID,
    navigator_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    by: User,
    patient_time_zone: str = "",
    reminder_at: datetime | None = None,
) -> Booking:
    """Book a call from `starts_at` up to `ends_at` (aware instants) and return it.

    Raises SlotTaken when the time is not free, Refused for a patient who is not open for anything
    new (see `patients.locking`), and ValidationError when the times make no sense.
    """
    try:
        with transaction.atomic(), acting(by=by):
            patient = _lock(patient_id=patient_id, navigator_id=navigator_id)
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
            booking.save(force_insert=True)
            return booking
    except (IntegrityError, OperationalError) as error:
        raise _translated(error) from error


def _lock(*, patient_id: UUID, navigator_id: UUID) -> Patient:
    """Lock both people until the end of the transaction, always in the same order."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=navigator_id, is_active=True)
    return locked_open(patient_id)


def _translated(error: Exception) -> Exception:
    """SlotTaken for a lost race, else the error itself."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", "")
    if state not in {_EXCLUSION, _DEADLOCK}:
        return error
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None) or ""
    message = (
        _("The patient has another call at that time.")
        if constraint == "bookings_booking_patient_free"
        else _("The navigator has another call at that time.")
    )
    return SlotTaken(message, code=_TAKEN.get(constraint, SlotTaken.code))
