"""Forms of the landing page over REST: received once, however often they are sent."""

import re
from typing import Any, ClassVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from patients.api.summaries import PatientSummary
from patients.models import Patient, Submission
from portal.core.api.filters import AnyOfFilter, IdFilter, InstantFilter, RecordFilters
from portal.core.api.invalid import InvalidHeader
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import AppendViewSet
from portal.core.errors import Refused

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
KEY_ONCE = "patients_submission_key_once"


class SubmissionSerializer(RecordSerializer):
    """One form as it came in, word for word. It never changes."""

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
        read_only_fields = (*RECORD_FIELDS, "match", "match_evidence", "idempotency_key")
        related = {"patient": PatientSummary}

    def validate_source(self, value: str) -> str:
        if value == Submission.Source.LEGACY_CRM:
            raise ValidationError(_("Only the import writes this source."), code="invalid_choice")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        # The sender named the patient; finding out who it is comes with the landing page.
        self.row.match = Submission.Match.MANUAL
        self.row.idempotency_key = self.context.get("idempotency_key", "")
        return attrs


class SubmissionFilters(RecordFilters):
    """What the list of submissions can be narrowed by."""

    patient = IdFilter("patient_id")
    source = AnyOfFilter(choices=Submission.Source.choices)
    received_after = InstantFilter("received_at", "gte")
    received_before = InstantFilter("received_at", "lt")


class SubmissionViewSet(AppendViewSet):
    """Forms as they came in. Send an Idempotency-Key, and a repeated POST makes no second one."""

    queryset = Submission.objects.all()
    serializer_class = SubmissionSerializer
    filterset_class = SubmissionFilters
    orderings = {"received_at": ("received_at", "id")}
    default_ordering = "-received_at"
    subject = (Patient, "patient_id")
    request_headers: ClassVar[dict[str, str]] = {
        "Idempotency-Key": (
            "Up to 200 visible ASCII characters, chosen by the sender. The same key with the same "
            "body gives the first answer again (200); with another body it is refused."
        )
    }

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Record a form. With an Idempotency-Key, sending it again is safe."""
        context = {**self.get_serializer_context(), "idempotency_key": _key(request)}
        with transaction.atomic():
            serializer = self.serializer_class(data=request.data, context=context)
            serializer.is_valid(raise_exception=True)
            known: UUID | None = None
            try:
                # Of two that come at once, PostgreSQL lets the second wait for the first.
                with transaction.atomic():
                    record_id = self.make(serializer)
            except IntegrityError as error:
                if _constraint(error) != KEY_ONCE:
                    raise
                known = _stored(serializer.row)
        if known is None:
            return self.created(record_id)
        return self.answer(self.one(known), headers={"Idempotent-Replayed": "true"})


def _key(request: Request) -> str:
    """The Idempotency-Key that was sent, "" without one. Raises ValidationError for a bad one."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not _KEY.fullmatch(key):
        raise InvalidHeader("Idempotency-Key", _("Use 1 to 200 visible ASCII characters."))
    return key


def _constraint(error: IntegrityError) -> str | None:
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)


def _stored(row: Submission) -> UUID:
    """The id of the submission that came under this key before.

    Raises Refused when that one said something else. The database compares the payloads, as it
    stores numbers in a form of its own.
    """
    found: UUID | None = (
        Submission.objects.filter(
            source=row.source,
            idempotency_key=row.idempotency_key,
            patient=row.patient_id,
            payload=row.payload,
        )
        .values_list("pk", flat=True)
        .first()
    )
    if found is None:
        raise Refused(
            _("This Idempotency-Key came with another submission before."),
            code="idempotency_key_reused",
        )
    return found
