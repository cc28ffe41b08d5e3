"""What is to be expected of a dossier, as its pages show it, and the page that asks "what if"."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from portal.core.admin.display import NOTHING, badge, day, two_lines
from referrals import forecasting
from referrals.admin.said import choice_field, day_field
from referrals.forecasting import Outlook
from referrals.models import DossierStep, EAPDossier

_UNCHANGED = ("", gettext_lazy("as it is"))
_DONE = ("approved", gettext_lazy("done"))


def held(outlook: Outlook) -> tuple[str, str]:
    """Who has to act, and for how long they have had it; dashes when nobody has to."""
    if outlook.holder is None or outlook.held_days is None:
        return NOTHING, ""
    days = outlook.held_days
    return str(outlook.holder.label), ngettext("%(days)d day", "%(days)d days", days) % {
        "days": days
    }


def first_dose(outlook: Outlook, *, in_short: bool = False) -> Any:
    """The day of the first dose, given or expected, or why nobody can say.

    `in_short` counts the steps whose days are missing instead of naming them.
    """
    forecast = outlook.forecast
    if forecast.is_first_dose_given:
        on = forecast.first_dose_on
        return badge("given", _("given %(day)s") % {"day": day(on)} if on else _("given"), "green")
    if forecast.first_dose_on is not None:
        return day(forecast.first_dose_on)
    if not forecast.has_first_dose:
        return NOTHING
    steps = outlook.unknown
    if in_short:
        count = ngettext("%(count)d step", "%(count)d steps", len(steps)) % {"count": len(steps)}
        return two_lines(_("unknown"), count)
    return two_lines(_("unknown from here"), ", ".join(step.title for step, _why in steps))


class WhatIfForm(forms.Form):
    """Other days, another date or another status for each step that waits."""

    def __init__(self, *args: Any, steps: tuple[DossierStep, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.steps = steps
        for step in steps:
            days = forms.IntegerField(
                required=False,
                initial=step.days,
                min_value=0,
                max_value=3650,
                widget=UnfoldAdminIntegerFieldWidget,
            )
            choices = (_UNCHANGED, _DONE)
            for name, word, field in (
                ("days", _("Days of: %(title)s"), days),
                ("due_on", _("Date of: %(title)s"), day_field("", required=False)),
                ("status", _("Status of: %(title)s"), choice_field("", choices, required=False)),
            ):
                field.widget.attrs["aria-label"] = word % {"title": step.title}
                self.fields[f"{name}_{step.pk}"] = field

    def changes(self) -> Mapping[Any, Mapping[str, Any]]:
        """What was said otherwise, by step."""
        said = {
            step.pk: {
                name: value
                for name in ("days", "due_on", "status")
                if (value := self.cleaned_data.get(f"{name}_{step.pk}")) not in (None, "")
                and value != getattr(step, name)
            }
            for step in self.steps
        }
        return {key: fields for key, fields in said.items() if fields}


@dataclass(frozen=True, slots=True)
class Row:
    """One step: when it is done now and then, and the fields in which to say otherwise."""

    step: DossierStep
    now: date | None
    then: date | None
    fields: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        return self.now != self.then


def what_if_view(admin: Any) -> Callable[..., HttpResponse]:
    """The page of one dossier on which other days and dates are tried. It changes nothing."""

    def view(request: HttpRequest, object_id: UUID, **_kwargs: Any) -> HttpResponse:
        if not admin.has_view_permission(request):
            raise PermissionDenied
        dossier: EAPDossier | None = admin.get_object(request, str(object_id))
        if dossier is None:
            answer: HttpResponse = admin._get_obj_does_not_exist_redirect(
                request, admin.opts, str(object_id)
            )
            return answer
        admin.log_opened(request, dossier)
        today = timezone.localdate()
        now = forecasting.outlook(dossier, today=today)
        waiting = tuple(step for step in now.steps if step.status in DossierStep.WAITING)
        form = WhatIfForm(request.GET if "try" in request.GET else None, steps=waiting)
        changes = form.changes() if form.is_valid() else {}
        then = forecasting.what_if(dossier, changes, today=today)
        context = {
            **admin.admin_site.each_context(request),
            "title": _("What if: %(dossier)s") % {"dossier": dossier},
            "subtitle": None,
            "original": dossier,
            "opts": admin.opts,
            "record_url": dossier.get_absolute_url(),
            "what_if_url": what_if_url(dossier),
            "form": form,
            "is_tried": bool(changes),
            "first_doses": (first_dose(now), first_dose(then)),
            "critical": (now.critical_step, then.critical_step),
            "rows": [
                Row(
                    step,
                    now.forecast.finishes.get(step.pk),
                    then.forecast.finishes.get(step.pk),
                    tuple(form[f"{name}_{step.pk}"] for name in ("days", "due_on", "status")),
                )
                for step in waiting
            ],
        }
        request.current_app = admin.admin_site.name
        return TemplateResponse(request, "referrals/what_if.html", context)

    return view


def what_if_url(dossier: EAPDossier) -> str:
    return reverse("admin:referrals_eapdossier_what-if", args=[dossier.pk])
