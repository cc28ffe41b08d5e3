"""How dossiers came to where they are."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from portal.core.admin import ChoicesFilter, DateRangeFilter, ReadOnlyAdmin, RelatedTable
from portal.core.admin.display import NOTHING, day
from referrals.dossier_lifecycle import BY_NAME
from referrals.models import DossierChange, EAPDossier

_WORDS = {
    "close": gettext_lazy("Closed"),
    "reopen": gettext_lazy("Opened again"),
    "choose-route": gettext_lazy("A route was chosen"),
    "add-step": gettext_lazy("A step was added"),
    "chase": gettext_lazy("Asked again"),
    "plan": gettext_lazy("Planned anew"),
    "attach": gettext_lazy("A document was attached"),
    "withdraw-consent": gettext_lazy("Cancelled: consent withdrawn"),
}


def what_happened(change: DossierChange) -> str:
    """The action in the words of its button."""
    action = BY_NAME.get(change.action)
    return str(action.label if action else _WORDS.get(change.action, change.action))


def said_of(change: DossierChange, status: str) -> str:
    """A status in the words of the step that it is of, or of the dossier; a dash for none."""
    if not status:
        return NOTHING
    if change.step is not None:
        return change.step.said_of(status)
    return str(EAPDossier.State(status).label)


def in_words(change: DossierChange) -> str:
    """What was said about it, and why a rule was set aside."""
    return " · ".join(word for word in (change.remark, change.override) if word) or NOTHING


def way(*, of_a_step: bool) -> RelatedTable:
    """What was done with a dossier, or with one step of it."""
    columns: list[Any] = [(gettext_lazy("When"), lambda row: day(row.happened_on))]
    if not of_a_step:
        columns.append((gettext_lazy("Step"), lambda row: row.step or NOTHING))
    columns += [
        (gettext_lazy("What happened"), what_happened),
        (gettext_lazy("Why"), lambda row: row.get_reason_display() or NOTHING),
        (gettext_lazy("In words"), in_words),
        (gettext_lazy("By"), lambda row: row.changed_by or NOTHING),
    ]
    return RelatedTable(
        relation="changes",
        columns=tuple(columns),
        title=gettext_lazy("Its way so far"),
        select_related=("changed_by", "step"),
        defer=("packet",),
        can_add=False,
        empty=gettext_lazy("Nothing has been done with it yet."),
    )


@admin.register(DossierChange)
class DossierChangeAdmin(ReadOnlyAdmin):
    """What happened to dossiers, and what was sent: written down by what was done."""

    list_display = ("dossier", "step", "happened", "happened_on", "reason", "changed_by")
    list_filter = (("reason", ChoicesFilter), ("happened_on", DateRangeFilter))
    fieldsets = (
        (
            gettext_lazy("What happened"),
            {
                "fields": (
                    ("dossier", "step"),
                    ("action", "happened_on"),
                    ("was", "became"),
                    ("reason", "changed_by"),
                    "remark",
                    "override",
                )
            },
        ),
        (
            gettext_lazy("What was sent"),
            {
                "description": gettext_lazy("As it was on that day, whatever changed later."),
                "fields": ("packet",),
            },
        ),
    )
    readonly_fields = ("was", "became")
    opens = ("dossier.patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        joined = ("dossier__program", "step", "changed_by")
        return page.select_related(*joined).defer("packet", "dossier__program__search")

    @admin.display(description=gettext_lazy("what happened"))
    def happened(self, change: DossierChange) -> str:
        return what_happened(change)

    @admin.display(description=gettext_lazy("from"))
    def was(self, change: DossierChange) -> str:
        return said_of(change, change.from_status)

    @admin.display(description=gettext_lazy("to"))
    def became(self, change: DossierChange) -> str:
        return said_of(change, change.to_status)
