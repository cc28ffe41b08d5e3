"""Taking a merge back, on a page that says what goes where and what stands in the way."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from patients.locking import survivor_of
from patients.models import Patient, PatientMerge, PossibleDuplicate
from patients.unmerging import STAYING, missing_to_undo, outline, undo
from portal.core.admin import Briefing, Verb, VerbForm
from portal.core.admin.display import record_link
from portal.core.admin.verbs import counted


class UndoForm(VerbForm):
    """Why, and whether what happened since the merge may stay as it is."""

    reason = forms.CharField(
        label=gettext_lazy("Reason, kept in the history"),
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
    )
    keep_later = forms.BooleanField(
        label=gettext_lazy("I have looked at what happened since; it may stay where it is"),
        required=False,
        widget=UnfoldBooleanWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not any(condition.code in STAYING for condition in missing_to_undo(self.record)):
            del self.fields["keep_later"]


class Undo(Verb):
    """Two people who were taken for one are two again."""

    name = "undo"
    label = gettext_lazy("Undo this merge")
    icon = "call_split"
    permissions = ("patients.change_patientmerge", "patients.change_patient")
    form_class = UndoForm
    is_versioned = False  # what happened since is asked for, and the patients are locked first
    done_already = gettext_lazy("This merge was taken back already.")

    def is_offered(self, record: PatientMerge, user: Any) -> bool:
        return record.undone_at is None

    def briefing(self, record: PatientMerge, user: Any) -> Briefing:
        missing = missing_to_undo(record)
        plan = outline(record)
        will = [_("%(name)s is a record of their own again, under the old id.")]
        if plan.going_back:
            will.append(_("Back to that record: %(rows)s."))
        if plan.coming_back:
            will.append(_("There again as before the merge: %(gone)s."))
        if plan.restored:
            will.append(_("%(survivor)s gets back: %(fields)s."))
        said = {
            "name": plan.name,
            "survivor": record.survivor,
            "rows": counted(dict(plan.going_back)),
            "gone": counted(dict(plan.coming_back)),
            "fields": ", ".join(plan.restored),
        }
        return Briefing(
            will=[sentence % said for sentence in will],
            missing=missing,
            may_go_on=all(condition.code in STAYING for condition in missing),
        )

    def run(self, record: PatientMerge, *, by: Any, said: Mapping[str, Any]) -> str:
        back = undo(
            merge_id=record.pk,
            by=by,
            reason=said["reason"],
            keep_later=said.get("keep_later", False),
        )
        done = _("{} and {} are two records again.")
        message = format_html(done, record_link(back), record_link(record.survivor))
        pair = PossibleDuplicate.objects.between(back, record.survivor).first()
        if pair is None:
            return message
        ask = _("Say that they are not the same person")
        return format_html("{} {}", message, record_link(pair, ask))

    def back_to(self, record: PatientMerge) -> Any:
        """Whoever came back, once it is done."""
        today = survivor_of(record.loser_id) or record.loser_id
        if today == record.survivor_id:
            return record
        return Patient.objects.filter(pk=today).first() or record

    def context(self, record: PatientMerge, user: Any) -> dict[str, Any]:
        return {"title": _("Undo the merge into %(name)s") % {"name": record.survivor}}
