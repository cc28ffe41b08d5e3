"""What belongs to a dossier leaves on a consent whose text names who receives it."""

import pytest
from django.utils import timezone

from patients.models import Patient
from patients.tests.factories import ConsentFactory
from referrals import conditions, dossier_lifecycle, dossier_steps, moves, supplying
from referrals.tests.dossiers import ready
from referrals.tests.factories import ShipmentFactory
from referrals.tests.parts import dossier

pytestmark = pytest.mark.django_db

OLDER = "They agreed to an older text that names the company only. Read the new one out."


def agree(patient: Patient, version: str) -> None:
    for purpose in ("eap_sponsor", "physician"):
        ConsentFactory(
            patient=patient, purpose=purpose, text_version=version, decided_at=timezone.now()
        )


@pytest.mark.parametrize("is_read", [False, True], ids=["asked", "read"])
@pytest.mark.parametrize(
    ("version", "goes_to", "is_enough"),
    [
        ("2026-11", "sponsor", True),
        ("2026-11", "physician", True),
        ("2026-11", "authority", False),
        ("2026-11", "ethics", False),
        ("2026-11", "site", False),
        ("2026-11", "pharmacy", False),
        ("2026-11-21", "sponsor", True),
        ("2026-11-21", "authority", True),
        ("2026-11-21", "ethics", True),
        ("2026-11-21", "site", True),
        ("2026-11-21", "pharmacy", True),
    ],
)
def test_step_is_sent_to_those_whom_the_text_names(
    version: str, goes_to: str, is_enough: bool, is_read: bool
) -> None:
    step = dossier_steps.locked_step(ready(goes_to=goes_to).pk)
    agree(step.dossier.patient, version)
    if is_read:
        conditions.read_decisions(step.dossier.patient)

    [submit] = [each for each in dossier_lifecycle.possible(step) if each.action.name == "submit"]

    found = [(lack.code, lack.message) for lack in submit.missing]
    assert found == ([] if is_enough else [("no_consent", OLDER)])


def test_the_newest_text_they_agreed_to_counts() -> None:
    step = dossier_steps.locked_step(ready(goes_to="authority").pk)
    agree(step.dossier.patient, "2026-11")
    agree(step.dossier.patient, "2026-11-21")

    [submit] = [each for each in dossier_lifecycle.possible(step) if each.action.name == "submit"]

    assert not submit.missing


@pytest.mark.parametrize(("status", "name"), [("planned", "release"), ("released", "ship")])
@pytest.mark.parametrize(("version", "is_enough"), [("2026-11", False), ("2026-11-21", True)])
def test_medicine_leaves_when_the_text_names_the_pharmacy(
    version: str, is_enough: bool, status: str, name: str
) -> None:
    shipment = ShipmentFactory(dossier=dossier(), status=status)
    agree(shipment.dossier.patient, version)

    listed = {each.action.name: each for each in moves.possible(shipment, supplying.MOVES)}

    found = [(lack.code, lack.message) for lack in listed[name].missing]
    assert found == ([] if is_enough else [("no_consent", OLDER)])
