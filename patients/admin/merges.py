"""Merging two patients: whom, which values are kept, and taking it back."""

from collections.abc import Mapping
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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients import choosing, merging
from patients.admin import joining
from patients.admin.undoing import Undo
from patients.choosing import Side
from patients.locking import survivor_of
from patients.models import Patient, PatientMerge, PossibleDuplicate
from portal.core import access
from portal.core.admin import AutocompleteFilter, Fact, ReadOnlyAdmin
from portal.core.admin.display import day, two_lines
from portal.core.errors import Refused, StaleVersion
from portal.core.models import AccessEvent
from portal.core.permissions import may


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


MAY_MERGE = ("patients.add_patientmerge", "patients.change_patient")


def may_merge(user: Any) -> bool:
    return bool(user.has_perms(MAY_MERGE))


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
        choices = joining.posted_choices(request)
        if request.method == "POST":
            try:
                merge = merging.merge(
                    survivor_id=survivor_id,
                    loser_id=loser_id,
                    by=request.user,  # type: ignore[arg-type]
                    choices=choices,
                    versions=joining.posted_versions(request),
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
        people = joining.both(survivor_id, loser_id)
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
        plan, objection = joining.planned(survivor, loser, choices, by=request.user)
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
            "choices": joining.choices_of(survivor, loser, choices),
            "equal": joining.equal(survivor, loser),
            "following": joining.following(survivor, loser),
            "outcome": joining.outcome(plan),
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
        found = [survivor_of(pk) or pk for pk in (survivor_id, loser_id)]
        if Patient.objects.filter(pk__in=found).count() < len(set(found)):
            raise Http404
        if found[0] != found[1]:
            messages.info(request, _("One of the two was merged into another record meanwhile."))
            return HttpResponseRedirect(join_url(*found))
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
