"""A new person, entered by hand or sent by another program: a lead, and whom they may be.

Unlike a form, which may join somebody who is known (`patients.intake`), this always makes a new
person; everybody they may be is put up for review with them.
"""

from django.db import transaction

from patients import matching
from patients.matching import Match, Person
from patients.models import Patient, PossibleDuplicate
from portal.core.history import acting
from portal.core.models import User


def add(patient: Patient, *, by: User, match: Match | None = None) -> list[PossibleDuplicate]:
    """Save a new, validated patient and return the pairs to review.

    `match` is the answer that whoever adds them was shown, found in this transaction under
    `matching.lock`; without it, it is found here. Raises IntegrityError when a constraint does
    not hold, such as an e-mail address that is somebody else's.
    """
    with transaction.atomic(), acting(by=by):
        if match is None:
            person = Person.of(patient)
            matching.lock(person)
            match = matching.find(person)
        patient.save(force_insert=True)
        return matching.propose(match, patient)
