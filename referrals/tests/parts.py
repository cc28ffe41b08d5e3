"""Dossiers of people who are treated, for the tests of their parts."""

from typing import Any

from django.utils import timezone

from patients.models import Consent
from patients.tests.factories import (
    ConsentFactory,
    HospitalFactory,
    PatientFactory,
    SpecialistFactory,
)
from referrals.models import EAPDossier
from referrals.tests.factories import EAPDossierFactory

# How the end of a patient or a dossier is reached in a test.
CLOSED = {"state": "closed", "closed_reason": "treated"}
ENDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "closed": ({"stage": "closed", "closed_reason": "withdrawn"}, {}),
    "deceased": ({"stage": "closed", "closed_reason": "deceased"}, {}),
    "restricted": ({"processing_restricted": True}, {}),
    "dossier_closed": ({}, CLOSED),
}


def dossier(ending: str = "", **fields: Any) -> EAPDossier:
    """A dossier of somebody whom a physician treats in a hospital in the Netherlands.

    They allowed it to be shared. `ending` is one of ENDS.
    """
    of_patient, of_dossier = ENDS.get(ending, ({}, {}))
    hospital = HospitalFactory(country="NL")
    patient = fields.pop("patient", None) or PatientFactory(
        **{
            "stage": "patient",
            "converted_at": timezone.now(),
            "physician": SpecialistFactory(contact_type="physician", hospital=hospital),
            **of_patient,
        }
    )
    ConsentFactory(patient=patient, purpose=Consent.Purpose.EAP_SPONSOR, decision="given", scope="")
    made: EAPDossier = EAPDossierFactory(
        patient=patient, **{"hospital": hospital, **of_dossier, **fields}
    )
    return made


def untreated() -> EAPDossier:
    """A dossier of somebody whom no physician treats."""
    made = dossier(hospital=None)
    made.patient.physician = None
    made.patient.save()
    return made
