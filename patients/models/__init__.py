"""The tables of people, and of what they told us.

`contacts` holds what all people have in common and specialists, `patients` the patients and how
to reach them, `lookups` the lists they point at, `records` what was said and decided about a
patient, `texts` what they agreed to, `identity` which rows are the same person, `lifecycle` how
they came to their stage, `proposals` what was said that differs from the record, `messages` what
we say to them, `erasure` who was erased, `measures` what can be known about somebody's health,
`observations` what is known. Submodules import downwards only: lookups ← contacts ← patients ←
records, identity, lifecycle, messages ← proposals, texts, observations.
"""

from patients.models.contacts import Contact, Specialist, SpecialistQuerySet
from patients.models.erasure import ErasedPatient, ErasureRequest, SoughtValue
from patients.models.identity import MergedPatient, PatientMerge, PossibleDuplicate
from patients.models.lifecycle import RuleOverride, StageChange
from patients.models.lookups import ConditionName, Hospital, MedicalCondition, Specialization
from patients.models.measures import Measure, MeasureUnit
from patients.models.messages import Message, MessageQuerySet
from patients.models.observations import Observation, ObservationQuerySet
from patients.models.patients import ContactPoint, Patient, PatientQuerySet
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
    "ErasedPatient",
    "ErasureRequest",
    "FieldProposal",
    "Hospital",
    "Measure",
    "MeasureUnit",
    "MedicalCondition",
    "MergedPatient",
    "Message",
    "MessageQuerySet",
    "Note",
    "Observation",
    "ObservationQuerySet",
    "Patient",
    "PatientMerge",
    "PatientQuerySet",
    "PossibleDuplicate",
    "RuleOverride",
    "SoughtValue",
    "Specialist",
    "SpecialistQuerySet",
    "Specialization",
    "StageChange",
    "Submission",
)
