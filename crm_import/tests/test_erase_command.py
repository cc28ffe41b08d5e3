"""`crm_erase`: somebody of whom the archive has rows and the portal has nobody."""

from collections.abc import Callable

import pytest
from pghistory.models import Context

from crm_import import settling
from crm_import.correcting import Fix
from crm_import.importing import Result
from crm_import.models import (
    Correction,
    ForgottenRow,
    ImportRun,
    LegacyContact,
    LegacyDossier,
    LegacyPatient,
    RowOutcome,
)
from crm_import.rolling_back import roll_back
from crm_import.tests.exports import NEWER, contact, dossier, guid, patient
from crm_import.tests.operators import command
from crm_import.verifying import verify
from patients.models import Patient
from portal.core.tests.factories import UserFactory

Bring = Callable[..., Result]

# Without a kind of contact nothing is made of a row.
NED = contact(1, "Ned", "Vos", "ned@example.org", contact_type="")
NED_AGAIN = contact(2, "Ned", "Vos", "NED@example.org; vos@example.org", contact_type="")
ANNA = contact(3, "Anna", "Berg", "anna@example.org")
HER_CHILD = contact(4, "Tim", "Berg", "anna@example.org", contact_type="")
MIA = contact(5, "Mia", "Holm", "holm@example.org", contact_type="")
TOM = contact(6, "Tom", "Holm", "holm@example.org", contact_type="")
EVERYBODY = [NED, NED_AGAIN, ANNA, HER_CHILD, MIA, TOM]


def erase(*args: str) -> tuple[int, str]:
    code, said = command("crm_erase", *args)
    assert not [word for word in ("ned", "vos", "berg", "holm") if word in said.lower()]
    return code, said


def people_in_archive() -> list[str]:
    return sorted(LegacyContact.objects.values_list("firstname", flat=True))


def test_somebody_in_the_archive_alone_is_erased_and_does_not_come_back(bring: Bring) -> None:
    bring(contacts=EVERYBODY)
    row = RowOutcome.objects.get(legacy_id=guid(1)).row
    fix = Fix(entity="Contact", row=row, reason="said Ned Vos", cells={"lastname": "Voss"})
    settling.settle(by=UserFactory(), reason=fix.reason, fixes=[fix])

    code, said = erase("--email", "Ned@Example.org", "--reason", "case 12")

    assert code == 0, said
    assert people_in_archive() == ["Anna", "Mia", "Tim", "Tom"]
    assert not Correction.objects.exists()
    assert not Context.objects.filter(metadata__reason__contains="Ned").exists()
    assert ForgottenRow.objects.filter(entity="Contact").count() == 2
    assert ImportRun.objects.filter(source="erasure from the archive (case 12)").count() == 1
    assert verify(is_deep=True)[0].adds_up

    result = bring(contacts=[{**one, **NEWER} for one in EVERYBODY])

    assert people_in_archive().count("Ned") == 0
    assert result.report["tables"]["Contact"]["ignored"] == 2
    assert verify()[0].adds_up

    roll_back(run_id=result.run.pk, by=None, apply=True)

    assert verify()[0].adds_up


def test_who_is_or_may_be_somebody_else_is_not_erased(bring: Bring) -> None:
    bring(contacts=EVERYBODY)
    anna = str(Patient.objects.get().pk)

    said = {
        asked: erase(*asked)
        for asked in (
            ("--id", guid(3)),
            ("--email", "anna@example.org"),
            ("--email", "holm@example.org"),
            ("--email", "nobody@example.org"),
            ("--id", guid(1), "--reason", "asked by Ned Vos"),
        )
    }

    assert [code for code, _text in said.values()] == [4, 4, 4, 2, 2]
    assert anna in said["--id", guid(3)][1]
    assert anna in said["--email", "anna@example.org"][1]
    assert guid(5) in said["--email", "holm@example.org"][1]
    assert guid(6) in said["--email", "holm@example.org"][1]
    assert len(people_in_archive()) == len(EVERYBODY)
    assert not ForgottenRow.objects.exists()


def test_dry_run_says_what_would_go_and_keeps_it(bring: Bring) -> None:
    bring(
        contacts=[HER_CHILD],
        patients=[patient(1, "", "", "tim@example.org")],
        dossiers=[dossier(1, "EAP-1", of=1)],
    )

    code, said = erase("--id", guid(10_001), "--dry-run")

    assert code == 0, said
    assert "crm_import.LegacyPatient" in said
    assert "crm_import.LegacyDossier" in said
    assert LegacyPatient.objects.count() == LegacyDossier.objects.count() == 1
    assert not ForgottenRow.objects.exists()


@pytest.mark.django_db
def test_id_that_never_came_is_passed_over_when_it_comes(bring: Bring) -> None:
    code, said = erase("--id", guid(1))

    assert code == 0, said
    bring(contacts=[NED, ANNA])
    assert people_in_archive() == ["Anna"]
