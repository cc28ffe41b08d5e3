"""A new person who looks like somebody we know: said before saving, and never in the way for good.

Who saves anyway says that it is another person; the pair is proposed for review all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients import matching
from patients.admin.parts import ContactForm
from patients.matching import Candidate, Match, Person
from patients.models import Patient, PossibleDuplicate
from patients.names import Likeness
from portal.core.admin.display import NOTHING, choice_badge, day
from portal.core.permissions import may

FACTS = {
    matching.EMAIL: gettext_lazy("e-mail"),
    matching.PHONE: gettext_lazy("phone"),
    matching.CONDITION: gettext_lazy("condition"),
    matching.BIRTH: gettext_lazy("date of birth"),
}


class PatientForm(ContactForm):
    """A patient. A new one is compared with everybody we know before they are saved."""

    # The ids of those who were shown, sent along by who says that it is another person.
    another_person = forms.CharField(required=False, widget=forms.HiddenInput)
    match: Match | None = None
    alike: Sequence[Candidate] = ()
    is_another = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            del self.fields["another_person"]

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.instance._state.adding and (self.instance.first_name or self.instance.last_name):
            self._compare()

    def _compare(self) -> None:
        person = Person.of(self.instance)
        if "phone" in self.errors:
            person = replace(person, phone="")
        # Two who add one person at once: the second one is told.
        matching.lock(person)
        self.match = matching.find(person)
        self.alike = (*self.match.certain, *self.match.review)
        shown = set(self.cleaned_data.get("another_person", "").split())
        self.is_another = {str(one.patient.pk) for one in self.alike} <= shown
        if not self.is_another:
            message = _("Not saved yet: somebody like this is known. Look at the list above.")
            self.add_error(None, ValidationError(message, code="alike"))


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who is alike, as the form shows them."""

    name: str
    url: str
    stage: Any
    condition: str
    born: str
    agrees: str


@dataclass(frozen=True, slots=True)
class Warned:
    """What the form says: `keys` are sent back by who saves anyway, as they may have before."""

    people: Sequence[Known]
    keys: str
    is_another: bool


def warning(form: Any, user: Any) -> Warned | None:
    """The warning above the form; None when there is none.

    Who may not see patients is told that there is somebody, not who.
    """
    alike = getattr(form, "alike", ())
    if not alike:
        return None
    people = []
    if may(user, "view", Patient):
        prefetch_related_objects([one.patient for one in alike], "medical_condition")
        people = [_known(one) for one in alike]
    return Warned(people, " ".join(str(one.patient.pk) for one in alike), form.is_another)


def _known(candidate: Candidate) -> Known:
    patient = candidate.patient
    facts = [str(FACTS[fact]) for fact in candidate.agree]
    name = {
        Likeness.SAME: _("same name"),
        Likeness.OTHER: "",
    }.get(candidate.name, _("nearly the same name"))
    return Known(
        name=patient.full_name,
        url=patient.get_absolute_url(),
        stage=choice_badge(patient, "stage"),
        condition=str(patient.medical_condition or NOTHING),
        born=day(patient.date_of_birth),
        agrees=", ".join(part for part in (name, *facts) if part),
    )


def proposed(pairs: Sequence[PossibleDuplicate], user: Any) -> SafeString:
    """What is said after a change that made a person look like somebody we know."""
    count = len(pairs)
    said = ngettext(
        "Now looks like somebody we know: %(count)d pair to review.",
        "Now looks like somebody we know: %(count)d pairs to review.",
        count,
    ) % {"count": count}
    if not may(user, "view", PossibleDuplicate):
        return format_html("{}", said)
    url = reverse("admin:patients_possibleduplicate_changelist")
    return format_html('{} <a class="portal-link" href="{}">{}</a>', said, url, _("Review"))
