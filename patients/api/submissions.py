"""Forms of other systems' landing pages over REST: received once, however often they are sent.

The key is the Idempotency-Key header of the IETF (draft-ietf-httpapi-idempotency-key-header): a
string in quotes, taken without them too. It is a client's own: two clients may choose the same.
"""

import re
from typing import Any, ClassVar, cast

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from patients import intake
from patients.api.form import FormSerializer, ReceiptSerializer
from patients.api.of_patient import PatientFilter
from patients.api.summaries import PatientSummary
from patients.models import Patient, Submission
from portal.core.api.filters import AnyOfFilter, InstantFilter, RecordFilters
from portal.core.api.invalid import InvalidHeader
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.versions import etag
from portal.core.api.viewsets import RecordViewSet
from portal.core.models import User

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,160}")


class KeyMissing(InvalidHeader):
    """No Idempotency-Key was sent."""

    problem_code = "idempotency_key_missing"


class KeyInvalid(InvalidHeader):
    """The Idempotency-Key cannot be one."""

    problem_code = "idempotency_key_invalid"


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
    request_headers: ClassVar[dict[str, str]] = {
        HEADER: (
            "Up to 160 visible ASCII characters, chosen by the sender for this one form. The same "
            "key with the same body gives the same answer again; with another body it is refused."
        )
    }

    def create(self, request: Request, *args: object, **kwargs: object) -> Response:
        """Hand a filled-in form over. Repeating it with its key is safe.

        It becomes a new lead, or joins the person who is known already; the answer is the same.
        """
        account = cast(User, request.user)
        key = _key(request, account)
        receipt = intake.receive(
            payload=cast(dict[str, Any], request.data),  # or it is refused
            source=Submission.Source.API,
            by=account,
            idempotency_key=key,
        )
        location = request.build_absolute_uri(f"{request.path}{receipt.submission_id}/")
        return Response(
            {"id": receipt.submission_id, "received_at": receipt.received_at},
            status=status.HTTP_201_CREATED,
            # A submission never changes, so this is the only version there is.
            headers={"Location": location, "ETag": etag(1)},
        )


def _key(request: Request, account: User) -> str:
    """The key that was sent, as a key of this account. Raises KeyMissing and KeyInvalid."""
    sent = request.headers.get(HEADER)
    if sent is None:
        raise KeyMissing(HEADER, _("Send a key of your own for this form."), "required")
    key = sent[1:-1] if len(sent) > 1 and sent[0] == sent[-1] == '"' else sent
    if not _KEY.fullmatch(key):
        raise KeyInvalid(HEADER, _("Use 1 to 160 visible ASCII characters."))
    return f"{account.id.hex}.{key}"
