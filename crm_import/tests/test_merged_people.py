"""People whom a navigator merged, or parted again, are met by later exports."""

from collections.abc import Callable

import pytest

from crm_import.importing import Result
from crm_import.tests.exports import contact
from patients.merging import merge
from patients.models import Patient, PatientMerge
from patients.unmerging import undo
from portal.core.tests.factories import UserFactory

Bring = Callable[..., Result]

ANNA = contact(1, "Anna", "Berg", "anna@example.org")
ANNIE = contact(2, "Annie", "Berg", "annie@example.org")
LATER = {**ANNIE, "modifiedon": "2024-06-01T00:00:00Z", "versionnumber": "9000"}


@pytest.fixture
def merged(bring: Bring) -> PatientMerge:
    """Anna, with whom Annie was merged after both came from the CRM."""
    bring(contacts=[ANNA, ANNIE])
    anna, annie = (Patient.objects.get(first_name=name) for name in ("Anna", "Annie"))
    return merge(survivor_id=anna.pk, loser_id=annie.pk, by=UserFactory())


def test_newer_row_of_somebody_merged_away_goes_to_the_survivor(
    bring: Bring, merged: PatientMerge
) -> None:
    bring(contacts=[ANNA, LATER])

    anna = Patient.objects.get()
    assert anna.pk == merged.survivor_id
    assert anna.submissions.count() == 3
    assert anna.contact_points.get().value == "annie@example.org"


def test_newer_row_of_somebody_who_was_parted_again_goes_to_them(
    bring: Bring, merged: PatientMerge
) -> None:
    annie = undo(merge_id=merged.pk, by=UserFactory())

    bring(contacts=[ANNA, LATER])

    assert Patient.objects.count() == 2
    assert annie.submissions.count() == 2
