"""On a person's own page: who else they may be.

`SamePerson` is mixed into the pages of patients and specialists; `FormerIds` makes the page of
somebody who was merged away lead to the one they are now.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.admin.duplicates import PAIR
from patients.admin.merges import may_merge, merge_url
from patients.locking import survivor_of
from patients.models import MergedPatient, Patient, PossibleDuplicate, Specialist
from portal.core.admin import RecordAdmin
from portal.core.admin.display import day
from portal.core.permissions import may

# So many are named; the others are in the lists.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Hint:
    """A sentence about a person, and where it can be acted on."""

    sentence: str
    action: str
    url: str


class SamePerson(RecordAdmin):
    """The page of a person, with hints about who else they are or may be."""

    change_form_outer_before_template = "patients/same_person.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        person = kwargs.get("obj")
        if person is not None:
            context["same_person"] = hints(person, viewer=request.user)
        return super().render_change_form(request, context, *args, **kwargs)


def hints(person: Patient | Specialist, *, viewer: Any) -> list[Hint]:
    """The first NAMED pairs that wait with this person in them, in one query."""
    if not may(viewer, "view", PossibleDuplicate):
        return []
    pairs = PossibleDuplicate.objects.of(person).waiting().in_queue().select_related(*PAIR)
    shown = list(pairs.defer(*(f"{side}__search" for side in PAIR))[: NAMED + 1])
    found = [_hint(pair, person, viewer) for pair in shown[:NAMED]]
    if len(shown) > NAMED:
        queue = reverse("admin:patients_possibleduplicate_changelist")
        found.append(Hint(_("There are more such pairs."), _("All pairs"), queue))
    return found


def _hint(pair: PossibleDuplicate, person: Patient | Specialist, viewer: Any) -> Hint:
    [other] = [one for one in pair.people if one.pk != person.pk]
    if not pair.is_to_merge:
        said = _("May be the same person as %(name)s.")
        return Hint(said % {"name": other.full_name}, _("Compare"), pair.get_absolute_url())
    said = _("Decided to be the same person as %(name)s; not merged yet.")
    if may_merge(viewer):
        return Hint(said % {"name": other.full_name}, _("Merge"), merge_url(pair))
    return Hint(said % {"name": other.full_name}, _("Look"), pair.get_absolute_url())


class FormerIds(RecordAdmin):
    """The pages of patients: an id that was merged away leads to who they are now."""

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        survivor_id = _resolved(object_id) if self.has_view_permission(request) else None
        if survivor_id is None:
            answer: HttpResponse = super()._get_obj_does_not_exist_redirect(
                request, opts, object_id
            )
            return answer
        merged = MergedPatient.objects.get(old_id=object_id)
        said = _("The record you opened was merged into this person on %(day)s.")
        when = day(timezone.localdate(merged.created_at))
        messages.info(request, said % {"day": when})
        return HttpResponseRedirect(reverse("admin:patients_patient_change", args=[survivor_id]))


def _resolved(object_id: str) -> UUID | None:
    """The id under which somebody is found today who had this one; None for nobody."""
    try:
        return survivor_of(UUID(object_id))
    except ValueError:
        return None
