"""Saying what became of a call.

A call is recorded once. That it reached the person makes it their initial consult, and what
became of it is what became of the booking it belongs to: completed when the patient was spoken
to, else a no-show of the patient. A mistake is corrected by recording the call again.
"""

from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.models import Booking, Call
from patients.contacting import account_for
from patients.locking import locked, locked_open
from patients.models import Patient
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User

Status = Booking.Status

# What a call can still change. A held slot was never booked; the others were called off.
_IN_FORCE = (Status.BOOKED, Status.COMPLETED, Status.NO_SHOW)


def record(
    *,
    patient_id: UUID,
    navigator_id: UUID,
    started_at: datetime,
    outcome: str,
    by: User,
    booking_id: UUID | None = None,
    supersedes_id: UUID | None = None,
    summary: str = "",
    decision: str = "",
    next_action: str = "",
    next_action_due: date | None = None,
    although: str = "",
) -> Call:
    """Record a call and return it.

    `supersedes_id` is a call that was recorded wrongly: it stays, and counts no more. The
    correction belongs to the same booking. `although` says why there was a call, without a
    booking, with somebody who had said no to being contacted by then; it is written down.

    Raises Refused for a patient who is not open for anything new (see `patients.locking`; a
    correction may be made of a closed one), for one who had said no without a word why, for a
    booking that was called off and for a call that was corrected before; ValidationError for
    values that make no sense, such as a time to come or a booking of another patient.
    """
    with transaction.atomic(), acting(by=by):
        # What is being corrected happened before the record was closed.
        patient = locked(patient_id, no_key=True) if supersedes_id else locked_open(patient_id)
        wrong = _superseded(supersedes_id)
        booking = _booking(booking_id, wrong)
        call = Call(
            patient=patient,
            navigator_id=navigator_id,
            booking=booking,
            supersedes=wrong,
            started_at=started_at,
            outcome=outcome,
            summary=summary,
            decision=decision,
            next_action=next_action,
            next_action_due=next_action_due,
        )
        call.full_clean()
        if started_at > timezone.now():
            message = _("This is still to come. Record a call when it was made.")
            raise ValidationError({"started_at": ValidationError(message, code="in_the_future")})
        if booking is None and wrong is None:
            account_for(patient, at=started_at, by=by, reason=although)
        call.save(force_insert=True)
        _note_consult(patient, call, wrong)
        if booking is not None and booking.status in _IN_FORCE:
            _settle(booking)
        return call


def _superseded(call_id: UUID | None) -> Call | None:
    """The call that is corrected, locked. Raises Refused when that has been done."""
    if call_id is None:
        return None
    wrong: Call = Call.objects.select_for_update(of=("self",), no_key=True).get(pk=call_id)
    if Call.objects.filter(supersedes=wrong).exists():
        message = _("This call was corrected before. Correct the correction.")
        raise Refused(message, code="already_corrected")
    return wrong


def _booking(booking_id: UUID | None, wrong: Call | None) -> Booking | None:
    """The booking that the call belongs to, locked; that of the call that it corrects, if any.

    Raises Refused for a new call to one that is not in force.
    """
    inherited = wrong.booking_id if wrong is not None else None
    if inherited is not None and booking_id not in (None, inherited):
        message = _("A correction belongs to the booking of the call that it corrects.")
        raise ValidationError({"booking": ValidationError(message, code="other_booking")})
    booking_id = inherited or booking_id
    if booking_id is None:
        return None
    rows = Booking.objects.select_for_update(of=("self",), no_key=True)
    booking: Booking = rows.get(pk=booking_id)
    if booking.status not in _IN_FORCE and inherited is None:
        message = _("That booking is not in force: %(status)s. Record the call without it.")
        raise Refused(
            message % {"status": booking.get_status_display().lower()}, code="booking_not_in_force"
        )
    return booking


def _note_consult(patient: Patient, call: Call, wrong: Call | None) -> None:
    """Keep the first call that reached the patient; one that is corrected no longer counts."""
    first = patient.initial_consult_at
    if wrong is not None and wrong.started_at == first:
        first = None
    reached = Call.objects.current().filter(patient=patient, outcome=Call.Outcome.REACHED)
    known = reached.order_by("started_at").values_list("started_at", flat=True).first()
    # One from the legacy CRM has no call here, and stays.
    earliest = min((at for at in (first, known) if at is not None), default=None)
    if earliest != patient.initial_consult_at:
        patient.initial_consult_at = earliest
        patient.save(update_fields=("initial_consult_at",))


def _settle(booking: Booking) -> None:
    """Let the calls of the booking say what became of it; without a word of theirs it stays.

    A call in vain before the booked time was only early: the patient did not miss it.
    """
    calls = list(Call.objects.current().filter(booking=booking))
    before = (booking.status, booking.no_show_by)
    if any(not call.is_in_vain for call in calls):
        after = (Status.COMPLETED, "")
    elif any(call.started_at >= booking.starts_at for call in calls):
        after = (Status.NO_SHOW, Booking.Party.PATIENT)
    else:
        after = (Status.BOOKED, "")
    if after != before:
        booking.status, booking.no_show_by = after
        booking.save(update_fields=("status", "no_show_by"))
