"""What can be done with a dossier from its page."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant

from portal.core.admin import Briefing, Verb, VerbForm
from portal.core.admin.verbs import counted
from referrals import calling_off, dossier_closing, dossiers
from referrals.admin.said import choice_field, words_field
from referrals.models import EAPDossier, RouteTemplate

CHANGE = ("referrals.change_eapdossier",)


class DossierVerb(Verb):
    """Something that is done with a dossier."""

    permissions = CHANGE
    is_versioned = False  # the verb locks the patient first, as closing and merging do


class CloseForm(VerbForm):
    """Why it ends."""

    reason = choice_field(
        gettext_lazy("Reason"), [(reason.value, reason.label) for reason in dossier_closing.REASONS]
    )
    remark = words_field(gettext_lazy("In words"))


def _called_off(dossier: EAPDossier) -> str:
    """What closing calls off: `1 shipment and 2 follow-ups`; blank for nothing."""
    mine = EAPDossier.objects.filter(pk=dossier.pk)
    ends = (calling_off.unsent(mine), calling_off.agreed(mine))
    return counted({rows.model: rows.count() for rows in ends})


class Close(DossierVerb):
    """The dossier ends."""

    name = dossier_closing.CLOSE
    label = gettext_lazy("Close dossier")
    icon = "archive"
    form_class = CloseForm

    def is_offered(self, record: EAPDossier, user: Any) -> bool:
        return record.state == EAPDossier.State.OPEN

    def briefing(self, record: EAPDossier, user: Any) -> Briefing:
        missing = dossier_closing.missing_to_close(record)
        will = [_("The steps that wait for somebody are cancelled.")]
        if ends := _called_off(record):
            told = _("This is called off: %(ends)s. It stays so if the dossier is opened again.")
            will.append(told % {"ends": ends})
        return Briefing(
            will=will,
            missing=missing,
            may_go_on=not missing,
        )

    def run(self, record: EAPDossier, *, by: Any, said: Mapping[str, Any]) -> str:
        ended = _called_off(record)
        dossier_closing.close(dossier_id=record.pk, by=by, **said)
        told = _("The dossier is closed.")
        return f"{told} {_('Called off: %(ended)s.') % {'ended': ended}}" if ended else told


class ReopenForm(VerbForm):
    """Why it goes on."""

    remark = words_field(gettext_lazy("Why"), required=True)


class Reopen(DossierVerb):
    """A closed dossier goes on."""

    name = dossier_closing.REOPEN
    label = gettext_lazy("Open again")
    icon = "unarchive"
    variant = ActionVariant.PRIMARY
    form_class = ReopenForm

    def is_offered(self, record: EAPDossier, user: Any) -> bool:
        return record.state == EAPDossier.State.CLOSED

    def briefing(self, record: EAPDossier, user: Any) -> Briefing:
        missing = dossier_closing.missing_to_reopen(record)
        return Briefing(
            will=(
                _("Steps that the closing cancelled are as they were before."),
                _("Shipments and follow-ups that it called off stay so. Plan them anew."),
            ),
            missing=missing,
            may_go_on=not missing,
        )

    def run(self, record: EAPDossier, *, by: Any, said: Mapping[str, Any]) -> str:
        dossier_closing.reopen(dossier_id=record.pk, by=by, **said)
        return _("The dossier is open again.")


class RouteForm(VerbForm):
    """The way it is done."""

    route = forms.ModelChoiceField(
        label=gettext_lazy("Route"),
        queryset=RouteTemplate.objects.filter(is_active=True),
        widget=choice_field("", ()).widget,
        empty_label=None,
    )


class ChooseRoute(DossierVerb):
    """A dossier of the legacy CRM gets the steps of a route."""

    name = dossiers.CHOOSE_ROUTE
    label = gettext_lazy("Choose a route")
    icon = "route"
    variant = ActionVariant.PRIMARY
    form_class = RouteForm

    def is_offered(self, record: EAPDossier, user: Any) -> bool:
        return record.state == EAPDossier.State.OPEN and record.route_id is None

    def briefing(self, record: EAPDossier, user: Any) -> Briefing:
        missing = dossiers.missing_to_plan(record)
        return Briefing(
            will=(_("The steps of the route are added after those that are there."),),
            missing=missing,
            may_go_on=not missing,
        )

    def run(self, record: EAPDossier, *, by: Any, said: Mapping[str, Any]) -> str:
        dossiers.choose_route(dossier_id=record.pk, route_id=said["route"].pk, by=by)
        return _("The dossier follows this route now: %(route)s.") % {"route": said["route"]}


VERBS = (ChooseRoute(), Close(), Reopen())
