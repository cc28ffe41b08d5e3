"""What a person may ask of us: a copy of everything, and that it is erased.

On a patient's page: the export, and the request for an erasure. On the page of the request: approve
(a second person), execute, verify, and the certificate to print.
"""

from collections.abc import Mapping, Sequence
from tempfile import SpooledTemporaryFile
from typing import Any, cast
from uuid import UUID

from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from patients import erasure, exporting
from patients.models import ErasedPatient, ErasureRequest, Patient, SoughtValue
from portal.core.admin import Briefing, ChoicesFilter, Fact, ReadOnlyAdmin, Verb, VerbForm
from portal.core.admin.display import NOTHING, choice_badge, moment
from portal.core.api.serializers import full_name
from portal.core.downloads import attachment
from portal.core.errors import Refused
from portal.core.models import User

State = ErasureRequest.State
CHANGE = ("patients.change_erasurerequest",)
# Above this a zip is written to the disk while it is made.
_IN_MEMORY = 10_000_000
# Apps whose rows are known by their names alone.
_PLAIN = ("core", "patients", "bookings", "referrals")

# Tables of packages whose own names say nothing to people.
_NAMES = {"pghistory.Context": gettext_lazy("Who changed what, and why (history)")}


def kind(label: str) -> str:
    """What the rows of a table are called, from its label; a label of no model stays as it is."""
    if label in _NAMES:
        return str(_NAMES[label])
    try:
        meta = apps.get_model(label)._meta
    except (LookupError, ValueError):
        return label
    group = apps.get_app_config(meta.app_label).verbose_name
    name = capfirst(meta.verbose_name_plural)
    return str(name) if meta.app_label in _PLAIN else f"{group}: {name}"


def _column(where: str) -> str:
    """What a column is called, from the label of its table and its name."""
    label, _dot, column = where.rpartition(".")
    return kind(label) if label in _NAMES else f"{kind(label)}: {column}"


# --- on the patient's page


class Export(Verb):
    """Everything we hold, to read and to print, with the way to the files."""

    name = "export"
    label = gettext_lazy("Export")
    is_rare = True
    icon = "download"
    permissions = CHANGE
    template = "patients/export.html"
    is_versioned = False

    def is_offered(self, record: Patient, user: Any) -> bool:
        return True

    def briefing(self, record: Patient, user: Any) -> Briefing:
        return Briefing(may_go_on=False)

    def context(self, record: Patient, user: Any) -> dict[str, Any]:
        exported = exporting.export(patient_id=record.pk, by=user)
        return {"exported": exported, "sections": exporting.readable(exported)}

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        raise Refused(_("Choose a file to download."), code="no_format")


def export_urls(site: Any) -> list[Any]:
    """The downloads of an export."""
    return [
        path(
            f"<uuid:patient_id>/export.{ending}",
            site.admin_view(require_safe(view)),
            name=f"patients_patient_export_{ending}",
        )
        for ending, view in (("json", _json), ("zip", _zip))
    ]


def _exported(request: HttpRequest, patient_id: UUID) -> dict[str, Any]:
    if not request.user.has_perms((*CHANGE, "patients.view_patient")):
        raise PermissionDenied
    try:
        return exporting.export(
            patient_id=patient_id,
            by=cast(User, request.user),
            request_id=getattr(request, "request_id", None),
        )
    except Patient.DoesNotExist as error:
        raise Http404 from error


