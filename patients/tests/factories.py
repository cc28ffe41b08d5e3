"""Valid people and what they said."""

from datetime import UTC, date, datetime
from decimal import Decimal

import factory

from patients.models import (
    ConditionName,
    Consent,
    ConsentText,
    ContactPoint,
    Document,
    ErasedPatient,
    ErasureRequest,
    FieldProposal,
    Hospital,
    Measure,
    MeasureUnit,
    MedicalCondition,
    MergedPatient,
    Message,
    Note,
    Observation,
    Patient,
    PossibleDuplicate,
    RuleOverride,
    SoughtValue,
    Specialist,
    Specialization,
    StageChange,
    Submission,
)
from patients.models.texts import fingerprint
from portal.core.ids import uuid7
from portal.core.tests.factories import UserFactory


class MedicalConditionFactory(factory.django.DjangoModelFactory[MedicalCondition]):
    class Meta:
        model = MedicalCondition

    name = factory.Sequence(lambda n: f"Rare condition {n}")
    abbreviation = factory.Sequence(lambda n: f"RC{n}")


class ConditionNameFactory(factory.django.DjangoModelFactory[ConditionName]):
    class Meta:
        model = ConditionName

    condition = factory.SubFactory(MedicalConditionFactory)
    name = factory.Sequence(lambda n: f"Another name {n}")


class HospitalFactory(factory.django.DjangoModelFactory[Hospital]):
    class Meta:
        model = Hospital

    name = factory.Sequence(lambda n: f"Hospital {n}")
    city = factory.Faker("city")
    country = "NL"


class SpecializationFactory(factory.django.DjangoModelFactory[Specialization]):
    class Meta:
        model = Specialization

    name = factory.Sequence(lambda n: f"Specialization {n}")


class SpecialistFactory(factory.django.DjangoModelFactory[Specialist]):
    class Meta:
        model = Specialist

    first_name = factory.Faker("first_name")
    last_name = factory.Faker("last_name")
    email = factory.Sequence(lambda n: f"specialist{n}@example.com")
    hospital = factory.SubFactory(HospitalFactory)
    specialization = factory.SubFactory(SpecializationFactory)


class PatientFactory(factory.django.DjangoModelFactory[Patient]):
    """A lead; `PatientFactory(converted=True)` makes a patient with a physician."""

    class Meta:
        model = Patient

    class Params:
        converted = factory.Trait(
            stage="patient",
            initial_consult_at=datetime(2026, 1, 5, 10, tzinfo=UTC),
            converted_at=datetime(2026, 1, 6, 10, tzinfo=UTC),
            physician=factory.SubFactory(SpecialistFactory),
        )

    first_name = factory.Faker("first_name")
    last_name = factory.Faker("last_name")
    email = factory.Sequence(lambda n: f"patient{n}@example.org")
    country = "NL"
    language = "nl"
    medical_condition = factory.SubFactory(MedicalConditionFactory)


class ContactPointFactory(factory.django.DjangoModelFactory[ContactPoint]):
    class Meta:
        model = ContactPoint

    patient = factory.SubFactory(PatientFactory)
    kind = "email"
    value = factory.Sequence(lambda n: f"further{n}@example.net")


class SubmissionFactory(factory.django.DjangoModelFactory[Submission]):
    class Meta:
        model = Submission

    patient = factory.SubFactory(PatientFactory)
    source = "landing_page"
    payload = factory.LazyFunction(lambda: {"first_name": "Ada", "hope": "a trial"})
    match = "new"


class ConsentFactory(factory.django.DjangoModelFactory[Consent]):
    class Meta:
        model = Consent

    patient = factory.SubFactory(PatientFactory)
    purpose = "navigation"
    decision = "given"
    text_version = "2026-01"
    language = "nl"
    method = "web_form"


class ConsentTextFactory(factory.django.DjangoModelFactory[ConsentText]):
    class Meta:
        model = ConsentText

    purpose = "research"
    text_version = factory.Sequence(lambda n: f"test-{n}")
    language = "en"
    title = "Use for research"
    body = "You agree that we count you without your name."
    sha256 = factory.LazyAttribute(lambda text: fingerprint(title=text.title, body=text.body))
    valid_from = datetime(2026, 1, 1, tzinfo=UTC)


