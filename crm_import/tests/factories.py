"""What a run leaves, without a run."""

from typing import Any

import factory

from crm_import.models import (
    Correction,
    Crosswalk,
    FieldConflict,
    ForgottenRow,
    HeldRow,
    ImportPlan,
    ImportRun,
    LegacyCondition,
    LegacyContact,
    LegacyDossier,
    LegacyHospital,
    LegacyOption,
    LegacyPatient,
    LegacySpecialization,
    OptionValue,
    PairDecision,
    PendingLink,
    Problem,
    RowOutcome,
    SourceFile,
    TakenBack,
    UnreadableRecord,
    Verification,
    VerificationSignature,
)
from portal.core.ids import uuid7
from portal.core.tests import factories as core


class ImportPlanFactory(factory.django.DjangoModelFactory[ImportPlan]):
    class Meta:
        model = ImportPlan

    source = "export"
    findings = factory.LazyFunction(
        lambda: {
            "tables": {"Contact": {"read": 2, "create": 1, "quarantine": 1}},
            "examples": {"Contact": {"create": [str(uuid7())]}},
            "decisions": [
                {"kind": "brake", "text": "Contact has 1 rows, and had 200 in the export before."},
                {
                    "kind": "option_value",
                    "option_set": "product",
                    "value": "100000009",
                    "labels": [],
                },
            ],
        }
    )


class ImportRunFactory(factory.django.DjangoModelFactory[ImportRun]):
    class Meta:
        model = ImportRun

    source = "export"
    fingerprint = factory.Sequence(lambda n: f"{n:064x}")
    report = factory.LazyFunction(
        lambda: {
            "tables": {"Contact": {"read": 2, "imported": 1, "quarantined": 1}},
            "created": {"patients": 1},
            "totals": {"patients": 1},
            "problems": {"routing_missing": 1},
        }
    )


class SourceFileFactory(factory.django.DjangoModelFactory[SourceFile]):
    class Meta:
        model = SourceFile

    run = factory.SubFactory(ImportRunFactory)
    entity = "Contact"
    name = "Contact.csv"
    sha256 = "0" * 64
    size = 100
    columns = factory.LazyFunction(lambda: ["contactid", "firstname"])
    records = 1


class UnreadableRecordFactory(factory.django.DjangoModelFactory[UnreadableRecord]):
    class Meta:
        model = UnreadableRecord

    file = factory.SubFactory(SourceFileFactory)
    record = 1
    byte_offset = 20
    raw = b"caf\xe9\n"
    reason = "not_utf8"


