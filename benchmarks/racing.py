"""Twenty people want the same slot at the same moment, slot after slot."""

import threading
import time
from datetime import datetime, timedelta

from django.db import connection, connections
from django.utils import timezone

from benchmarks import databases
from benchmarks.measure import Line, Samples
from bookings.models import Booking
from bookings.placing import SlotTaken
from bookings.scheduling import book
from patients.models import Patient
from portal.core.models import User

THREADS = 20
SLOTS = 100


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


class Race:
    """One thread for each patient; all of them try every slot."""

    def __init__(self, navigator: User, patients: list[Patient], slots: list[datetime]) -> None:
        self.navigator, self.patients, self.slots = navigator, patients, slots
        self.samples = Samples()
        self.winners: dict[datetime, int] = dict.fromkeys(slots, 0)
        self.errors: list[str] = []
        self._gate = threading.Barrier(len(patients))
        self._lock = threading.Lock()

    def run(self) -> None:
        threads = [threading.Thread(target=self._try, args=(each,)) for each in self.patients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _try(self, patient: Patient) -> None:
        try:
            for slot in self.slots:
                self._gate.wait(timeout=60)
                started = time.perf_counter()
                won = self._book(patient, slot)
                taken = (time.perf_counter() - started) * 1000
                with self._lock:
                    self.samples.ms.append(taken)
                    self.winners[slot] += won
        finally:
            connections.close_all()

    def _book(self, patient: Patient, slot: datetime) -> bool:
        try:
            book(
                patient_id=patient.pk,
                navigator_id=self.navigator.pk,
                starts_at=slot,
                ends_at=slot + timedelta(minutes=30),
                by=self.navigator,
            )
        except SlotTaken:
            return False
        except Exception as error:  # noqa: BLE001 - counted and shown
            with self._lock:
                self.errors.append(type(error).__name__)
            return False
        return True


def run() -> list[Line]:
    """One line: the time of a request, and whether every slot had one winner."""
    with databases.using(databases.SMALL):
        navigator = User.objects.filter(username__startswith="navigator").first()
        busy = Booking.objects.order_by("-starts_at").first()
        first = (max(busy.ends_at, timezone.now()) if busy else timezone.now()) + timedelta(days=1)
        slots = [first + timedelta(hours=number) for number in range(SLOTS)]
        race = Race(navigator, list(Patient.objects.all()[:THREADS]), slots)
        before = _deadlocks()
        race.run()
        time.sleep(1)  # the counter is written with a delay
        deadlocks = _deadlocks() - before
        rows = Booking.objects.filter(starts_at__gte=first).count()
    fair = set(race.winners.values()) == {1} and rows == SLOTS
    p95 = race.samples.p95
    return [
        Line(
            what=f"booking race, {THREADS} threads × {SLOTS} slots: p95 of a request",
            measured=(
                f"{p95:.0f} ms (p50 {race.samples.p50:.0f}); "
                f"{'one winner each' if fair else 'NOT one winner each'}, {deadlocks} deadlocks, "
                f"{len(race.errors)} errors"
            ),
            baseline="–",
            hold="one winner each, no deadlock, p95 ≤ 150 ms",
            held=fair and not deadlocks and not race.errors and p95 <= 150,
        )
    ]