class NoteFactory(factory.django.DjangoModelFactory[Note]):
    class Meta:
        model = Note

    patient = factory.SubFactory(PatientFactory)
    author = factory.SubFactory(UserFactory)
    text = "Prefers to be called in the morning."


class DocumentFactory(factory.django.DjangoModelFactory[Document]):
    class Meta:
        model = Document

    patient = factory.SubFactory(PatientFactory)
    kind = "letter"
    title = "Letter of referral"
    file = factory.Sequence(lambda n: f"00/{n:032x}")
    content_type = "application/pdf"
    size = 1024
    sha256 = "0" * 64


class PossibleDuplicateFactory(factory.django.DjangoModelFactory[PossibleDuplicate]):
    class Meta:
        model = PossibleDuplicate

    first_patient = factory.SubFactory(PatientFactory)
    second_patient = factory.SubFactory(PatientFactory)
    tier = "R2"


class MergedPatientFactory(factory.django.DjangoModelFactory[MergedPatient]):
    class Meta:
        model = MergedPatient

    old_id = factory.LazyFunction(uuid7)
    survivor = factory.SubFactory(PatientFactory)


class FieldProposalFactory(factory.django.DjangoModelFactory[FieldProposal]):
    class Meta:
        model = FieldProposal

    patient = factory.SubFactory(PatientFactory)
    field = "country"
    current_value = "NL"
    proposed_value = "BE"


class StageChangeFactory(factory.django.DjangoModelFactory[StageChange]):
    class Meta:
        model = StageChange

    patient = factory.SubFactory(PatientFactory)
    from_stage = "lead"
    to_stage = "patient"
    reason = "pursue"
    changed_by = factory.SubFactory(UserFactory)


class RuleOverrideFactory(factory.django.DjangoModelFactory[RuleOverride]):
    class Meta:
        model = RuleOverride

    patient = factory.SubFactory(PatientFactory)
    rule = "not_reached"
    reason = "Spoke to the physician, who asked for it."
    overridden_by = factory.SubFactory(UserFactory)


class ErasureRequestFactory(factory.django.DjangoModelFactory[ErasureRequest]):
    """Only the row: to erase people, call `patients.erasure`."""

    class Meta:
        model = ErasureRequest

    patient_id = factory.LazyFunction(uuid7)
    ground = "consent_withdrawn"
    requested_by = factory.SubFactory(UserFactory)


class ErasedPatientFactory(factory.django.DjangoModelFactory[ErasedPatient]):
    class Meta:
        model = ErasedPatient

    old_id = factory.LazyFunction(uuid7)
    request = factory.SubFactory(ErasureRequestFactory)


class SoughtValueFactory(factory.django.DjangoModelFactory[SoughtValue]):
    class Meta:
        model = SoughtValue

    request = factory.SubFactory(ErasureRequestFactory)
    kind = "email"
    value = factory.Sequence(lambda n: f"gone{n}@example.org")


class MessageFactory(factory.django.DjangoModelFactory[Message]):
    """A message that waits, of a kind that no app has joined."""

    class Meta:
        model = Message

    patient = factory.SubFactory(PatientFactory)
    kind = "greeting"
    key = factory.Sequence(lambda n: f"greeting.{n}")
    due_at = datetime(2026, 11, 23, 9, tzinfo=UTC)


class MeasureFactory(factory.django.DjangoModelFactory[Measure]):
    """A number; `kind="yes_no", unit=""` makes a question that is answered with yes or no."""

    class Meta:
        model = Measure

    code = factory.Sequence(lambda n: f"measure-{n}")
    name = factory.Sequence(lambda n: f"Measure {n}")
    question = "How much is it?"
    category = "lab"
    kind = "number"
    unit = "mg/dL"


class MeasureUnitFactory(factory.django.DjangoModelFactory[MeasureUnit]):
    class Meta:
        model = MeasureUnit

    measure = factory.SubFactory(MeasureFactory)
    unit = "g/L"
    factor = Decimal(100)


class ObservationFactory(factory.django.DjangoModelFactory[Observation]):
    """Only the row: to convert and to judge, call `patients.observing`."""

    class Meta:
        model = Observation

    patient = factory.SubFactory(PatientFactory)
    measure = factory.SubFactory(MeasureFactory)
    number = Decimal("1.2")
    entered = "1.2"
    unit = "mg/dL"
    observed_on = date(2026, 11, 2)
    source = "patient_said"
    recorded_by = factory.SubFactory(UserFactory)
