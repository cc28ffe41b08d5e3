"""New rows about a patient in the workplace: begun by the verb, which knows who is open."""

from operator import attrgetter
from typing import Any, ClassVar

from django.http import HttpRequest

from patients.beginning import begin


class BeginsForPatient:
    """Mixed into a `RecordAdmin` whose rows are only begun for a patient who is open."""

    # Where the patient's id is, from the row.
    patient_id_at: ClassVar[str] = "patient_id"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new row is begun by the verb; a change is saved as ever."""
        if change:
            super().save_model(request, obj, form, change)  # type: ignore[misc]
            return
        patient_id = attrgetter(self.patient_id_at)(obj)
        begin(obj, patient_id=patient_id, by=request.user)  # type: ignore[arg-type]
