"""People who edit a record while an import runs: nobody's change is lost, and nobody else waits."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from crm_import.importing import Result
from crm_import.models import FieldConflict
from crm_import.tests.exports import ANNA, NEWER, contact, dossier, guid, patient, physician
from crm_import.tests.operators import other_session, wait_for
from patients.models import Patient

Bring = Callable[..., Result]

WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.mark.django_db(transaction=True)
def test_edit_that_is_saved_while_an_import_waits_for_it_is_not_overwritten(bring: Bring) -> None:
    bring(contacts=[ANNA])
    done: list[Result] = []

    def deliver() -> None:
        try:
            done.append(bring(contacts=[{**ANNA, **NEWER, "lastname": "Bergsma"}]))
        finally:
            connection.close()

    thread = threading.Thread(target=deliver)
    with other_session() as person:
        person.execute("UPDATE patients_patient SET last_name = 'van der Berg'")
        thread.start()
        wait_for(WAITING, 1)
    thread.join()

    assert done
    assert Patient.objects.get().last_name == "van der Berg"
    conflict = FieldConflict.objects.get()
    assert (conflict.field, conflict.winner["last_name"]) == ("name", "van der Berg")


@pytest.mark.django_db(transaction=True)
def test_only_records_of_which_something_is_new_are_held(
    bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    ida, ben = physician(8, "Ida", "Vos"), contact(9, "Ben", "Smit")
    rows: dict[str, Any] = {
        "contacts": [ANNA, ida, ben, physician(10, "Udo", "Ott")],
        "patients": [patient(1, "Anna", "Berg", of=1, trial_id="NCT01234567", physician=guid(8))],
        "dossiers": [dossier(1, "EAP-1", of=1)],
    }
    bring(**rows)
    free: dict[str, int] = {}

    def look(*_args: Any) -> None:
        with other_session() as person:
            for table in ("patients_patient", "patients_specialist", "referrals_ctreferral"):
                free[table] = len(
                    person.execute(
                        f"SELECT id FROM {table} FOR NO KEY UPDATE SKIP LOCKED"
                    ).fetchall()
                )

    # The same again, but for the version: nothing is written over.
    monkeypatch.setattr("crm_import.reporting.expect_outcomes", look)
    bring(
        contacts=[*({**row, **NEWER} for row in rows["contacts"][:2]), *rows["contacts"][2:]],
        patients=[{**row, **NEWER} for row in rows["patients"]],
        dossiers=rows["dossiers"],
    )

    assert free == {"patients_patient": 1, "patients_specialist": 1, "referrals_ctreferral": 0}
