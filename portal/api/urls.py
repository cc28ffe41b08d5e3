"""The URLs of REST, and the one list of its collections."""

from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from bookings.api.made import CallViewSet
from bookings.api.planned import BookingViewSet
from bookings.api.slots import SlotViewSet
from patients.api.consent_texts import ConsentTextViewSet
from patients.api.consents import ConsentViewSet
from patients.api.contact_points import ContactPointViewSet
from patients.api.documents import DocumentViewSet
from patients.api.lookups import (
    ConditionNameViewSet,
    HospitalViewSet,
    MedicalConditionViewSet,
    SpecializationViewSet,
)
from patients.api.measures import MeasureUnitViewSet, MeasureViewSet
from patients.api.notes import NoteViewSet
from patients.api.observations import ObservationViewSet
from patients.api.patients import PatientViewSet
from patients.api.specialists import SpecialistViewSet
from patients.api.submissions import SubmissionViewSet
from portal.api.views import Collections, Docs, Root, Schema
from portal.core.api.viewsets import RecordViewSet
from referrals.api.ct_referrals import CTReferralViewSet
from referrals.api.dossier_steps import DossierStepViewSet
from referrals.api.eap_dossiers import EAPDossierViewSet
from referrals.api.eligibility import CriterionAnswerViewSet, CriterionViewSet
from referrals.api.options import OptionViewSet
from referrals.api.options_reports import OptionsReportViewSet
from referrals.api.programs import (
    ExpandedAccessProgramViewSet,
    ProductViewSet,
    ProgramConditionViewSet,
)
from referrals.api.route_templates import RouteTemplateViewSet
from referrals.api.safety import SafetyReportViewSet
from referrals.api.supply import FollowUpViewSet, ShipmentViewSet
from referrals.api.trials import ClinicalTrialViewSet, TrialConditionViewSet, TrialSiteViewSet

COLLECTIONS: dict[str, type[RecordViewSet]] = {
    "patients": PatientViewSet,
    "contact-points": ContactPointViewSet,
    "specialists": SpecialistViewSet,
    "hospitals": HospitalViewSet,
    "specializations": SpecializationViewSet,
    "medical-conditions": MedicalConditionViewSet,
    "condition-names": ConditionNameViewSet,
    "submissions": SubmissionViewSet,
    "consents": ConsentViewSet,
    "consent-texts": ConsentTextViewSet,
    "notes": NoteViewSet,
    "documents": DocumentViewSet,
    "measures": MeasureViewSet,
    "measure-units": MeasureUnitViewSet,
    "observations": ObservationViewSet,
    "bookings": BookingViewSet,
    "calls": CallViewSet,
    "clinical-trials": ClinicalTrialViewSet,
    "trial-conditions": TrialConditionViewSet,
    "trial-sites": TrialSiteViewSet,
    "products": ProductViewSet,
    "expanded-access-programs": ExpandedAccessProgramViewSet,
    "program-conditions": ProgramConditionViewSet,
    "eligibility-criteria": CriterionViewSet,
    "criterion-answers": CriterionAnswerViewSet,
    "ct-referrals": CTReferralViewSet,
    "route-templates": RouteTemplateViewSet,
    "eap-dossiers": EAPDossierViewSet,
    "dossier-steps": DossierStepViewSet,
    "shipments": ShipmentViewSet,
    "follow-ups": FollowUpViewSet,
    "safety-reports": SafetyReportViewSet,
    "options-reports": OptionsReportViewSet,
}

router = SimpleRouter()
for name, viewset in COLLECTIONS.items():
    router.register(name, viewset, basename=name)
# Worked out when asked for, so there is nothing to make, change or read by id.
router.register("slots", SlotViewSet, basename="slots")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", Root.as_view(), name="api-root"),
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(url_name="api-schema"), name="api-docs"),
    path("v1/", Collections.as_view(collections=(*COLLECTIONS, "slots")), name="api-v1"),
    path("v1/", include(router.urls)),
    path(
        "v1/patients/<uuid:id>/options/",
        OptionViewSet.as_view({"get": "list"}, name="List the options of one patient"),
        name="patient-options",
    ),
]
