"""What patients are told about their calls: the right mail exactly once, or none."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings import calling_off, ending, links, scheduling, telling
from bookings.models import Booking
from bookings.tests.factories import BookingFactory
from patients import closing, consenting, erasure, merging, outgoing, sending, unmerging
from patients.models import Consent, ErasureRequest, Message, Patient, StageChange
from patients.sending import deliver
from patients.tests.factories import ConsentFactory, PatientFactory
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NAMES = {
    "call-booked": "booked",
    "call-moved": "moved",
    "call-cancelled": "cancelled",
    "call-reminder": "reminded",
}


class Story:
    """A call that is booked with a patient who agreed to be written to, and what follows.

    The worker's clock is moved on by hand; that of the verbs is the real one unless it is set, too.
    """

    def __init__(self, navigator: User) -> None:
        self.navigator = navigator
        self.patient = PatientFactory(time_zone="UTC", language="en", first_name="Ada")
        ConsentFactory(patient=self.patient, purpose="contact")
        # In some days, at noon: nothing of it is in the quiet hours.
        today = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
        self.starts_at = today + timedelta(days=5)
        self.booking = scheduling.book(
            patient_id=self.patient.pk,
            navigator_id=navigator.pk,
            starts_at=self.starts_at,
            ends_at=self.starts_at + HOUR,
            by=navigator,
        )

    def work(self, now: datetime) -> None:
        """What workers do with everything that is due by then, each message twice over."""
        for _worker in range(2):
            for message in Message.objects.due(now=now).order_by("due_at", "id"):
                deliver(message.pk, now=now)
                deliver(message.pk, now=now)

    def move(self) -> None:
        self.starts_at += timedelta(days=2)
        self.booking = scheduling.reschedule(
            booking_id=self.booking.pk,
            starts_at=self.starts_at,
            ends_at=self.starts_at + HOUR,
            by=self.navigator,
        )

    def cancel(self) -> None:
        calling_off.cancel(
            booking_id=self.booking.pk,
            by=self.navigator,
            party=Booking.Party.NAVIGATOR,
            reason="ill",
        )

    def hand_over(self) -> None:
        """The same time with another navigator."""
        self.booking = scheduling.reschedule(
            booking_id=self.booking.pk,
            starts_at=self.starts_at,
            ends_at=self.starts_at + HOUR,
            navigator_id=UserFactory().pk,
            by=self.navigator,
        )

    def hold_another(self) -> Booking:
        """Another time is kept for them, and they have not chosen it yet."""
        return scheduling.hold(
            patient_id=self.patient.pk,
            navigator_id=self.navigator.pk,
            starts_at=self.starts_at + 3 * HOUR,
            ends_at=self.starts_at + 4 * HOUR,
            by=self.navigator,
        )

    def merge(self, **survivor: Any) -> None:
        """They turn out to be somebody we know."""
        known = PatientFactory(time_zone="UTC", language="en", first_name="Ada", **survivor)
        ConsentFactory(patient=known, purpose="contact")
        merging.merge(survivor_id=known.pk, loser_id=self.patient.pk, by=self.navigator)

    def merge_into_silence(self) -> None:
        self.merge(do_not_contact=True)

    def erase(self) -> None:
        ground = ErasureRequest.Ground.CONSENT_WITHDRAWN
        wanted = erasure.request(patient_id=self.patient.pk, by=self.navigator, ground=ground)
        erasure.approve(request_id=wanted.pk, by=UserFactory())
        erasure.execute(request_id=wanted.pk, by=self.navigator)

    def move_and_cancel(self) -> None:
        self.move()
        self.cancel()

    def decease(self) -> None:
        closing.deceased(patient_id=self.patient.pk, by=self.navigator, on=date(2026, 1, 2))

    def close(self) -> None:
        reason = StageChange.Reason.NOT_INTERESTED
        closing.withdraw(patient_id=self.patient.pk, by=self.navigator, reason=reason)

    def withdraw_consent(self) -> None:
        decision = Consent(
            patient=self.patient,
            purpose="contact",
            decision="withdrawn",
            text_version="2026-01",
            language="en",
            method="phone",
        )
        consenting.record(consent=decision, by=self.navigator)

    def leave_alone(self) -> None:
        self._say(do_not_contact=True)

    def restrict(self) -> None:
        self._say(processing_restricted=True)

    def lose_address(self) -> None:
        self._say(email="")

    def delete(self) -> None:
        Booking.objects.filter(pk=self.booking.pk).delete()

    def do_nothing(self) -> None:
        pass

    def _say(self, **fields: Any) -> None:
        Patient.objects.filter(pk=self.patient.pk).update(**fields)

    @property
    def told(self) -> list[str]:
        """The mails that left, in order."""
        return [NAMES[each.extra_headers["Message-ID"][1:].split(".")[0]] for each in mail.outbox]


Act = Callable[[Story], None]
EVENTS_BETWEEN = ("confirmed", "due", "after a failure")
MOMENTS = ("booked", *EVENTS_BETWEEN, "reminded")
ALL = "booked reminded"
# What happens, and the mails that leave when it happens before any of them; between the
# confirmation and the reminder, also at the minute it is due and while it is tried again after a
# failure; and between the reminder and the call.
TRAVELS: dict[str, tuple[Act, str, str, str]] = {
    "nothing": (Story.do_nothing, ALL, ALL, ALL),
    "moved": (
        Story.move,
        "moved reminded",
        "booked moved reminded",
        "booked reminded moved reminded",
    ),
    # At the time of the reminder there is one mail about the call, not two.
    "navigator changed": (
        Story.hand_over,
        "moved reminded",
        "booked moved",
        "booked reminded moved",
    ),
    "cancelled": (Story.cancel, "cancelled", "booked cancelled", "booked reminded cancelled"),
    "moved and cancelled": (
        Story.move_and_cancel,
        "cancelled",
        "booked cancelled",
        "booked reminded cancelled",
    ),
    "held elsewhere": (Story.hold_another, ALL, ALL, ALL),
    "merged": (Story.merge, ALL, ALL, ALL),
    "merged into one who is left alone": (Story.merge_into_silence, "", "booked", ALL),
    "died": (Story.decease, "", "booked", ALL),
    "closed": (Story.close, "", "booked", ALL),
    "consent withdrawn": (Story.withdraw_consent, "", "booked", ALL),
    "not to be contacted": (Story.leave_alone, "", "booked", ALL),
    "restricted": (Story.restrict, "", "booked", ALL),
    "no address": (Story.lose_address, "", "booked", ALL),
    "deleted": (Story.delete, "", "booked", ALL),
    "erased": (Story.erase, "", "booked", ALL),
}
# A day before it is due there is time for a reminder of the new call.
EARLIER = {("navigator changed", "confirmed"): "booked moved reminded"}


def fails(message: Message, words: outgoing.Mail) -> None:
    raise SMTPServerDisconnected


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("what", TRAVELS)
def test_patient_gets_the_right_mails_exactly_once(
    what: str, when: str, navigator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, at_first, between, at_last = TRAVELS[what]
    between = EARLIER.get((what, when), between)
    expected = dict.fromkeys(EVENTS_BETWEEN, between) | {"booked": at_first, "reminded": at_last}
    story = Story(navigator)
    due = story.starts_at - telling.REMIND_BEFORE
    last = story.starts_at - HOUR

    def live(now: datetime, happens: str = "") -> None:
        """Come to this moment: what happens then happens, and then the workers work."""
        monkeypatch.setattr(timezone, "now", lambda: now)
        if happens == when:
            act(story)
        story.work(now)

    live(story.starts_at - timedelta(days=4), "booked")
    live(story.starts_at - timedelta(days=2), "confirmed")
    if when == "after a failure":
        with monkeypatch.context() as patch:
            patch.setattr(sending, "_hand_over", fails)
            live(due)
        assert story.told == ["booked"]
        live(due + timedelta(seconds=30), when)
        live(due + timedelta(minutes=1))
    else:
        live(due, "due")
    live(last, "reminded")
    live(story.starts_at - telling.REMIND_BEFORE)
    live(story.starts_at + HOUR)

    assert " ".join(story.told) == expected[when]
    assert not Message.objects.unfinished().exists()


def test_time_that_is_only_held_is_told_to_nobody(navigator: User) -> None:
    story = Story(navigator)
    Message.objects.all().delete()

    held = story.hold_another()
    calling_off.cancel(booking_id=held.pk, by=navigator, party=Booking.Party.PATIENT, reason="no")
    story.work(story.starts_at - HOUR)

    assert story.told == []


@pytest.mark.parametrize("act", [Story.move, Story.hand_over, Story.cancel, Story.close])
def test_what_waits_about_a_call_is_dropped_when_the_call_goes_away(
    act: Act, navigator: User
) -> None:
    story = Story(navigator)
    booking = story.booking

    act(story)

    about_it = Message.objects.filter(about_id=booking.pk).exclude(kind="call-cancelled")
    assert set(about_it.values_list("kind", "status", "dropped_because")) == {
        ("call-booked", "dropped", "overtaken"),
        ("call-reminder", "dropped", "overtaken"),
    }


def test_what_is_being_sent_when_the_call_goes_away_is_decided_by_the_gate(navigator: User) -> None:
    story = Story(navigator)
    reminder = Message.objects.filter(kind="call-reminder")
    reminder.update(status="sending", attempts=1, due_at=timezone.now())

    story.cancel()
    assert reminder.get().status == "sending"
    story.work(story.starts_at - telling.REMIND_BEFORE)

    assert (reminder.get().status, story.told) == ("dropped", ["cancelled"])


@pytest.mark.parametrize("closed_as", Patient.ClosedReason.values)
def test_closing_tells_of_the_calls_it_cancels_unless_they_withdrew_or_died(
    closed_as: str, navigator: User
) -> None:
    story = Story(navigator)
    noon = story.starts_at - timedelta(days=4)
    story.work(noon)
    # Written down as the verbs and the merge do it, whatever each of them asks for.
    story._say(stage="closed", closed_reason=closed_as)
    story.patient.refresh_from_db()
    reason = Patient.ClosedReason(closed_as)
    ending.cancel_upcoming(closing.Ending(story.patient, reason, timezone.now(), navigator))

    story.work(noon)

    left_alone = closed_as in {"withdrawn", "deceased"}
    assert story.told == (["booked"] if left_alone else ["booked", "cancelled"])


def test_worker_that_was_away_until_after_the_call_says_nothing(navigator: User) -> None:
    story = Story(navigator)

    story.work(story.starts_at + HOUR)

    assert story.told == []
    assert set(Message.objects.values_list("dropped_because", flat=True)) == {"too_late"}


def test_reminder_is_at_the_time_the_booking_says_when_it_is_sent(navigator: User) -> None:
    story = Story(navigator)
    wanted = story.starts_at - 3 * HOUR
    Booking.objects.filter(pk=story.booking.pk).update(reminder_at=wanted)

    story.work(story.starts_at - telling.REMIND_BEFORE)
    before = story.told
    story.work(wanted)

    assert (before, story.told) == (["booked"], ["booked", "reminded"])


def test_reminder_is_brought_forward_in_the_workplace(navigator: User, client: Client) -> None:
    story = Story(navigator)
    wanted = story.starts_at - timedelta(days=3)
    client.force_login(navigator)
    page = reverse("admin:bookings_booking_change", args=[story.booking.pk])

    answer = client.post(
        page,
        {
            "version": story.booking.version,
            "reminder_at_0": f"{wanted.astimezone(navigator.zone):%Y-%m-%d}",
            "reminder_at_1": f"{wanted.astimezone(navigator.zone):%H:%M}",
            "patient_time_zone": "UTC",
        },
    )
    assert answer.status_code == 302
    story.work(wanted)

    assert story.told == ["booked", "reminded"]


def first_locks(queries: Any) -> list[str]:
    """The tables in which rows are locked, in the order of first being locked."""
    locks = [each["sql"] for each in queries if " FOR NO KEY UPDATE" in each["sql"]]
    return list(
        dict.fromkeys(re.findall(r'FROM "(patients_patient|bookings_booking)"', "".join(locks)))
    )


def test_patient_is_locked_before_the_booking_whose_reminder_is_set(
    navigator: User, client: Client
) -> None:
    booking = Story(navigator).booking
    client.force_login(navigator)

    with CaptureQueriesContext(connection) as over_rest:
        client.patch(
            f"/api/v1/bookings/{booking.pk}/",
            {"reminder_at": (booking.starts_at - HOUR).isoformat()},
            content_type="application/json",
            headers={"If-Match": f'"{booking.version}"'},
        )
    with CaptureQueriesContext(connection) as in_the_workplace:
        client.post(reverse("admin:bookings_booking_change", args=[booking.pk]), {})

    for queries in (over_rest, in_the_workplace):
        assert first_locks(queries) == ["patients_patient", "bookings_booking"]


def test_reminder_is_brought_forward_over_rest(navigator: User, client: Client) -> None:
    story = Story(navigator)
    wanted = story.starts_at - timedelta(days=3)
    client.force_login(navigator)

    answer = client.patch(
        f"/api/v1/bookings/{story.booking.pk}/",
        {"reminder_at": wanted.isoformat()},
        content_type="application/json",
        headers={"If-Match": f'"{story.booking.version}"'},
    )
    assert answer.status_code == 200, answer.content
    story.work(wanted)

    assert story.told == ["booked", "reminded"]


def test_call_that_is_held_is_not_reminded_of(navigator: User) -> None:
    held = BookingFactory(status="held", held_until=timezone.now() + HOUR)

    telling.remind(held, now=held.starts_at - timedelta(days=5))

    assert not Message.objects.exists()


def test_call_within_a_day_has_no_reminder(navigator: User) -> None:
    now = timezone.now()
    scheduling.book(
        patient_id=PatientFactory().pk,
        navigator_id=navigator.pk,
        starts_at=now + 3 * HOUR,
        ends_at=now + 4 * HOUR,
        by=navigator,
    )

    assert list(Message.objects.values_list("kind", flat=True)) == ["call-booked"]


@pytest.mark.parametrize(("by_the_patient", "told"), [(True, ["booked"]), (False, [])])
def test_at_night_only_who_did_it_themselves_is_answered(
    by_the_patient: bool, told: list[str], navigator: User
) -> None:
    story = Story(navigator)
    Message.objects.all().delete()
    party = Booking.Party.PATIENT if by_the_patient else Booking.Party.NAVIGATOR
    change = scheduling.Change(
        scheduling.Happened.BOOKED, story.booking, party, story.starts_at - timedelta(days=3)
    )
    telling.tell(change)

    story.work((story.starts_at - timedelta(days=3)).replace(hour=23))

    assert story.told == told


def chain(navigator: User, *starts: datetime, last: str) -> Booking:
    """A call that had these times, one after the other, and is `last` now."""
    patient = PatientFactory(time_zone="UTC")
    ConsentFactory(patient=patient, purpose="contact")
    following, said = None, {"status": last}
    uid = uuid4()
    for start in reversed(starts):
        following = BookingFactory(
            patient=patient,
            navigator=navigator,
            starts_at=start,
            ends_at=start + HOUR,
            ics_uid=uid,
            cancelled_by="navigator" if said["status"] == "cancelled" else "",
            rescheduled_to=following,
            **said,
        )
        said = {"status": "rescheduled"}
    return Booking.objects.get(ics_uid=uid, status=last)


NIGHT = datetime(2026, 12, 1, 21, tzinfo=UTC)
EARLY = datetime(2026, 12, 2, 7, 30, tzinfo=UTC)
LATER = EARLY + timedelta(days=3)


@pytest.mark.parametrize(
    ("kind", "starts", "now", "is_told"),
    [
        (telling.MOVED, (EARLY, LATER), NIGHT, True),
        (telling.MOVED, (EARLY, LATER + HOUR, LATER), NIGHT, True),
        (telling.MOVED, (LATER + HOUR, LATER), NIGHT, False),
        # Over already: nobody waits for that one any more.
        (telling.MOVED, (NIGHT - 3 * HOUR, LATER), NIGHT, False),
        (telling.CANCELLED, (EARLY,), NIGHT, True),
        (telling.CANCELLED, (EARLY, LATER), NIGHT, True),
        (telling.CANCELLED, (LATER,), NIGHT, False),
        (telling.CANCELLED, (EARLY,), EARLY + timedelta(minutes=5), True),
    ],
)
def test_at_night_who_would_wait_for_a_call_in_vain_is_told(
    kind: outgoing.Kind, starts: tuple[datetime, ...], now: datetime, is_told: bool, navigator: User
) -> None:
    booking = chain(navigator, *starts, last="booked" if kind is telling.MOVED else "cancelled")
    message = outgoing.say(kind, patient_id=booking.patient_id, due_at=now, about=booking)

    deliver(message.pk, now=now)

    assert len(mail.outbox) == is_told
    message.refresh_from_db()
    assert message.status == ("sent" if is_told else "waiting")


@pytest.mark.parametrize(("minutes", "status"), [(1, "sent"), (59, "sent"), (60, "dropped")])
def test_call_that_is_cancelled_after_its_start_is_told_until_its_end(
    minutes: int, status: str, navigator: User
) -> None:
    noon = EARLY + timedelta(hours=4, minutes=30)
    booking = chain(navigator, noon, last="cancelled")
    now = noon + timedelta(minutes=minutes)
    message = outgoing.say(
        telling.CANCELLED, patient_id=booking.patient_id, due_at=now, about=booking
    )

    deliver(message.pk, now=now)

    message.refresh_from_db()
    assert message.status == status


def test_merge_that_cancels_one_of_two_calls_at_a_time_tells_nobody(navigator: User) -> None:
    story, other = Story(navigator), Story(UserFactory())

    done = merging.merge(survivor_id=story.patient.pk, loser_id=other.patient.pk, by=navigator)
    other.booking.refresh_from_db()
    assert other.booking.status == "cancelled"
    assert not Message.objects.filter(kind="call-cancelled").exists()

    unmerging.undo(merge_id=done.pk, by=navigator)
    story.work(story.starts_at - telling.REMIND_BEFORE)

    assert sorted(story.told) == ["booked", "booked", "reminded", "reminded"]


# --- the words

STARTS = datetime(2026, 12, 1, 14, 30, tzinfo=UTC)


def written(kind: outgoing.Kind, language: str, **fields: Any) -> outgoing.Mail:
    """The mail of a call at 14:30 UTC, with a person in New York unless told otherwise."""
    patient = PatientFactory(first_name="Ada", language=language, time_zone="")
    ConsentFactory(patient=patient, purpose="contact")
    booking = BookingFactory(
        **{
            "patient": patient,
            "navigator": UserFactory(name="Aisha Okafor", time_zone="Europe/Amsterdam"),
            "starts_at": STARTS,
            "ends_at": STARTS + timedelta(minutes=30),
            "patient_time_zone": "America/New_York",
        }
        | fields
    )
    message = outgoing.say(
        kind, patient_id=patient.pk, due_at=STARTS - timedelta(days=1), about=booking
    )
    message.patient = patient
    found = outgoing.decide(message, now=STARTS - HOUR)
    assert isinstance(found, outgoing.Mail), found
    return found


@pytest.mark.parametrize(
    ("kind", "language", "subject", "fields"),
    [
        (telling.CONFIRMED, "en", "Your call on Tuesday 1 December at 09:30", {}),
        (telling.CONFIRMED, "nl", "Uw gesprek op dinsdag 1 december om 09:30", {}),
        (telling.CONFIRMED, "es", "Su llamada del martes 1 de diciembre a las 09:30", {}),
        (telling.MOVED, "nl", "Uw gesprek is nu op dinsdag 1 december om 09:30", {}),
        (
            telling.CANCELLED,
            "es",
            "Su llamada del martes 1 de diciembre a las 09:30 está cancelada",
            {"status": "cancelled", "cancelled_by": "patient"},
        ),
        (telling.REMINDER, "fr", "A reminder of your call on Tuesday 1 December at 09:30", {}),
    ],
)
def test_mail_is_in_the_patients_language_and_time(
    kind: outgoing.Kind, language: str, subject: str, fields: dict[str, Any]
) -> None:
    words = written(kind, language, **fields)

    assert words.subject == subject
    place = {"nl": "tijd in New York", "es": "hora de New York"}.get(language, "time in New York")
    for body in (words.text, words.html):
        assert place in body
        assert "Ada" in body


@pytest.mark.parametrize(
    ("kind", "method", "fields"),
    [
        (telling.CONFIRMED, "REQUEST", {}),
        (telling.MOVED, "REQUEST", {}),
        (telling.CANCELLED, "CANCEL", {"status": "cancelled", "cancelled_by": "patient"}),
    ],
)
def test_mail_carries_the_call_for_the_calendar(
    kind: outgoing.Kind, method: str, fields: dict[str, Any]
) -> None:
    invitation = written(kind, "en", **fields).invitation

    assert invitation is not None
    assert invitation.method == method
    assert f"METHOD:{method}".encode() in invitation.content


@pytest.mark.parametrize("kind", [telling.CONFIRMED, telling.MOVED, telling.REMINDER])
def test_mail_leads_to_the_page_where_the_call_is_moved_or_cancelled(
    kind: outgoing.Kind, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://portal.example"

    words = written(kind, "en")

    link = links.to_change(Booking.objects.get())
    assert link.startswith("https://portal.example/")
    assert link in words.text
    assert f'href="{link}"' in words.html


def test_mail_about_a_cancelled_call_offers_nothing_to_change() -> None:
    words = written(telling.CANCELLED, "en", status="cancelled", cancelled_by="patient")

    assert "http" not in words.text


def test_reminder_leaves_the_calendar_alone() -> None:
    assert written(telling.REMINDER, "en").invitation is None


def test_person_whose_zone_nobody_knows_reads_the_navigators() -> None:
    words = written(telling.CONFIRMED, "en", patient_time_zone="")

    assert "15:30 (time in Amsterdam)" in words.text


def test_zone_that_is_no_place_is_named_as_it_is() -> None:
    assert "14:30 (UTC)" in written(telling.CONFIRMED, "en", patient_time_zone="UTC").text


def test_name_is_escaped_in_the_page_and_plain_in_the_text() -> None:
    navigator = UserFactory(name="O'Brien<b> Smith")

    words = written(telling.CONFIRMED, "en", navigator=navigator)

    assert "O'Brien<b> will call you" in words.text
    assert "<b> will" not in words.html