class _LegacyRowFactory(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True

    file = factory.SubFactory(SourceFileFactory)
    record = 1


class LegacyContactFactory(_LegacyRowFactory):
    class Meta:
        model = LegacyContact

    contactid = factory.LazyFunction(lambda: str(uuid7()))
    firstname = "Anna"
    lastname = "Berg"


class LegacyPatientFactory(_LegacyRowFactory):
    class Meta:
        model = LegacyPatient

    patientid = factory.LazyFunction(lambda: str(uuid7()))


class LegacyDossierFactory(_LegacyRowFactory):
    class Meta:
        model = LegacyDossier

    eap_dossier_id = factory.LazyFunction(lambda: str(uuid7()))


class LegacyConditionFactory(_LegacyRowFactory):
    class Meta:
        model = LegacyCondition

    medicalconditionid = factory.LazyFunction(lambda: str(uuid7()))


class LegacyHospitalFactory(_LegacyRowFactory):
    class Meta:
        model = LegacyHospital

    hospitalid = factory.LazyFunction(lambda: str(uuid7()))


class LegacySpecializationFactory(_LegacyRowFactory):
    class Meta:
        model = LegacySpecialization

    specializationid = factory.LazyFunction(lambda: str(uuid7()))


class LegacyOptionFactory(_LegacyRowFactory):
    class Meta:
        model = LegacyOption

    option_set = "eligible"
    value = "100000000"
    label = "Yes"


class RowOutcomeFactory(factory.django.DjangoModelFactory[RowOutcome]):
    class Meta:
        model = RowOutcome

    run = factory.SubFactory(ImportRunFactory)
    entity = "Contact"
    row = factory.LazyFunction(lambda: LegacyContactFactory().pk)
    legacy_id = factory.LazyFunction(uuid7)
    outcome = "quarantined"
    reason = "routing_missing"


class HeldRowFactory(RowOutcomeFactory):
    class Meta:
        model = HeldRow


class ProblemFactory(factory.django.DjangoModelFactory[Problem]):
    class Meta:
        model = Problem

    run = factory.SubFactory(ImportRunFactory)
    entity = "Contact"
    row = factory.LazyFunction(lambda: LegacyContactFactory().pk)
    record = 1
    legacy_id = factory.LazyFunction(uuid7)
    code = "routing_missing"
    severity = "error"
    field = "contact_type"


class CrosswalkFactory(factory.django.DjangoModelFactory[Crosswalk]):
    class Meta:
        model = Crosswalk

    entity = "Contact"
    legacy_id = factory.LazyFunction(uuid7)
    target_model = "patients.patient"
    target_id = factory.LazyFunction(uuid7)
    rule = "first"
    run = factory.SubFactory(ImportRunFactory)


class PendingLinkFactory(factory.django.DjangoModelFactory[PendingLink]):
    class Meta:
        model = PendingLink

    entity = "Contact"
    legacy_id = factory.LazyFunction(uuid7)
    field = "hospital"
    missing_id = factory.LazyFunction(uuid7)
    run = factory.SubFactory(ImportRunFactory)


class OptionValueFactory(factory.django.DjangoModelFactory[OptionValue]):
    class Meta:
        model = OptionValue

    option_set = "eligible"
    value = factory.Sequence(lambda n: str(100_000_000 + n))
    labels = factory.LazyFunction(lambda: ["Yes", "Ja"])
    meaning = "yes"
    state = "approved"
    run = factory.SubFactory(ImportRunFactory)


class VerificationFactory(factory.django.DjangoModelFactory[Verification]):
    class Meta:
        model = Verification

    run = factory.SubFactory(ImportRunFactory)
    is_deep = False
    adds_up = True
    result = factory.LazyFunction(
        lambda: {
            "checks": [],
            "totals": {"patients": 1},
            "held": {},
            "problems": {},
            "not_compared": [],
        }
    )


class VerificationSignatureFactory(factory.django.DjangoModelFactory[VerificationSignature]):
    class Meta:
        model = VerificationSignature

    verification = factory.SubFactory(VerificationFactory)
    by = factory.SubFactory(core.UserFactory)
    remark = "Go."


class TakenBackFactory(factory.django.DjangoModelFactory[TakenBack]):
    class Meta:
        model = TakenBack

    run = factory.SubFactory(ImportRunFactory)
    entity = "Contact"
    row = factory.Sequence(lambda n: n + 1)
    legacy_id = factory.LazyFunction(uuid7)
    outcome = "imported"


class ForgottenRowFactory(factory.django.DjangoModelFactory[ForgottenRow]):
    class Meta:
        model = ForgottenRow

    entity = "Contact"
    digest = factory.Sequence(lambda n: f"{n:064x}")


class CorrectionFactory(factory.django.DjangoModelFactory[Correction]):
    class Meta:
        model = Correction

    entity = "Contact"
    row = factory.LazyFunction(lambda: LegacyContactFactory().pk)
    legacy_id = factory.LazyFunction(uuid7)
    kind = "waive"
    cells = factory.LazyFunction(dict)
    reason = "A test row"
    by = factory.SubFactory("portal.core.tests.factories.UserFactory")
    run = factory.SubFactory(ImportRunFactory)


class PairDecisionFactory(factory.django.DjangoModelFactory[PairDecision]):
    class Meta:
        model = PairDecision

    # Ids in the order in which they are made.
    first_id = factory.LazyFunction(uuid7)
    second_id = factory.LazyFunction(uuid7)
    decision = "different"
    by = factory.SubFactory("portal.core.tests.factories.UserFactory")


class FieldConflictFactory(factory.django.DjangoModelFactory[FieldConflict]):
    class Meta:
        model = FieldConflict

    patient = factory.SubFactory("patients.tests.factories.PatientFactory")
    target_model = "patients.patient"
    target_id = factory.SelfAttribute("patient.pk")
    field = "name"
    values = factory.LazyAttribute(
        lambda conflict: [
            said("Contact", {"first_name": "Anna", "last_name": "Berg"}),
            said("portal", {"first_name": "Anna", "last_name": "Bergman"}),
        ]
    )
    winner = factory.LazyFunction(lambda: {"first_name": "Anna", "last_name": "Bergman"})
    rule = "portal"
    run = factory.SubFactory(ImportRunFactory)


def said(source: str, value: Any) -> dict[str, Any]:
    """One value of a conflict, as an import writes it."""
    is_row = source != "portal"
    return {
        "source": source,
        "legacy_id": str(uuid7()) if is_row else None,
        "row": 1 if is_row else None,
        "modified": "2024-06-01T00:00:00+00:00" if is_row else None,
        "value": value,
    }
