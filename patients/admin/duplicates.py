"""The review queue: pairs that may be one person, side by side, and a decision about each."""

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from patients import reviewing
from patients.admin import comparing, evidence
from patients.admin.merges import merge_url
from patients.models import Patient, PossibleDuplicate, Specialist
from portal.core import history_log
from portal.core.admin import RecordAdmin
from portal.core.admin.display import badge, choice_badge, record_link, short_day, two_lines
from portal.core.admin.records import ON_THE_PAGE
from portal.core.errors import Refused, StaleVersion

PAIR = ("first_patient", "second_patient", "first_specialist", "second_specialist")
State = PossibleDuplicate.State
# The filters of a list that say where in it one is, not what is in it.
_PLACE_IN_LIST = "p"


class StateFilter(DropdownFilter):  # type: ignore[misc]
    """What has to be done about a pair; without it, everything that waits for somebody."""

    title = gettext_lazy("state")
    parameter_name = "state"
    all_option = ("", gettext_lazy("Everything that waits"))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*State.choices, ("all", _("All, decided ones too"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value == "all":
            return queryset
        return queryset.in_state(value) if value in State.values else queryset.waiting()


class TierFilter(DropdownFilter):  # type: ignore[misc]
    """How the pair was found."""

    title = gettext_lazy("evidence")
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, str(label).capitalize()) for value, label in PossibleDuplicate.Tier.choices]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.of_tier(self.value()) if self.value() else queryset


