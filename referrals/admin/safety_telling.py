"""What can be done to a safety report from its page."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminRadioSelectWidget

from patients.overriding import may_override
from referrals import moves, safety_reporting
from referrals.admin.moves import (
    MoveForm,
    TakeMove,
    moment_field,
    now_to_the_minute,
    text_field,
)
from referrals.admin.said import words_field
from referrals.models import SafetyReport
from referrals.safety_reporting import CLOSE, TELL_AUTHORITY


class SafetyForm(MoveForm):
    """Who was told when, or what came of the event."""

    at = moment_field(gettext_lazy("When they were told"))
    authority = text_field(gettext_lazy("Which authority"), required=True)
    reference = text_field(gettext_lazy("Their reference"))
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome of the event"),
        choices=SafetyReport.Outcome.choices,
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={"required": gettext_lazy("Choose an outcome.")},
    )
    remark = words_field(gettext_lazy("In words"))
    override = words_field(gettext_lazy("Why it goes ahead anyway"))
    always = ("at", "authority", "reference", "outcome", "remark", "override")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["on"]
        missing = {lack.code for lack in moves.missing(self.record, self.move)}
        settable = missing and missing <= set(self.move.overridable) and may_override(self.user)
        unused = set() if settable else {"override"}
        if self.move is CLOSE:
            unused |= {"at", "authority", "reference"}
        else:
            unused.add("outcome")
            self.fields["at"].initial = now_to_the_minute()
            if self.move is not TELL_AUTHORITY:
                unused.add("authority")
        for name in unused:
            del self.fields[name]


class TakeSafety(TakeMove):
    permissions = ("referrals.change_safetyreport",)
    made_of = SafetyForm
    forward = ("tell-sponsor", "tell-authority")

    def will(self, record: SafetyReport) -> list[Any]:
        told = super().will(record)
        if self.move is CLOSE:
            told.append(
                _("Nothing in it can be changed any more; what is new is a further report.")
            )
        else:
            told.append(_("What they were told is kept as it is now, without names."))
            told.append(_("The portal sends nothing: you do."))
        return told

    def run(self, record: SafetyReport, *, by: Any, said: Mapping[str, Any]) -> str:
        safety_reporting.take(self.move, report_id=record.pk, by=by, **said)
        return _("The report is now: %(status)s.") % {"status": self.move.target.label}
