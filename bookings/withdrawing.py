"""What stops here when a patient withdraws a consent: nobody calls who was told not to."""

from collections.abc import Sequence

from django.db.models import Model

from bookings.ending import cancel_all, to_come
from bookings.models import Booking, BookingQuerySet
from patients.consenting import Step, Withdrawal
from patients.models import Consent


def upcoming(withdrawal: Withdrawal) -> BookingQuerySet:
    """The calls to come, with their reminders. They are for no single trial or program."""
    if withdrawal.scope:
        return Booking.objects.none()
    return to_come(withdrawal.patient, withdrawal.now)


def cancel_upcoming(withdrawal: Withdrawal) -> Sequence[Model]:
    """Cancel the calls to come, as the patient's wish."""
    rows = upcoming(withdrawal)
    return cancel_all(rows, party=Booking.Party.PATIENT, why=str(Consent.Decision.WITHDRAWN.label))


STEPS = (Step("cancel upcoming calls", (Consent.Purpose.CONTACT,), upcoming, cancel_upcoming),)
