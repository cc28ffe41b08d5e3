"""Something new begins for a person: a call that was made, a referral, a dossier, a step of one.

Only while their record is open. Who has died, was merged away, is restricted or closed is refused.
"""

from uuid import UUID

from django.db import transaction

from patients.locking import locked_open
from portal.core.history import acting
from portal.core.models import Record, User


def begin(row: Record, *, patient_id: UUID, by: User) -> None:
    """Save the new, validated `row`, which is about this patient.

    Raises Refused (`closed`, `deceased`, `restricted`, `merged`), and IntegrityError when a
    constraint does not hold.
    """
    with transaction.atomic(), acting(by=by):
        locked_open(patient_id)
        row.save(force_insert=True)
