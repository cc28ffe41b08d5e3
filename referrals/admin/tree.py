"""The page with all criteria of a trial or program, beside the registry's words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Patient
from portal.core.admin import Briefing, Verb
from portal.core.permissions import may
from referrals.eligibility import Offer
from referrals.eligibility.reading import leaf
from referrals.models import ClinicalTrial, Criterion

_DEEPEST = 6  # the page indents no further


def sentence(criterion: Criterion) -> str:
    """What a criterion demands, in words: “Not: FVC at least 50 %, not older than 90 days”."""
    if criterion.is_group and criterion.excludes:
        is_any = criterion.kind == Criterion.Kind.ANY
        return _("None of these") if is_any else _("Not all of these together")
    said = criterion.get_kind_display() if criterion.is_group else leaf(criterion, {}).label
    return _("Not: %(criterion)s") % {"criterion": said} if criterion.excludes else said


def tree_url(offer: Any) -> str:
    """The page with the criteria of a trial or program."""
    name = f"admin:{offer._meta.app_label}_{offer._meta.model_name}_criteria"
    return reverse(name, args=[offer.pk])


def may_try(user: Any) -> bool:
    """Whether somebody may see both what is demanded and of whom."""
    return may(user, "view", Criterion) and may(user, "view", Patient)


def try_url(offer: Any) -> str:
    """The page that tries the criteria of a trial or program on a patient."""
    name = f"admin:{offer._meta.app_label}_{offer._meta.model_name}_try"
    return reverse(name, args=[offer.pk])


@dataclass(frozen=True, slots=True)
class Tree:
    """The page of all criteria of a trial or program, as a place to go back to."""

    offer: Any
    pk: Any = None

    def get_absolute_url(self) -> str:
        return tree_url(self.offer)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the tree, with how deep it stands."""

    criterion: Criterion
    depth: int
    is_first: bool
    is_last: bool

    @property
    def sentence(self) -> str:
        return sentence(self.criterion)

    @property
    def inside(self) -> str:
        """The query of a page that adds to this group, without the kind."""
        return begin(self.criterion.of, parent=self.criterion)

    @property
    def below(self) -> str:
        """The query of a page that adds below this criterion, without the kind."""
        return begin(self.criterion.of, parent=self.criterion.parent, after=self.criterion)


def begin(offer: Offer, *, parent: Criterion | None = None, after: Criterion | None = None) -> str:
    """The query that says where a new criterion stands."""
    where: dict[str, Any] = {_column(offer): offer.pk}
    if parent is not None:
        where["parent"] = parent.pk
    if after is not None:
        where["after"] = after.pk
    return urlencode(where)


def _column(offer: Offer) -> str:
    return "trial" if isinstance(offer, ClinicalTrial) else "program"


def rows_of(offer: Offer) -> list[Row]:
    """The tree as lines from top to bottom. One query."""
    found = Criterion.objects.in_use().filter(**{_column(offer): offer})
    found = found.select_related("measure", "condition")
    inside: dict[UUID | None, list[Criterion]] = {}
    for criterion in found.defer("measure__search", "condition__search"):
        setattr(criterion, _column(offer), offer)
        inside.setdefault(criterion.parent_id, []).append(criterion)

    def lines(group: UUID | None, depth: int) -> Iterator[Row]:
        mates = inside.get(group, [])
        for index, criterion in enumerate(mates):
            yield Row(criterion, min(depth, _DEEPEST), index == 0, index == len(mates) - 1)
            yield from lines(criterion.pk, depth + 1)

    return list(lines(None, 0))


class Criteria(Verb):
    """The page with the tree; it changes nothing itself."""

    name = "criteria"
    label = gettext_lazy("Criteria")
    icon = "account_tree"
    permissions = ("referrals.view_criterion",)
    template = "referrals/criteria.html"
    is_versioned = False

    def is_offered(self, record: Any, user: Any) -> bool:
        return True

    def briefing(self, record: Any, user: Any) -> Briefing:
        return Briefing(may_go_on=False)

    def run(self, record: Any, *, by: Any, said: Mapping[str, Any]) -> str:
        return _("Nothing was changed.")

    def context(self, record: Any, user: Any) -> dict[str, Any]:
        return {
            "rows": rows_of(record),
            "kinds": Criterion.Kind.choices,
            "at_end": begin(record),
            "may_change": may(user, "change", Criterion),
            "add_url": reverse("admin:referrals_criterion_add"),
            "try_url": try_url(record) if may_try(user) else "",
        }
