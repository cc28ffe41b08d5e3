"""Valid trials, programs, referrals and dossiers."""

from datetime import UTC, date, datetime
from typing import Any

import factory

from patients.tests.factories import (
    DocumentFactory,
    HospitalFactory,
    MedicalConditionFactory,
    PatientFactory,
)
from portal.core.tests.factories import UserFactory
from referrals.models import (
    Assessed,
    ClinicalTrial,
    Criterion,
    CriterionAnswer,
    CTReferral,
    DossierChange,
    DossierStep,
    DossierStepDependency,
    EAPDossier,
    ExpandedAccessProgram,
    FollowUp,
    OptionsReport,
    Product,
    ProgramCondition,
    ReferralChange,
    RegistryRecord,
    RouteStep,
    RouteStepDependency,
    RouteTemplate,
    SafetyReport,
    SafetyReportChange,
    SetAsideRecord,
    Shipment,
    StepDocument,
    TrialCondition,
    TrialSite,
    UnplacedCondition,
)


class ClinicalTrialFactory(factory.django.DjangoModelFactory[ClinicalTrial]):
    class Meta:
        model = ClinicalTrial

    registry = "NCT"
    registry_id = factory.Sequence(lambda n: f"NCT{n:08d}")
    title = factory.Sequence(lambda n: f"A study of something new {n}")
    status = "RECRUITING"


class TrialConditionFactory(factory.django.DjangoModelFactory[TrialCondition]):
    class Meta:
        model = TrialCondition

    trial = factory.SubFactory(ClinicalTrialFactory)
    condition = factory.SubFactory(MedicalConditionFactory)


class TrialSiteFactory(factory.django.DjangoModelFactory[TrialSite]):
    class Meta:
        model = TrialSite

    trial = factory.SubFactory(ClinicalTrialFactory)
    facility = factory.Sequence(lambda n: f"Research site {n}")
    hospital = factory.SubFactory(HospitalFactory)


class ProductFactory(factory.django.DjangoModelFactory[Product]):
    class Meta:
        model = Product

    name = factory.Sequence(lambda n: f"Product {n}")


class ExpandedAccessProgramFactory(factory.django.DjangoModelFactory[ExpandedAccessProgram]):
    class Meta:
        model = ExpandedAccessProgram

    eap_number = factory.Sequence(lambda n: f"EAP-2026-{n:05d}")
    product = factory.SubFactory(ProductFactory)


class ProgramConditionFactory(factory.django.DjangoModelFactory[ProgramCondition]):
    class Meta:
        model = ProgramCondition

    program = factory.SubFactory(ExpandedAccessProgramFactory)
    condition = factory.SubFactory(MedicalConditionFactory)


class RegistryRecordFactory(factory.django.DjangoModelFactory[RegistryRecord]):
    class Meta:
        model = RegistryRecord

    registry_id = factory.Sequence(lambda n: f"NCT{n:08d}")
    trial = factory.SubFactory(ClinicalTrialFactory)
    source = "studies.json"
    shape = "api"


class UnplacedConditionFactory(factory.django.DjangoModelFactory[UnplacedCondition]):
    class Meta:
        model = UnplacedCondition

    name = factory.Sequence(lambda n: f"Rare disorder {n}")
    spellings = factory.LazyAttribute(lambda one: [one.name])
    mentions = 1


class SetAsideRecordFactory(factory.django.DjangoModelFactory[SetAsideRecord]):
    class Meta:
        model = SetAsideRecord

    source = "studies.jsonl"
    place = factory.Sequence(lambda n: f"line {n}")
    reason = "unreadable"
    content = "{"
    digest = factory.Sequence(lambda n: f"{n:064d}")


class CTReferralFactory(factory.django.DjangoModelFactory[CTReferral]):
    class Meta:
        model = CTReferral

    patient = factory.SubFactory(PatientFactory)
    trial = factory.SubFactory(ClinicalTrialFactory)
    referred_at = factory.LazyAttribute(
        lambda referral: (
            datetime(2026, 5, 5, 9, tzinfo=UTC)
            if getattr(referral, "status", "") in {"referred", "acknowledged", "screening"}
            else None
        )
    )


class RouteTemplateFactory(factory.django.DjangoModelFactory[RouteTemplate]):
    class Meta:
        model = RouteTemplate

    code = factory.Sequence(lambda n: f"route-{n}")
    title = "Generic route"


class RouteStepFactory(factory.django.DjangoModelFactory[RouteStep]):
    class Meta:
        model = RouteStep

    template = factory.SubFactory(RouteTemplateFactory)
    key = factory.Sequence(lambda n: f"step-{n}")
    title = "Ask the sponsor"
    position = 1


class RouteStepDependencyFactory(factory.django.DjangoModelFactory[RouteStepDependency]):
    class Meta:
        model = RouteStepDependency

    step = factory.SubFactory(RouteStepFactory)
    needed = factory.SubFactory(RouteStepFactory)


class EAPDossierFactory(factory.django.DjangoModelFactory[EAPDossier]):
    class Meta:
        model = EAPDossier

    patient = factory.SubFactory(PatientFactory)
    program = factory.SubFactory(ExpandedAccessProgramFactory)


class DossierStepFactory(factory.django.DjangoModelFactory[DossierStep]):
    class Meta:
        model = DossierStep

    dossier = factory.SubFactory(EAPDossierFactory)
    title = "Ask the sponsor"