class KindFilter(DropdownFilter):  # type: ignore[misc]
    """Patients, specialists, or one of each."""

    title = gettext_lazy("who")
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("patients", _("Two patients")),
            ("specialists", _("Two specialists")),
            ("mixed", _("A patient and a specialist")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        wanted: Mapping[str | None, Mapping[str, bool]] = {
            "patients": {"second_patient__isnull": False},
            "specialists": {"first_specialist__isnull": False, "second_specialist__isnull": False},
            "mixed": {"first_specialist__isnull": False, "first_patient__isnull": False},
        }
        return queryset.filter(**wanted.get(self.value(), {}))


@admin.register(PossibleDuplicate)
class PossibleDuplicateAdmin(RecordAdmin):
    """Pairs that may be one person."""

    list_display = ("one", "other", "why", "state_shown", "found")
    list_filter = (StateFilter, TierFilter, KindFilter)
    search_fields = ("search",)
    search_help_text = gettext_lazy(
        "Either person: start of a name, e-mail or its domain, or phone digits"
    )
    ordering = ("queue_place", "-created_at", "-id")
    opens = PAIR

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    # --- list --------------------------------------------------------------------------------

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related(*PAIR).defer(*(f"{name}__search" for name in PAIR))

    @admin.display(description=gettext_lazy("one"))
    def one(self, pair: PossibleDuplicate) -> str:
        return _named(pair.people[0])

    @admin.display(description=gettext_lazy("the other"))
    def other(self, pair: PossibleDuplicate) -> str:
        return _named(pair.people[1])

    @admin.display(description=gettext_lazy("why"))
    def why(self, pair: PossibleDuplicate) -> str:
        return evidence.sentence(pair)

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, pair: PossibleDuplicate) -> str:
        return state_badge(pair)

    @admin.display(description=gettext_lazy("found"))
    def found(self, pair: PossibleDuplicate) -> str:
        when = short_day(timezone.localdate(pair.created_at), now=timezone.now())
        return when.replace(" ", "\N{NO-BREAK SPACE}")

    # --- page --------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Both people side by side; a POST decides and leads on."""
        pair: PossibleDuplicate | None = self.get_object(request, object_id)
        may_decide = self.has_change_permission(request, pair)
        if not (may_decide or (request.method != "POST" and self.has_view_permission(request))):
            raise PermissionDenied
        if pair is None:
            return self._settled(request)
        if request.method == "POST":
            return self._decide(request, pair)
        self.log_opened(request, pair)
        _fetch_people(pair)
        first, second = pair.people
        context = {
            **self.admin_site.each_context(request),
            "title": str(pair),
            "subtitle": None,
            "opts": self.opts,
            "original": pair,
            "may_decide": may_decide,
            "clues": evidence.clues(pair),
            "state": state_badge(pair),
            "people": [(person, comparing.kind_of(person)) for person in (first, second)],
            "groups": comparing.compare(first, second, viewer=request.user),
            "not_same": reviewing.missing(pair, State.SAME),
            "merge_url": merge_url(pair) if pair.is_to_merge else "",
            "portal_history": history_log.read(self.model, pair.pk, limit=ON_THE_PAGE),
            "portal_history_url": self._url("history", pair),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "patients/pair.html", context)

    def _decide(self, request: HttpRequest, pair: PossibleDuplicate) -> HttpResponse:
        version = request.POST.get("version", "")
        decision = request.POST.get("decision", "")
        here = HttpResponseRedirect(self._kept(request, self._url("change", pair)))
        try:
            decided = reviewing.decide(
                duplicate_id=pair.pk,
                decision=State(decision if decision in State.values else State.OPEN),
                by=request.user,  # type: ignore[arg-type]
                version=int(version) if version.isdecimal() else 0,
                reason=request.POST.get("reason", "").strip()[:300],
            )
        except PossibleDuplicate.DoesNotExist:
            return self._settled(request)
        except StaleVersion:
            messages.error(
                request,
                _("Somebody decided about this pair meanwhile. Look at it again before you do."),
            )
            return here
        except Refused as refused:
            messages.error(request, refused.message)
            return here
        if decided.is_to_merge:
            messages.success(request, _("Decided: one person. Now choose what is kept."))
            return HttpResponseRedirect(f"{merge_url(decided)}?review=1")
        messages.success(request, self._what_was_done(decided))
        return self._next(request, pair)

    def _what_was_done(self, pair: PossibleDuplicate) -> str:
        said: Mapping[str, Callable[[], str]] = {
            State.DIFFERENT: lambda: _("Not the same person: {}."),
            State.LATER: lambda: _("Put off: {}."),
            State.SAME: lambda: _("The same person: {}."),
        }
        return format_html(said[pair.state](), record_link(pair))

    def _next(self, request: HttpRequest, pair: PossibleDuplicate) -> HttpResponse:
        """On to the next pair of the list that the viewer came from, else back to that list.

        `pair` is as it was before the decision, so where the viewer stood in the list.
        """
        waiting = self._viewers_list(request).open().exclude(pk=pair.pk)
        following = waiting.following(pair) or waiting.in_state(State.OPEN).first()
        if following is None:
            messages.info(request, _("No further pair waits in this list."))
            preserved = self.get_preserved_filters(request)
            chosen = QueryDict(preserved).get("_changelist_filters", "")
            return HttpResponseRedirect(f"{self._list_url()}{'?' if chosen else ''}{chosen}")
        return HttpResponseRedirect(self._kept(request, self._url("change", following)))

    def _viewers_list(self, request: HttpRequest) -> Any:
        """The rows of the list that the viewer came from, with its search and filters."""
        listed: Any = copy(request)
        chosen = QueryDict(request.GET.get("_changelist_filters", ""), mutable=True)
        chosen.pop(_PLACE_IN_LIST, None)
        listed.GET = chosen
        try:
            return self.get_changelist_instance(listed).queryset
        except IncorrectLookupParameters:
            return PossibleDuplicate.objects.in_queue()

    def _settled(self, request: HttpRequest) -> HttpResponse:
        messages.info(request, _("This pair is settled: the two are one record now, or gone."))
        return HttpResponseRedirect(self._list_url())

    def _list_url(self) -> str:
        return reverse(f"{self.admin_site.name}:patients_possibleduplicate_changelist")

    def _kept(self, request: HttpRequest, address: str) -> str:
        """The address with the filters of the list that the viewer came from."""
        preserved = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
        return str(add_preserved_filters(preserved, address))


def _fetch_people(pair: PossibleDuplicate) -> None:
    """Put the two into the pair, with everything that is shown of them."""
    for name in PAIR:
        key = getattr(pair, f"{name}_id")
        if key is None:
            continue
        kind: Any = Patient if name.endswith("patient") else Specialist
        people = kind.objects.defer("search").select_related(*comparing.RELATED[kind])
        if kind is Patient:
            people = people.prefetch_related("contact_points")
        setattr(pair, name, people.get(pk=key))


def state_badge(pair: PossibleDuplicate) -> str:
    if pair.is_to_merge:
        return badge("to_merge", _("To merge"), "green")
    if pair.state == State.OPEN:
        return badge(pair.state, pair.get_state_display(), "blue")
    return choice_badge(pair, "state")


def _named(person: Patient | Specialist) -> str:
    """The name, and what tells namesakes apart."""
    if isinstance(person, Specialist):
        return two_lines(person.full_name, comparing.kind_of(person))
    return two_lines(person.full_name, person.email or comparing.value_of(person, "phone"))
