"""The row of a person, locked and read anew, before a verb decides anything.

The lock makes everybody wait who wants to change the row, or to add a row that points at it. A
person whose data may not be changed (restricted, merged into another, or erased) is refused here.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from patients.models import ErasedPatient, MergedPatient, Patient
from portal.core.errors import Refused


def locked(patient_id: UUID) -> Patient:
    """The patient, locked until the end of the transaction.

    Raises Refused for one who was merged away, erased or is restricted, Patient.DoesNotExist for
    nobody.
    """
    rows = Patient.objects.select_for_update(of=("self",))
    patient: Patient | None = rows.filter(pk=patient_id).first()
    if patient is None:
        if MergedPatient.objects.filter(old_id=patient_id).exists():
            message = _("This record was merged into another one. Use that one.")
            raise Refused(message, code="merged_away")
        if ErasedPatient.objects.filter(old_id=patient_id).exists():
            message = _("This person was erased. Nothing can be added.")
            raise Refused(message, code="erased")
        raise Patient.DoesNotExist(str(patient_id))
    if patient.processing_restricted:
        raise Refused(_("This person's data may not be changed."), code="restricted")
    return patient
