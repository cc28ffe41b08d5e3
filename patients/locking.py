"""The row of a person, locked and read anew, before a verb decides anything.

The lock makes everybody wait who wants to change the row, or to add a row that points at it. A
person whose data may not be changed (restricted, or merged into another) is refused here.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from patients.models import MergedPatient, Patient
from portal.core.errors import Refused


def locked(patient_id: UUID, *, although_restricted: bool = False) -> Patient:
    """The patient, locked until the end of the transaction.

    Raises Refused for one who was merged away or is restricted, Patient.DoesNotExist for nobody.
    Only what a restricted person says themselves is written down all the same.
    """
    rows = Patient.objects.select_for_update(of=("self",))
    patient: Patient | None = rows.filter(pk=patient_id).first()
    if patient is None:
        if MergedPatient.objects.filter(old_id=patient_id).exists():
            message = _("This record was merged into another one. Use that one.")
            raise Refused(message, code="merged_away")
        raise Patient.DoesNotExist(str(patient_id))
    if patient.processing_restricted and not although_restricted:
        raise Refused(_("This person's data may not be changed."), code="restricted")
    return patient
