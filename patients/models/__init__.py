"""The tables of people, and of what they told us.

`contacts` holds the people themselves and how to reach them, `lookups` the lists they point at,
`records` what was said and decided about a patient, `texts` what they agreed to, `identity` which
rows are the same person, `proposals` what was said that differs from the record.
Submodules import downwards only: lookups ← contacts ← records, identity ← proposals, texts.
"""

from patients.models.contacts import (
    Contact,
    ContactPoint,
    Patient,
    PatientQuerySet,
    Specialist,
    SpecialistQuerySet,
)
from patients.models.identity import MergedPatient, PossibleDuplicate
from patients.models.lookups import ConditionName, Hospital, MedicalCondition, Specialization
from patients.models.proposals import FieldProposal
from patients.models.records import Consent, Document, Note, Submission
from patients.models.texts import ConsentText

__all__ = (
    "ConditionName",
    "Consent",
    "ConsentText",
    "Contact",
    "ContactPoint",
    "Document",
    "FieldProposal",
    "Hospital",
    "MedicalCondition",
    "MergedPatient",
    "Note",
    "Patient",
    "PatientQuerySet",
    "PossibleDuplicate",
    "Specialist",
    "SpecialistQuerySet",
    "Specialization",
    "Submission",
)
