"""Dossiers of people who are treated, for the tests of their parts."""

from typing import Any

from django.utils import timezone

from patients.tests.factories import HospitalFactory, PatientFactory
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
    """A dossier with a hospital in the Netherlands; `ending` is one of ENDS."""
    of_patient, of_dossier = ENDS.get(ending, ({}, {}))
    patient = fields.pop("patient", None) or PatientFactory(
        **{"stage": "patient", "converted_at": timezone.now(), **of_patient}
    )
    made: EAPDossier = EAPDossierFactory(
        patient=patient, **{"hospital": HospitalFactory(country="NL"), **of_dossier, **fields}
    )
    return made
