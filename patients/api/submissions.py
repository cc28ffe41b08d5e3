"""Forms of other systems' landing pages over REST: received once, however often they are sent."""

from typing import Any, ClassVar, cast

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from patients import intake
from patients.api.form import FormSerializer, ReceiptSerializer
from patients.api.keys import DESCRIPTION, HEADER, demanded_key
from patients.api.of_patient import PatientFilter
from patients.api.summaries import PatientSummary
from patients.models import Patient, Submission
from portal.core.api.filters import AnyOfFilter, InstantFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.versions import etag
from portal.core.api.viewsets import RecordViewSet
from portal.core.models import User


class SubmissionSerializer(RecordSerializer):
    """One form as it came in, word for word, and whom it was found to be about."""

    class Meta:
        model = Submission
        fields = (
            *RECORD_FIELDS,
            "patient",
            "source",
            "received_at",
            "payload",
            "match",
            "match_evidence",
            "idempotency_key",
        )
        read_only_fields = fields
        related = {"patient": PatientSummary}


class SubmissionFilters(RecordFilters):
    """What the list of submissions can be narrowed by."""

    patient = PatientFilter()
    source = AnyOfFilter(choices=Submission.Source.choices)
    received_after = InstantFilter("received_at", "gte")
    received_before = InstantFilter("received_at", "lt")


class SubmissionViewSet(RecordViewSet):
    """Forms as they came in: of our landing page, of other systems and of the legacy CRM."""

    queryset = Submission.objects.all()
    serializer_class = SubmissionSerializer
    filterset_class = SubmissionFilters
    orderings = {"received_at": ("received_at", "id")}
    default_ordering = "-received_at"
    subject = (Patient, "patient_id")
    bodies = {"create": FormSerializer}
    answers = {"create": ReceiptSerializer}
    request_headers: ClassVar[dict[str, str]] = {HEADER: DESCRIPTION}
    demands_headers = True

    def create(self, request: Request, *args: object, **kwargs: object) -> Response:
        """Hand a filled-in form over. Repeating it with its key is safe.

        It becomes a new lead, or joins the person who is known already; the answer is the same.
        """
        receipt = intake.receive(
            payload=cast(dict[str, Any], request.data),  # or it is refused
            source=Submission.Source.API,
            by=cast(User, request.user),
            idempotency_key=demanded_key(request),
        )
        location = request.build_absolute_uri(f"{request.path}{receipt.submission_id}/")
        return Response(
            {"id": receipt.submission_id, "received_at": receipt.received_at},
            status=status.HTTP_201_CREATED,
            # A submission never changes, so this is the only version there is.
            headers={"Location": location, "ETag": etag(1)},
        )
