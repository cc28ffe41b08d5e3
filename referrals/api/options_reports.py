# mypy: disable-error-code="misc"
# (django-filter has no types, so every subclass would need an ignore)
"""Options reports over REST: what was told about the options, as it was told."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django.core.files.base import ContentFile
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.api.of_patient import PatientFilter
from patients.api.summaries import DocumentSummary, PatientSummary
from patients.models import Patient
from portal.core import access
from portal.core.api.filters import AnyOfFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer, StaffSummary
from portal.core.api.viewsets import AppendViewSet
from portal.core.downloads import attachment, safe_name
from portal.core.models import AccessEvent, User
from referrals.models import OptionsReport
from referrals.reporting import making


class OptionsReportSerializer(RecordSerializer):
    """One report as it was made. `document` is its PDF, which `documents` hands out."""

    class Meta:
        model = OptionsReport
        fields = (
            *RECORD_FIELDS,
            "patient",
            "number",
            "audience",
            "language",
            "document",
            "html_sha256",
            "made_by",
        )
        read_only_fields = (*RECORD_FIELDS, "number", "document", "html_sha256", "made_by")
        related = {
            "patient": PatientSummary,
            "document": DocumentSummary,
            "made_by": StaffSummary,
        }
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "language": {
                "required": False,
                "help_text": "Left out, the patient's own. Where there are no reports in it, the "
                "report is in English and says so.",
            },
        }


class OptionsReportFilters(RecordFilters):
    """What the list of options reports can be narrowed by."""

    patient = PatientFilter()
    audience = AnyOfFilter(choices=OptionsReport.Audience.choices)


class OptionsReportViewSet(AppendViewSet):
    """What patients and physicians were told about the options. Nothing changes a report: a
    further one says what is true by then."""

    queryset = OptionsReport.objects.all()
    serializer_class = OptionsReportSerializer
    filterset_class = OptionsReportFilters
    subject = (Patient, "patient_id")
    downloads = ("text/html",)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a report of the options as they are today, as a PDF and as HTML. Nothing is sent.

        From now on the patient is followed for what it names and does not rule out. Each request
        makes a report of its own.
        """
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.created(self.make(serializer))

    def make(self, serializer: Any) -> UUID:
        sent = serializer.validated_data
        report = making.make(
            patient_id=sent["patient"].pk,
            by=cast(User, self.request.user),
            audience=sent["audience"],
            language=sent.get("language", ""),
            today=timezone.localdate(),
        )
        return report.pk

    @action(detail=True, url_path="html", name="Download the HTML of a report")
    def file(self, request: Request, *args: Any, **kwargs: Any) -> FileResponse:
        """Download the report as a page that stands alone, always as an attachment."""
        report = get_object_or_404(self.get_queryset(), pk=self.record_id())
        content = making.html_of(report)
        for model, key in ((Patient, report.patient_id), (OptionsReport, report.pk)):
            access.opened(
                model,
                [key],
                by=request.user,
                route=AccessEvent.Route.REST,
                request_id=getattr(request, "request_id", None),
            )
        name = safe_name(report.title, "html")
        return attachment(ContentFile(content), name=name, content_type="text/html; charset=utf-8")