def _json(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    content = exporting.as_json(_exported(request, patient_id))
    response = HttpResponse(content, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="export-{patient_id}.json"'
    response["Cache-Control"] = "private, no-store"
    return response


def _zip(request: HttpRequest, patient_id: UUID) -> HttpResponseBase:
    exported = _exported(request, patient_id)
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  the response closes it
    try:
        exporting.as_zip(exported, cast(Any, file))
    except Refused as refused:
        file.close()
        return HttpResponse(refused.message, status=409, content_type="text/plain; charset=utf-8")
    file.seek(0)
    name = f"export-{patient_id}.zip"
    return attachment(cast(Any, file), name=name, content_type="application/zip")


class RequestForm(VerbForm):
    """On what ground, and where the request is filed."""

    ground = forms.ChoiceField(
        label=gettext_lazy("Legal ground"),
        choices=ErasureRequest.Ground.choices,
        widget=UnfoldAdminRadioSelectWidget,
    )
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        help_text=ErasureRequest._meta.get_field("reference").help_text,
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )


class RequestErasure(Verb):
    """Ask for the erasure; nothing is erased yet."""

    name = "erase"
    label = gettext_lazy("Request erasure")
    is_rare = True
    icon = "person_remove"
    permissions = CHANGE
    form_class = RequestForm
    template = "patients/erasure.html"
    done_already = gettext_lazy("An erasure of this person is under way: see Erasures.")

    def is_offered(self, record: Patient, user: Any) -> bool:
        return not ErasureRequest.objects.open().filter(patient_id=record.pk).exists()

    def briefing(self, record: Patient, user: Any) -> Briefing:
        missing = erasure.missing_to_request(record)
        return Briefing(
            will=(
                _("Nothing is erased yet: a second person has to approve it."),
                _("Give the person their export first, if they asked for it."),
            ),
            missing=missing,
            may_go_on=not missing,
        )

    def context(self, record: Patient, user: Any) -> dict[str, Any]:
        return {"plan": shown_plan(erasure.plan(record.pk))}

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        wanted = erasure.request(
            patient_id=record.pk, by=by, ground=said["ground"], reference=said["reference"]
        )
        return format_html(
            '{} <a class="portal-link" href="{}">{}</a>',
            _("Requested. Somebody else has to approve it:"),
            wanted.get_absolute_url(),
            _("open the request"),
        )


VERBS = (Export(), RequestErasure())


def erased_notice(object_id: str) -> ErasedPatient | None:
    """The tombstone of an id in an address; None when there is none."""
    try:
        return erasure.erased(UUID(object_id))
    except ValueError:
        return None


def shown_plan(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan with the names of tables instead of their labels."""
    history = plan.get("history", {})
    labels = sorted({*plan.get("rows", {}), *history}, key=kind)
    return {
        "rows": [(kind(one), plan["rows"].get(one, 0), history.get(one, 0)) for one in labels],
        "files": plan.get("files", 0),
        "kept": [(kind(one["table"]), one["rows"], one["why"]) for one in plan.get("kept", ())],
    }


# --- on the page of the request


class OnRequest(Verb):
    """Something to do with a request; the page shows the plan."""

    permissions = CHANGE
    template = "patients/erasure.html"
    states: Sequence[str] = ()

    def is_offered(self, record: ErasureRequest, user: Any) -> bool:
        return record.state in self.states

    def context(self, record: ErasureRequest, user: Any) -> dict[str, Any]:
        return {"plan": shown_plan(record.plan)}


class Approve(OnRequest):
    name = "approve"
    label = gettext_lazy("Approve")
    icon = "how_to_reg"
    variant = ActionVariant.PRIMARY
    states = (State.PLANNED,)

    def is_offered(self, record: ErasureRequest, user: Any) -> bool:
        return super().is_offered(record, user) and record.requested_by_id != user.pk

    def briefing(self, record: ErasureRequest, user: Any) -> Briefing:
        return Briefing(will=(_("It can be executed then. Nothing is erased yet."),))

    def run(self, record: ErasureRequest, *, by: Any, said: Mapping[str, Any]) -> str:
        erasure.approve(request_id=record.pk, by=by)
        return _("Approved. It can be executed now.")


class SureForm(VerbForm):
    sure = forms.BooleanField(label=gettext_lazy("I know that this cannot be taken back."))


class Execute(OnRequest):
    name = "execute"
    label = gettext_lazy("Execute")
    icon = "delete_forever"
    variant = ActionVariant.DANGER
    form_class = SureForm
    submit = gettext_lazy("Erase for ever")
    states = erasure.EXECUTABLE
    is_versioned = False
    is_atomic = False

    def briefing(self, record: ErasureRequest, user: Any) -> Briefing:
        if record.state == State.FILES_LEFT:
            left = len(record.files_left)
            will = (_("Files still to be deleted: %(count)d.") % {"count": left},)
        else:
            will = (_("All rows, their history and all files of this person are deleted."),)
        looked = _("Then the whole database is searched for them. That can take some minutes.")
        return Briefing(will=(*will, looked))

    def run(self, record: ErasureRequest, *, by: Any, said: Mapping[str, Any]) -> str:
        erasure.execute(request_id=record.pk, by=by)
        return _("Erased and verified. The certificate can be printed.")


class Verify(OnRequest):
    name = "verify"
    label = gettext_lazy("Verify again")
    icon = "manage_search"
    variant = ActionVariant.PRIMARY
    states = erasure.VERIFIABLE
    is_versioned = False
    is_atomic = False

    def briefing(self, record: ErasureRequest, user: Any) -> Briefing:
        return Briefing(will=(_("The whole database is searched for this person again."),))

    def run(self, record: ErasureRequest, *, by: Any, said: Mapping[str, Any]) -> str:
        erasure.verify(request_id=record.pk, by=by)
        return _("Verified: nothing was found. The certificate can be printed.")


class Accept(OnRequest):
    name = "accept"
    label = gettext_lazy("These may stay")
    icon = "rule"
    states = (State.TRACES_LEFT,)

    def is_offered(self, record: ErasureRequest, user: Any) -> bool:
        return super().is_offered(record, user) and erasure.may_be_accepted(record)

    def briefing(self, record: ErasureRequest, user: Any) -> Briefing:
        return Briefing(
            will=(
                _("You have looked at each trace, and it belongs to the record that it is in."),
                _("The certificate lists them with your name."),
            )
        )

    def context(self, record: ErasureRequest, user: Any) -> dict[str, Any]:
        return {"traces": record.certificate["searched"]["traces"]}

    def run(self, record: ErasureRequest, *, by: Any, said: Mapping[str, Any]) -> str:
        erasure.accept(request_id=record.pk, by=by)
        return _("Verified, with traces that stay. The certificate can be printed.")


class Withdraw(OnRequest):
    name = "withdraw"
    label = gettext_lazy("Withdraw")
    icon = "undo"
    states = (State.PLANNED, State.APPROVED, State.FAILED)

    def briefing(self, record: ErasureRequest, user: Any) -> Briefing:
        return Briefing(will=(_("The person is not erased."),))

    def run(self, record: ErasureRequest, *, by: Any, said: Mapping[str, Any]) -> str:
        erasure.withdraw(request_id=record.pk, by=by)
        return _("Withdrawn.")


class Certificate(Verb):
    """What was deleted, kept, searched and found; to print."""

    name = "certificate"
    label = gettext_lazy("Certificate")
    icon = "workspace_premium"
    template = "patients/certificate.html"
    is_versioned = False

    def is_offered(self, record: ErasureRequest, user: Any) -> bool:
        return bool(record.certificate)

    def briefing(self, record: ErasureRequest, user: Any) -> Briefing:
        return Briefing(may_go_on=False)

    def context(self, record: ErasureRequest, user: Any) -> dict[str, Any]:
        return shown_certificate(record)

    def run(self, record: ErasureRequest, *, by: Any, said: Mapping[str, Any]) -> str:
        raise Refused(_("A certificate is only read."), code="read_only")


def shown_certificate(record: ErasureRequest) -> dict[str, Any]:
    """What the certificate's template needs, in the words of people."""
    told = record.certificate
    searched = told.get("searched")
    accepted = told.get("accepted") or {}
    return {
        "is_verified": record.state == State.VERIFIED,
        "deleted": shown_plan(
            {**told["deleted"], "kept": [*told["kept"], *told.get("kept_ids", ())]}
        ),
        "mentions": [
            (_column(where), number) for where, number in told["deleted"]["mentions"].items()
        ],
        "searched": searched,
        "values": [
            (SoughtValue.Kind(name).label, number)
            for name, number in (searched or {}).get("values", {}).items()
        ],
        "tables": len((searched or {}).get("tables", {})),
        "columns": sum(map(len, (searched or {}).get("tables", {}).values())),
        "accepted": accepted,
        "accepted_at": parse_datetime(accepted["at"]) if accepted else None,
        "beyond": told.get("beyond", ()),
    }


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    """Requests to erase somebody, and what came of them."""

    list_display = (
        "asked",
        "whom",
        "state_shown",
        "ground",
        "requested_by",
        "approved_by",
        "verified_at",
    )
    list_filter = (("state", ChoicesFilter), ("ground", ChoicesFilter))
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("person", "ground"),
                    ("reference", "failure"),
                    ("requested_by", "created_at"),
                    ("approved_by", "approved_at"),
                    ("executed_by", "executed_at"),
                    ("verified_by", "verified_at"),
                    "found",
                )
            },
        ),
    )
    readonly_fields = ("person", "found")
    verbs = (Approve(), Execute(), Verify(), Accept(), Certificate(), Withdraw())

    def rows(self, request: HttpRequest, page: Any) -> Any:
        people = Patient.objects.filter(pk=OuterRef("patient_id"))
        named = Subquery(people.values(name=full_name(""))[:1])
        page = page.annotate(person_name=named).select_related("requested_by", "approved_by")
        return page.defer("plan", "certificate")

    @admin.display(description=gettext_lazy("whom"))
    def whom(self, request: ErasureRequest) -> str:
        """The name while there is one; afterwards the id, which says nothing about anybody."""
        return request.person_name or str(request.patient_id)  # type: ignore[attr-defined]

    def facts(self, request: HttpRequest, record: ErasureRequest) -> list[Fact]:
        return [
            Fact(_("State"), choice_badge(record, "state")),
            Fact(_("Requested by"), record.requested_by),
            Fact(_("Approved by"), record.approved_by or _("nobody yet")),
        ]

    @admin.display(description=gettext_lazy("requested"))
    def asked(self, record: ErasureRequest) -> str:
        return moment(record.created_at)

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, record: ErasureRequest) -> str:
        return choice_badge(record, "state")

    @admin.display(description=gettext_lazy("patient"))
    def person(self, record: ErasureRequest) -> str:
        """The id, which leads to the person as long as there is one."""
        if not Patient.objects.filter(pk=record.patient_id).exists():
            return str(record.patient_id)
        url = reverse("admin:patients_patient_change", args=[record.patient_id])
        return format_html('<a class="portal-link" href="{}">{}</a>', url, record.patient_id)

    @admin.display(description=gettext_lazy("traces"))
    def found(self, record: ErasureRequest) -> str:
        """Where the person was found after the erasure."""
        traces = record.certificate.get("searched", {}).get("traces", [])
        lines = [f"{one['table']}.{one['column']}, {one['row']} ({one['kind']})" for one in traces]
        return "\n".join(lines) or NOTHING


@admin.register(ErasedPatient)
class ErasedPatientAdmin(ReadOnlyAdmin):
    """Ids that answer “erased”."""

    list_display = ("old_id", "request", "created_at")
    fields = (("old_id", "request"), "created_at")
    readonly_fields = ("created_at",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("request")


@admin.register(SoughtValue)
class SoughtValueAdmin(ReadOnlyAdmin):
    """How many values are still looked for. What they are is not shown."""

    list_display = ("request", "kind")
    fields = (("request", "kind"),)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("request").defer("value")
