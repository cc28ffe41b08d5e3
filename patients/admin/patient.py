"""Patients and leads: the list one decides by, and everything about one person on one page."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from patients import adding, contacting, matching, noting
from patients.admin import (
    alike,
    consents,
    erasure,
    fact_verbs,
    joined,
    merges,
    proposals,
    stages,
)
from patients.admin.alike import PatientForm
from patients.admin.parts import ContactPointInline, NoteInline
from patients.admin.sameness import FormerIds, SamePerson
from patients.models import ErasureRequest, Note, Patient, Specialist
from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
    RelatedTable,
    Shortcut,
)
from portal.core.admin.display import (
    NOTHING,
    badge,
    choice_badge,
    clock_in,
    email_link,
    phone_link,
    short_day,
    two_lines,
    waiting,
)
from portal.core.models import User
from portal.core.phones import for_people

SEARCH_HELP = gettext_lazy("Start of a name, e-mail or its domain, or phone digits")

PERSON = (
    gettext_lazy("Person"),
    {
        "description": gettext_lazy("Who they are and how to reach them."),
        "fields": (
            ("first_name", "last_name"),
            ("email", "phone"),
            ("date_of_birth", "sex"),
            ("country", "language"),
            "time_zone",
        ),
    },
)
WISHES = (
    gettext_lazy("Wishes and limits"),
    {
        "description": gettext_lazy("Looked at before every call and message."),
        "fields": (
            ("voicemail", "do_not_contact"),
            ("deceased_on", "processing_restricted"),
        ),
    },
)
WISHES_OF_NEW = (
    WISHES[0],
    {**WISHES[1], "fields": (("voicemail", "do_not_contact"), "processing_restricted")},
)
ON_BEHALF = (
    gettext_lazy("Somebody else filled in the form"),
    {
        "description": gettext_lazy("For example a parent of a child."),
        "fields": (("on_behalf_of_name", "on_behalf_of_relation"),),
    },
)


class QueueFilter(DropdownFilter):  # type: ignore[misc]
    """Who waits for something; in most of them the list shows the oldest first."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("waiting", _("Leads nobody has reached")),
            *((queue.key, queue.label) for queue in joined.queues().values()),
            ("no_physician", _("No physician")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "waiting":
            return queryset.filter(stage=Patient.Stage.LEAD, initial_consult_at=None)
        if self.value() == "no_physician":
            return queryset.without_physician()
        queue = joined.queues().get(self.value() or "")
        return queue.narrow(queryset) if queue else queryset


joined.join(
    verbs=(*stages.VERBS, *consents.VERBS, *erasure.VERBS),
    shortcuts=(
        Shortcut(
            label=gettext_lazy("Merge with another…"),
            icon="call_merge",
            permissions=merges.MAY_MERGE,
            is_offered=lambda patient: True,
            address=merges.choose_url,
            is_last=True,
            is_rare=True,
        ),
    ),
)


class WhoseFilter(DropdownFilter):  # type: ignore[misc]
    """Whose work it is, for the viewer."""

    title = gettext_lazy("whose")
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("Mine")), ("mine_or_nobodys", _("Mine and nobody's"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "mine":
            return queryset.of(request.user)
        if self.value() == "mine_or_nobodys":
            return queryset.open_to(request.user)
        return queryset


@admin.register(Patient)
class PatientAdmin(FormerIds, SamePerson):
    """Leads and patients."""

    form = PatientForm
    list_filter = (
        QueueFilter,
        WhoseFilter,
        ("stage", ChoicesFilter),
        ("owner", AutocompleteFilter),
        ("medical_condition", AutocompleteFilter),
        ("physician", AutocompleteFilter),
        ("country", ChoicesFilter),
        ("created_at", DateRangeFilter),
    )
    search_fields = ("search",)
    search_help_text = SEARCH_HELP
    autocomplete_fields = ("owner", "medical_condition", "physician")
    autocomplete_related = ("medical_condition",)
    readonly_fields = (
        "stage",
        "closed_reason",
        "first_contact_at",
        "initial_consult_at",
        "converted_at",
        "converted_by",
        "deceased_on",
    )
    fieldsets = (
        PERSON,
        (
            gettext_lazy("Navigation"),
            {
                "description": gettext_lazy(
                    "Who looks after them and for what. The stage follows from what happens; "
                    "it is not typed in."
                ),
                "fields": (
                    ("owner", "medical_condition"),
                    ("physician", "stage"),
                    ("first_contact_at", "initial_consult_at"),
                    ("converted_at", "converted_by"),
                    "closed_reason",
                ),
            },
        ),
        WISHES,
        ON_BEHALF,
    )
    add_fieldsets = (
        PERSON,
        (
            gettext_lazy("Navigation"),
            {
                "description": gettext_lazy("A new person starts as a lead."),
                "fields": (("owner", "medical_condition"), "physician"),
            },
        ),
        WISHES_OF_NEW,
        ON_BEHALF,
    )
    readonly_preprocess_fields = {"phone": for_people}
    inlines = (ContactPointInline, NoteInline)
    opens = ("",)
    history_parts = ("contact_points",)
    verbs = joined.VERBS
    shortcuts = joined.SHORTCUTS
    change_form_outer_before_template = "patients/patient_top.html"
    change_form_before_template = "patients/top.html"

    # --- list --------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        added = [admin.display(description=c.heading)(c.cell) for c in joined.columns()]
        return (
            "person",
            "stage_shown",
            "medical_condition",
            "physician",
            "navigator",
            *added,
            "waits",
        )

    def get_ordering(self, request: HttpRequest) -> Any:
        return (
            ("first_contact_at", "id")
            if request.GET.get(QueueFilter.parameter_name) in {"waiting", *joined.queues()}
            else super().get_ordering(request)
        )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        now = timezone.now()
        annotations: dict[str, Any] = {}
        for column in joined.columns():
            annotations |= column.annotations(now)
        return (
            page.select_related("medical_condition", "physician", "owner")
            .defer("search", "medical_condition__search", "physician__search")
            .annotate(**annotations)
        )

    @admin.display(description=gettext_lazy("patient"))
    def person(self, patient: Patient) -> str:
        return two_lines(patient.full_name, patient.email)

    @admin.display(description=gettext_lazy("stage"))
    def stage_shown(self, patient: Patient) -> str:
        return choice_badge(patient, "stage")

    @admin.display(description=gettext_lazy("navigator"))
    def navigator(self, patient: Patient) -> str:
        return str(patient.owner) if patient.owner else NOTHING

    @admin.display(description=gettext_lazy("waiting"))
    def waits(self, patient: Patient) -> str:
        if patient.stage != Patient.Stage.LEAD or patient.initial_consult_at:
            return NOTHING
        return waiting(patient.first_contact_at, now=timezone.now())

    @classmethod
    def autocomplete_label(cls, record: Patient) -> str:
        born = record.date_of_birth
        parts = [
            record.full_name,
            _("born %(day)s") % {"day": date_format(born, "j M Y")} if born else "",
            str(record.medical_condition or ""),
        ]
        return " · ".join(part for part in parts if part)

    @classmethod
    def kind_of(cls, record: Patient) -> str:
        return record.get_stage_display()

    def get_urls(self) -> Any:
        return [*erasure.export_urls(self.admin_site), *super().get_urls()]

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Back to the list; who was erased is said to be."""
        may_see = self.has_view_permission(request)
        tombstone = erasure.erased_notice(object_id) if may_see else None
        if tombstone is None:
            answer: HttpResponse = super()._get_obj_does_not_exist_redirect(
                request, opts, object_id
            )
            return answer
        day = date_format(timezone.localdate(tombstone.created_at), "j M Y")
        messages.info(request, _("This person was erased on %(day)s.") % {"day": day})
        return redirect("admin:patients_patient_changelist")

    # --- page --------------------------------------------------------------------------------

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """A restricted person cannot be changed, except for lifting the restriction."""
        if obj is None or not obj.processing_restricted:
            return self.readonly_fields
        shown = flatten_fieldsets(cast(Any, self.fieldsets))
        return [name for name in shown if name != "processing_restricted"]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return () if obj is not None and obj.processing_restricted else self.inlines

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Propose a pair with everybody who looks like the same person."""
        if not change:
            adding.add(obj, by=cast(User, request.user), match=form.match)
            return
        super().save_model(request, obj, form, change)
        if matching.COMPARED & set(form.changed_data) and (pairs := matching.review(obj)):
            self.message_user(request, alike.proposed(pairs, request.user), messages.WARNING)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """A note is written by who is logged in."""
        for row in formset.save(commit=False):
            if isinstance(row, Note):
                request.portal_stays = True  # type: ignore[attr-defined]
                noting.write(patient_id=row.patient_id, by=cast(User, request.user), text=row.text)
            else:
                row.save()
        for row in formset.deleted_objects:
            row.delete()

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Who wrote a note sees it where it stands now; else back to the list."""
        if getattr(request, "portal_stays", False):
            return redirect(f"{obj.get_absolute_url()}#notes")
        answer: HttpResponse = super().response_post_save_change(request, obj)
        return answer

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        context["alike"] = alike.warning(context["adminform"].form, request.user)
        if (patient := kwargs.get("obj")) is not None:
            context["said_otherwise"] = proposals.panel(patient, request.user)
            context.update(fact_verbs.to_ask(patient, request.user))
        return super().render_change_form(request, context, *args, **kwargs)

    def get_related_tables(self, request: HttpRequest, record: Any) -> Sequence[RelatedTable]:
        return joined.tables()

    def facts(self, request: HttpRequest, record: Patient) -> list[Fact]:
        now = timezone.now()
        return [
            Fact(_("Stage"), self._standing(record)),
            Fact(_("Condition"), record.medical_condition or NOTHING),
            Fact(_("Phone"), two_lines(phone_link(record.phone), clock_in(record.time_zone))),
            Fact(_("E-mail"), email_link(record.email)),
            Fact(_("Navigator"), record.owner or _("nobody yet")),
            Fact(_("Physician"), self._physician(record)),
            *joined.facts(record, now=now),
            *merges.facts(record, viewer=request.user),
        ]

    def _standing(self, patient: Patient) -> str:
        """The stage, and what must not be overlooked."""
        warnings: Mapping[str, Any] = {
            _("Do not contact"): patient.do_not_contact,
            _("Deceased"): patient.deceased_on,
            _("Restricted"): patient.processing_restricted,
        }
        badges = [choice_badge(patient, "stage")]
        if patient.closed_reason:
            badges.append(choice_badge(patient, "closed_reason"))
        badges += [badge("warning", label, "red") for label, holds in warnings.items() if holds]
        if (no := contacting.refusal(patient)) is not None:
            on = short_day(timezone.localdate(no.decided_at), now=timezone.now())
            badges.append(badge("warning", _("Said no to contact, %(day)s") % {"day": on}, "red"))
        if ErasureRequest.objects.open().filter(patient_id=patient.pk).exists():
            badges.append(badge("warning", _("Erasure requested"), "red"))
        return format_html_join(" ", "{}", ((one,) for one in badges))

    def _physician(self, patient: Patient) -> str:
        if patient.physician_id is None:
            return NOTHING
        known = Specialist.objects.select_related("hospital").defer("search", "hospital__search")
        physician = known.get(pk=patient.physician_id)
        url = physician.get_absolute_url()
        name = format_html('<a class="portal-link" href="{}">{}</a>', url, physician)
        return two_lines(name, physician.hospital or _("no hospital yet"))
