"""What was said and decided about a patient: submissions, consents, notes."""

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients import consenting, noting
from patients.admin import wording
from patients.admin.joined import Table, join
from patients.models import Consent, Note, Submission
from portal.core.admin import (
    AppendOnlyAdmin,
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    ReadOnlyAdmin,
    RecordAdmin,
    RelatedTable,
)
from portal.core.admin.display import NOTHING, choice_badge, moment
from portal.core.admin.verbs import counted
from portal.core.models import User

SEARCH_HELP = gettext_lazy("The patient: start of a name, e-mail or its domain, or phone digits")


class OfPatient(RecordAdmin):
    """Rows that belong to one patient: found by the person, and shown with their name."""

    search_fields = ("patient__search",)
    search_help_text = SEARCH_HELP
    autocomplete_fields: tuple[str, ...] = ("patient",)
    opens = ("patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("patient").defer("patient__search")


@admin.register(Submission)
class SubmissionAdmin(OfPatient, ReadOnlyAdmin):
    """Forms of the landing page, word for word."""

    list_display = ("received_at", "patient", "source", "match")
    list_filter = (
        ("source", ChoicesFilter),
        ("match", ChoicesFilter),
        ("received_at", DateRangeFilter),
        ("patient", AutocompleteFilter),
    )
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Kept as it came in; nobody can change it."),
                "fields": (
                    ("patient", "received_at"),
                    ("source", "match"),
                    "as_it_came_in",
                    "why_matched",
                ),
            },
        ),
    )
    readonly_fields = ("as_it_came_in", "why_matched")

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return super().rows(request, page).defer("patient__search", "payload", "match_evidence")

    @admin.display(description=gettext_lazy("as it came in"))
    def as_it_came_in(self, submission: Submission) -> str:
        return wording.said(submission)

    @admin.display(description=gettext_lazy("how it was matched"))
    def why_matched(self, submission: Submission) -> str:
        return wording.matched(submission)


@admin.register(Consent)
class ConsentAdmin(OfPatient, AppendOnlyAdmin):
    """Decisions about consent, one row each."""

    list_display = ("decided_at", "patient", "purpose", "decision_shown", "method", "obtained_by")
    list_filter = (
        ("purpose", ChoicesFilter),
        ("decision", ChoicesFilter),
        ("decided_at", DateRangeFilter),
        ("patient", AutocompleteFilter),
    )
    autocomplete_fields = ("patient", "obtained_by")
    fieldsets = (
        (
            gettext_lazy("Decision"),
            {
                "description": gettext_lazy(
                    "The last decision for a purpose counts. A change of mind is a further row."
                ),
                "fields": ("patient", ("purpose", "scope"), ("decision", "decided_at")),
            },
        ),
        (
            gettext_lazy("How it was given"),
            {
                "description": gettext_lazy("What was read or heard, and where the proof is."),
                "fields": (
                    ("text_version", "language"),
                    ("method", "obtained_by"),
                    "evidence",
                ),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return super().rows(request, page).select_related("patient", "obtained_by")

    @admin.display(description=gettext_lazy("decision"))
    def decision_shown(self, consent: Consent) -> str:
        return choice_badge(consent, "decision")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        recorded = consenting.record(consent=obj, by=cast(User, request.user))
        if stopped := counted(recorded.stopped):
            self.message_user(request, _("Stopped: %(stopped)s.") % {"stopped": stopped})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"obtained_by": request.user.pk, **super().get_changeform_initial_data(request)}


@admin.register(Note)
class NoteAdmin(OfPatient, AppendOnlyAdmin):
    """What members of staff wrote down."""

    list_display = ("created_at", "patient", "author", "beginning")
    list_filter = (
        ("author", AutocompleteFilter),
        ("created_at", DateRangeFilter),
        ("patient", AutocompleteFilter),
    )
    readonly_fields = ("author", "created_at")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("A correction is a further note."),
                "fields": ("patient", "text", ("author", "created_at")),
            },
        ),
    )
    add_fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("A note cannot be changed afterwards."),
                "fields": ("patient", "text"),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return super().rows(request, page).select_related("patient", "author")

    @admin.display(description=gettext_lazy("text"))
    def beginning(self, note: Note) -> str:
        return Truncator(note.text).chars(100)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.pk = noting.write(
            patient_id=obj.patient_id,
            by=request.user,  # type: ignore[arg-type]
            text=obj.text,
        ).pk


join(
    tables=(
        Table(
            position=50,
            table=RelatedTable(
                relation="submissions",
                columns=(
                    (gettext_lazy("Received"), lambda row: moment(row.received_at)),
                    (gettext_lazy("Source"), lambda row: row.get_source_display()),
                    (gettext_lazy("Match"), lambda row: row.get_match_display()),
                ),
                defer=("payload", "match_evidence"),
                can_add=False,
                is_rare=True,
                empty=gettext_lazy("No form has come in from this person."),
            ),
        ),
        Table(
            position=60,
            table=RelatedTable(
                relation="consents",
                columns=(
                    (gettext_lazy("Decided"), lambda row: moment(row.decided_at)),
                    (gettext_lazy("Purpose"), lambda row: row.get_purpose_display()),
                    (gettext_lazy("Decision"), lambda row: choice_badge(row, "decision")),
                    (gettext_lazy("Scope"), lambda row: row.scope or NOTHING),
                    (gettext_lazy("How"), lambda row: row.get_method_display()),
                ),
                empty=gettext_lazy("No consent is recorded. Without one nothing may be shared."),
            ),
        ),
        Table(
            position=70,
            table=RelatedTable(
                relation="notes",
                columns=(
                    (gettext_lazy("Written"), lambda row: moment(row.created_at)),
                    (gettext_lazy("Author"), lambda row: row.author or NOTHING),
                    (gettext_lazy("Text"), lambda row: row.text),
                ),
                select_related=("author",),
                can_add=False,
                empty=gettext_lazy("No note yet."),
            ),
        ),
    )
)
