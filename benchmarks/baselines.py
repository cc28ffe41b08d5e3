"""What REST is compared with: the least there can be, the textbook, and django-ninja.

They give the same rows with the same members. The bare view and the textbook do not ask for
permissions and write no access log; django-ninja's single operations do what the portal's do:
check the record, write the log.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import NinjaAPI, Schema, Status
from ninja.errors import HttpError
from ninja.security import django_auth
from rest_framework import generics, serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer

from patients.models import Hospital, MedicalCondition, Patient, Specialist
from portal.core import access
from portal.core.models import AccessEvent, User

PLAIN = (
    "id",
    "created_at",
    "updated_at",
    "version",
    "first_name",
    "last_name",
    "email",
    "phone",
    "country",
    "language",
    "time_zone",
    "stage",
    "is_lead",
    "closed_reason",
    "first_contact_at",
    "initial_consult_at",
    "converted_at",
    "date_of_birth",
    "sex",
    "on_behalf_of_name",
    "on_behalf_of_relation",
    "voicemail",
    "do_not_contact",
    "deceased_on",
    "processing_restricted",
)
JOINED = (
    "owner_id",
    "owner__name",
    "medical_condition_id",
    "medical_condition__name",
    "medical_condition__abbreviation",
    "physician_id",
    "physician__first_name",
    "physician__last_name",
    "physician__hospital_id",
    "physician__hospital__name",
    "physician__hospital__city",
    "physician__hospital__country",
    "converted_by_id",
    "converted_by__name",
)
RELATED = ("owner", "medical_condition", "physician__hospital", "converted_by")


def rows_as_they_are(request: HttpRequest) -> HttpResponse:
    """The newest 100 patients: one query, dictionaries, orjson."""
    rows = Patient.objects.order_by("-created_at", "-id").values_list(*PLAIN, *JOINED)[:100]
    return HttpResponse(
        orjson.dumps({"next": None, "previous": None, "results": [_document(r) for r in rows]}),
        content_type="application/json",
    )


def _document(row: tuple[Any, ...]) -> dict[str, Any]:
    document = dict(zip(PLAIN, row, strict=False))
    (
        owner_id,
        owner,
        condition_id,
        condition,
        abbreviation,
        physician_id,
        first_name,
        last_name,
        hospital_id,
        hospital,
        city,
        country,
        converted_by_id,
        converted_by,
    ) = row[len(PLAIN) :]
    document["owner"] = {"id": owner_id, "name": owner} if owner_id else None
    document["medical_condition"] = (
        {"id": condition_id, "name": condition, "abbreviation": abbreviation}
        if condition_id
        else None
    )
    document["physician"] = (
        {
            "id": physician_id,
            "name": f"{first_name} {last_name}".strip(),
            "hospital": {"id": hospital_id, "name": hospital, "city": city, "country": country}
            if hospital_id
            else None,
        }
        if physician_id
        else None
    )
    document["converted_by"] = (
        {"id": converted_by_id, "name": converted_by} if converted_by_id else None
    )
    return document


# --- the textbook ---------------------------------------------------------------------------------


class StaffTextbook(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id", "name")


class ConditionTextbook(serializers.ModelSerializer):
    class Meta:
        model = MedicalCondition
        fields = ("id", "name", "abbreviation")


class HospitalTextbook(serializers.ModelSerializer):
    class Meta:
        model = Hospital
        fields = ("id", "name", "city", "country")


class SpecialistTextbook(serializers.ModelSerializer):
    name = serializers.CharField(source="full_name")
    hospital = HospitalTextbook()

    class Meta:
        model = Specialist
        fields = ("id", "name", "hospital")


class PatientTextbook(serializers.ModelSerializer):
    owner = StaffTextbook()
    medical_condition = ConditionTextbook()
    physician = SpecialistTextbook()
    converted_by = StaffTextbook()

    class Meta:
        model = Patient
        fields = (*PLAIN, "owner", "medical_condition", "physician", "converted_by")


class HundredNewest(CursorPagination):
    page_size = 100
    ordering = ("-created_at", "-id")


class Textbook(generics.ListAPIView):
    """What the documentation of Django REST framework leads to."""

    queryset = Patient.objects.select_related(*RELATED)
    serializer_class = PatientTextbook
    pagination_class = HundredNewest
    authentication_classes = (SessionAuthentication,)
    permission_classes = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)
    filter_backends = ()


# --- django-ninja ---------------------------------------------------------------------------------


class Staff(Schema):
    id: UUID
    name: str


class Condition(Schema):
    id: UUID
    name: str
    abbreviation: str


class Place(Schema):
    id: UUID
    name: str
    city: str
    country: str


class Physician(Schema):
    id: UUID
    name: str
    hospital: Place | None

    @staticmethod
    def resolve_name(specialist: Specialist) -> str:
        return specialist.full_name


class PatientOut(Schema):
    id: UUID
    created_at: datetime
    updated_at: datetime
    version: int
    first_name: str
    last_name: str
    email: str
    phone: str
    country: str
    language: str
    time_zone: str
    stage: str
    is_lead: bool
    closed_reason: str
    owner: Staff | None
    medical_condition: Condition | None
    physician: Physician | None
    first_contact_at: datetime
    initial_consult_at: datetime | None
    converted_at: datetime | None
    converted_by: Staff | None
    date_of_birth: date | None
    sex: str
    on_behalf_of_name: str
    on_behalf_of_relation: str
    voicemail: str
    do_not_contact: bool
    deceased_on: date | None
    processing_restricted: bool


class PatientIn(Schema):
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    country: str = ""
    language: str = ""
    time_zone: str = ""
    owner: UUID | None = None
    medical_condition: UUID | None = None
    physician: UUID | None = None
    date_of_birth: date | None = None


ninja = NinjaAPI(urls_namespace="bench-ninja", auth=django_auth, docs_url=None, openapi_url=None)


def _shown(request: HttpRequest, patient_id: UUID) -> Patient:
    """The patient with what is shown of related records; written to the access log."""
    found = get_object_or_404(
        Patient.objects.select_related(*RELATED).defer(
            "search",
            "medical_condition__search",
            "physician__search",
            "physician__hospital__search",
        ),
        pk=patient_id,
    )
    access.opened(
        Patient,
        [found.pk],
        by=request.user,
        route=AccessEvent.Route.REST,
        request_id=getattr(request, "request_id", None),
    )
    return found


@ninja.get("/patients/{patient_id}", response=PatientOut)
def get_patient(request: HttpRequest, patient_id: UUID) -> Patient:
    if not request.user.has_perm("patients.view_patient"):
        raise HttpError(403, "not allowed")
    return _shown(request, patient_id)


@ninja.post("/patients", response={201: PatientOut})
def post_patient(request: HttpRequest, payload: PatientIn) -> Status[Patient]:
    if not request.user.has_perm("patients.add_patient"):
        raise HttpError(403, "not allowed")
    values = payload.dict()
    for name, model in (
        ("owner", User),
        ("medical_condition", MedicalCondition),
        ("physician", Specialist),
    ):
        if values[name] is not None:
            values[name] = get_object_or_404(model, pk=values[name])
    patient = Patient(**values)
    try:
        patient.clean()
    except ValidationError as error:
        raise HttpError(400, str(error)) from error
    patient.save(force_insert=True)
    return Status(201, _shown(request, patient.pk))
