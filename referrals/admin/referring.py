"""What can be done to a referral from its page: each action of the lifecycle, and asking again."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from patients.locking import restriction
from portal.core.admin import Briefing, Verb, VerbForm
from portal.core.admin.display import day
from referrals import clocks, lifecycle, referring
from referrals.admin.said import HappenedForm, briefing_of, day_field, words_field
from referrals.lifecycle import ACTIONS, OVERRIDABLE, Action
from referrals.models import CTReferral, TrialSite

CHANGE = ("referrals.change_ctreferral",)
_ICONS = {
    "find-eligible": "check",
    "rule-out": "block",
    "refer": "send",
    "acknowledge": "mark_email_read",
    "begin-screening": "biotech",
    "enrol": "how_to_reg",
    "complete": "task_alt",
}
# What goes on is a plain button; what ends a referral is not the first thing to press.
_FORWARD = ("find-eligible", "refer", "acknowledge", "begin-screening", "enrol", "complete")
# What can end a referral at any time, and seldom does.
_RARE = ("withdraw", "trial-closes", "lose-contact")


class ActionForm(HappenedForm):
    """What one action asks for: when, why, where to, and what goes along."""

    site = forms.ModelChoiceField(
        label=gettext_lazy("Site"),
        queryset=TrialSite.objects.none(),
        required=False,
        empty_label=gettext_lazy("not chosen"),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Its country's working days are counted until it should answer."),
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={"required": gettext_lazy("Choose a reason.")},
    )
    field_order = ("on", "site", "reason", "remark", "override")

    def __init__(self, *args: Any, action: Action, record: Any, **kwargs: Any) -> None:
        missing = lifecycle.missing(record, action)
        super().__init__(*args, record=record, missing=missing, overridable=OVERRIDABLE, **kwargs)
        reasons = [(reason.value, reason.label) for reason in action.reasons]
        if reasons:
            self.fields["reason"].choices = reasons  # type: ignore[attr-defined]
        else:
            del self.fields["reason"]
        if action.name == "refer":
            sites = TrialSite.objects.filter(trial=self.record.trial_id)
            self.fields["site"].queryset = sites  # type: ignore[attr-defined]
            self.ask_for_documents(self.record.patient_id)
        else:
            del self.fields["site"]

    def said(self) -> dict[str, Any]:
        """What `referring.take` is told."""
        said = self.cleaned_data
        site = said.get("site")
        return {
            "on": said["on"],
            "reason": said.get("reason", ""),
            "remark": said["remark"],
            "site_id": site.pk if site else None,
            "document_ids": self.chosen_documents(),
            "override": said.get("override", ""),
        }


class Take(Verb):
    """One action of the lifecycle. Its status guards it: the verb refuses another one."""

    permissions = CHANGE
    is_versioned = False  # the verb locks the patient first, as closing and merging do

    def __init__(self, action: Action) -> None:
        self.action = action
        self.name = action.name
        self.label = action.label
        self.icon = _ICONS.get(action.name, "")
        self.is_rare = action.name in _RARE
        if action.name in _FORWARD:
            self.variant = ActionVariant.PRIMARY

    def is_offered(self, record: CTReferral, user: Any) -> bool:
        return record.status in self.action.sources

    def briefing(self, record: CTReferral, user: Any) -> Briefing:
        missing = lifecycle.missing(record, self.action)
        return briefing_of(missing, by=user, overridable=OVERRIDABLE, will=self._will(record))

    def _will(self, record: CTReferral) -> list[Any]:
        target = self.action.target
        told = [_("The status becomes “%(status)s”.") % {"status": target.label}]
        if self.action.name == "refer":
            physician = record.patient.physician
            if physician is not None:
                names = {"name": physician, "hospital": physician.hospital or "?"}
                told.append(_("%(name)s, %(hospital)s, stays on it as the physician.") % names)
            told.append(_("What the site is told is kept as it is today."))
        due = clocks.due(target, trial=record.trial, since=timezone.localdate())
        if due is not None:
            told.append(_("The site should answer by %(day)s.") % {"day": day(due)})
        if self.action.is_end:
            told.append(_("This ends the referral. Referring again begins a new one."))
        return told

    def form(self, data: Any, *, record: Any, user: Any) -> VerbForm:
        return ActionForm(data, record=record, user=user, action=self.action)

    def run(self, record: CTReferral, *, by: Any, said: Mapping[str, Any]) -> str:
        referring.take(self.action, referral_id=record.pk, by=by, **said["said"])
        return _("The referral is now: %(status)s.") % {"status": self.action.target.label}


class ChaseForm(VerbForm):
    """What the site said, and when it is asked next."""

    next_on = day_field(gettext_lazy("Ask again on"))
    remark = words_field(gettext_lazy("What was said"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.record.site.country if self.record.site else ""
        self.fields["next_on"].initial = clocks.after(timezone.localdate(), 3, country=country)


class Chase(Verb):
    """The site was asked again."""

    name = lifecycle.CHASE
    label = gettext_lazy("Asked the site again")
    icon = "notifications_active"
    permissions = CHANGE
    form_class = ChaseForm
    is_versioned = False

    def is_offered(self, record: CTReferral, user: Any) -> bool:
        return record.status in CTReferral.AT_THE_SITE

    def briefing(self, record: CTReferral, user: Any) -> Briefing:
        missing = restriction(record.patient)
        return Briefing(
            will=(_("It is kept that the site was asked; the status stays."),),
            missing=missing,
            may_go_on=not missing,
        )

    def run(self, record: CTReferral, *, by: Any, said: Mapping[str, Any]) -> str:
        referral = referring.chase(
            referral_id=record.pk, by=by, next_on=said["next_on"], remark=said["remark"]
        )
        return _("Kept. Ask again on %(day)s.") % {"day": day(referral.due_on)}


VERBS = (*(Take(action) for action in ACTIONS[:7]), Chase(), *(Take(a) for a in ACTIONS[7:]))
