"""Files about patients over REST."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from patients import documents, filetypes
from patients.api.of_patient import PatientFilter
from patients.api.summaries import PatientSummary
from patients.models import Document, Patient
from portal.core import access
from portal.core.api.filters import AnyOfFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer, StaffSummary
from portal.core.api.viewsets import AppendViewSet
from portal.core.downloads import attachment, safe_name
from portal.core.models import AccessEvent


class DocumentSerializer(RecordSerializer):
    """What is known about a file. `content_type` is what the file was found to be."""

    class Meta:
        model = Document
        fields = (
            *RECORD_FIELDS,
            "patient",
            "kind",
            "title",
            "file",
            "content_type",
            "size",
            "sha256",
            "uploaded_by",
        )
        read_only_fields = (*RECORD_FIELDS, "content_type", "size", "sha256", "uploaded_by")
        related = {"patient": PatientSummary, "uploaded_by": StaffSummary}
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "title": {"required": False, "help_text": "Left out, it is the name of the file."},
            # What is wrong with a file, an empty one too, `documents.check` says.
            "file": {"write_only": True, "allow_empty_file": True, "max_length": None},
        }

    def validate_file(self, file: Any) -> Any:
        try:
            documents.check(file)
        except filetypes.NotAccepted as refused:
            raise ValidationError(refused.message, code=refused.code) from refused
        return file


class DocumentFilters(RecordFilters):
    """What the list of documents can be narrowed by."""

    patient = PatientFilter()
    kind = AnyOfFilter(choices=Document.Kind.choices)


class DocumentViewSet(AppendViewSet):
    """Files about patients: what is known about each, and the file itself to download."""

    queryset = Document.objects.all()
    serializer_class = DocumentSerializer
    filterset_class = DocumentFilters
    parser_classes = (MultiPartParser,)
    subject = (Patient, "patient_id")
    downloads = tuple(each.content_type.partition(";")[0] for each in filetypes.TYPES)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a file as multipart/form-data. What it is is read from its content.

        The same file a second time for one patient is refused with `same_file` and the id of the
        document there is, so a request whose answer was lost can be sent again.
        """
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.created(self.make(serializer))

    def make(self, serializer: Any) -> UUID:
        sent = serializer.validated_data
        document = documents.upload(
            patient_id=sent["patient"].pk,
            by=self.request.user,  # type: ignore[arg-type]
            file=sent["file"],
            kind=sent["kind"],
            title=sent.get("title", ""),
        )
        return document.pk

    @action(detail=True, url_path="file")
    def file(self, request: Request, *args: Any, **kwargs: Any) -> FileResponse:
        """Download the file, always as an attachment."""
        document = get_object_or_404(self.get_queryset(), pk=self.record_id())
        file = documents.open_file(document)
        for model, key in ((Patient, document.patient_id), (Document, document.pk)):
            access.opened(
                model,
                [key],
                by=request.user,
                route=AccessEvent.Route.REST,
                request_id=getattr(request, "request_id", None),
            )
        kind = filetypes.of(document.content_type)
        name = safe_name(document.title, kind.extension)
        return attachment(file, name=name, content_type=kind.content_type)
