"""Forms of new calls heed a no: who said not to be contacted is called for a reason only."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from patients import contacting, outgoing
from patients.models import Patient


def reason_field(label: Any) -> forms.CharField:
    """Why somebody is called who said no; kept with the name of who says so, and the rule."""
    return forms.CharField(
        label=label,
        help_text=gettext_lazy("Kept with your name and the rule."),
        required=False,
        max_length=5000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )


class HeedsNo:
    """Mixed into the admin of calls: the form of a new one says so when the patient said no.

    The patient is the one that the address or the sent form names.
    """

    # The field of the form with the reason, and who may give one.
    reason_name: ClassVar[str]

    def may_give_reason(self, request: HttpRequest) -> bool:
        """Whether the viewer may go on by saying why."""
        return True

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        said = _said_no(request) if obj is None else ""
        if not said:
            return fieldsets
        may = self.may_give_reason(request)
        fields = (self.reason_name,) if may else ()
        asked = (
            _("Else say why.") if may else _("Ask a team lead or a data steward to set this aside.")
        )
        advice = _("If they changed their mind, record their consent first.")
        warning = format_html("<strong>{}</strong> {} {}", said, advice, asked)
        return ((_("They said no"), {"description": warning, "fields": fields}), *fieldsets)


def _said_no(request: HttpRequest) -> str:
    """What stands in the way of calling the patient whom the request is about; blank: nothing."""
    patient = named_patient(request)
    missing = contacting.missing(patient) if patient is not None else ()
    return " ".join(condition.message for condition in missing)


def named_patient(request: HttpRequest) -> Patient | None:
    """The patient whom the address or the sent form names; None for none."""
    named = request.POST.get("patient") or request.GET.get("patient") or ""
    try:
        return Patient.objects.filter(pk=UUID(named)).first()
    except ValueError:  # typed by hand into the address
        return None


def no_mail(patient: Patient) -> str:
    """That nothing about a call is mailed to this person, and why; blank when it is."""
    why = outgoing.barred(patient)
    if why is None:
        return ""
    return _("No mail about the call goes to them: %(why)s. Tell them the time yourself.") % {
        "why": f"{why.label[:1].lower()}{why.label[1:]}"
    }
