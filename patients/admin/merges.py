"""Merging two patients: whom, which values are kept, and taking it back."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients import choosing, merging
from patients.admin import comparing
from patients.admin.undoing import Undo
from patients.choosing import Side
from patients.merging import Plan
from patients.models import Patient, PatientMerge, PossibleDuplicate
from portal.core import access
from portal.core.admin import AutocompleteFilter, Fact, ReadOnlyAdmin
from portal.core.admin.display import day, two_lines
from portal.core.errors import Missing, Refused, StaleVersion
from portal.core.models import AccessEvent
from portal.core.permissions import may

# Of what follows from both records, what people look at.
_FOLLOWING = ("stage", "first_contact_at", "initial_consult_at", "converted_at", "deceased_on")


@dataclass(frozen=True, slots=True)
class Choice:
    """A field in which the two differ, and whose value is marked."""

    name: str
    label: str
    survivor: str
    loser: str
    kept: Side


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a merge would do besides the choices. `moved` and `gave_way` are counted sentences."""

    moved: Sequence[tuple[str, int]]
    gave_way: Sequence[tuple[str, int]]
    missing: Sequence[Missing]


def merge_url(pair: PossibleDuplicate) -> str:
    """The page that merges a pair of patients, with the survivor that is proposed."""
    one, other = pair.people
    survivor, _why = choosing.proposed_survivor(one, other)  # type: ignore[arg-type]
    loser = other if survivor is one else one
    return join_url(survivor.pk, loser.pk)


def join_url(survivor_id: UUID, loser_id: UUID) -> str:
    return reverse("admin:patients_patientmerge_join", args=[survivor_id, loser_id])


def choose_url(patient: Patient) -> str:
    """The page on which the other record of this person is chosen."""
    return f"{reverse('admin:patients_patientmerge_add')}?one={patient.pk}"


def may_merge(user: Any) -> bool:
    return may(user, "add", PatientMerge) and may(user, "change", Patient)


def facts(patient: Patient, *, viewer: Any) -> list[Fact]:
    """The last merge into this patient, which is the one that can be undone; one query."""
    merges = PatientMerge.objects.filter(survivor=patient, undone_at=None)
    merge = (
        merges.defer("journal", "present").first() if may(viewer, "view", PatientMerge) else None
    )
    if merge is None:
        return []
    url, action = merge.get_absolute_url(), _("Look")
    if Undo().is_allowed(viewer):
        url, action = reverse("admin:patients_patientmerge_undo", args=[merge.pk]), _("Undo…")
    when = day(timezone.localdate(merge.created_at))
    return [Fact(_("Merged"), two_lines(when, _link(url, action)))]


