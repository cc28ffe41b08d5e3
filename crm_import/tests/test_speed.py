"""What would make the import slow again without any other test noticing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models

from bookings.models import Booking
from crm_import import importing
from crm_import.tests import exports
from patients.models import Note, Patient, PossibleDuplicate, Submission
from portal.core.history import event_models
from referrals.models import CTReferral, EAPDossier

WRITTEN: tuple[type[models.Model], ...] = (
    *(Patient, Submission, Note, PossibleDuplicate),
    *(Booking, CTReferral, EAPDossier),
)

# Single columns with an index of their own that another index or constraint begins with too.
TWICE = """
SELECT one.indexrelid::regclass::text FROM pg_index one
WHERE one.indrelid = %s::regclass AND one.indnatts = 1 AND one.indpred IS NULL
    AND one.indkey[0] <> 0 AND NOT one.indisunique AND EXISTS (
        SELECT FROM pg_index other WHERE other.indrelid = one.indrelid
            AND other.indexrelid <> one.indexrelid AND other.indkey[0] = one.indkey[0]
            AND other.indpred IS NULL AND other.indclass[0] = one.indclass[0])
"""


@pytest.mark.parametrize("model", WRITTEN, ids=lambda model: model._meta.label)
def test_a_table_has_no_index_that_another_one_replaces(db: None, model: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TWICE, [model._meta.db_table])
        assert cursor.fetchall() == []


def test_a_first_import_writes_every_row_once(bring: Callable[..., importing.Result]) -> None:
    """A row that is inserted and then changed has its indexes, history and keys done twice."""
    bring(
        contacts=[
            *(exports.ANNA, exports.MOVED),
            exports.contact(2, "Ben", "Visser", "anna@example.org"),
            exports.physician(3, "Cara", "Moll", hospital=exports.guid(50)),
        ],
        patients=[
            exports.patient(
                *(1, "Anna", "Berg", "anna@example.org"),
                of=1,
                trial_id="NCT01234567",
                physician=exports.guid(3),
            )
        ],
        dossiers=[exports.dossier(1, "EAP-1", of=1)],
        hospitals=[{"hospitalid": exports.guid(50), "name": "Clinic", "city": "Delft"}],
    )

    done = {
        model._meta.label: set(model._base_manager.values_list("pgh_label", flat=True))
        for model in event_models()
    }
    assert done["bookings.BookingEvent"] == done["referrals.EAPDossierEvent"] == {"insert"}
    assert [label for label, labels in done.items() if "update" in labels] == []
