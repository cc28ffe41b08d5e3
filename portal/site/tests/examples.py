"""One valid record of each kind that the workplace shows, by label."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group
from oauth2_provider.models import get_application_model

from bookings.models import SlotRules
from bookings.tests.factories import (
    BookingFactory,
    CalendarFeedFactory,
    CallFactory,
    TimeOffFactory,
    WorkingHoursFactory,
)
from crm_import.tests.factories import (
    FieldConflictFactory,
    HeldRowFactory,
    OptionValueFactory,
    VerificationFactory,
)
from patients.merging import merge
from patients.models import Patient, PatientMerge
from patients.tests.factories import (
    ConditionNameFactory,
    ConsentFactory,
    ContactPointFactory,
    DocumentFactory,
    ErasedPatientFactory,
    ErasureRequestFactory,
    FieldProposalFactory,
    HospitalFactory,
    MeasureFactory,
    MeasureUnitFactory,
    MedicalConditionFactory,
    MergedPatientFactory,
    MessageFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PossibleDuplicateFactory,
    SoughtValueFactory,
    SpecialistFactory,
    SpecializationFactory,
    StageChangeFactory,
    SubmissionFactory,
)
from portal.core import access
from portal.core.models import AccessEvent
from portal.core.tests.factories import UserFactory
from referrals.tests.factories import (
    AssessedFactory,
    ClinicalTrialFactory,
    CriterionAnswerFactory,
    CriterionFactory,
    CTReferralFactory,
    DossierChangeFactory,
    DossierStepDependencyFactory,
    DossierStepFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
    FollowUpFactory,
    OptionsReportFactory,
    ProductFactory,
    ProgramConditionFactory,
    ReferralChangeFactory,
    RegistryRecordFactory,
    RouteStepDependencyFactory,
    RouteStepFactory,
    RouteTemplateFactory,
    SafetyReportChangeFactory,
    SafetyReportFactory,
    SetAsideRecordFactory,
    ShipmentFactory,
    StepDocumentFactory,
    TrialConditionFactory,
    TrialSiteFactory,
    UnplacedConditionFactory,
)


def _access_event() -> AccessEvent:
    patient = PatientFactory()
    access.opened(Patient, [patient.pk], by=UserFactory(), route=AccessEvent.Route.REST)
    return AccessEvent.objects.get(record_ids__contains=[patient.pk])


def _application() -> Any:
    return get_application_model().objects.create(
        name="warehouse",
        user=UserFactory(is_staff=False),
        authorization_grant_type="client-credentials",
    )


def _merge() -> PatientMerge:
    survivor, loser = PatientFactory(), PatientFactory()
    return merge(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())


EXAMPLES: dict[str, Callable[[], Any]] = {
    "patients.patient": PatientFactory,
    "patients.specialist": SpecialistFactory,
    "patients.contactpoint": ContactPointFactory,
    "patients.hospital": HospitalFactory,
    "patients.specialization": SpecializationFactory,
    "patients.medicalcondition": MedicalConditionFactory,
    "patients.conditionname": ConditionNameFactory,
    "patients.submission": SubmissionFactory,
    "patients.consent": ConsentFactory,
    "patients.note": NoteFactory,
    "patients.document": DocumentFactory,
    "patients.measure": MeasureFactory,
    "patients.measureunit": MeasureUnitFactory,
    "patients.observation": ObservationFactory,
    "patients.message": MessageFactory,
    "patients.possibleduplicate": PossibleDuplicateFactory,
    "patients.mergedpatient": MergedPatientFactory,
    "patients.fieldproposal": FieldProposalFactory,
    "patients.stagechange": StageChangeFactory,
    "patients.patientmerge": _merge,
    "patients.erasurerequest": ErasureRequestFactory,
    "patients.erasedpatient": ErasedPatientFactory,
    "patients.soughtvalue": SoughtValueFactory,
    "bookings.workinghours": WorkingHoursFactory,
    "bookings.timeoff": TimeOffFactory,
    "bookings.slotrules": SlotRules.objects.get,
    "bookings.booking": BookingFactory,
    "bookings.call": CallFactory,
    "bookings.calendarfeed": CalendarFeedFactory,
    "referrals.clinicaltrial": ClinicalTrialFactory,
    "referrals.trialcondition": TrialConditionFactory,
    "referrals.trialsite": TrialSiteFactory,
    "referrals.product": ProductFactory,
    "referrals.expandedaccessprogram": ExpandedAccessProgramFactory,
    "referrals.programcondition": ProgramConditionFactory,
    "referrals.registryrecord": RegistryRecordFactory,
    "referrals.unplacedcondition": UnplacedConditionFactory,
    "referrals.setasiderecord": SetAsideRecordFactory,
    "referrals.criterion": CriterionFactory,
    "referrals.criterionanswer": CriterionAnswerFactory,
    "referrals.assessed": AssessedFactory,
    "referrals.ctreferral": CTReferralFactory,
    "referrals.referralchange": ReferralChangeFactory,
    "referrals.optionsreport": OptionsReportFactory,
    "referrals.eapdossier": EAPDossierFactory,
    "referrals.dossierstep": DossierStepFactory,
    "referrals.dossierstepdependency": DossierStepDependencyFactory,
    "referrals.shipment": ShipmentFactory,
    "referrals.followup": FollowUpFactory,
    "referrals.safetyreport": SafetyReportFactory,
    "referrals.safetyreportchange": SafetyReportChangeFactory,
    "referrals.stepdocument": StepDocumentFactory,
    "referrals.dossierchange": DossierChangeFactory,
    "referrals.routetemplate": RouteTemplateFactory,
    "referrals.routestep": RouteStepFactory,
    "referrals.routestepdependency": RouteStepDependencyFactory,
    "crm_import.verification": VerificationFactory,
    "crm_import.heldrow": HeldRowFactory,
    "crm_import.optionvalue": OptionValueFactory,
    "crm_import.fieldconflict": FieldConflictFactory,
    "core.user": UserFactory,
    "core.accessevent": _access_event,
    "auth.group": lambda: Group.objects.order_by("pk").first(),
    "oauth2_provider.application": _application,
}
