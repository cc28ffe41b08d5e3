"""What has to be true of a person before a referral or a step of a dossier goes on.

The lifecycles of both ask these; each answers what is missing, None for nothing.
"""

from collections.abc import Iterator

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from patients.models import Consent, Patient
from portal.core.errors import Missing
from referrals.models import EAPDossier, Responsible

# The first version of the text about access programs (patients/migrations/_consent_texts.py). The
# next one, 2026-11-21, names everybody who receives something.
_NAMES_THE_COMPANY_ONLY = "2026-11"
# Where `read_decisions` leaves on a patient what it read.
_DECISIONS = "decisions_in_force"


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
    return None if _in_force(patient, purpose, scope) else Missing("no_consent", message)


def read_decisions(patient: Patient) -> None:
    """Read the decisions in force once, for who asks many times what this patient agreed to."""
    current = Consent.objects.current()
    prefetch_related_objects([patient], Prefetch("consents", current, to_attr=_DECISIONS))


def shared(dossier: EAPDossier, purpose: Consent.Purpose, *, to: Responsible) -> Missing | None:
    """That a consent for `purpose` is in force for this dossier, and that its text names `to`."""
    given = _in_force(dossier.patient, purpose, dossier.program.eap_number)
    if given is None:
        message = _("No consent is in force for: %(purpose)s. Ask for it first.")
        return Missing("no_consent", message % {"purpose": purpose.label})
    reaches_further = purpose == Consent.Purpose.EAP_SPONSOR and to != Responsible.SPONSOR
    if reaches_further and given.text_version == _NAMES_THE_COMPANY_ONLY:
        message = _(
            "They agreed to an older text that names the company only. Read the new one out."
        )
        return Missing("no_consent", message)
    return None


def _in_force(patient: Patient, purpose: str, scope: str) -> Consent | None:
    """The decision in force that allows `purpose` within `scope`, or None.

    Asks the database, unless the decisions were read (`read_decisions`).
    """
    read = getattr(patient, _DECISIONS, None)
    if read is None:
        given = Consent.objects.active(purpose, scope=scope)
        found: Consent | None = given.filter(patient=patient).first()
        return found
    about = [one for one in read if one.purpose == purpose and one.scope in {"", scope}]
    last = max(about, key=lambda one: (one.decided_at, one.pk), default=None)
    return last if last is not None and last.decision == Consent.Decision.GIVEN else None
