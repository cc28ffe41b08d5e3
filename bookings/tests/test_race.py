"""Fifty at once over HTTP want one place: one gets it, the others are told what is free."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from bookings import placing
from bookings.models import Booking, SlotRules
from bookings.tests.factories import MONDAY_NINE, WorkingHoursFactory
from patients.tests.factories import PatientFactory
from portal.core.tests.factories import UserFactory
from portal.core.tests.rest import Rest, token

pytestmark = pytest.mark.django_db(transaction=True)

THREADS, ROUNDS = 50, 5
# Starts before the moment that all want, in minutes, and lengths; each reaches beyond it.
WISHES = {
    "one slot": [(0, 30)],
    "overlapping slots of different length": [(0, 30), (5, 15), (10, 45), (20, 60), (30, 45)],
}


@pytest.fixture
def ids(db: None) -> dict[str, list[str]]:
    """A navigator whom everybody wants, and patients."""
    SlotRules.objects.update(minutes=30, buffer_minutes=0)
    navigator = UserFactory()
    WorkingHoursFactory(navigator=navigator, time_zone="UTC")
    patients = PatientFactory.create_batch(THREADS)
    return {"navigator": [str(navigator.pk)], "patient": [str(each.pk) for each in patients]}


def rounds(ids: dict[str, list[str]], wishes: list[tuple[int, int]], count: int = ROUNDS) -> Any:
    """The answers of each round: the same people want a moment that is an hour later."""

    def body(number: int, moment: datetime) -> dict[str, Any]:
        before, length = wishes[number % len(wishes)]
        starts_at = moment - timedelta(minutes=before)
        return {
            **{member: found[number % len(found)] for member, found in ids.items()},
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(minutes=length)).isoformat(),
        }

    bearer = token("api-writer")
    gate = threading.Barrier(THREADS)

    def send(number: int) -> list[tuple[int, dict[str, Any]]]:
        rest, answers = Rest(bearer), []
        for each in range(count):
            wanted = body(number, MONDAY_NINE + timedelta(hours=each))
            gate.wait(timeout=60)
            try:
                answer = rest.post("bookings/", wanted)
            finally:
                connection.close()  # back to the pool, as at the end of a request
            answers.append((answer.status_code, answer.json()))
        return answers

    with ThreadPoolExecutor(THREADS) as pool:
        return zip(*pool.map(send, range(THREADS)), strict=True)


def demand_one_winner(answers: Any, code: str) -> None:
    lost = [answer for status, answer in answers if status != 201]
    assert len(lost) == THREADS - 1
    assert {answer["code"] for answer in lost} == {code}
    assert {len(answer["free_slots"]) for answer in lost} == {3}


@pytest.mark.parametrize("wishes", WISHES.values(), ids=WISHES)
def test_of_fifty_at_once_one_wins_and_the_others_learn_what_is_free(
    ids: dict[str, list[str]], wishes: list[tuple[int, int]]
) -> None:
    for answers in rounds(ids, wishes):
        demand_one_winner(answers, "navigator_busy")

    assert Booking.objects.count() == ROUNDS


@contextmanager
def without(name: str) -> Iterator[None]:
    """The database without this constraint; what was booked meanwhile is gone afterwards."""
    [constraint] = [each for each in Booking._meta.constraints if each.name == name]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Booking, constraint)
    try:
        yield
    finally:
        Booking.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Booking, constraint)


@pytest.mark.parametrize("wishes", WISHES.values(), ids=WISHES)
def test_without_the_constraint_one_navigator_is_booked_twice(
    ids: dict[str, list[str]], wishes: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown once each: the queue at the navigator's row saves work, and the constraint decides.

    The first two who look wait for each other, so that both look before either books.
    """
    look, both, arrivals = placing._demand_free, threading.Barrier(2), itertools.count()

    def look_together(wish: placing.Wish, navigator_id: UUID) -> list[UUID]:
        expired = look(wish, navigator_id)
        if next(arrivals) < 2:
            both.wait(timeout=60)
        return expired

    monkeypatch.setattr(placing, "_lock_navigator", lambda navigator_id: None)
    monkeypatch.setattr(placing, "_demand_free", look_together)

    with without("bookings_booking_navigator_free"):
        [answers] = rounds(ids, wishes, 1)
        rows = Booking.objects.count()

    with pytest.raises(AssertionError):
        demand_one_winner(answers, "navigator_busy")
    assert sum(status == 201 for status, _answer in answers) == rows > 1
