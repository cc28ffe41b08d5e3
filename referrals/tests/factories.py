"""Valid trials, programs, referrals and dossiers."""

from datetime import UTC, date, datetime

import factory

from patients.tests.factories import (
    DocumentFactory,
    HospitalFactory,
    MedicalConditionFactory,
    PatientFactory,
)
from portal.core.tests.factories import UserFactory
from referrals.models import (
    ClinicalTrial,
    CTReferral,
    DossierChange,
    DossierStep,
    DossierStepDependency,
    EAPDossier,
    ExpandedAccessProgram,
    Product,
    ProgramCondition,
    ReferralChange,
    RegistryRecord,
    RouteStep,
    RouteStepDependency,
    RouteTemplate,
    SetAsideRecord,
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
