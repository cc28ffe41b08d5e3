"""What can be done to a part of a dossier from its page."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter
from unfold.enums import ActionVariant
from unfold.widgets import (
    DATETIME_CLASSES,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextInputWidget,
)

from portal.core.admin import Briefing, Verb, VerbForm
from referrals import moves
from referrals.admin.said import briefing_of, day_field
from referrals.moves import Move


def text_field(label: Any, *, required: bool = False, length: int = 100) -> forms.CharField:
    """One line of text."""
    return forms.CharField(
        label=label, required=required, max_length=length, widget=UnfoldAdminTextInputWidget
    )


def moment_field(label: Any) -> forms.DateTimeField:
    """A moment in the viewer's zone, with the browser's own picker."""
    return forms.DateTimeField(
        label=label,
        help_text=gettext_lazy("In your zone."),
        widget=forms.DateTimeInput(
            {"type": "datetime-local", "class": " ".join(DATETIME_CLASSES)}, "%Y-%m-%dT%H:%M"
        ),
    )


def now_to_the_minute() -> datetime:
    return timezone.now().replace(second=0, microsecond=0)


class MoveForm(VerbForm):
    """What one move asks for. Subclasses bring the fields of `Move.asks`."""

    on = day_field(gettext_lazy("When it happened"))
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={"required": gettext_lazy("Choose a reason.")},
    )

    def __init__(self, *args: Any, move: Move, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.move = move
        self.fields["on"].initial = timezone.localdate()
        reasons = [(reason.value, reason.label) for reason in move.reasons]
        if reasons:
            self.fields["reason"].choices = reasons  # type: ignore[attr-defined]
        else:
            del self.fields["reason"]
        always = {*MoveForm.base_fields, *self.always}
        for name in [name for name in self.fields if name not in {*always, *move.asks}]:
            del self.fields[name]
        for name in move.asks:
            self.fields[name].initial = getattr(self.record, name)

    always: tuple[str, ...] = ()


class TakeMove(Verb):
    """One move of a part of a dossier. Its status guards it: the verb refuses another one."""

    is_versioned = False  # the verb locks the patient first, as closing and merging do
    made_of: type[MoveForm]  # the form
    forward: tuple[str, ...] = ()  # plain buttons: what goes on

    def __init__(self, move: Move, *, icon: str = "") -> None:
        self.move = move
        self.name = move.name
        self.label = move.label
        self.icon = icon
        if move.name in self.forward:
            self.variant = ActionVariant.PRIMARY

    def is_offered(self, record: Any, user: Any) -> bool:
        return moves.is_offered(record, self.move)

    def briefing(self, record: Any, user: Any) -> Briefing:
        return briefing_of(
            moves.missing(record, self.move),
            by=user,
            overridable=self.move.overridable,
            will=self.will(record),
        )

    def will(self, record: Any) -> list[Any]:
        """What happens, in sentences."""
        return [_("The status becomes “%(status)s”.") % {"status": self.move.target.label}]

    def form(self, data: Any, *, record: Any, user: Any) -> VerbForm:
        return self.made_of(data, record=record, user=user, move=self.move)

    def details(self, said: Mapping[str, Any]) -> dict[str, Any]:
        return {name: said[name] for name in self.move.asks}


# --- filters --------------------------------------------------------------------------------------


def queue_filter(key: str, label: Any, narrow: Callable[[Any], Any]) -> type[DropdownFilter]:
    """A filter `queue` with one queue."""

    class QueueFilter(DropdownFilter):  # type: ignore[misc]
        """What waits for somebody."""

        title = gettext_lazy("queue")
        parameter_name = "queue"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
            return [(key, label)]

        def queryset(self, request: HttpRequest, queryset: Any) -> Any:
            return narrow(queryset) if self.value() == key else queryset

    return QueueFilter
