"""The row of a person, locked and read anew, before a verb decides anything.

The lock makes everybody wait who wants to change the row, or to add a row that points at it. A
person whose data may not be changed (restricted, merged into another, or erased) is refused here.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from patients.models import ErasedPatient, MergedPatient, Patient
from portal.core.errors import Missing, Refused


class MergedAway(Refused):
    """The record of this id was merged into the one of `survivor_id`, which is living."""

    code = "merged"

    def __init__(self, survivor_id: UUID) -> None:
        super().__init__(_("This record was merged into another one. Use that one."))
        self.survivor_id = survivor_id


def survivor_of(old_id: UUID) -> UUID | None:
    """The living record that `old_id` was merged into; None when it never was.

    One look suffices: when a survivor is merged on, its old ids move along.
    """
    aliases = MergedPatient.objects.filter(old_id=old_id)
    return aliases.values_list("survivor_id", flat=True).first()


def restriction(*people: Patient) -> tuple[Missing, ...]:
    """Why nothing about these people may be changed (GDPR article 18); empty when it may be."""
    if not any(person.processing_restricted for person in people):
        return ()
    return (Missing("restricted", _("This person's data may not be changed.")),)


def refuse_restricted(*people: Patient) -> None:
    """Raise Refused when nothing about one of these people may be changed."""
    for missing in restriction(*people):
        raise Refused(missing.message, code=missing.code)


def locked(patient_id: UUID, *, no_key: bool = False, although_restricted: bool = False) -> Patient:
    """The patient, locked until the end of the transaction.

    `no_key` is for adding a row that points at them: others may do so at the same time. What they
    say themselves is written down `although_restricted`.

    Raises MergedAway, Refused for one who is restricted or was erased, Patient.DoesNotExist for
    nobody.
    """
    rows = Patient.objects.select_for_update(of=("self",), no_key=no_key)
    patient: Patient | None = rows.filter(pk=patient_id).first()
    if patient is None:
        survivor_id = survivor_of(patient_id)
        if survivor_id is not None:
            raise MergedAway(survivor_id)
        if ErasedPatient.objects.filter(old_id=patient_id).exists():
            message = _("This person was erased. Nothing can be added.")
            raise Refused(message, code="erased")
        raise Patient.DoesNotExist(str(patient_id))
    if not although_restricted:
        refuse_restricted(patient)
    return patient


def locked_open(patient_id: UUID) -> Patient:
    """The patient, locked, for whom something new may be begun.

    Raises Refused also for one who has died or whose record is closed.
    """
    patient = locked(patient_id, no_key=True)
    if patient.is_deceased:
        raise Refused(_("This person has died."), code="deceased")
    if patient.stage == Patient.Stage.CLOSED:
        raise Refused(_("The record is closed. Reopen it first."), code="closed")
    return patient
