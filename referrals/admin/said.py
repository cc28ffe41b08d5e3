"""What the pages of both lifecycles ask for: the day, a few words, and why a rule is set aside."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    DATETIME_CLASSES,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from patients.models import Document
from patients.overriding import may_go_on, may_override
from portal.core.admin import Briefing, VerbForm
from portal.core.days import refuse_far
from portal.core.errors import Missing


def day_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    """A calendar day that is not too far ahead, with the browser's own picker."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        validators=(refuse_far,),
        widget=forms.DateInput({"type": "date", "class": " ".join(DATETIME_CLASSES)}, "%Y-%m-%d"),
    )


def words_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.CharField:
    """A few words of one's own."""
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        max_length=5000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


def choice_field(label: Any, choices: Any, *, required: bool = True) -> forms.ChoiceField:
    """One of a few."""
    return forms.ChoiceField(
        label=label, choices=choices, required=required, widget=UnfoldAdminSelectWidget
    )


class HappenedForm(VerbForm):
    """When something happened, and a word about it.

    `missing` is what is in the way of it: who may set that aside is asked why.
    """

    on = day_field(gettext_lazy("When it happened"))
    remark = words_field(gettext_lazy("In words"))
    override = words_field(
        gettext_lazy("Why it goes ahead anyway"),
        help_text=gettext_lazy("Kept with your name and the rule."),
    )

    def __init__(
        self,
        *args: Any,
        missing: Collection[Missing],
        overridable: Collection[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = timezone.localdate()
        codes = {lack.code for lack in missing}
        if not (codes and codes <= set(overridable) and may_override(self.user)):
            del self.fields["override"]

    def ask_for_documents(self, patient_id: Any) -> None:
        """Ask which documents of the patient go along."""
        self.documents = {
            f"document_{document.pk}": document
            for document in Document.objects.filter(patient=patient_id)
        }
        for name, document in self.documents.items():
            self.fields[name] = forms.BooleanField(
                label=_("Goes along: %(title)s") % {"title": document.title},
                required=False,
                widget=UnfoldBooleanWidget,
            )

    def chosen_documents(self) -> list[Any]:
        """The ids of those that do."""
        offered = getattr(self, "documents", {}).items()
        return [document.pk for name, document in offered if self.cleaned_data[name]]

    @abstractmethod
    def said(self) -> Any:
        """What the verb is told, in its own words."""

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            self.cleaned_data["said"] = self.said()
        return self.cleaned_data


def briefing_of(
    missing: Collection[Missing], *, by: Any, overridable: Collection[str], will: Sequence[Any]
) -> Briefing:
    """What will happen and what is missing, and who could set that aside."""
    can_be_set_aside = {lack.code for lack in missing} <= set(overridable)
    return Briefing(
        will=will,
        missing=tuple(missing),
        may_go_on=may_go_on(missing, by=by, overridable=overridable),
        advice=_("A team lead or a data steward can set this aside, with a reason.")
        if missing and can_be_set_aside and not may_override(by)
        else "",
    )
