"""What imports and decisions leave alone: restricted people, and what people have in hand."""

from collections.abc import Callable

from crm_import import settling
from crm_import.deciding import Verdict
from crm_import.importing import Result
from crm_import.models import PendingLink
from crm_import.tests import exports
from crm_import.tests.exports import NEWER, contact, dossier, guid, patient, physician
from crm_import.tests.test_deltas import NEWEST, edit
from patients.models import MedicalCondition, Patient
from portal.core.tests.factories import UserFactory
from referrals.models import CTReferral, EAPDossier

Bring = Callable[..., Result]
NEW = "100000099"


def test_links_and_dossiers_of_a_restricted_person_wait(bring: Bring) -> None:
    row = patient(1, "Anna", "Berg", physician=guid(3))
    case = dossier(1, "EAP-1", of=1)
    bring(patients=[row], dossiers=[case])
    Patient.objects.update(processing_restricted=True)
    later = {"contacts": [physician(3, "Ida", "Vos")], "patients": [row]}

    bring(**later, dossiers=[{**case, **NEWER, "statecode": "1"}])

    assert Patient.objects.get().physician is None
    assert PendingLink.objects.get().field == "physician"
    assert EAPDossier.objects.get().state == "open"

    edit(Patient.objects, processing_restricted=False)
    bring(**later, dossiers=[{**case, **NEWEST, "statecode": "1"}])

    assert Patient.objects.get().physician is not None
    assert not PendingLink.objects.exists()


def test_decided_value_changes_nobody_who_is_restricted_and_fills_in_no_choice(
    bring: Bring,
) -> None:
    bring(
        contacts=[
            contact(1, "Anna", "Berg", medical_condition=NEW),
            contact(2, "Ben", "Smit", medical_condition=exports.DMD),
            contact(3, "Cas", "Bos", medical_condition=NEW),
        ],
        patients=[patient(1, "Anna", "Berg", of=1, trial_id="NCT01234567", eligible=NEW)],
    )
    Patient.objects.filter(first_name="Anna").update(processing_restricted=True)
    cas = Patient.objects.filter(first_name="Cas")
    edit(cas, medical_condition=MedicalCondition.objects.first())
    edit(cas, medical_condition=None)
    condition = MedicalCondition.objects.get(name="Glioblastoma")

    done = settling.settle(
        by=UserFactory(),
        reason="asked",
        verdicts=[
            Verdict("medical_condition", NEW, str(condition.pk)),
            Verdict("eligible", NEW, "yes"),
        ],
    )

    assert done.filled == 0
    assert not Patient.objects.filter(medical_condition=condition).exists()
    assert CTReferral.objects.get().eligible == "unknown"