class ChooseForm(forms.Form):
    """The two who are one person."""

    one = forms.ModelChoiceField(Patient.objects.defer("search"), label=gettext_lazy("One record"))
    other = forms.ModelChoiceField(
        Patient.objects.defer("search"), label=gettext_lazy("The other record")
    )

    def __init__(self, *args: Any, page: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        patients = page.admin_site._registry[Patient]
        relation = PatientMerge._meta.get_field("survivor")
        for field in self.fields.values():
            chooser: Any = field
            chooser.widget = AutocompleteSelect(relation, page.admin_site)
            chooser.widget.choices = chooser.choices
            chooser.label_from_instance = patients.autocomplete_label

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("one") and cleaned.get("one") == cleaned.get("other"):
            raise forms.ValidationError(_("Choose two different records."), code="same_record")
        return cleaned


@admin.register(PatientMerge)
class PatientMergeAdmin(ReadOnlyAdmin):
    """Merges, and whether they were taken back. Who may add one may merge."""

    search_fields = ("survivor__search",)
    search_help_text = gettext_lazy("Start of a name, e-mail or its domain, or phone digits")
    autocomplete_fields = ("survivor",)
    opens = ("survivor",)
    list_display = ("survivor", "merged_by", "created_at", "reason", "undone_at")
    list_filter = (("survivor", AutocompleteFilter),)
    # The journal and what the survivor had are for undoing, not for reading.
    fields = (
        ("survivor", "loser_id"),
        ("merged_by", "created_at"),
        "reason",
        ("undone_at", "undone_by"),
    )
    verbs = (Undo(),)
    # All there is to know stands above; the history is the journal once more.
    change_form_outer_after_template = ""
    readonly_fields = (
        "survivor",
        "loser_id",
        "merged_by",
        "created_at",
        "reason",
        "undone_at",
        "undone_by",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_merge(request.user)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("survivor", "merged_by").defer(
            "survivor__search", "journal", "present"
        )

    def get_custom_urls(self) -> Any:
        path = "join/<uuid:survivor_id>/<uuid:loser_id>/"
        return ((path, "patients_patientmerge_join", self.join_view), *super().get_custom_urls())

    # --- whom --------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Choose two records; from a patient's page one of them is chosen already."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        chosen = ChooseForm(request.GET, page=self) if "other" in request.GET else None
        if chosen is not None and chosen.is_valid():
            survivor, _why = choosing.proposed_survivor(**chosen.cleaned_data)
            [loser] = [who for who in chosen.cleaned_data.values() if who != survivor]
            return HttpResponseRedirect(join_url(survivor.pk, loser.pk))
        form = chosen or ChooseForm(initial={"one": request.GET.get("one")}, page=self)
        context = {
            **self._context(request, title=_("Merge two records")),
            "form": form,
            "media": self.media + form.media,
            **(extra_context or {}),
        }
        return self._page(request, "patients/choose_two.html", context)

    # --- what is kept ------------------------------------------------------------------------

    def join_view(
        self, request: HttpRequest, survivor_id: UUID, loser_id: UUID, **_admin: Any
    ) -> HttpResponse:
        """What merging these two would do, with a choice for each difference; a POST merges."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        refusal = ""
        choices = _posted_choices(request)
        if request.method == "POST":
            try:
                merge = merging.merge(
                    survivor_id=survivor_id,
                    loser_id=loser_id,
                    by=request.user,  # type: ignore[arg-type]
                    choices=choices,
                    versions=_posted_versions(request),
                    reason=request.POST.get("reason", "").strip()[:300],
                )
            except StaleVersion:
                refusal = _(
                    "Somebody changed one of the two records meanwhile. Nothing was merged. "
                    "Look at the differences again."
                )
            except Refused as refused:
                refusal = refused.message
            else:
                return self._merged(request, merge)
        people = _people(survivor_id, loser_id)
        if people is None:
            return self._one_already(request, survivor_id, loser_id)
        return self._joining(request, *people, choices=choices, refusal=refusal)

    def _joining(
        self,
        request: HttpRequest,
        survivor: Patient,
        loser: Patient,
        *,
        choices: Mapping[str, Side],
        refusal: str,
    ) -> HttpResponse:
        access.opened(
            Patient,
            [survivor.pk, loser.pk],
            by=request.user,
            route=AccessEvent.Route.ADMIN,
            request_id=getattr(request, "request_id", None),
        )
        plan, objection = _planned(survivor, loser, choices, by=request.user)
        proposed, why = choosing.proposed_survivor(survivor, loser)
        versions = plan.versions if plan else (survivor.version, loser.version)
        context = {
            **self._context(request, title=_("Merge two records")),
            "opts": Patient._meta,
            "original": survivor,
            "survivor": survivor,
            "loser": loser,
            "why_survivor": why if proposed == survivor else "",
            "pair": PossibleDuplicate.objects.between(survivor, loser).first(),
            "other_way_url": join_url(loser.pk, survivor.pk),
            "review": request.GET.get("review", ""),
            "refusal": refusal or objection,
            "choices": _choices(survivor, loser, choices),
            "equal": _equal(survivor, loser),
            "following": _following(survivor, loser),
            "outcome": _outcome(plan),
            "versions": versions,
            "reason": request.POST.get("reason", ""),
        }
        status = 409 if refusal else 200
        return self._page(request, "patients/merge.html", context, status=status)

    def _merged(self, request: HttpRequest, merge: PatientMerge) -> HttpResponse:
        done = _("The two records of {} are one now. {}")
        undo = _link(reverse("admin:patients_patientmerge_undo", args=[merge.pk]), _("Undo"))
        following = PossibleDuplicate.objects.in_queue().in_state("open").first()
        if request.GET.get("review") and following is not None:
            on = _link(following.get_absolute_url(), _("Next pair to review"))
            undo = format_html("{} · {}", undo, on)
        messages.success(request, format_html(done, merge.survivor, undo))
        return HttpResponseRedirect(merge.survivor.get_absolute_url())

    def _one_already(self, request: HttpRequest, survivor_id: UUID, loser_id: UUID) -> HttpResponse:
        """One of the two ids is nobody's any more: on to who they became. Raises Http404."""
        found = [merging.resolve(survivor_id), merging.resolve(loser_id)]
        if None in found:
            raise Http404
        if found[0] != found[1]:
            messages.info(request, _("One of the two was merged into another record meanwhile."))
            return HttpResponseRedirect(join_url(*found))  # type: ignore[arg-type]
        messages.info(request, _("The two are one record already."))
        return HttpResponseRedirect(reverse("admin:patients_patient_change", args=[found[0]]))

    def _context(self, request: HttpRequest, *, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "subtitle": None,
            "opts": self.opts,
        }

    def _page(
        self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        request.current_app = self.admin_site.name
        return TemplateResponse(request, template, context, status=status)


def _link(url: str, text: str) -> str:
    return format_html('<a class="portal-link" href="{}">{}</a>', url, text)


def _people(survivor_id: UUID, loser_id: UUID) -> tuple[Patient, Patient] | None:
    """Both patients; None when the ids are not those of two patients."""
    related = comparing.RELATED[Patient]
    rows = Patient.objects.filter(pk__in=(survivor_id, loser_id)).defer("search")
    found = {
        row.pk: row for row in rows.select_related(*related).prefetch_related("contact_points")
    }
    return (found[survivor_id], found[loser_id]) if len(found) == 2 else None


def _posted_choices(request: HttpRequest) -> dict[str, Side]:
    posted = {name: request.POST.get(f"choose-{name}") for name in choosing.CHOSEN}
    return {name: Side(value) for name, value in posted.items() if value in set(Side)}


def _posted_versions(request: HttpRequest) -> tuple[int, int]:
    """The versions that were shown; 0, which no record has, for what is no number."""
    shown = [request.POST.get(name, "") for name in ("survivor_version", "loser_version")]
    first, second = (int(version) if version.isdecimal() else 0 for version in shown)
    return first, second


def _planned(
    survivor: Patient, loser: Patient, choices: Mapping[str, Side], *, by: Any
) -> tuple[Plan | None, str]:
    """The plan, or why there is none: the values that are marked do not go together."""
    try:
        plan = merging.plan(survivor_id=survivor.pk, loser_id=loser.pk, by=by, choices=choices)
    except Refused as refused:
        return None, refused.message
    return plan, ""


def _choices(survivor: Patient, loser: Patient, choices: Mapping[str, Side]) -> list[Choice]:
    return [
        Choice(
            difference.name,
            comparing.label_of(Patient, difference.name),
            comparing.value_of(survivor, difference.name),
            comparing.value_of(loser, difference.name),
            difference.kept,
        )
        for difference in choosing.differences(survivor, loser, choices)
    ]


def _equal(survivor: Patient, loser: Patient) -> list[tuple[str, str]]:
    """Label and value of what both say alike."""
    differing = {difference.name for difference in choosing.differences(survivor, loser, {})}
    equal = ((name, comparing.value_of(survivor, name)) for name in choosing.CHOSEN)
    return [
        (comparing.label_of(Patient, name), value)
        for name, value in equal
        if value and name not in differing
    ]


def _following(survivor: Patient, loser: Patient) -> list[tuple[str, str]]:
    """Label and value of what follows by itself, where the two differ."""
    result = Patient(**choosing.lifecycle(survivor, loser))
    return [
        (comparing.label_of(Patient, name), comparing.value_of(result, name))
        for name in _FOLLOWING
        if comparing.value_of(survivor, name) != comparing.value_of(loser, name)
    ]


def _outcome(plan: Plan | None) -> Outcome | None:
    if plan is None:
        return None
    moved = _summed((str(capfirst(each.label)), each.count) for each in plan.moved)
    gave_way = _summed(
        (f"{capfirst(each.model._meta.verbose_name)}: {each.what}", 1) for each in plan.gave_way
    )
    return Outcome(moved, gave_way, plan.missing)


def _summed(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """One line for each text, in order of the first."""
    total: Counter[str] = Counter()
    for text, count in counts:
        total[text] += count
    return list(total.items())
