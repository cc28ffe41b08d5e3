"""Saying what became of a call.

A call is recorded once. That it reached the person makes it their initial consult, and what
became of it is what became of the booking it belongs to: completed when the patient was spoken
to, else a no-show of the patient. A mistake is corrected by recording the call again.

`complete` says everything that came of a call at once: the call, what was consented to or
withdrawn in it, and whether the lead becomes a patient. All of it is kept, or nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.models import Booking, Call
from patients import consenting, conversion, observing
from patients.contacting import account_for
from patients.locking import locked, locked_open
from patients.models import Consent, Observation, Patient
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User

Status = Booking.Status

# What a call can still change. A held slot was never booked; the others were called off.
_IN_FORCE = (Status.BOOKED, Status.COMPLETED, Status.NO_SHOW)
# With somebody else on the phone, who may speak for the patient, a text can be read out.
_NOBODY_SPOKE = (Call.Outcome.VOICEMAIL, Call.Outcome.NO_ANSWER, Call.Outcome.WRONG_NUMBER)
# Which part of what was asked a refusal is about, where its code says so.
_ABOUT = {
    "contact_refused": "although",
    "do_not_contact": "although",
    "booking_not_in_force": "booking",
}


@dataclass(frozen=True, slots=True)
class Completed:
    """The call as it is kept, what was said about consent in it, and the person afterwards.

    Of a call that had been recorded already `is_new` is off, and nothing was done.
    """

    call: Call
    consents: tuple[consenting.Recorded, ...]
    patient: Patient
    facts: tuple[Observation, ...] = ()
    is_new: bool = True


def complete(
    *,
    patient_id: UUID,
    navigator_id: UUID,
    started_at: datetime,
    outcome: str,
    by: User,
    booking_id: UUID | None = None,
    summary: str = "",
    decision: str = "",
    next_action: str = "",
    next_action_due: date | None = None,
    although: str = "",
    consents: Sequence[Consent] = (),
    facts: Sequence[observing.Said] = (),
    convert: bool = False,
) -> Completed:
    """Record a call with all that came of it, and return that.

    `consents` are decisions of the patient that are not saved yet; each yes is kept before the
    call and each no after it, so that withdrawing does not undo the call it was said in. `facts`
    are what they told about their health. With `convert` the lead becomes a patient, which a call
    that reached them makes possible. The same call once more changes nothing.

    Raises as `record`, `consenting.record`, `observing.observe_all` and `conversion.convert` do. A
    Refused names what it is about in `members["field"]`; nothing has been changed then.
    """
    if convert and decision != Call.Decision.PURSUE:
        message = _("Only somebody whom you decided to pursue becomes a patient.")
        raise ValidationError({"convert": ValidationError(message, code="not_pursued")})
    if consents and outcome in _NOBODY_SPOKE:
        message = _("Nobody was spoken to in this call, so nothing was read out.")
        raise ValidationError({"consents": ValidationError(message, code="nobody_spoke")})
    if outcome in _NOBODY_SPOKE and any(one.source == "patient_said" for one in facts):
        message = _("Nobody was spoken to in this call, so nobody told anything.")
        raise ValidationError({"facts": ValidationError(message, code="nobody_spoke")})
    with transaction.atomic(), acting(by=by):
        patient = locked(patient_id)
        same = Call.objects.current().filter(
            patient=patient, navigator=navigator_id, started_at=started_at, outcome=outcome
        )
        if (known := same.first()) is not None:
            return Completed(known, (), patient, is_new=False)
        yeses = [one for one in consents if one.decision not in consenting.NOES]
        noes = [one for one in consents if one.decision in consenting.NOES]
        said = [_keep(one, patient, by) for one in yeses]
        with _about("patient"):
            call = record(
                patient_id=patient_id,
                navigator_id=navigator_id,
                booking_id=booking_id,
                started_at=started_at,
                outcome=outcome,
                summary=summary,
                decision=decision,
                next_action=next_action,
                next_action_due=next_action_due,
                although=although,
                by=by,
            )
        with _about("facts"):
            told = observing.observe_all(patient=patient, said=facts, by=by)
        said += [_keep(one, patient, by) for one in noes]
        if convert:
            with _about("convert"):
                conversion.convert(patient_id=patient_id, by=by)
        patient.refresh_from_db()
        return Completed(call, tuple(said), patient, tuple(told))


@contextmanager
def _about(field: str) -> Iterator[None]:
    """Let a Refused say which part of what was asked it is about."""
    try:
        yield
    except Refused as refused:
        refused.members = {**refused.members, "field": _ABOUT.get(refused.code, field)}
        raise


def _keep(consent: Consent, patient: Patient, by: User) -> consenting.Recorded:
    consent.patient = patient
    try:
        return consenting.record(consent=consent, by=by)
    except ValidationError as error:
        raise ValidationError({"consents": error.messages}) from error


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

    Raises Refused for a patient who is not open for anything new (see `patients.locking`; of a
    closed one a call can be corrected, and one recorded that had begun before), for one who had
    said no without a word why, for a booking that was called off and for a call that was corrected
    before; ValidationError for values that make no sense, such as a time to come or a booking of
    another patient.
    """
    with transaction.atomic(), acting(by=by):
        # What is being corrected happened before the record was closed.
        if supersedes_id or _has_begun(booking_id):
            patient = locked(patient_id, no_key=True)
        else:
            patient = locked_open(patient_id)
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


def _has_begun(booking_id: UUID | None) -> bool:
    """Whether it is a call that was to begin by now and of which nobody has said how it went.

    Closing a record cancels the calls to come, so of a closed one it had begun before.
    """
    begun = Booking.objects.filter(status=Status.BOOKED, starts_at__lte=timezone.now())
    return booking_id is not None and begun.filter(pk=booking_id).exists()


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
