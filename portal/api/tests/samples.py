"""For every collection: a record to make, a change to it, and a filter that finds it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile

from bookings.tests.factories import BookingFactory, CallFactory
from patients.tests.factories import (
    ConditionNameFactory,
    ConsentFactory,
    ConsentTextFactory,
    ContactPointFactory,
    DocumentFactory,
    HospitalFactory,
    MeasureFactory,
    MeasureUnitFactory,
    MedicalConditionFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    SpecialistFactory,
    SpecializationFactory,
    SubmissionFactory,
)
from portal.core.tests.factories import UserFactory
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CriterionAnswerFactory,
    CriterionFactory,
    CTReferralFactory,
    DossierStepFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
    FollowUpFactory,
    OptionsReportFactory,
    ProductFactory,
    ProgramConditionFactory,
    RouteTemplateFactory,
    SafetyReportFactory,
    ShipmentFactory,
    TrialConditionFactory,
    TrialSiteFactory,
)

# Well ahead, so that a booking can be moved, cancelled or let go.
AHEAD = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=30)


@dataclass(frozen=True)
class Sample:
    """`made` makes a row as a fixture; `body` is what a POST sends, `change` what a PATCH does.

    `found_by` is a filter; where its value is None, the value is the one in `body`. `headers` are
    those of a POST. `passing` is what a POST says besides to make a record that can be deleted.
    """

    made: Callable[..., Any]
    body: Callable[[], dict[str, Any]]
    change: dict[str, Any] = field(default_factory=dict)
    found_by: dict[str, str | None] = field(default_factory=dict)
    headers: Callable[[], dict[str, str]] = dict
    passing: dict[str, Any] = field(default_factory=dict)


def _id(row: Any) -> str:
    return str(row.pk)


def _trial() -> dict[str, Any]:
    return {"registry": "NCT", "registry_id": "NCT90000001", "title": "A study of hope"}


SAMPLES: dict[str, Sample] = {
    "patients": Sample(
        PatientFactory,
        lambda: {
            "first_name": "Ada",
            "last_name": "Rest",
            "medical_condition": _id(MedicalConditionFactory()),
            "physician": _id(SpecialistFactory()),
            "owner": _id(UserFactory()),
        },
        {"last_name": "Rust"},
        {"search": "ada rest"},
    ),
    "contact-points": Sample(
        ContactPointFactory,
        lambda: {
            "patient": _id(PatientFactory(country="NL")),
            "kind": "phone",
            "value": "06 12345678",
        },
        {"remark": "the mother's"},
        {"patient": None},
    ),
    "specialists": Sample(
        SpecialistFactory,
        lambda: {
            "last_name": "Rest",
            "hospital": _id(HospitalFactory()),
            "specialization": _id(SpecializationFactory()),
        },
        {"job_title": "Neurologist"},
        {"hospital": None},
    ),
    "hospitals": Sample(
        HospitalFactory,
        lambda: {"name": "Hospital of Rest", "city": "Utrecht", "country": "NL"},
        {"city": "Zeist"},
        {"search": "rest"},
    ),
    "specializations": Sample(
        SpecializationFactory,
        lambda: {"name": "Restology"},
        {"name": "Rustology"},
        {"search": "rest"},
    ),
    "medical-conditions": Sample(
        MedicalConditionFactory,
        lambda: {"name": "Restlessness", "abbreviation": "RST"},
        {"abbreviation": "RS"},
        {"search": "restless"},
    ),
    "condition-names": Sample(
        ConditionNameFactory,
        lambda: {"condition": _id(MedicalConditionFactory()), "name": "Rustless", "language": "nl"},
        {"name": "Rusteloos"},
        {"condition": None},
    ),
    "submissions": Sample(
        SubmissionFactory,
        lambda: {"first_name": "Ada", "email": "ada.rest@example.org", "wishes": ["a trial"]},
        found_by={"source": "api"},
        headers=lambda: {"Idempotency_Key": str(uuid4())},
    ),
    "consents": Sample(
        ConsentFactory,
        lambda: {
            "patient": _id(PatientFactory()),
            "purpose": "contact",
            "decision": "given",
            "text_version": "2026-01",
            "language": "nl",
            "method": "api",
        },
        found_by={"patient": None},
    ),
    "consent-texts": Sample(ConsentTextFactory, dict, found_by={"text_version": None}),
    "notes": Sample(
        NoteFactory,
        lambda: {"patient": _id(PatientFactory()), "text": "Prefers the morning."},
        found_by={"patient": None},
    ),
    "documents": Sample(
        DocumentFactory,
        lambda: {
            "patient": _id(PatientFactory()),
            "kind": "letter",
            "title": "Letter of referral",
            "file": SimpleUploadedFile("letter.txt", b"Dear colleague,"),
        },
        found_by={"patient": None},
    ),
    "measures": Sample(
        MeasureFactory,
        lambda: {
            "code": "rest",
            "name": "Hours of rest",
            "question": "How many hours do they sleep?",
            "category": "function",
            "kind": "number",
            "unit": "h",
            "low": 0,
            "high": 24,
        },
        {"high": 20.5},
        {"code": None},
    ),
    "measure-units": Sample(
        MeasureUnitFactory,
        lambda: {"measure": _id(MeasureFactory()), "unit": "ug/dL", "factor": 0.001},
        {"factor": 0.002},
        {"measure": None},
    ),
    "observations": Sample(
        ObservationFactory,
        lambda: {
            "patient": _id(PatientFactory()),
            "measure": _id(MeasureUnitFactory().measure),
            "value": "1.2",
            "unit": "g/L",
            "observed_on": "2026-11-02",
            "source": "ehr",
        },
        found_by={"patient": None},
    ),
    "bookings": Sample(
        BookingFactory,
        lambda: {
            "patient": _id(PatientFactory()),
            "navigator": _id(UserFactory()),
            "starts_at": AHEAD.isoformat(),
            "ends_at": (AHEAD + timedelta(minutes=30)).isoformat(),
        },
        {"reminder_at": (AHEAD - timedelta(hours=1)).isoformat()},
        {"navigator": None},
        # A call that is booked is cancelled instead.
        passing={"hold": True},
    ),
    "calls": Sample(
        CallFactory,
        lambda: {
            "patient": _id(PatientFactory()),
            "navigator": _id(UserFactory()),
            "started_at": "2026-05-05T10:30:00Z",
            "outcome": "reached",
        },
        {"summary": "Wants to think about it."},
        {"patient": None},
    ),
    "clinical-trials": Sample(
        ClinicalTrialFactory,
        lambda: {**_trial(), "phases": ["PHASE1", "PHASE2"]},
        {"sex": "MALE"},
        {"search": "nct90000001"},
    ),
    "trial-conditions": Sample(
        TrialConditionFactory,
        lambda: {
            "trial": _id(ClinicalTrialFactory()),
            "condition": _id(MedicalConditionFactory()),
        },
        {},
        {"trial": None},
    ),
    "trial-sites": Sample(
        TrialSiteFactory,
        lambda: {
            "trial": _id(ClinicalTrialFactory()),
            "facility": "Clinic of Rest",
            "hospital": _id(HospitalFactory()),
        },
        {"city": "Gent"},
        {"trial": None},
    ),
    "products": Sample(
        ProductFactory,
        lambda: {"name": "Restumab"},
        {"manufacturer": "Rest Pharma"},
        {"search": "restumab"},
    ),
    "expanded-access-programs": Sample(
        ExpandedAccessProgramFactory,
        lambda: {"eap_number": "EAP-90000001", "product": _id(ProductFactory())},
        {"sex": "MALE", "minimum_age": "6 Months"},
        {"product": None},
    ),
    "program-conditions": Sample(
        ProgramConditionFactory,
        lambda: {
            "program": _id(ExpandedAccessProgramFactory()),
            "condition": _id(MedicalConditionFactory()),
        },
        {},
        {"program": None},
    ),
    "eligibility-criteria": Sample(
        CriterionFactory,
        lambda: {
            "trial": _id(ClinicalTrialFactory()),
            "kind": "question",
            "text": "Has anything else been tried?",
        },
        {"excludes": True},
        {"trial": None},
    ),
    "criterion-answers": Sample(
        CriterionAnswerFactory,
        lambda: {
            "patient": _id(PatientFactory()),
            "criterion": _id(CriterionFactory()),
            "met": True,
            "said_on": "2026-05-05",
            "source": "patient_said",
        },
        {},
        {"patient": None},
    ),
    "ct-referrals": Sample(
        CTReferralFactory,
        lambda: {"patient": _id(PatientFactory()), "trial": _id(ClinicalTrialFactory())},
        {"eligible": "no", "ineligible_reason": "age"},
        {"trial": None},
    ),
    "route-templates": Sample(RouteTemplateFactory, dict, found_by={"code": None}),
    "eap-dossiers": Sample(
        EAPDossierFactory,
        lambda: {
            "patient": _id(PatientFactory(converted=True)),
            "program": _id(ExpandedAccessProgramFactory()),
        },
        {"urgency": "urgent"},
        {"program": None},
    ),
    "dossier-steps": Sample(
        DossierStepFactory,
        lambda: {"dossier": _id(EAPDossierFactory()), "title": "Ask the sponsor"},
        {"position": 7},
        {"dossier": None},
    ),
    "shipments": Sample(
        ShipmentFactory,
        lambda: {
            "dossier": _id(EAPDossierFactory()),
            "product": "Restumab 50 mg, vial",
            "quantity": 6,
            "unit": "vials",
        },
        {"batch": "R-17"},
        {"dossier": None},
    ),
    "follow-ups": Sample(
        FollowUpFactory,
        lambda: {"dossier": _id(EAPDossierFactory()), "kind": "lab", "due_on": "2026-12-01"},
        {"due_on": "2026-12-08"},
        {"dossier": None},
    ),
    "safety-reports": Sample(
        SafetyReportFactory,
        lambda: {
            "dossier": _id(EAPDossierFactory()),
            "description": "A rash.",
            "seriousness": ["hospitalisation"],
            "aware_at": "2026-06-15T09:00:00+00:00",
        },
        {"onset_on": "2026-06-14"},
        {"dossier": None},
    ),
    "options-reports": Sample(
        OptionsReportFactory,
        lambda: {
            "patient": _id(PatientFactory(medical_condition=MedicalConditionFactory())),
            "audience": "physician",
            "language": "nl",
        },
        {},
        {"patient": None},
    ),
}
READ_ONLY = {"consent-texts", "route-templates"}
APPEND_ONLY = {
    "submissions",
    "consents",
    "notes",
    "documents",
    "observations",
    "criterion-answers",
    "options-reports",
}
# What happened: it can be added to, and nobody takes it away.
NEVER_DELETED = {
    *APPEND_ONLY,
    *READ_ONLY,
    *("calls", "shipments", "follow-ups", "safety-reports"),
}
