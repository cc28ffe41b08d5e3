"""What history costs a save(), and that no way around it is left."""

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection, transaction

from benchmarks import databases
from benchmarks.measure import Line, interleaved
from patients.models import Patient

ROWS = 200
ROUNDS = 6
EVENTS: Any = Patient.pgh_event_model  # type: ignore[attr-defined]


def _triggers() -> list[str]:
    """The triggers that write history; `row_version` and foreign keys are not among them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'patients_patient'::regclass"
            " AND NOT tgisinternal AND pg_get_functiondef(tgfoid) LIKE '%patients_patientevent%'"
        )
        return [row[0] for row in cursor.fetchall()]


def _switch(triggers: list[str], state: str) -> None:
    with connection.cursor() as cursor:
        for name in triggers:
            cursor.execute(f"ALTER TABLE patients_patient {state} TRIGGER {name}")


def _saver(patients: list[Patient], triggers: list[str], state: str) -> Callable[[], None]:
    def save_all() -> None:
        for patient in patients:
            patient.on_behalf_of_relation = "parent" if patient.on_behalf_of_relation else "partner"
            patient.save()

    def call() -> None:
        _switch(triggers, state)
        save_all()

    return call


def _recorded(act: Callable[[], Any], rows: int) -> bool:
    """Whether `act` leaves as many new events as the rows it changes; undone afterwards."""
    with transaction.atomic():
        before = EVENTS.objects.count()
        act()
        found = EVENTS.objects.count() - before
        transaction.set_rollback(True)
    return bool(found == rows)


def _raw(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _paths(patients: list[Patient]) -> dict[str, bool]:
    """Every way of changing rows → whether history noticed each row."""
    some = Patient.objects.filter(pk__in=[patient.pk for patient in patients[:5]])
    lonely = [Patient(last_name="Bench") for _ in range(5)]

    def bulk_update() -> None:
        rows = list(some)
        for row in rows:
            row.last_name = "Bench"
        Patient.objects.bulk_update(rows, ["last_name"])

    def delete() -> None:
        Patient.objects.bulk_create(lonely)
        Patient.objects.filter(pk__in=[row.pk for row in lonely]).delete()

    keys = [patient.pk for patient in patients[:5]]
    return {
        "update": _recorded(lambda: some.update(last_name="Bench"), 5),
        "bulk_update": _recorded(bulk_update, 5),
        "bulk_create": _recorded(lambda: Patient.objects.bulk_create(lonely), 5),
        "raw SQL": _recorded(
            lambda: _raw("UPDATE patients_patient SET last_name='B' WHERE id = ANY(%s)", keys), 5
        ),
        "delete": _recorded(delete, 10),
    }


def _refuses(statement: str) -> bool:
    try:
        with transaction.atomic():
            _raw(statement)
            transaction.set_rollback(True)
    except DatabaseError as error:
        # Raised by a trigger: restrict_violation, or raise_exception.
        return getattr(error.__cause__, "sqlstate", "") in {"23001", "P0001"}
    return False


def run() -> list[Line]:
    """Two lines: the cost of a save(), and what gets past history."""
    with databases.using(databases.SMALL):
        triggers = _triggers()
        patients = list(Patient.objects.defer("search").filter(stage="patient")[:ROWS])
        # Waiting for the disk would hide the difference.
        _raw("SET synchronous_commit = off")
        try:
            with_history, without = interleaved(
                [_saver(patients, triggers, "ENABLE"), _saver(patients, triggers, "DISABLE")],
                times=1,
                rounds=ROUNDS,
            )
        finally:
            _switch(triggers, "ENABLE")
            _raw("SET synchronous_commit = on")
        paths = _paths(patients)
        paths |= {
            f"{verb} of events refused": _refuses(statement)
            for verb, statement in (
                ("UPDATE", "UPDATE patients_patientevent SET last_name = ''"),
                ("DELETE", "DELETE FROM patients_patientevent"),
                ("TRUNCATE", "TRUNCATE patients_patientevent"),
            )
        }
    ratio = min(with_history.cpu_ms) / min(without.cpu_ms)
    missed = [name for name, caught in paths.items() if not caught]
    return [
        Line(
            what="history by triggers: save() of a patient",
            measured=f"{min(with_history.cpu_ms) / ROWS:.2f} ms of CPU",
            baseline=f"without history: {min(without.cpu_ms) / ROWS:.2f} ms",
            ratio=ratio,
            hold="≤ 2x",
            held=ratio <= 2,
        ),
        Line(
            what="history: " + ", ".join(paths),
            measured=f"missed: {', '.join(missed)}" if missed else "all caught, all refused",
            baseline="–",
            hold="every path caught, events refuse change",
            held=not missed,
        ),
    ]
