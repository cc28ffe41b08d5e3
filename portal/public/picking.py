"""A visitor's call: picked on step 2, and moved when they pick again. One person, one call.

The visitor is known by their draft, so by the form they sent, and is shown the call of that form
only. Who sends a second form as the same person (in another browser) and picks a time there moves
the call that was picked after the first; the mail about it goes to the address on the record.
Calls that were planned in the workplace are neither shown nor touched.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Self
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from bookings import links
from bookings.availability import Slot, free_slots
from bookings.calling_off import cancel
from bookings.clocks import clock
from bookings.models import Booking
from bookings.placing import refused
from bookings.scheduling import book, reschedule
from patients.models import Patient, Submission
from portal.core.errors import Refused
from portal.public.drafts import Draft
from portal.public.offers import Find, slot_at
from portal.public.sending import first_sent

Status = Booking.Status


@dataclass(frozen=True, slots=True)
class Appointment:
    """A booked call as its visitor sees it: on their clock, and nothing else of the record."""

    starts_at: datetime
    minutes: int
    clock: str
    with_whom: str
    link: str

    @classmethod
    def of(cls, booking: Booking, *, zone: ZoneInfo) -> Self:
        name = booking.navigator.name.split() if booking.navigator else []
        return cls(
            starts_at=booking.starts_at.astimezone(zone),
            minutes=(booking.ends_at - booking.starts_at) // timedelta(minutes=1),
            clock=clock(zone.key),
            with_whom=name[0] if name else "",
            link=links.path_to_change(booking),
        )


def call_of(submission: Submission) -> Booking | None:
    """The call that was picked after this form: the one to come, else the last one that was.

    None when nothing was picked, when it was cancelled, and when they did not meet.
    """
    rows = Booking.objects.filter(submission=submission).select_related("navigator", "patient")
    kept = rows.filter(status__in=(Status.BOOKED, Status.COMPLETED))
    found: Booking | None = kept.order_by("-starts_at").first()
    return found


def by_language(language: str, *, now: datetime) -> Find:
    """How to find slots of all navigators who speak `language`."""
    return lambda start, end: free_slots(start=start, end=end, now=now, language=language)


def instead_of(booking: Booking, *, now: datetime) -> Find:
    """How to find slots for a call that moves: of its navigator, or of who speaks the language.

    The call itself takes no time and fills no day, and the time that it has already is not found.
    """

    def find(start: datetime, end: datetime) -> list[Slot]:
        free = partial(free_slots, start=start, end=end, now=now, ignoring=booking.pk)
        found = free(navigator_id=booking.navigator_id) if booking.navigator_id else []
        found += free(language=booking.patient.language)
        return [slot for slot in found if slot.starts_at != booking.starts_at]

    return find


def pick(
    submission: Submission, starts_at: datetime, *, language: str, zone: str, now: datetime
) -> Booking:
    """Book the slot that begins then, or move the call that was picked before; return the call.

    However often, in however many tabs and browsers it is picked, there is one call. Raises
    SlotTaken when nobody who speaks `language` is free then, and Refused for a person who cannot
    be booked here.
    """
    with transaction.atomic():
        patient = _locked_patient(submission)
        calls = Booking.objects.filter(submission=submission)
        if calls.filter(status=Status.COMPLETED).exists():
            raise Refused("They have had their call.", code="called")
        booked = calls.filter(status=Status.BOOKED).first()
        if booked is not None and booked.starts_at == starts_at:
            return booked
        booked = booked or _call_of_another_form(patient, now=now)
        slot = slot_at(starts_at, by_language(language, now=now))
        if slot is None:
            raise refused("not_offered", ())
        if booked is not None:
            return move(booked, slot, language=language, zone=zone, submission=submission)
        return book(
            patient_id=patient.pk,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            by=None,
            language=language,
            patient_time_zone=zone,
            submission_id=submission.pk,
        )


def _call_of_another_form(patient: Patient, *, now: datetime) -> Booking | None:
    """The call to come that this person picked after another form; None when there is none."""
    picked = Booking.objects.filter(patient=patient, submission__isnull=False)
    found: Booking | None = picked.filter(status=Status.BOOKED, starts_at__gt=now).first()
    return found


def move(
    booking: Booking,
    slot: Slot,
    *,
    language: str,
    zone: str,
    submission: Submission | None = None,
) -> Booking:
    """Move this call to the slot, with the same navigator if they are free. Raises as `pick`.

    It is the call of `submission` from then on, or stays that of the form it was picked after.
    """
    is_own = slot.navigator.pk == booking.navigator_id
    return reschedule(
        booking_id=booking.pk,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        by=None,
        anybody=not is_own,
        language="" if is_own else language,
        patient_time_zone=zone,
        submission_id=submission.pk if submission else None,
    )


def give_up(draft: Draft) -> None:
    """Cancel the call that was picked with this draft, if it is still to come."""
    first = first_sent(draft)
    booked = Booking.objects.filter(submission=first, status=Status.BOOKED).first()
    if first is not None and booked is not None and booked.starts_at > timezone.now():
        cancel(booking_id=booked.pk, by=None, party=Booking.Party.PATIENT)


def _locked_patient(submission: Submission) -> Patient:
    """The patient of a form, for whom nobody else picks a call until the transaction ends.

    The row itself is locked after the navigator's, by the verbs.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('portal.public.picking:' || patient_id, "
            "0)) FROM patients_submission WHERE id = %s",
            [submission.pk],
        )
    return Patient.objects.get(submissions=submission)
