"""Links to change a call: good for one state of one call, and silent about everything else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from bookings import links
from bookings.models import Booking
from bookings.tests.factories import BookingFactory
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def booked() -> Booking:
    starts_at = timezone.now() + timedelta(days=1)
    made: Booking = BookingFactory(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30))
    return made


def token_of(booking: Booking) -> str:
    return links.path_to_change(booking).rstrip("/").rpartition("/")[2]


def test_link_is_absolute_for_mails_and_names_nothing_but_the_call(settings: Any) -> None:
    settings.PUBLIC_URL = "https://portal.example"
    booking = booked()

    link = links.to_change(booking)

    assert link == f"https://portal.example/start/call/{token_of(booking)}/"
    assert token_of(booking).startswith(f"{booking.pk.hex}.")
    assert links.booking_of(token_of(booking), now=timezone.now()) == booking


@pytest.mark.parametrize(
    "change",
    [
        lambda booking: {"ics_sequence": 1},
        lambda booking: {"ends_at": booking.ends_at + timedelta(minutes=5)},
        lambda booking: {"starts_at": booking.starts_at - timedelta(minutes=5)},
        lambda booking: {"navigator": UserFactory()},
        lambda booking: {"status": "cancelled", "cancelled_by": "patient"},
        lambda booking: {"status": "completed"},
    ],
    ids=["sequence", "end", "start", "navigator", "cancelled", "completed"],
)
def test_link_dies_when_the_call_changes(change: Callable[[Booking], dict[str, Any]]) -> None:
    booking = booked()
    token = token_of(booking)

    Booking.objects.filter(pk=booking.pk).update(**change(booking))

    assert links.booking_of(token, now=timezone.now()) is None


def test_link_dies_when_the_call_begins() -> None:
    booking = booked()
    token = token_of(booking)

    assert links.booking_of(token, now=booking.starts_at - timedelta(seconds=1)) == booking
    assert links.booking_of(token, now=booking.starts_at) is None


def test_link_of_one_call_is_none_of_another() -> None:
    one, other = booked(), booked()
    signature = token_of(one).partition(".")[2]

    for token in (f"{other.pk.hex}.{signature}", one.pk.hex, f"{one.pk.hex}.", "", "x.y", "…"):
        assert links.booking_of(token, now=timezone.now()) is None


def test_link_survives_a_new_secret_while_the_old_one_is_kept(settings: Any) -> None:
    booking = booked()
    token = token_of(booking)

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret of at least fifty characters, so to say, yes"

    assert links.booking_of(token, now=timezone.now()) == booking
