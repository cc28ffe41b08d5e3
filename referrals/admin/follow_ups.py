"""What was agreed to be followed up in dossiers."""

from collections.abc import Mapping
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
)
from portal.core.admin.display import choice_badge, day, record_link, two_lines
from portal.core.models import User
from referrals import following_up
from referrals.admin.due import due_badge
from referrals.admin.moves import (
    MoveForm,
    TakeMove,
    queue_filter,
)
from referrals.admin.of_dossier import OfDossier
from referrals.admin.said import words_field
from referrals.admin.whose import WhoseFilter
from referrals.models import FollowUp


class FollowUpForm(MoveForm):
    """What came of it, or why it is not done."""

    outcome_text = words_field(gettext_lazy("What came of it"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.move.target != FollowUp.Status.DONE:
            del self.fields["on"]
            self.fields["outcome_text"].label = gettext_lazy("Why it is not done")
            self.fields["outcome_text"].required = True


class TakeFollowUp(TakeMove):
    permissions = ("referrals.change_followup",)
    made_of = FollowUpForm
    forward = ("finish",)

    def will(self, record: FollowUp) -> list[Any]:
        told = super().will(record)
        if self.move.target == FollowUp.Status.DONE and record.repeats_days:
            told.append(_("The next one is put down, in its rhythm."))
        return told

    def run(self, record: FollowUp, *, by: Any, said: Mapping[str, Any]) -> str:
        following_up.take(
            self.move,
            follow_up_id=record.pk,
            by=by,
            on=said.get("on"),
            outcome_text=said["outcome_text"],
        )
        return _("The follow-up is now: %(status)s.") % {"status": self.move.target.label}


@admin.register(FollowUp)
class FollowUpAdmin(OfDossier):
    """What was agreed to be done for a dossier, and by when."""

    list_display = ("follow_up", "patient_shown", "status_shown", "responsible", "due", "done_on")
    list_filter = (
        queue_filter(
            "due",
            gettext_lazy("Due today or earlier"),
            lambda rows: rows.due(today=timezone.localdate()),
        ),
        WhoseFilter,
        ("status", ChoicesFilter),
        ("kind", ChoicesFilter),
        ("responsible", ChoicesFilter),
        ("due_on", DateRangeFilter),
        ("dossier", AutocompleteFilter),
    )
    readonly_fields = ("status", "done_on")
    _what = (
        gettext_lazy("What is to be done"),
        {
            "description": gettext_lazy(
                "A visit, call or test for the patient, or a report that is owed."
            ),
            "fields": (
                ("dossier", "kind"),
                "instructions",
                ("due_on", "repeats_days"),
                "responsible",
            ),
        },
    )
    fieldsets = (
        _what,
        (gettext_lazy("What came of it"), {"fields": (("status", "done_on"), "outcome_text")}),
    )
    add_fieldsets = (_what,)
    verbs = tuple(
        TakeFollowUp(move, icon="task_alt" if move.name == "finish" else "close")
        for move in following_up.MOVES
    )

    @admin.display(description=gettext_lazy("follow-up"))
    def follow_up(self, follow_up: FollowUp) -> str:
        return two_lines(follow_up.get_kind_display(), follow_up.instructions)

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, follow_up: FollowUp) -> str:
        return choice_badge(follow_up, "status")

    @admin.display(description=gettext_lazy("due"), ordering="due_on")
    def due(self, follow_up: FollowUp) -> str:
        return follow_up_due(follow_up)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new one is put down by the verb; a change is saved as ever."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            following_up.schedule(obj, by=cast(User, request.user))

    def facts(self, request: HttpRequest, record: FollowUp) -> list[Fact]:
        return [
            Fact(_("Patient"), record_link(record.dossier.patient)),
            Fact(_("Dossier"), record_link(record.dossier)),
            Fact(_("Status"), choice_badge(record, "status")),
            Fact(_("Due"), follow_up_due(record)),
            Fact(_("Who acts"), record.get_responsible_display()),
        ]


def follow_up_due(follow_up: FollowUp) -> str:
    """When it is due, with a clock while it is open."""
    if follow_up.status == FollowUp.Status.OPEN:
        return due_badge(follow_up.due_on)
    return day(follow_up.due_on)
