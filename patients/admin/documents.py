"""Files about patients: added with a look at what they are, downloaded with a check."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from patients import documents, filetypes
from patients.admin.joined import Table, join
from patients.admin.said import OfPatient
from patients.models import Document
from portal.core import access
from portal.core.admin import AppendOnlyAdmin, AutocompleteFilter, ChoicesFilter, RelatedTable
from portal.core.admin.display import NOTHING, moment
from portal.core.admin.forms import RecordForm
from portal.core.admin.refusals import refusal_of
from portal.core.downloads import attachment, safe_name
from portal.core.errors import Refused
from portal.core.models import AccessEvent


def download_link(document: Document) -> str:
    """What the file is and how large, leading to the file."""
    return format_html(
        '<a class="portal-link" href="{}" download>{}, {}</a>',
        reverse("admin:patients_document_file", args=[document.pk]),
        filetypes.of(document.content_type).name,
        filesizeformat(document.size),
    )


class DocumentForm(RecordForm):
    """A file to keep, and what it is."""

    class Meta:
        model = Document
        fields = ("patient", "kind", "title", "file")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "file" not in self.fields:
            return
        fields: dict[str, Any] = self.fields
        kind, title, file = (fields[name] for name in ("kind", "title", "file"))
        # Nobody corrects a kind afterwards, so none is chosen beforehand.
        kind.choices = [("", _("Choose")), *Document.Kind.choices]
        title.required = False
        title.help_text = _("Left empty, it is the name of the file.")
        file.allow_empty_file = True  # `documents.check` says what to do
        file.help_text = _("%(names)s, up to %(limit)d MB.") % {
            "names": filetypes.NAMES,
            "limit": settings.DOCUMENT_MAX_BYTES // 1_000_000,
        }
        file.widget.attrs["accept"] = filetypes.ENDINGS

    def clean_file(self) -> Any:
        """What is wrong with a file is said beside it."""
        file = self.cleaned_data["file"]
        if self.refusal:  # the file was looked at before it was refused for something else
            return file
        try:
            documents.check(file)
        except Refused as refused:
            raise ValidationError(refused.message, code=refused.code) from refused
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "file" in cleaned:
            cleaned["title"] = cleaned.get("title") or documents.title_of(cleaned["file"])
        return cleaned


@admin.register(Document)
class DocumentAdmin(OfPatient, AppendOnlyAdmin):
    """Files about patients."""

    form = DocumentForm
    list_display = ("created_at", "patient", "title", "kind", "download", "uploaded_by")
    list_filter = (("kind", ChoicesFilter), ("patient", AutocompleteFilter))
    readonly_fields = ("download", "created_at", "uploaded_by", "sha256")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("patient", "kind"),
                    ("title", "download"),
                    ("created_at", "uploaded_by"),
                    "sha256",
                ),
            },
        ),
    )
    add_fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "It cannot be changed afterwards. Only who may see documents can download it."
                ),
                "fields": (("patient", "kind"), ("file", "title")),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return super().rows(request, page).select_related("patient", "uploaded_by")

    @admin.display(description=gettext_lazy("file"))
    def download(self, document: Document) -> str:
        return download_link(document)

    # --- adding

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page. An upload commits by itself, so no transaction is opened around it."""
        if object_id or request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        try:
            return self._changeform_view(request, None, form_url, extra_context)
        except (Refused, ValidationError) as error:
            request.portal_refusal = refusal_of(error)  # type: ignore[attr-defined]
            return self._changeform_view(request, None, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.pk = documents.upload(
            patient_id=obj.patient_id,
            by=request.user,  # type: ignore[arg-type]
            file=form.cleaned_data["file"],
            kind=obj.kind,
            title=obj.title,
        ).pk

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Back to the patient's documents."""
        return HttpResponseRedirect(f"{obj.patient.get_absolute_url()}#documents")

    # --- downloading

    def get_urls(self) -> Any:
        file_view = self.admin_site.admin_view(require_safe(self.file_view))
        name = "patients_document_file"
        return [path("<uuid:document_id>/file/", file_view, name=name), *super().get_urls()]

    def file_view(self, request: HttpRequest, document_id: UUID) -> HttpResponseBase:
        """The file as an attachment; back to the page, with what is wrong, when it is not there."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        document = get_object_or_404(Document, pk=document_id)
        try:
            file = documents.open_file(document)
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect(document)
        self.log_opened(request, document)
        access.opened(
            Document,
            [document.pk],
            by=request.user,
            route=AccessEvent.Route.ADMIN,
            request_id=getattr(request, "request_id", None),
        )
        kind = filetypes.of(document.content_type)
        name = safe_name(document.title, kind.extension)
        return attachment(file, name=name, content_type=kind.content_type)


_COLUMNS: Sequence[tuple[Any, Any]] = (
    (gettext_lazy("Added"), lambda row: moment(row.created_at)),
    (gettext_lazy("Title"), lambda row: row.title),
    (gettext_lazy("Kind"), lambda row: row.get_kind_display()),
    (gettext_lazy("File"), download_link),
    (gettext_lazy("By"), lambda row: row.uploaded_by or NOTHING),
)

join(
    tables=(
        Table(
            position=80,
            table=RelatedTable(
                relation="documents",
                columns=_COLUMNS,
                select_related=("uploaded_by",),
                empty=gettext_lazy("No document yet."),
            ),
        ),
    )
)
