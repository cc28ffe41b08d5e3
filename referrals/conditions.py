"""What has to be true of a person before a referral or a step of a dossier goes on.

The lifecycles of both ask these; each answers what is missing, None for nothing.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from patients.models import Consent, Patient
from portal.core.errors import Missing


def of_the_person(patient: Patient, *, is_end: bool) -> Iterator[Missing]:
    """What is in the way of anything at all; what ends is also ended for who has died or left."""
    if patient.processing_restricted:
        yield Missing("restricted", _("This person's data may not be changed."))
    if is_end:
        return
    if patient.is_deceased:
        yield Missing("deceased", _("This person has died."))
    if patient.stage == Patient.Stage.CLOSED:
        yield Missing("closed", _("The record is closed. Reopen it first."))


def converted(patient: Patient) -> Missing | None:
    if patient.stage == Patient.Stage.PATIENT:
        return None
    return Missing("not_converted", _("This person is a lead. Convert them to a patient first."))


def treated(patient: Patient) -> Missing | None:
    """That somebody treats them, in a hospital."""
    physician = patient.physician
    if physician is None:
        return Missing("no_physician", _("The patient has no physician. Link one first."))
    if physician.hospital_id is None:
        return Missing("no_hospital", _("The patient's physician has no hospital. Fill it in."))
    return None


def consented(patient: Patient, purpose: str, *, scope: str, message: str) -> Missing | None:
    """That a consent for this purpose is in force within this scope."""
    given = Consent.objects.active(purpose, scope=scope)
    return None if given.filter(patient=patient).exists() else Missing("no_consent", message)
