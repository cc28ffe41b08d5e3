"""People who edit a record while an import runs: nobody's change is lost, and nobody else waits."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from crm_import import importing
from crm_import.importing import Result
from crm_import.models import FieldConflict
from crm_import.tests import exports
from crm_import.tests.exports import ANNA, NEWER, contact, dossier, guid, patient, physician
from crm_import.tests.operators import other_session, wait_for
from patients.models import Patient

Deliver = Callable[..., Result]

WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.fixture
def deliver(transactional_db: None, tmp_path: Path) -> Deliver:
    """Write a small export, import it and commit that, for other sessions to see."""

    def run(**rows: list[exports.Row]) -> Result:
        return importing.run(source=exports.write(tmp_path / "export", **rows), by=None)

    return run


def test_edit_that_is_saved_while_an_import_waits_for_it_is_not_overwritten(
    deliver: Deliver,
) -> None:
    deliver(contacts=[ANNA])
    done: list[Result] = []

    def again() -> None:
        try:
            done.append(deliver(contacts=[{**ANNA, **NEWER, "lastname": "Bergsma"}]))
        finally:
            connection.close()

    thread = threading.Thread(target=again)
    with other_session() as person:
        person.execute("UPDATE patients_patient SET last_name = 'van der Berg'")
        thread.start()
        wait_for(WAITING, 1)
    thread.join()

    assert done
    assert Patient.objects.get().last_name == "van der Berg"
    conflict = FieldConflict.objects.get()
    assert (conflict.field, conflict.winner["last_name"]) == ("name", "van der Berg")


def test_only_records_of_which_something_is_new_are_held(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ida, ben = physician(8, "Ida", "Vos"), contact(9, "Ben", "Smit")
    rows: dict[str, Any] = {
        "contacts": [ANNA, ida, ben, physician(10, "Udo", "Ott")],
        "patients": [patient(1, "Anna", "Berg", of=1, trial_id="NCT01234567", physician=guid(8))],
        "dossiers": [dossier(1, "EAP-1", of=1)],
    }
    deliver(**rows)
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
    deliver(
        contacts=[*({**row, **NEWER} for row in rows["contacts"][:2]), *rows["contacts"][2:]],
        patients=[{**row, **NEWER} for row in rows["patients"]],
        dossiers=rows["dossiers"],
    )

    assert free == {"patients_patient": 1, "patients_specialist": 1, "referrals_ctreferral": 0}