class DossierStepDependencyFactory(factory.django.DjangoModelFactory[DossierStepDependency]):
    class Meta:
        model = DossierStepDependency

    step = factory.SubFactory(DossierStepFactory)
    needed = factory.SubFactory(DossierStepFactory, dossier=factory.SelfAttribute("..step.dossier"))


class ReferralChangeFactory(factory.django.DjangoModelFactory[ReferralChange]):
    class Meta:
        model = ReferralChange

    referral = factory.SubFactory(CTReferralFactory)
    action = "find-eligible"
    from_status = "draft"
    to_status = "eligible"
    happened_on = date(2026, 5, 4)
    changed_by = factory.SubFactory(UserFactory)


class OptionsReportFactory(factory.django.DjangoModelFactory[OptionsReport]):
    class Meta:
        model = OptionsReport

    patient = factory.SubFactory(PatientFactory)
    number = factory.Sequence(lambda n: n + 1_000_000)
    audience = "patient"
    language = "en"
    content = factory.LazyAttribute(lambda report: {"number": report.number})
    html = "<p>As it was made.</p>"
    html_sha256 = "0" * 64
    document = factory.SubFactory(DocumentFactory, patient=factory.SelfAttribute("..patient"))
    made_by = factory.SubFactory(UserFactory)


class CriterionFactory(factory.django.DjangoModelFactory[Criterion]):
    """A question, unless another kind is said."""

    class Meta:
        model = Criterion

    trial = factory.Maybe(
        "program", yes_declaration=None, no_declaration=factory.SubFactory(ClinicalTrialFactory)
    )
    program = None
    kind = "question"
    text = factory.LazyAttribute(lambda row: "Is it so?" if row.kind == "question" else "")


class CriterionAnswerFactory(factory.django.DjangoModelFactory[CriterionAnswer]):
    class Meta:
        model = CriterionAnswer

    patient = factory.SubFactory(PatientFactory)
    criterion = factory.SubFactory(CriterionFactory)
    met = True
    said_on = date(2026, 11, 3)
    source = "patient_said"
    recorded_by = factory.SubFactory(UserFactory)


class AssessedFactory(factory.django.DjangoModelFactory[Assessed]):
    class Meta:
        model = Assessed

    patient = factory.SubFactory(PatientFactory)
    trial = factory.SubFactory(ClinicalTrialFactory)
    verdict = "unknown"


# What a shipment in a status has to say, one week for each step.
SHIPPED_SO_FAR: dict[str, dict[str, Any]] = {
    "planned": {},
    "released": {"released_on": date(2026, 6, 1)},
    "shipped": {"released_on": date(2026, 6, 1), "shipped_on": date(2026, 6, 8)},
    "delivered": {
        "released_on": date(2026, 6, 1),
        "shipped_on": date(2026, 6, 8),
        "delivered_on": date(2026, 6, 15),
    },
    "lost": {"shipped_on": date(2026, 6, 8), "ended_on": date(2026, 6, 15), "reason": "carrier"},
    "returned": {
        "shipped_on": date(2026, 6, 8),
        "ended_on": date(2026, 6, 15),
        "reason": "cold_chain",
    },
    "cancelled": {"ended_on": date(2026, 6, 1), "reason": "not_needed"},
}


class ShipmentFactory(factory.django.DjangoModelFactory[Shipment]):
    class Meta:
        model = Shipment

    dossier = factory.SubFactory(EAPDossierFactory)
    product = "Hopeximab 50 mg, vial"
    quantity = 6
    unit = "vials"
    lasts_days = 28

    @classmethod
    def _create(cls, model_class: type[Shipment], *args: Any, **kwargs: Any) -> Shipment:
        said = SHIPPED_SO_FAR.get(kwargs.get("status", "planned"), {})
        made: Shipment = super()._create(model_class, *args, **{**said, **kwargs})
        return made


class FollowUpFactory(factory.django.DjangoModelFactory[FollowUp]):
    class Meta:
        model = FollowUp

    dossier = factory.SubFactory(EAPDossierFactory)
    kind = "lab"
    due_on = date(2026, 6, 15)


class SafetyReportFactory(factory.django.DjangoModelFactory[SafetyReport]):
    class Meta:
        model = SafetyReport

    dossier = factory.SubFactory(EAPDossierFactory)
    description = "Raised liver enzymes, admitted for a night."
    seriousness = factory.LazyFunction(lambda: ["hospitalisation"])
    aware_at = datetime(2026, 6, 15, 9, tzinfo=UTC)


class SafetyReportChangeFactory(factory.django.DjangoModelFactory[SafetyReportChange]):
    class Meta:
        model = SafetyReportChange

    report = factory.SubFactory(SafetyReportFactory)
    action = "tell-sponsor"
    happened_at = datetime(2026, 6, 15, 10, tzinfo=UTC)
    changed_by = factory.SubFactory(UserFactory)


class StepDocumentFactory(factory.django.DjangoModelFactory[StepDocument]):
    class Meta:
        model = StepDocument

    step = factory.SubFactory(DossierStepFactory)
    name = "Medical summary"
    document = factory.SubFactory(
        DocumentFactory, patient=factory.SelfAttribute("..step.dossier.patient")
    )


class DossierChangeFactory(factory.django.DjangoModelFactory[DossierChange]):
    class Meta:
        model = DossierChange

    dossier = factory.SubFactory(EAPDossierFactory)
    action = "close"
    happened_on = date(2026, 5, 4)
    changed_by = factory.SubFactory(UserFactory)
