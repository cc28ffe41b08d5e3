"""What other records show of people and of the lists they point at."""

from uuid import UUID

from patients.locking import MergedAway, survivor_of
from patients.models import (
    Document,
    Hospital,
    Measure,
    MedicalCondition,
    Observation,
    Patient,
    Specialist,
    Specialization,
)
from portal.core.api.fields import Computed
from portal.core.api.serializers import Summary, full_name


class ConditionSummary(Summary):
    """A medical condition."""

    class Meta:
        model = MedicalCondition
        fields = ("id", "name", "abbreviation")


class HospitalSummary(Summary):
    """A hospital."""

    class Meta:
        model = Hospital
        fields = ("id", "name", "city", "country")


class SpecializationSummary(Summary):
    """A field of medicine or pharmacy."""

    class Meta:
        model = Specialization
        fields = ("id", "name")


class SpecialistSummary(Summary):
    """A physician or pharmacist and where they work."""

    name = Computed(full_name, help_text="First and last name.")

    class Meta:
        model = Specialist
        fields = ("id", "name", "hospital")
        related = {"hospital": HospitalSummary}


class PatientSummary(Summary):
    """A patient or lead."""

    name = Computed(full_name, help_text="First and last name.")

    class Meta:
        model = Patient
        fields = ("id", "name", "stage")

    @classmethod
    def explain_missing(cls, key: UUID) -> None:
        """Raise MergedAway for the id of somebody who was merged into another patient."""
        survivor_id = survivor_of(key)
        if survivor_id is not None:
            raise MergedAway(survivor_id)


class MeasureSummary(Summary):
    """What was measured or asked; `unit` is the one its numbers are kept in."""

    class Meta:
        model = Measure
        fields = ("id", "code", "code_system", "name", "kind", "unit")


class DocumentSummary(Summary):
    """A file about a patient."""

    class Meta:
        model = Document
        fields = ("id", "kind", "title")


class ObservationSummary(Summary):
    """A fact that another one corrects."""

    class Meta:
        model = Observation
        fields = ("id", "entered", "unit", "status")
