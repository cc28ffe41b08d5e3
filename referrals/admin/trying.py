"""Trying the criteria of a trial or program on a patient. Only that it was read is kept."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Patient
from portal.core.admin import RecordAdmin
from referrals import reassessing
from referrals.admin.eligibility import found
from referrals.admin.tree import may_try, tree_url
from referrals.models import CTReferral


class TryForm(forms.Form):
    """On whom."""

    patient = forms.ModelChoiceField(
        Patient.objects.defer("search"), label=gettext_lazy("Patient or lead")
    )

    def __init__(self, *args: Any, admin_site: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["patient"]
        chooser.widget = AutocompleteSelect(CTReferral._meta.get_field("patient"), admin_site)
        chooser.widget.choices = chooser.choices
        chooser.label_from_instance = admin_site._registry[Patient].autocomplete_label


class Tried(RecordAdmin):
    """A trial or program, whose criteria can be tried on a patient."""

    def get_custom_urls(self) -> Any:
        name = f"referrals_{self.opts.model_name}_try"
        page = ("<uuid:object_id>/try/", name, try_view(self))
        return (page, *super().get_custom_urls())


def try_view(admin: Any) -> Callable[..., HttpResponse]:
    """The page on which a patient is chosen, and which then says whether they fit."""

    def view(request: HttpRequest, object_id: UUID, **_kwargs: Any) -> HttpResponse:
        if not (admin.has_view_permission(request) and may_try(request.user)):
            raise PermissionDenied
        offer = admin.get_object(request, str(object_id))
        if offer is None:
            gone: HttpResponse = admin._get_obj_does_not_exist_redirect(
                request, admin.opts, str(object_id)
            )
            return gone
        form = TryForm(_asked(request), admin_site=admin.admin_site)
        patient = form.cleaned_data["patient"] if form.is_valid() else None
        if patient is not None:
            admin.admin_site._registry[Patient].log_opened(request, patient)
        context = {
            **admin.admin_site.each_context(request),
            "title": _("Try on a patient: %(offer)s") % {"offer": offer},
            "subtitle": None,
            "original": offer,
            "opts": admin.opts,
            "criteria_url": tree_url(offer),
            "form": form,
            "media": admin.media + form.media,
            "patient": patient,
            **(found(reassessing.now(patient, offer)) if patient is not None else {}),
        }
        request.current_app = admin.admin_site.name
        return TemplateResponse(request, "referrals/try.html", context)

    return view


def _asked(request: HttpRequest) -> Any:
    """What the address says of whom; None for nobody, and for an id that is none."""
    try:
        UUID(request.GET.get("patient", ""))
    except ValueError:  # typed by hand into the address
        return None
    return request.GET
